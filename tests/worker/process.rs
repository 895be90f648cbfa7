//! The real program as a worker process, with its log, pages and signals.

use super::support::WorkerFixture;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A running `groundplan work`, killed when it is dropped.
pub(crate) struct Worker {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    /// The address of its pages.
    pub address: String,
}

/// `groundplan` with the database of a fixture.
pub(crate) fn program(fixture: &WorkerFixture, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    fixture.sandbox.settle(&mut command);
    command
        .args(args)
        .env("DATABASE_URL", &fixture.jobs.address);
    command
}

/// `groundplan work` with the folder of repositories of a fixture.
pub(crate) fn work(fixture: &WorkerFixture, more: &[&str]) -> Command {
    let mut command = program(
        fixture,
        &[
            "work",
            "--forge",
            "local",
            "--forge-url",
            "forge",
            "--catalogs",
            ".",
        ],
    );
    command
        .args(["--state", "state", "--health", "127.0.0.1:0"])
        .args(more);
    command
}

impl Worker {
    /// Starts a worker and waits until it works.
    pub(crate) fn start(fixture: &WorkerFixture, more: &[&str]) -> Self {
        Self::of(work(fixture, more))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut address = String::new();
        let log = Arc::new(Mutex::new(String::new()));
        loop {
            let mut line = String::new();
            let length = lines.read_line(&mut line).unwrap();
            assert!(
                length > 0,
                "the worker did not start: {}",
                log.lock().unwrap()
            );
            if let Some((_, at)) = line.split_once("answering /health address=") {
                at.trim().clone_into(&mut address);
            }
            let is_working = line.contains(" working ") || line.contains("cannot start to work");
            log.lock().unwrap().push_str(&line);
            if is_working {
                break;
            }
        }
        let shared = Arc::clone(&log);
        let reader = thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                writeln!(shared.lock().unwrap(), "{line}").unwrap();
            }
        });
        Self {
            child,
            log,
            reader: Some(reader),
            address,
        }
    }

    /// The process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, and gives its code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let code = self.child.wait().unwrap().code();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        code
    }

    /// All that it said.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Asks one of its pages: the code and the body.
    pub(crate) fn page(&self, path: &str) -> (u16, String) {
        page(&self.address, path)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended long before.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until a condition is true, however long that takes up to a minute.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{what} did not happen"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asks for a page over HTTP.
pub(crate) fn page(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}
