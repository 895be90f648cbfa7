//! Publishing by the real program: a fake API and real git over HTTP at one address.

mod failures;
mod mirror;
mod network;
mod operations;
mod stops;
mod success;
mod update_kills;
mod update_settings;
mod updates;

use crate::forge::disk::Disk;
use crate::forge::fake::{Dialect, Fake, State, TOKEN};
use crate::support::git_server::GitServer;
use crate::support::{PRODUCT, Ran, Sandbox, files_below};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A forge with both of its sides, and a person's folder with the demo catalogue.
pub(crate) struct Joint {
    pub sandbox: Sandbox,
    pub fake: Fake,
    git: GitServer,
    front: SocketAddr,
    requests: Arc<Requests>,
}

/// The requests to both sides, in the order of their arrival.
#[derive(Default)]
pub(crate) struct Requests(Mutex<RequestState>);

#[derive(Default)]
struct RequestState {
    count: usize,
    interruption: Option<Interruption>,
}

/// An action at one request.
struct Interruption {
    request: usize,
    moment: Moment,
    act: Box<dyn FnOnce() -> Rest + Send>,
}

/// The moment of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The server has not seen the request.
    Before,
    /// The server has carried it out, and the client has no answer.
    After,
}

/// The rest of a request after an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Continues,
    /// The connection ends.
    Ends,
}

impl Requests {
    /// The number of requests so far.
    pub(crate) fn count(&self) -> usize {
        self.state().count
    }

    /// Acts at the request that comes after `ahead` others.
    pub(crate) fn interrupt(
        &self,
        ahead: usize,
        moment: Moment,
        act: impl FnOnce() -> Rest + Send + 'static,
    ) {
        let mut state = self.state();
        let request = state.count + ahead;
        let act = Box::new(act);
        state.interruption = Some(Interruption {
            request,
            moment,
            act,
        });
    }

    /// Counts a request and takes the action that is due at it.
    fn arrive(&self) -> Option<Interruption> {
        let mut state = self.state();
        let now = state.count;
        state.count += 1;
        state.interruption.take_if(|due| due.request == now)
    }

    fn state(&self) -> MutexGuard<'_, RequestState> {
        self.0.lock().unwrap()
    }
}

impl Joint {
    pub(crate) fn start(dialect: Dialect) -> Self {
        let sandbox = Sandbox::with_demo();
        let fake = Fake::start(dialect);
        let folder = sandbox.join(match dialect {
            Dialect::GitHub => "srv",
            Dialect::Forgejo => "srv/code",
        });
        fs::create_dir_all(&folder).unwrap();
        fake.state().disk = Some(Disk { folder, hook: None });
        let git = GitServer::over(&sandbox.join("srv"));
        git.requires("x-access-token", TOKEN);
        let requests = Arc::default();
        let front = join(host(&fake.address()), git.host(), Arc::clone(&requests));
        Self {
            sandbox,
            fake,
            git,
            front,
            requests,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.fake.state()
    }

    /// What is configured as the forge's address.
    pub(crate) fn address(&self) -> String {
        let path = match self.fake.dialect {
            Dialect::GitHub => "",
            Dialect::Forgejo => "/code",
        };
        format!("http://{}{path}", self.front)
    }

    /// `groundplan new` for this forge, over the demo catalogue.
    fn new_command(&self, more: &[&str]) -> Command {
        self.new_command_at(&self.address(), more)
    }

    /// `groundplan new` for this forge at another address.
    fn new_command_at(&self, address: &str, more: &[&str]) -> Command {
        let forge = match self.fake.dialect {
            Dialect::GitHub => "github",
            Dialect::Forgejo => "forgejo",
        };
        let mut command = self.command(&["new", "--catalog", ".", "--defaults"]);
        command
            .args(PRODUCT)
            .args(["--forge", forge, "--forge-url", address])
            .args(more);
        command
    }

    /// Any command of groundplan's, with the token and a state folder of its own.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command
            .args(args)
            .env("GROUNDPLAN_FORGE_TOKEN", TOKEN)
            .env("XDG_STATE_HOME", self.sandbox.join("state"));
        self.sandbox.settle(&mut command);
        command
    }

    /// Runs it, and looks for the token in all that it leaves.
    #[track_caller]
    fn run(&self, mut command: Command) -> Ran {
        let ran = self.sandbox.run(&mut command);
        self.tells_no_secret(&ran);
        ran
    }

    /// The ledger of the only run.
    #[track_caller]
    fn ledger(&self) -> PathBuf {
        let ledgers = self.state_files();
        let mut ledgers = ledgers.iter().filter(|file| !file.contains(".jsonl."));
        let ledger = ledgers.next().expect("a ledger");
        assert_eq!(ledgers.next(), None);
        self.sandbox.join("state").join(ledger)
    }

    /// Every file of the state folder.
    fn state_files(&self) -> Vec<String> {
        let folder = self.sandbox.join("state");
        if folder.exists() {
            files_below(&folder)
        } else {
            Vec::new()
        }
    }

    /// The path of the published repository on the server.
    pub(crate) fn published(&self) -> PathBuf {
        let state = self.state();
        let repo = state.repos.values().find(|repo| repo.name == "acme-web");
        state.disk.as_ref().unwrap().path(repo.unwrap())
    }

    /// Whether the whole, right repository stands there, and nothing else.
    fn is_right(&self) -> bool {
        let expected = self.sandbox.preview(&["--defaults", "--format", "json"]);
        let expected = expected.exits(0).json();
        let published = self.published();
        let id = |name| self.sandbox.git_id(published.to_str().unwrap(), name);
        let state = self.state();
        let repo = state.repos.values().next().unwrap();
        state.repos.len() == 1
            && repo.private
            && repo.description == "Acme Web"
            && id("main").as_str() == expected["commitId"]
            && id("main^{tree}").as_str() == expected["treeId"]
    }

    /// Looks for the token, in every spelling, in the streams, the person's files and the server's repositories.
    #[track_caller]
    fn tells_no_secret(&self, ran: &Ran) {
        check(&ran.stdout, ran.stdout.as_bytes());
        check(&ran.stderr, ran.stderr.as_bytes());
        for file in files_below(self.sandbox.path()) {
            // A folder of objects may be gone by now.
            if let Ok(bytes) = fs::read(self.sandbox.join(&file)) {
                check(&file, &bytes);
            }
        }
    }
}

/// Fails when a text holds the token.
#[track_caller]
pub(crate) fn check(what: &str, bytes: &[u8]) {
    for spelling in spellings() {
        let spelling = spelling.as_bytes();
        let found = bytes.windows(spelling.len()).any(|part| part == spelling);
        assert!(!found, "the token stands in {what}");
    }
}

/// The token as it is, percent-encoded, and in base64 wherever it begins there.
fn spellings() -> Vec<String> {
    let mut percent = String::new();
    for byte in TOKEN.bytes() {
        write!(percent, "%{byte:02x}").unwrap();
    }
    let mut spellings = vec![TOKEN.to_owned(), percent.to_uppercase(), percent];
    for before in ["", "?", "??"] {
        let text = BASE64_STANDARD_NO_PAD.encode(format!("{before}{TOKEN}"));
        // What stands before and behind the token has a part in the ends.
        spellings.push(text[4..44].to_owned());
    }
    spellings
}

fn host(address: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    url.socket_addrs(|| None).unwrap()[0].to_string()
}

/// One address before two servers: what is about a repository's `.git` goes to git.
fn join(api: String, git: String, requests: Arc<Requests>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (api, git, requests) = (api.clone(), git.clone(), Arc::clone(&requests));
            // A side that goes away in the middle is what some tests are about.
            thread::spawn(move || {
                stream.and_then(|stream| forward(&stream, &api, &git, &requests))
            });
        }
    });
    address
}

fn forward(client: &TcpStream, api: &str, git: &str, requests: &Requests) -> io::Result<()> {
    let mut head = [0; 1024];
    let line = loop {
        let length = client.peek(&mut head)?;
        let text = String::from_utf8_lossy(&head[..length]).into_owned();
        match text.split_once("\r\n") {
            Some((line, _)) => break line.to_owned(),
            None if length == 0 => return Ok(()),
            None => {}
        }
    };
    let mut due = requests.arrive();
    if let Some(now) = due.take_if(|due| due.moment == Moment::Before)
        && (now.act)() == Rest::Ends
    {
        return client.shutdown(Shutdown::Both);
    }
    let server = TcpStream::connect(if line.contains(".git/") { git } else { api })?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        drop(io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
    let (mut from, mut to) = (&server, client);
    if let Some(now) = due {
        let mut answer = Vec::new();
        from.read_to_end(&mut answer)?;
        if (now.act)() == Rest::Continues {
            to.write_all(&answer)?;
        }
    } else {
        drop(io::copy(&mut from, &mut to));
    }
    drop(server.shutdown(Shutdown::Both));
    client.shutdown(Shutdown::Both)
}
