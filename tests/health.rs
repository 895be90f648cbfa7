//! `groundplan health`: what a container engine asks, and gets 0 or 1 for.

use crate::support::{Ran, Sandbox};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

/// Asks something that gives this answer to one request, and gives what was asked as well.
#[track_caller]
fn ask(answer: &'static [u8], more: &[&str]) -> (Ran, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = stream.read(&mut request).unwrap();
        // A client that has read enough may be gone, which is its right.
        drop(stream.write_all(answer));
        String::from_utf8(request[..length].to_vec()).unwrap()
    });
    // As in a container: the worker listens on every address, and is asked on this one.
    let address = format!("0.0.0.0:{port}");
    let ran = Sandbox::new().groundplan(["health", "--health", &address].iter().chain(more));
    (ran, server.join().unwrap())
}

#[test]
fn a_worker_that_is_well_is_0_and_what_it_says_is_shown() {
    let (ran, request) = ask(
        b"HTTP/1.0 200 OK\r\ncontent-length: 17\r\n\r\n{\"status\":\"idle\"}",
        &[],
    );
    assert_eq!(ran.exits(0).stdout, "{\"status\":\"idle\"}\n");
    assert!(request.starts_with("GET /health HTTP/1.0\r\n"), "{request}");
}

#[test]
fn a_worker_that_is_not_well_is_1_and_what_it_says_is_shown() {
    let (ran, _) = ask(
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":\"unhealthy\"}\n",
        &[],
    );
    assert_eq!(ran.exits(1).stdout, "{\"status\":\"unhealthy\"}\n");
}

#[test]
fn what_is_no_worker_is_1_and_cannot_steer_the_terminal() {
    for answer in [
        &b""[..],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe",
        b"HTTP/1.1 x\r\n\r\n",
    ] {
        let (ran, _) = ask(answer, &[]);
        let ran = ran.exits(1);
        assert!(ran.stderr.contains("is no worker"), "{}", ran.stderr);
    }
    let (ran, _) = ask(b"HTTP/1.1 200 OK\r\n\r\n\x1b]0;title\x07\nok", &[]);
    assert_eq!(ran.exits(0).stdout, "\\u{1b}]0;title\\u{7}\\nok\n");
}

#[test]
fn an_answer_without_end_is_read_only_so_far() {
    static ENDLESS: [u8; 200_000] = [b' '; 200_000];
    let (ran, _) = ask(&ENDLESS, &[]);
    assert!(ran.exits(1).stderr.contains("is no worker"));
}

#[test]
fn where_nobody_answers_is_1_as_well() {
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
