//! The real program as a server on one machine, and a small HTTP client.

use crate::support::Sandbox;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

/// A running `groundplan serve` with its own data folder, killed when it is dropped.
pub(crate) struct TestServer {
    pub(crate) sandbox: Sandbox,
    child: Child,
    reader: Option<JoinHandle<String>>,
    pub(crate) address: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
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
        let sandbox = Sandbox::with_demo();
        let mut command = program(&sandbox);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--catalogs", "."])
            .args(more)
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut address = String::new();
        let mut log = String::new();
        loop {
            let mut line = String::new();
            let length = lines.read_line(&mut line).unwrap();
            assert!(length > 0, "the server did not start: {log}");
            if let Some((_, at)) = line.split_once("listening address=") {
                at.trim().clone_into(&mut address);
            }
            log.push_str(&line);
            if line.contains(" ready ") {
                break;
            }
        }
        let reader = thread::spawn(move || {
            lines.read_to_string(&mut log).unwrap();
            log
        });
        Self {
            sandbox,
            child,
            reader: Some(reader),
            address,
        }
    }

    /// A new token of a user.
    pub(crate) fn token(&self, user: &str, flags: &[&str]) -> String {
        let mut command = program(&self.sandbox);
        command
            .args(["token", "create", "--user", user])
            .args(flags);
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
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::parse(&answer)
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

    /// Asks the server to stop and returns its exit code and its log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), self.reader.take().unwrap().join().unwrap())
    }
}

/// The program with a data folder in the sandbox.
fn program(sandbox: &Sandbox) -> Command {
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
            head: head.to_ascii_lowercase(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
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
