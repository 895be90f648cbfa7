//! Failures: one form for all of them, with a pointer to each fault.

use super::support::{TestServer, preview};
use serde_json::json;

#[test]
fn every_failure_is_a_problem_document() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let bearer = format!("Bearer {token}");
    let auth = ("authorization", bearer.as_str());
    let json_type = ("content-type", "application/json");
    let send = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]| {
        server.send(method, path, headers, body)
    };
    assert_eq!(
        send(
            "GET",
            "/nothing",
            &[auth, ("accept", "application/json")],
            b""
        )
        .problem(404),
        "not_found"
    );
    assert_eq!(
        send("GET", "/api/v1/nothing", &[auth], b"").problem(404),
        "not_found"
    );
    assert_eq!(
        send("DELETE", "/api/v1/version", &[auth], b"").problem(405),
        "method_not_allowed"
    );
    for query in [
        "runs?limit=x",
        "products?limit=-1",
        "catalogs/demo?version=9223372036854775808",
        "insights/throughput?days=a&days=b",
    ] {
        let address = format!("/api/v1/{query}");
        assert_eq!(
            send("GET", &address, &[auth], b"").problem(400),
            "parameter_invalid",
            "{query}"
        );
    }
    let previews = "/api/v1/previews";
    assert_eq!(
        send("POST", previews, &[auth], b"{}").problem(415),
        "media_type_unsupported"
    );
    assert_eq!(
        send("POST", previews, &[auth, json_type], b"{").problem(400),
        "unreadable"
    );
    let twice = br#"{"catalog":"demo","catalog":"demo"}"#;
    assert_eq!(
        send("POST", previews, &[auth, json_type], twice).problem(400),
        "unreadable"
    );
    let large = vec![b' '; 2 * 1024 * 1024];
    assert_eq!(
        send("POST", previews, &[auth, json_type], &large).problem(413),
        "body_too_large"
    );
    assert_eq!(
        send("GET", "/api/v1/me", &[], b"").problem(401),
        "unauthorized"
    );
}

#[test]
fn each_fault_of_a_body_has_its_pointer_and_its_help() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let mut body = preview();
    body["owner"] = json!("-acme-");
    body["repo"] = json!("a/b");
    body["colour"] = json!("red");
    let problem = server
        .post("/api/v1/previews", &token, &body)
        .is(422)
        .json();
    let mut pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/colour", "/owner", "/repo"], "{problem}");
}

#[test]
fn the_id_of_a_request_is_taken_over_from_a_proxy_or_made() {
    let server = TestServer::start(&["--no-worker"]);
    let id = |value: &str| {
        let answer = server
            .send("GET", "/api/v1/version", &[("x-request-id", value)], b"")
            .is(200);
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id("abc-123"), "abc-123");
    assert_ne!(id("a b"), "a b");
    assert_ne!(id(&"x".repeat(65)), "x".repeat(65));
}
