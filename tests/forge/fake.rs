//! A stateful fake of GitHub's or Forgejo's API on a loopback socket, with a fault at any request.

use super::disk::{Disk, now};
use super::documents;
pub(crate) use super::lists::Page;
pub(crate) use super::pulls::Pull;
use super::settings_fake::Settings;
use super::wire::{Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

pub(crate) const TOKEN: &str = "ghp_canary0123456789canary0123456789";
/// Noon of the tests' day, in seconds since 1970.
pub(crate) const NOON: i64 = 1_795_262_400;

/// Times of a fault that does not end.
pub(crate) const PERMANENTLY: usize = usize::MAX / 2;

/// The API of the fake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    GitHub,
    Forgejo,
}

/// The fault of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends before the request is carried out.
    CutBefore,
    /// The request is carried out, and the connection ends without an answer.
    CutAfter,
    /// The request is carried out, and the answer comes after the time limit.
    Late,
    /// The request is carried out, and half of the answer arrives.
    Truncated,
    /// The request is carried out, and a gateway reports an error.
    BadGatewayAfter,
    /// The request is not carried out, and a gateway reports an error.
    BadGatewayBefore,
    /// `429` with `Retry-After`.
    TooMany,
    /// `429` with the shortest `Retry-After`.
    Pause,
    /// `403` of a secondary rate limit.
    SecondaryLimit,
    /// The token has just been revoked.
    Unauthorized,
    /// `404` for an existing page.
    NotFound,
    /// A redirect to another page.
    Redirect,
    /// An answer that is not JSON.
    Garbage,
    /// An answer that is longer than any real one.
    Huge,
}

pub(crate) const FAULTS: [Fault; 13] = [
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Late,
    Fault::Truncated,
    Fault::BadGatewayAfter,
    Fault::BadGatewayBefore,
    Fault::TooMany,
    Fault::SecondaryLimit,
    Fault::Unauthorized,
    Fault::NotFound,
    Fault::Redirect,
    Fault::Garbage,
    Fault::Huge,
];

/// A repository of the fake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repo {
    pub owner: String,
    pub name: String,
    pub description: String,
    pub private: bool,
    pub created_at: i64,
    /// Branch → commit and tree.
    pub branches: BTreeMap<String, (String, String)>,
    pub tags: Vec<String>,
    pub stars: u64,
    /// The number of reads that do not find it yet.
    pub hidden: u32,
}

/// The state of the fake.
pub(crate) struct State {
    pub(super) dialect: Dialect,
    pub repos: BTreeMap<u64, Repo>,
    /// `owner/name` in lower case → the repository that had this name before.
    pub redirects: BTreeMap<String, u64>,
    /// Method and path of every request.
    pub calls: Vec<String>,
    /// Index of the first request that fails, the fault, and the number of failures.
    pub fault: Option<(usize, Fault, usize)>,
    pub scopes: &'static str,
    /// The header with the token's expiry.
    pub expires: Option<String>,
    /// The `Date` header.
    pub date: Option<&'static str>,
    /// The forge's clock as the difference to the tests' time, in seconds: of `Date` headers and times of creation.
    pub skew: Option<i64>,
    /// The number of requests left.
    pub left: u64,
    /// True if the answers carry no rate limit, as behind some proxies.
    pub hides_rate_limit: bool,
    /// The pages of lists on Forgejo.
    pub page: Page,
    /// True if an empty list is written as `null`, as Gitea and Forgejo write the branches of an empty repository.
    pub writes_null: bool,
    /// The organisations of the user: `acme` is open, `closed` is not, `quiet` does not show its rules.
    pub organisations: Vec<&'static str>,
    pub creates: Vec<u64>,
    pub deletes: Vec<u64>,
    /// The number of reads that do not find a new repository.
    pub hide_new: u32,
    /// The name that a new repository gets instead of the requested one.
    pub renames_to: Option<&'static str>,
    /// The open pull requests of all repositories.
    pub pulls: Vec<Pull>,
    /// The settings of the only repository that has some.
    pub settings: Settings,
    /// The branch that every repository starts with.
    pub default_branch: &'static str,
    /// The folder of its repositories, if they are real.
    pub disk: Option<Disk>,
    next: u64,
}

/// A running fake. It ends when it is dropped.
pub(crate) struct Fake {
    pub dialect: Dialect,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Fake {
    pub(crate) fn start(dialect: Dialect) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            dialect,
            repos: BTreeMap::new(),
            redirects: BTreeMap::new(),
            calls: Vec::new(),
            fault: None,
            scopes: "repo, workflow, delete_repo",
            expires: Some("2027-01-15 08:00:00 UTC".to_owned()),
            date: None,
            skew: None,
            left: 4999,
            hides_rate_limit: false,
            page: Page::default(),
            writes_null: false,
            organisations: vec!["acme", "closed"],
            creates: Vec::new(),
            deletes: Vec::new(),
            hide_new: 0,
            renames_to: None,
            pulls: Vec::new(),
            settings: Settings::new(dialect),
            default_branch: "main",
            disk: None,
            next: 41,
        }));
        // The thread ends when it has the last reference to the state.
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if Arc::strong_count(&shared) == 1 {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self {
            dialect,
            address,
            state,
        }
    }

    /// The address to configure.
    pub(crate) fn address(&self) -> String {
        match self.dialect {
            Dialect::GitHub => format!("http://{}", self.address),
            Dialect::Forgejo => format!("http://{}/code/", self.address),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let address = self.address;
        self.state = Arc::new(Mutex::new(State::empty(self.dialect)));
        // Wakes the accepting thread, which is gone if it has seen the end already.
        drop(TcpStream::connect(address));
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let Ok(request) = Request::read(&mut stream) else {
        return;
    };
    let fault = {
        let mut state = state.lock().unwrap();
        state
            .calls
            .push(format!("{} /{}", request.method, request.path.join("/")));
        let call = state.calls.len() - 1;
        let hit = |(from, fault, times)| (call >= from && call - from < times).then_some(fault);
        state.fault.and_then(hit)
    };
    let act = || {
        let mut state = state.lock().unwrap();
        let answer = state.answer(&request);
        let skewed = state.skew.map(|_| http_date(state.now()));
        match state.date.map(str::to_owned).or(skewed) {
            Some(date) => answer.with("date", date),
            None => answer,
        }
    };
    // A client that has gone is no failure of the fake: tests look at its state.
    drop(match fault {
        None => act().send(&mut stream),
        Some(Fault::CutBefore) => Ok(()),
        Some(Fault::CutAfter) => {
            act();
            Ok(())
        }
        Some(Fault::Late) => {
            act();
            stream.read(&mut [0]).map(drop)
        }
        Some(Fault::Truncated) => act().send_half(&mut stream),
        Some(Fault::BadGatewayAfter) => {
            act();
            bad_gateway().send(&mut stream)
        }
        Some(Fault::BadGatewayBefore) => bad_gateway().send(&mut stream),
        Some(fault @ (Fault::TooMany | Fault::Pause)) => {
            let answer = Response::message(429, "Too many requests");
            let pause = if fault == Fault::Pause { "1" } else { "20" };
            answer.with("retry-after", pause).send(&mut stream)
        }
        Some(Fault::SecondaryLimit) => {
            Response::message(403, "You have exceeded a secondary rate limit.").send(&mut stream)
        }
        Some(Fault::Unauthorized) => Response::message(401, "Bad credentials").send(&mut stream),
        Some(Fault::NotFound) => Response::message(404, "Not Found").send(&mut stream),
        Some(Fault::Redirect) => Response::message(307, "Moved")
            .with("location", "/elsewhere")
            .send(&mut stream),
        Some(Fault::Garbage) => {
            let mut answer = act();
            answer.body = String::from("<html>Welcome to our network</html>");
            answer.send(&mut stream)
        }
        Some(Fault::Huge) => {
            let mut answer = act();
            answer.body = " ".repeat(3 * 1024 * 1024);
            answer.send(&mut stream)
        }
    });
}

fn http_date(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap();
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    printer.timestamp_to_rfc9110_string(&time).unwrap()
}

fn bad_gateway() -> Response {
    let mut answer = Response::message(502, "");
    answer.body = String::from("<html>Bad gateway</html>");
    answer
}

impl State {
    fn empty(dialect: Dialect) -> Self {
        Self {
            dialect,
            repos: BTreeMap::new(),
            redirects: BTreeMap::new(),
            calls: Vec::new(),
            fault: None,
            scopes: "",
            expires: None,
            date: None,
            skew: None,
            left: 0,
            hides_rate_limit: false,
            page: Page::default(),
            writes_null: false,
            organisations: Vec::new(),
            creates: Vec::new(),
            deletes: Vec::new(),
            hide_new: 0,
            renames_to: None,
            pulls: Vec::new(),
            settings: Settings::new(dialect),
            default_branch: "main",
            disk: None,
            next: 0,
        }
    }

    /// Adds a repository of another user.
    pub(crate) fn add(&mut self, owner: &str, name: &str, description: &str) -> u64 {
        self.next += 1;
        let repo = Repo {
            owner: owner.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            private: true,
            created_at: self.now(),
            branches: BTreeMap::new(),
            tags: Vec::new(),
            stars: 0,
            hidden: 0,
        };
        self.repos.insert(self.next, repo);
        self.next
    }

    /// The forge's time, in seconds since 1970.
    fn now(&self) -> i64 {
        self.disk.as_ref().map_or(NOON, |_| now()) + self.skew.unwrap_or(0)
    }

    /// The number of requests with a method.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.calls
            .iter()
            .filter(|call| call.starts_with(method))
            .count()
    }

    fn answer(&mut self, request: &Request) -> Response {
        let (prefix, scheme): (&[&str], _) = match self.dialect {
            Dialect::GitHub => (&["api", "v3"], "Bearer"),
            Dialect::Forgejo => (&["code", "api", "v1"], "token"),
        };
        if request.header("authorization") != Some(&format!("{scheme} {TOKEN}")) {
            return Response::message(401, "Bad credentials");
        }
        for repo in self.repos.values_mut() {
            if let Some(disk) = &self.disk {
                disk.read(repo);
            }
        }
        self.settings.asked_branch.clone_from(&request.branch);
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        match path.strip_prefix(prefix) {
            Some(path) => self.route(&request.method, path, &request.body, request.page),
            None => Response::message(404, "Not Found"),
        }
    }

    fn route(&mut self, method: &str, path: &[&str], body: &Value, page: usize) -> Response {
        let is_github = self.dialect == Dialect::GitHub;
        match (method, path) {
            ("GET", ["user"]) => {
                let profile = documents::profile(self.dialect, self.settings.account, "User");
                let mut answer = Response::json(200, &profile);
                if !is_github {
                    return answer;
                }
                answer = answer.with("x-oauth-scopes", self.scopes);
                if !self.hides_rate_limit {
                    answer = answer
                        .with("x-ratelimit-limit", "5000")
                        .with("x-ratelimit-remaining", self.left.to_string())
                        .with("x-ratelimit-reset", NOON.to_string());
                }
                let header = "github-authentication-token-expiration";
                match &self.expires {
                    Some(expires) => answer.with(header, expires),
                    None => answer,
                }
            }
            ("GET", ["user", "orgs"]) => {
                let all = self.organisations.iter();
                let all = all.map(|login| documents::organisation(self.dialect, login));
                self.list(&all.collect::<Vec<_>>(), page)
            }
            ("GET", [kind @ ("orgs" | "users"), owner, "repos"]) => {
                self.repos_of(kind, owner, page)
            }
            ("GET", ["rate_limit"]) if is_github => {
                Response::json(200, &documents::rate_limit(self.left, NOON))
            }
            ("GET", ["users", name @ ("jane" | "bob")]) => {
                Response::json(200, &documents::profile(self.dialect, name, "User"))
            }
            ("GET", ["users", name @ ("acme" | "closed" | "quiet")]) if is_github => {
                let profile = documents::profile(self.dialect, name, "Organization");
                Response::json(200, &profile)
            }
            ("GET", ["user", "memberships", "orgs", name @ ("acme" | "closed")]) if is_github => {
                Response::json(200, &documents::membership(name))
            }
            ("GET", ["orgs", name @ ("acme" | "closed" | "quiet")]) => {
                Response::json(200, &documents::organisation(self.dialect, name))
            }
            (
                "GET",
                [
                    "users",
                    "jane",
                    "orgs",
                    name @ ("acme" | "closed"),
                    "permissions",
                ],
            ) if !is_github => Response::json(
                200,
                &json!({ "can_create_repository": *name == "acme", "is_owner": false }),
            ),
            ("POST", ["user", "repos"]) => self.create("jane", body),
            ("POST", ["orgs", "acme", "repos"]) => self.create("acme", body),
            ("POST", ["orgs", "closed", "repos"]) => Response::message(
                403,
                "You need admin access to the organization before adding a repository to it.",
            ),
            ("PUT", ["orgs", "acme", "teams", team, "repos", "acme", _]) if is_github => {
                self.grant_team(team, body["permission"].as_str().unwrap())
            }
            ("GET", ["repositories", id]) => self.visible(id.parse().unwrap(), |_| None),
            ("PATCH", ["repositories", id]) if is_github => {
                self.describe(id.parse().unwrap(), body)
            }
            ("DELETE", ["repositories", id]) if is_github => self.delete(id.parse().unwrap()),
            (_, ["repos", owner, name, rest @ ..]) => {
                let full_name = format!("{owner}/{name}");
                if self.find(&full_name).is_some()
                    && let Some(answer) = self.answer_settings(owner, method, rest, body, page)
                {
                    return answer;
                }
                self.by_name(method, &full_name, rest, body)
            }
            _ => Response::message(404, "Not Found"),
        }
    }

    fn by_name(&mut self, method: &str, full_name: &str, rest: &[&str], body: &Value) -> Response {
        let dialect = self.dialect;
        let is_github = dialect == Dialect::GitHub;
        let Some(id) = self.find(full_name) else {
            return match self.redirects.get(&full_name.to_lowercase()) {
                Some(id) => Response::message(301, "Moved Permanently")
                    .with("location", format!("/api/v3/repositories/{id}")),
                None => Response::message(404, "Not Found"),
            };
        };
        match (method, rest) {
            ("GET", []) => self.visible(id, |_| None),
            ("PATCH", []) if !is_github => self.describe(id, body),
            ("DELETE", []) if !is_github => self.delete(id),
            ("GET", ["branches"]) => {
                let writes_null = self.writes_null;
                self.visible(id, |repo| {
                    Some(if repo.branches.is_empty() && writes_null {
                        Value::Null
                    } else {
                        documents::branches(dialect, repo)
                    })
                })
            }
            (_, ["pulls" | "issues", ..]) => self.pulls(id, method, rest, body),
            ("GET", ["tags"]) => self.visible(id, |repo| Some(documents::tags(dialect, repo))),
            ("GET", ["git", "commits", wanted]) => self.visible(id, |repo| {
                let (_, tree) = repo
                    .branches
                    .values()
                    .find(|(commit, _)| commit == wanted)?;
                Some(documents::commit(dialect, wanted, tree))
            }),
            _ => Response::message(404, "Not Found"),
        }
    }

    fn find(&self, full_name: &str) -> Option<u64> {
        let is_it =
            |repo: &Repo| format!("{}/{}", repo.owner, repo.name).eq_ignore_ascii_case(full_name);
        self.repos
            .iter()
            .find(|(_, repo)| is_it(repo))
            .map(|(id, _)| *id)
    }

    /// A part of a repository, or the repository itself, once it is visible.
    fn visible(&mut self, id: u64, part: impl FnOnce(&Repo) -> Option<Value>) -> Response {
        let dialect = self.dialect;
        match self.repos.get_mut(&id) {
            Some(repo) if repo.hidden > 0 => {
                repo.hidden -= 1;
                Response::message(404, "Not Found")
            }
            Some(repo) => {
                let mut whole = documents::repository(dialect, id, repo);
                whole["default_branch"] = json!(self.default_branch);
                Response::json(200, &part(repo).unwrap_or(whole))
            }
            None => Response::message(404, "Not Found"),
        }
    }

    fn create(&mut self, owner: &str, body: &Value) -> Response {
        let (Some(name), Some(description)) = (body["name"].as_str(), body["description"].as_str())
        else {
            return Response::message(422, "Invalid request.\n\n\"name\" wasn't supplied.");
        };
        assert_eq!(body["private"], true, "every repository is made private");
        assert_eq!(body["auto_init"], false, "every repository is made empty");
        if self.find(&format!("{owner}/{name}")).is_some() {
            return match self.dialect {
                Dialect::GitHub => Response::json(
                    422,
                    &json!({
                        "message": "Repository creation failed.",
                        "errors": [{ "code": "custom", "message": "name already exists on this account" }],
                    }),
                ),
                Dialect::Forgejo => {
                    Response::message(409, "The repository with the same name already exists.")
                }
            };
        }
        let id = self.add(owner, self.renames_to.unwrap_or(name), description);
        self.creates.push(id);
        self.redirects
            .remove(&format!("{owner}/{name}").to_lowercase());
        let hidden = self.hide_new;
        let repo = self.repos.get_mut(&id).unwrap();
        repo.hidden = hidden;
        if let Some(disk) = &self.disk {
            disk.create(repo);
        }
        Response::json(201, &documents::repository(self.dialect, id, repo))
    }

    fn describe(&mut self, id: u64, body: &Value) -> Response {
        match self.repos.get_mut(&id) {
            Some(repo) => {
                repo.description = String::from(body["description"].as_str().unwrap());
                Response::json(200, &documents::repository(self.dialect, id, repo))
            }
            None => Response::message(404, "Not Found"),
        }
    }

    fn delete(&mut self, id: u64) -> Response {
        if self.dialect == Dialect::GitHub && !self.scopes.contains("delete_repo") {
            return Response::message(403, "Must have admin rights to Repository.");
        }
        match self.repos.remove(&id) {
            Some(repo) => {
                if let Some(disk) = &self.disk {
                    disk.remove(&repo);
                }
                self.deletes.push(id);
                let mut answer = Response::json(204, &Value::Null);
                answer.body.clear();
                answer
            }
            None => Response::message(404, "Not Found"),
        }
    }
}
