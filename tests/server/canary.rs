//! Recognisable secrets, sent to every operation and page: they are in no answer, log line, row or file.

use super::access::address;
use super::pages::Browser;
use super::support::{Answer, KEY, TestServer, preview, submission};
use crate::forge::fake::{Dialect, TOKEN};
use crate::forge_cli::{Joint, check};
use crate::support::{Sandbox, files_below};
use groundplan::server::operations;
use serde_json::{Value, json};
use std::fs;

/// Fails when an answer holds a secret.
#[track_caller]
fn is_clean(answer: Answer, what: &str, own: &str) -> Answer {
    let whole = answer.whole();
    check(what, whole.as_bytes());
    assert!(!whole.contains(own), "the API token stands in {what}");
    answer
}

/// A run with a stored token, to its end.
fn carry_out(server: &TestServer, own: &str) -> String {
    let bearer = format!("Bearer {own}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({ "token": TOKEN }).to_string();
    let saved = server.send("PUT", "/api/v1/token", &headers, body.as_bytes());
    is_clean(saved.is(200), "PUT /token", own);
    let product = json!({ "name": "Acme Web" });
    server.post("/api/v1/products", own, &product).is(201);
    let report = server.post("/api/v1/previews?forge=true", own, &preview());
    let report = is_clean(report.is(200), "a preview", own).json();
    let tree = report["treeId"].as_str().unwrap();
    let run = server.post("/api/v1/runs", own, &submission("acme-web", tree));
    let run = run.is(201).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.finished(&run, own)["status"], "succeeded");
    run
}

#[test]
fn a_token_is_in_no_answer_log_line_row_or_file() {
    let forge = Joint::start(Dialect::GitHub);
    let at = forge.address();
    let server = TestServer::start_in(
        Sandbox::with_demo(),
        &["--forge", "github", "--forge-url", &at],
        &[
            ("BOOTSTRAP_ENCRYPTION_KEY", KEY),
            ("GROUNDPLAN_LOG", "trace"),
        ],
        " ready ",
    );
    let own = server.token("root", &["--admin"]);
    let run = carry_out(&server, &own);
    let bearer = format!("Bearer {own}");
    let all = operations::all().into_iter();
    for operation in all.chain(operations::outside_v1()) {
        // A stream of all jobs does not end.
        if operation.id == "streamJobs" {
            continue;
        }
        let path = address(
            &operation
                .path
                .replace("/runs/{id}", &format!("/runs/{run}")),
        );
        let what = format!("{} {path}", operation.method);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let document = json!({ "token": TOKEN, "name": own, "files": { TOKEN: own } });
        for body in [document.to_string(), TOKEN.to_owned()] {
            let answer = server.send(operation.method.as_str(), &path, &headers, body.as_bytes());
            is_clean(answer, &what, &own);
        }
        let wrong = [("authorization", TOKEN)];
        let answer = server.send(operation.method.as_str(), &path, &wrong, b"");
        is_clean(answer, &what, &own);
    }
    let mut browser = Browser::signed_in(&server, &own);
    for fields in [
        [("token", TOKEN), ("do", "test")],
        [("token", TOKEN), ("do", "save")],
        [("token", own.as_str()), ("do", "save")],
    ] {
        is_clean(
            browser.post("/settings/token", &fields),
            "the settings",
            &own,
        );
    }
    for path in [
        "/settings",
        "/",
        "/jobs",
        "/approvals",
        "/workers",
        "/no-such-page",
    ] {
        is_clean(browser.get(path), path, &own);
    }
    is_clean(
        browser.post("/sign-in", &[("token", TOKEN)]),
        "a sign-in",
        &own,
    );
    let sandbox = server.sandbox.path().to_owned();
    let key = browser.key().to_owned();
    // While the database is open, its log of changes is a file too.
    let files: Vec<(String, Vec<u8>)> = files_below(&sandbox)
        .into_iter()
        .map(|file| (file.clone(), fs::read(sandbox.join(&file)).unwrap()))
        .collect();
    assert!(
        files
            .iter()
            .any(|(name, _)| name.ends_with("groundplan.db"))
    );
    let (_, log) = server.stop();
    assert!(log.lines().count() > 100, "{log}");
    for (name, bytes) in files
        .into_iter()
        .chain([("the log".to_owned(), log.into_bytes())])
    {
        check(&name, &bytes);
        for secret in [&own, &key] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "a secret stands in {name}");
        }
    }
}

#[test]
fn a_fault_in_a_token_is_told_without_the_token() {
    let forge = Joint::start(Dialect::GitHub);
    let at = forge.address();
    let flags = ["--no-worker", "--forge", "github", "--forge-url", &at];
    let key = [("BOOTSTRAP_ENCRYPTION_KEY", KEY)];
    let server = TestServer::start_in(Sandbox::with_demo(), &flags, &key, " ready ");
    let own = server.token("ada", &[]);
    for token in [
        format!("{TOKEN}\u{7}"),
        format!(" {TOKEN} x"),
        format!("{TOKEN}ü"),
        TOKEN.repeat(40),
    ] {
        let answer = server.post("/api/v1/token/test", &own, &json!({ "token": token }));
        let answer = is_clean(answer, "the test of a token", &own);
        assert_ne!(answer.json()["detail"], Value::Null, "{token:?}");
    }
}
