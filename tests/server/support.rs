//! The real program as a server on one machine, and a small HTTP client.

use crate::support::Sandbox;
use crate::support::jobs::wait;
use serde_json::Value;
use sqlx::{AnyConnection, Connection as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;

/// A running `groundplan serve` with its own data folder, killed when it is dropped.
pub(crate) struct TestServer {
    pub(crate) sandbox: Sandbox,
    child: Child,
    lines: mpsc::Receiver<String>,
    output: Mutex<BufReader<ChildStdout>>,
    log: String,
    pub(crate) address: String,
    variables: Vec<(String, String)>,
}

/// A key that tokens of a forge are sealed with.
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    cookie: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The answer in what a server sent.
pub(crate) fn answered(received: &[u8]) -> Answer {
    Answer::parse(received)
}

/// The default selection of the small catalogue as a preview of the API.
pub(crate) fn preview() -> Value {
    serde_json::json!({
        "catalog": "demo", "defaults": true, "selection": { "auth": "session", "addons": ["docs"] },
        "name": "Acme Web", "owner": "acme", "repo": "acme-web", "date": "2026-11-21",
    })
}

/// A submission of that preview.
pub(crate) fn submission(product: &str, tree: &str) -> Value {
    let mut body = preview();
    body["product"] = product.into();
    body["expect"] = tree.into();
    body
}

impl TestServer {
    /// A server over the small catalogue.
    pub(crate) fn start(more: &[&str]) -> Self {
        Self::start_with(more, &[])
    }

    pub(crate) fn start_with(more: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_in(Sandbox::with_demo(), more, variables, " ready ")
    }

    /// A server in a sandbox, once its log has a line with these words. It offers the catalogues of the sandbox, or in one
    /// without any the built-in ones.
    pub(crate) fn start_in(
        sandbox: Sandbox,
        more: &[&str],
        variables: &[(&str, &str)],
        words: &str,
    ) -> Self {
        let mut command = program(&sandbox);
        command
            .arg("serve")
            .args(more)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !more.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        if sandbox.join("catalog").exists() {
            command.args(["--catalogs", "."]);
        }
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let output = Mutex::new(BufReader::new(child.stdout.take().unwrap()));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines() {
                // The test may have ended.
                drop(sender.send(line.unwrap()));
            }
        });
        let mut server = Self {
            sandbox,
            child,
            lines,
            output,
            log: String::new(),
            address: String::new(),
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        server.wait_for(words);
        let (_, rest) = server.log.split_once("listening address=").unwrap();
        server.address = rest.lines().next().unwrap().trim().to_owned();
        server
    }

    /// Waits for a line of the log with these words.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, words: &str) {
        loop {
            let Ok(line) = self.lines.recv() else {
                panic!("the server ended without `{words}`: {}", self.log);
            };
            self.log += &line;
            self.log.push('\n');
            if line.contains(words) {
                return;
            }
        }
    }

    /// The address that signs in the administrator once, from the first line of its output.
    pub(crate) fn sign_in_address(&self) -> String {
        let mut line = String::new();
        self.output.lock().unwrap().read_line(&mut line).unwrap();
        let (_, address) = line.split_once("http").unwrap();
        format!("http{}", address.trim_end())
    }

    /// A new token of a user.
    pub(crate) fn token(&self, user: &str, flags: &[&str]) -> String {
        let mut command = program(&self.sandbox);
        command
            .args(["token", "create", "--user", user])
            .args(flags)
            .envs(self.variables.iter().cloned());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.send(
            "GET",
            path,
            &[("authorization", &format!("Bearer {token}"))],
            b"",
        )
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.post_with(path, token, &[], body)
    }

    pub(crate) fn post_with(
        &self,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let bearer = format!("Bearer {token}");
        let own = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Sends a request and reads the answer to the end of the connection.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut stream = self.begin(method, path, headers, body);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::parse(&answer)
    }

    /// Sends a request whose answer is not read.
    pub(crate) fn begin(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        // HTTP/1.0: the answer ends with the connection and comes in one piece.
        let mut head = format!(
            "{method} {path} HTTP/1.0\r\nhost: {}\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // The server may answer, and close, before it has read all.
        drop(stream.write_all(body));
        stream
    }

    /// Ends the server at once and gives its sandbox, for another server.
    pub(crate) fn killed(mut self) -> Sandbox {
        self.kill();
        std::mem::replace(&mut self.sandbox, Sandbox::new())
    }

    /// Ends the server at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until a run has ended, by its event stream, and reads it.
    pub(crate) fn finished(&self, run: &str, token: &str) -> Value {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept", "text/event-stream"),
        ];
        let stream = self.send("GET", &format!("/api/v1/runs/{run}/events"), &headers, b"");
        assert!(stream.text().contains("event: end"), "{}", stream.text());
        self.get(&format!("/api/v1/runs/{run}"), token).json()
    }

    /// The address of its database.
    pub(crate) fn database(&self) -> String {
        format!(
            "sqlite:{}",
            self.sandbox.join("data/groundplan.db").display()
        )
    }

    /// Runs a statement as an administrator would with the database's own program; it must change this many rows.
    pub(crate) fn execute(&self, statement: &'static str, rows: u64) {
        wait(async {
            sqlx::any::install_default_drivers();
            let mut connection = AnyConnection::connect(&self.database()).await.unwrap();
            let changed = sqlx::query(statement)
                .execute(&mut connection)
                .await
                .unwrap();
            assert_eq!(changed.rows_affected(), rows);
            connection.close().await.unwrap();
        });
    }

    /// Asks the server to stop and returns its exit code and its log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let rest: Vec<String> = self.lines.iter().collect();
        (status.code(), format!("{}{}", self.log, rest.join("\n")))
    }
}

/// The program with a data folder in the sandbox.
pub(crate) fn program(sandbox: &Sandbox) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    sandbox.settle(&mut command);
    command.env("GROUNDPLAN_DATA_DIR", sandbox.join("data"));
    command
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            cookie: head
                .lines()
                .find_map(|line| line.strip_prefix("set-cookie: "))
                .map(str::to_owned),
            head: head.to_ascii_lowercase(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
    }

    /// The cookie that it sets, with its attributes.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Head and body as text, to look for what must not be there.
    pub(crate) fn whole(&self) -> String {
        format!(
            "{}\n{}\n{}",
            self.head,
            self.cookie.as_deref().unwrap_or_default(),
            String::from_utf8_lossy(&self.body)
        )
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.status, self.text()))
    }

    /// The answer, whose status must be this one.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The code of a problem document with a status.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> String {
        let answer = self.is(status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["requestId"].as_str(), answer.header("x-request-id"));
        problem["code"].as_str().unwrap().to_owned()
    }
}
