//! Compressed answers.

use super::support::{Answer, TestServer, preview};
use crate::support::Sandbox;
use flate2::read::GzDecoder;
use std::io::Read as _;

/// A server whose catalogue has a long file, and its address in a preview.
fn with_long_file() -> (TestServer, String, String) {
    let sandbox = Sandbox::with_demo();
    let text = "A line of a long text.\n".repeat(100);
    sandbox.write("catalog/demo/template/LONG.md", text);
    let server = TestServer::start_in(sandbox, &["--no-worker"], &[], " ready ");
    let token = server.token("ada", &[]);
    let report = server.post("/api/v1/previews", &token, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/previews/{tree}/files/LONG.md");
    (server, token, path)
}

fn get(server: &TestServer, path: &str, token: &str, more: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {token}");
    let own = [("authorization", bearer.as_str())];
    let headers: Vec<_> = own.iter().chain(more).copied().collect();
    server.send("GET", path, &headers, b"")
}

#[test]
fn a_text_is_compressed_for_a_client_that_accepts_it() {
    let (server, token, file) = with_long_file();
    let gzip = ("accept-encoding", "br, gzip");
    for path in ["/api/v1/openapi.json", &file] {
        let plain = get(&server, path, &token, &[]).is(200);
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert_eq!(plain.header("vary"), Some("accept-encoding"), "{path}");
        let answer = get(&server, path, &token, &[gzip]).is(200);
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{path}");
        assert!(answer.body.len() * 2 < plain.body.len(), "{path}");
        let mut text = Vec::new();
        GzDecoder::new(&answer.body[..])
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, plain.body, "{path}");
        let refused = [("accept-encoding", "gzip;q=0")];
        let answer = get(&server, path, &token, &refused).is(200);
        assert_eq!(answer.header("content-encoding"), None, "{path}");
    }
}

#[test]
fn the_tag_of_a_compressed_answer_is_weak_and_known() {
    let (server, token, path) = with_long_file();
    let path = path.as_str();
    let plain = get(&server, path, &token, &[]).is(200);
    let gzip = ("accept-encoding", "gzip");
    let answer = get(&server, path, &token, &[gzip]).is(200);
    let tag = answer.header("etag").unwrap();
    assert_eq!(tag, format!("w/{}", plain.header("etag").unwrap()));
    let sent = tag.replace("w/", "W/");
    get(&server, path, &token, &[gzip, ("if-none-match", &sent)]).is(304);
}

#[test]
fn archives_secrets_and_short_texts_are_sent_as_they_are() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    for number in 0..20 {
        let label = format!("laptop {number}");
        server.token("ada", &["--label", &label]);
    }
    let report = server.post("/api/v1/previews", &token, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    let gzip = ("accept-encoding", "gzip");
    for path in [
        "/api/v1/me",
        "/api/v1/api-tokens",
        &format!("/api/v1/previews/{tree}/archive.zip"),
    ] {
        let answer = get(&server, path, &token, &[gzip]).is(200);
        assert_eq!(answer.header("content-encoding"), None, "{path}");
    }
    assert!(get(&server, "/api/v1/api-tokens", &token, &[]).body.len() > 1_400);
}
