//! Who may do what: every operation, with every kind of caller.

use super::support::{TestServer, preview, submission};
use crate::support::jobs::wait;
use crate::support::postgres::open;
use groundplan::app::caller::Access;
use groundplan::app::sessions;
use groundplan::server::operation::Credential;
use groundplan::server::operations;
use groundplan::store::id::UserId;
use serde_json::json;

/// The address of an operation, with values in place of its parameters.
pub(super) fn address(path: &str) -> String {
    let path = path
        .replace("{slug}", "demo")
        .replace("{treeId}", &"0".repeat(40))
        .replace("{*path}", "README.md")
        .replace("{id}", "nothing");
    if path.starts_with("/api/") {
        return path;
    }
    format!("/api/v1{path}")
}

#[test]
fn every_operation_refuses_whom_its_access_excludes() {
    let server = TestServer::start(&["--no-worker"]);
    let (demo, member) = (server.token("demo", &["--demo"]), server.token("ada", &[]));
    for operation in operations::all()
        .into_iter()
        .chain(operations::outside_v1())
    {
        // A stream that is allowed does not end.
        if operation.id == "streamJobs" {
            continue;
        }
        let ask = |token: Option<&str>| {
            let bearer = token.map(|token| format!("Bearer {token}"));
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
            server
                .send(
                    operation.method.as_str(),
                    &address(operation.path),
                    &headers,
                    b"{}",
                )
                .status
        };
        let expected = match operation.guarded.credential {
            Credential::Nothing => continue,
            // A user's token is no secret of the scheduler.
            Credential::Scheduler | Credential::User(Access::Read) => (401, false, false),
            Credential::User(Access::Write) => (401, true, false),
            Credential::User(Access::Administrate) => (401, true, true),
        };
        let found = (
            ask(None),
            ask(Some(&demo)) == 403,
            ask(Some(&member)) == 403,
        );
        assert_eq!(found, expected, "{} {}", operation.method, operation.path);
        assert_eq!(
            ask(Some("gp_wrong")),
            401,
            "{} {}",
            operation.method,
            operation.path
        );
    }
}

#[test]
fn an_operation_has_one_name_and_one_address() {
    let operations = operations::all();
    let count = operations.len();
    let names: std::collections::BTreeSet<_> = operations.iter().map(|one| one.id).collect();
    let addresses: std::collections::BTreeSet<_> = operations
        .iter()
        .map(|one| (one.method.as_str().to_owned(), one.path))
        .collect();
    assert_eq!((names.len(), addresses.len()), (count, count));
}

#[test]
fn what_belongs_to_others_looks_missing() {
    let server = TestServer::start(&["--no-worker"]);
    let (ada, eve) = (server.token("ada", &[]), server.token("eve", &[]));
    let admin = server.token("root", &["--admin"]);
    server
        .post("/api/v1/products", &ada, &json!({ "name": "Secret" }))
        .is(201);
    let tree = server
        .post("/api/v1/previews", &ada, &preview())
        .is(200)
        .json()["treeId"]
        .as_str()
        .unwrap()
        .to_owned();
    let run = server
        .post("/api/v1/runs", &ada, &submission("secret", &tree))
        .is(201)
        .json();
    let id = run["id"].as_str().unwrap();
    assert_eq!(
        server.get("/api/v1/products/secret", &eve).problem(404),
        "product_not_found"
    );
    assert_eq!(
        server.get(&format!("/api/v1/runs/{id}"), &eve).problem(404),
        "run_not_found"
    );
    assert_eq!(
        server
            .get(&format!("/api/v1/runs/{id}/events"), &eve)
            .problem(404),
        "run_not_found"
    );
    for (token, code) in [(&eve, "run_not_found"), (&ada, "statement_not_found")] {
        let answer = server.get(&format!("/api/v1/runs/{id}/statement"), token);
        assert_eq!(answer.problem(404), code);
    }
    for action in ["cancel", "retry"] {
        let answer = server.post(&format!("/api/v1/runs/{id}/{action}"), &eve, &json!({}));
        assert_eq!(answer.problem(404), "run_not_found");
    }
    assert_eq!(
        server
            .post("/api/v1/runs", &eve, &submission("secret", &tree))
            .problem(404),
        "product_not_found"
    );
    let runs = server.get("/api/v1/runs", &eve).is(200).json();
    assert_eq!(runs["items"], json!([]));
    // An administrator sees the runs of all.
    server.get(&format!("/api/v1/runs/{id}"), &admin).is(200);
}

#[test]
fn a_revoked_token_is_refused() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &["--label", "laptop"]);
    let me = server.get("/api/v1/me", &token).is(200).json();
    assert_eq!(
        me,
        json!({ "user": "ada", "username": "ada", "role": "member" })
    );
    let tokens = server.get("/api/v1/api-tokens", &token).is(200).json();
    let id = tokens["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(tokens["items"][0]["label"], "laptop");
    assert!(!tokens.to_string().contains(&token));
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    server
        .send("DELETE", &format!("/api/v1/api-tokens/{id}"), &headers, b"")
        .is(204);
    assert_eq!(
        server.get("/api/v1/me", &token).problem(401),
        "unauthorized"
    );
}

#[test]
fn a_proxy_names_the_user_only_with_its_secret_and_from_its_address() {
    let flags = [
        "--no-worker",
        "--proxy-user-header",
        "X-User",
        "--proxy-address",
        "127.0.0.1",
    ];
    let server = TestServer::start_with(
        &flags,
        &[("GROUNDPLAN_PROXY_SECRET", "s3cret-of-the-proxy")],
    );
    server.token("ada", &[]);
    let me = |headers: &[(&str, &str)]| server.send("GET", "/api/v1/me", headers, b"");
    let secret = ("x-groundplan-proxy-secret", "s3cret-of-the-proxy");
    assert_eq!(
        me(&[("x-user", "ada"), secret]).is(200).json()["user"],
        "ada"
    );
    // The proxy names the user of a browser too, whose other pages may send forms. An application sends no origin.
    let add = |origin: &[(&str, &str)], name: &str| {
        let own = [
            ("x-user", "ada"),
            secret,
            ("content-type", "application/json"),
        ];
        let headers: Vec<_> = own.iter().chain(origin).copied().collect();
        let body = json!({ "name": name }).to_string();
        server.send("POST", "/api/v1/products", &headers, body.as_bytes())
    };
    add(&[], "One").is(201);
    add(&[("sec-fetch-site", "same-origin")], "Two").is(201);
    assert_eq!(
        add(&[("sec-fetch-site", "cross-site")], "Three").problem(403),
        "cross_site"
    );
    assert_eq!(
        add(&[("origin", "https://evil.example")], "Four").problem(403),
        "cross_site"
    );
    for headers in [
        vec![("x-user", "ada")],
        vec![("x-user", "ada"), ("x-groundplan-proxy-secret", "wrong")],
        vec![("x-user", "ada"), ("x-user", "root"), secret],
        vec![("x-user", "nobody"), secret],
        vec![("x-user", "a\tb"), secret],
    ] {
        me(&headers).is(401);
    }
    let other = [
        "--no-worker",
        "--proxy-user-header",
        "X-User",
        "--proxy-address",
        "192.0.2.1",
    ];
    let server = TestServer::start_with(
        &other,
        &[("GROUNDPLAN_PROXY_SECRET", "s3cret-of-the-proxy")],
    );
    server.token("ada", &[]);
    server
        .send("GET", "/api/v1/me", &[("x-user", "ada"), secret], b"")
        .is(401);
}

#[test]
fn the_scheduler_recovers_runs_with_its_secret_only() {
    let server = TestServer::start_with(&["--no-worker"], &[("CRON_SECRET", "s3cret-of-the-cron")]);
    let path = "/api/cron/bootstrap-stale-recovery";
    let ask = |bearer: &str| server.send("POST", path, &[("authorization", bearer)], b"");
    let report = ask("Bearer s3cret-of-the-cron").is(200).json();
    assert_eq!(
        report,
        json!({ "failed": 0, "needsCleanup": 0, "cancelled": 0, "requeued": 0 })
    );
    ask("Bearer wrong").is(401);
    let without = TestServer::start(&["--no-worker"]);
    without
        .send("POST", path, &[("authorization", "Bearer ")], b"")
        .is(401);
}

#[test]
fn a_browser_is_refused_changes_that_another_site_asks_for() {
    let server = TestServer::start(&["--no-worker"]);
    server.token("ada", &[]);
    let key = wait(async {
        let database = open(&server.database()).await;
        let ada = UserId::parse("ada").unwrap();
        let key = sessions::start(&database, &ada).await.unwrap();
        database.close().await;
        key
    });
    let cookie = format!("theme=dark; groundplan={}", key.as_str());
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let own = [
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
        ];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        server.send(method, path, &headers, br#"{"name":"Acme"}"#)
    };
    let me = ask("GET", "/api/v1/me", &[("sec-fetch-site", "cross-site")]);
    assert_eq!(me.is(200).json()["user"], "ada");
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in foreign {
        assert_eq!(
            ask("POST", "/api/v1/products", headers).problem(403),
            "cross_site"
        );
    }
    ask(
        "POST",
        "/api/v1/products",
        &[("sec-fetch-site", "same-origin")],
    )
    .is(201);
}

#[test]
fn tests_of_tokens_are_limited_for_each_user() {
    let server = TestServer::start(&["--no-worker"]);
    let (ada, eve) = (server.token("ada", &[]), server.token("eve", &[]));
    let test = |token: &str| server.post("/api/v1/token/test", token, &json!({ "token": "short" }));
    // Two minutes may begin while the requests are sent.
    let answers: Vec<_> = (0..21).map(|_| test(&ada)).collect();
    let limited = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(limited.header("retry-after"), Some("60"));
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 422 | 429))
    );
    test(&eve).is(422);
}
