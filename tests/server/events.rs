//! Events: as a stream, and as JSON.

use super::support::{TestServer, preview, submission};
use serde_json::json;

#[test]
fn a_stream_and_its_json_twin_have_the_same_events_and_resume_after_a_number() {
    let server = TestServer::start(&[]);
    let token = server.token("ada", &[]);
    server
        .post("/api/v1/products", &token, &json!({ "name": "Acme Web" }))
        .is(201);
    let tree = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json()["treeId"]
        .as_str()
        .unwrap()
        .to_owned();
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", &tree))
        .is(201)
        .json();
    let id = run["id"].as_str().unwrap();
    server.finished(id, &token);
    let path = format!("/api/v1/runs/{id}/events");
    let all = server.get(&path, &token).is(200).json();
    let events = all["items"].as_array().unwrap();
    assert_eq!(events.first().unwrap()["kind"], "submitted");
    assert_eq!(events.last().unwrap()["kind"], "succeeded");

    let bearer = format!("Bearer {token}");
    let stream = |headers: &[(&str, &str)], query: &str| {
        let own = [
            ("authorization", bearer.as_str()),
            ("accept", "text/event-stream"),
        ];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        server.send("GET", &format!("{path}{query}"), &headers, b"")
    };
    let streamed = stream(&[], "").is(200);
    assert_eq!(streamed.header("content-type"), Some("text/event-stream"));
    assert_eq!(streamed.header("x-accel-buffering"), Some("no"));
    let text = streamed.text();
    assert!(
        text.contains("event: ready") && text.contains("retry: 2000"),
        "{text}"
    );
    assert!(text.trim_end().ends_with("data: {}"), "{text}");
    for event in events {
        assert_eq!(
            text.matches(&format!("data: {event}\n")).count(),
            1,
            "{text}"
        );
    }
    let second = events[1]["sequence"].to_string();
    let resumed = stream(&[("last-event-id", &second)], "?after=0")
        .is(200)
        .text();
    assert_eq!(
        resumed.matches("event: event\n").count(),
        events.len() - 2,
        "{resumed}"
    );
    // A client that has seen the end stops connecting.
    let last = events.last().unwrap()["sequence"].to_string();
    stream(&[("last-event-id", &last)], "").is(204);
}

#[test]
fn a_stream_that_begins_late_misses_none_of_many_events() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    server
        .post("/api/v1/products", &token, &json!({ "name": "Acme Web" }))
        .is(201);
    let tree = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json()["treeId"]
        .as_str()
        .unwrap()
        .to_owned();
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", &tree))
        .is(201)
        .json();
    let id = run["id"].as_str().unwrap();
    server.execute(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1201)
         INSERT INTO bootstrap_events (run_id, number, at, kind, actor, detail)
         SELECT r.id, n.i, 0, 'intended', 'worker', '{}' FROM bootstrap_runs r, n",
        1200,
    );
    server
        .post(&format!("/api/v1/runs/{id}/cancel"), &token, &json!({}))
        .is(200);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("accept", "text/event-stream"),
    ];
    let streamed = server
        .send("GET", &format!("/api/v1/runs/{id}/events"), &headers, b"")
        .text();
    let numbers: Vec<u32> = streamed
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| {
            serde_json::from_str::<serde_json::Value>(data).unwrap()["number"].as_u64()
        })
        .map(|number| u32::try_from(number).unwrap())
        .collect();
    assert_eq!(numbers, (1..=1203).collect::<Vec<_>>());
    assert!(streamed.contains("event: end\n"));
}
