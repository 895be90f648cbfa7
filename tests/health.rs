//! `groundplan health`, the health check of a container engine: exit code 0 or 1.

use crate::support::{Ran, Sandbox};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// Runs the command against a server with this answer. Returns the result and the request.
#[track_caller]
fn ask(answer: &'static [u8], more: &[&str]) -> (Ran, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = stream.read(&mut request).unwrap();
        // The client may close the connection before the end of the answer.
        drop(stream.write_all(answer));
        String::from_utf8(request[..length].to_vec()).unwrap()
    });
    // As in a container: the worker listens on every address, and the command connects to the loopback address.
    let address = format!("0.0.0.0:{port}");
    let ran = Sandbox::new().groundplan(["health", "--health", &address].iter().chain(more));
    (ran, server.join().unwrap())
}

#[test]
fn a_healthy_worker_exits_with_0_and_shows_the_answer() {
    let (ran, request) = ask(
        b"HTTP/1.0 200 OK\r\ncontent-length: 17\r\n\r\n{\"status\":\"idle\"}",
        &[],
    );
    assert_eq!(ran.exits(0).stdout, "{\"status\":\"idle\"}\n");
    assert!(request.starts_with("GET /health HTTP/1.0\r\n"), "{request}");
}

#[test]
fn an_unhealthy_worker_exits_with_1_and_shows_the_answer() {
    let (ran, _) = ask(
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":\"unhealthy\"}\n",
        &[],
    );
    assert_eq!(ran.exits(1).stdout, "{\"status\":\"unhealthy\"}\n");
}

#[test]
fn an_answer_of_another_program_exits_with_1_and_cannot_control_the_terminal() {
    for answer in [
        &b""[..],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe",
        b"HTTP/1.1 x\r\n\r\n",
    ] {
        let (ran, _) = ask(answer, &[]);
        let ran = ran.exits(1);
        assert!(ran.stderr.contains("is not a worker"), "{}", ran.stderr);
    }
    let (ran, _) = ask(b"HTTP/1.1 200 OK\r\n\r\n\x1b]0;title\x07\nok", &[]);
    assert_eq!(ran.exits(0).stdout, "\\u{1b}]0;title\\u{7}\\nok\n");
}

#[test]
fn an_endless_answer_is_read_up_to_a_limit() {
    static ENDLESS: [u8; 200_000] = [b' '; 200_000];
    let (ran, _) = ask(&ENDLESS, &[]);
    assert!(ran.exits(1).stderr.contains("is not a worker"));
}

#[test]
fn no_answer_exits_with_1() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let slow = Sandbox::new().groundplan(["health", "--health", &address, "--timeout", "1"]);
    assert!(slow.exits(1).stderr.contains("within 1 seconds"));
    drop(listener);
    let gone = Sandbox::new()
        .groundplan(["health", "--health", &address])
        .exits(1);
    assert!(
        gone.stderr.contains("no answer from 127.0.0.1"),
        "{}",
        gone.stderr
    );
    assert!(gone.stderr.contains("GROUNDPLAN_HEALTH"), "{}", gone.stderr);
    Sandbox::new()
        .groundplan(["health", "--health", "here"])
        .exits(2);
}

/// A real worker with a database in a file, killed at the end of the test.
struct Worker {
    child: Child,
    address: String,
}

impl Worker {
    fn start(sandbox: &Sandbox) -> Self {
        sandbox.write("forge/README", "");
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command.args(["work", "--forge", "local", "--forge-url", "forge"]);
        command.args(["--database-url", "sqlite:jobs.db", "--state", "state"]);
        command.args(["--health", "127.0.0.1:0"]);
        let command = sandbox.settle(&mut command).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("answering /health address=")?;
            Some(address.trim().to_owned())
        });
        let address = address.expect("the log names the address");
        Self { child, address }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn the_metrics_of_a_real_worker_are_those_in_the_documentation() {
    let sandbox = Sandbox::new();
    let worker = Worker::start(&sandbox);
    let ran = sandbox.groundplan(["health", "--health", &worker.address]);
    let health: serde_json::Value = ran.exits(0).json();
    assert_eq!(health["status"], "idle");

    let mut stream = TcpStream::connect(&worker.address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).unwrap();
    // Families with labels are absent until the first observation; tests/worker/service.rs checks them.
    let later = ["groundplan_runs", "groundplan_step_seconds"];
    let found: BTreeSet<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .chain(later)
        .collect();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let document = fs::read_to_string(document).unwrap();
    let documented: BTreeSet<&str> = document
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("groundplan_"))
        .map(|word| word.trim_end_matches("_total").trim_end_matches("_info"))
        .collect();
    assert_eq!(documented, found);
}
