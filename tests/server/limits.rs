//! Clients that are slow, silent, many or dishonest, over plain TCP.

use super::support::{TestServer, answered};
use groundplan::base::descriptors;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// A server that waits a second for heads and bodies.
fn impatient() -> TestServer {
    TestServer::start(&["--no-worker", "--request-timeout", "1"])
}

/// Sends these bytes and reads until the server closes the connection.
fn ask(server: &TestServer, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(bytes).unwrap();
    to_the_end(&mut stream)
}

fn to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    // A reset is an end too.
    drop(stream.read_to_end(&mut received));
    received
}

/// The number of answers in what a server sent.
fn count(received: &[u8]) -> usize {
    String::from_utf8_lossy(received)
        .matches("HTTP/1.1 ")
        .count()
}

#[test]
fn a_connection_without_a_whole_head_is_closed() {
    let server = impatient();
    for beginning in [
        "",
        "GET /api/v1/version HTTP/1.1\r\nhost: x\r\nx-slow: ",
        // A request, and then nothing.
        "GET /api/v1/version HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let received = ask(&server, beginning.as_bytes());
        let is_whole = beginning.ends_with("\r\n\r\n");
        assert_eq!(count(&received), usize::from(is_whole), "{beginning:?}");
    }
}

#[test]
fn a_body_that_does_not_arrive_is_answered_with_408() {
    let server = impatient();
    let token = server.token("ada", &[]);
    for key in ["", "idempotency-key: k\r\n"] {
        let request = format!(
            "POST /api/v1/products HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{key}\
             content-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
        );
        let answer = answered(&ask(&server, request.as_bytes()));
        assert_eq!(answer.problem(408), "body_too_slow");
    }
    // Without a credential the server waits for no body.
    let request = "POST /api/v1/products HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    let answer = answered(&ask(&server, request.as_bytes()));
    assert_eq!(answer.problem(401), "unauthorized");
}

#[test]
fn a_head_of_more_than_64_kibibytes_is_refused() {
    let server = impatient();
    let value = "x".repeat(80 * 1024);
    let request = format!("GET /api/v1/version HTTP/1.1\r\nhost: x\r\nx-long: {value}\r\n\r\n");
    let mut stream = TcpStream::connect(&server.address).unwrap();
    // The server may answer, and close, before it has read all.
    drop(stream.write_all(request.as_bytes()));
    let received = to_the_end(&mut stream);
    assert!(
        received.is_empty() || received.starts_with(b"HTTP/1.1 431 "),
        "{}",
        String::from_utf8_lossy(&received)
    );
    let many = "x-a: b\r\n".repeat(200);
    let request = format!("GET /api/v1/version HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    assert!(ask(&server, request.as_bytes()).starts_with(b"HTTP/1.1 431 "));
}

#[test]
fn ten_thousand_idle_connections_stop_nobody() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let most = descriptors::raise_limit(12_000).saturating_sub(1_500);
    let mut idle = Vec::new();
    for number in 0..most.min(10_000) {
        idle.push(TcpStream::connect(&server.address).unwrap());
        if number % 2_500 == 0 {
            server.send("GET", "/health", &[], b"").is(200);
        }
    }
    server.send("GET", "/health", &[], b"").is(200);
    server.get("/api/v1/me", &token).is(200);
    if idle.len() > 5_000 {
        // The oldest one has lost its place to newer ones.
        assert!(to_the_end(&mut idle[0]).is_empty());
    }
    drop(idle);
    server.get("/api/v1/me", &token).is(200);
}

#[test]
fn a_request_of_uncertain_length_is_refused_or_the_last_of_its_connection() {
    let server = impatient();
    let smuggled = "GET /api/v1/version HTTP/1.1\r\nhost: x\r\n\r\n";
    for (head, body) in [
        (
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "0\r\n\r\n",
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
            "0\r\n\r\n",
        ),
        ("content-length: 0\r\ncontent-length: 4\r\n", ""),
        ("content-length: +0\r\n", ""),
        ("content-length: 0, 0x\r\n", ""),
        ("transfer-encoding: identity\r\n", ""),
        ("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"),
        ("x-folded: a\r\n b\r\n", ""),
        ("x-space : a\r\n", ""),
    ] {
        let request =
            format!("POST /api/v1/token/test HTTP/1.1\r\nhost: x\r\n{head}\r\n{body}{smuggled}");
        let received = ask(&server, request.as_bytes());
        let text = String::from_utf8_lossy(&received);
        assert_eq!(count(&received), 1, "{head:?}: {text}");
        assert!(!text.contains("generator"), "{head:?}: {text}");
    }
}
