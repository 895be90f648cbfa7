//! Documents of the server: versions, the OpenAPI document, and the health pages.

use super::support::TestServer;
use crate::support::{PRODUCT, Sandbox};
use serde_json::Value;
use std::process::Command;

#[test]
fn the_openapi_document_is_the_one_in_the_repository() {
    let document = groundplan::server::openapi::text();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/openapi.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).is_ok_and(|kept| kept == document),
        "the API has changed: UPDATE_SNAPSHOTS=1 writes schema/openapi.json"
    );
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = &reference[..reference.find('"').unwrap()];
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn a_server_shows_its_versions_its_document_and_its_health() {
    let server = TestServer::start(&[
        "--no-worker",
        "--public-url",
        "https://host.example/bootstrap",
    ]);
    for prefix in ["", "/bootstrap"] {
        let versions = server
            .send("GET", &format!("{prefix}/api/v1/version"), &[], b"")
            .is(200)
            .json();
        assert_eq!(
            versions["generator"],
            concat!("groundplan ", env!("CARGO_PKG_VERSION"))
        );
        assert!(versions["catalogs"]["demo"].is_string(), "{versions}");
        let document = server
            .send("GET", &format!("{prefix}/api/v1/openapi.json"), &[], b"")
            .is(200);
        assert_eq!(document.text(), groundplan::server::openapi::text());
        server
            .send("GET", &format!("{prefix}/health/ready"), &[], b"")
            .is(200);
    }
    let (code, _) = server.stop();
    assert_eq!(code, Some(143));
}

#[test]
fn a_catalogue_is_read_once_and_confirmed_afterwards() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let list = server.get("/api/v1/catalogs", &token).is(200).json();
    assert_eq!(list["items"][0]["catalog"], "demo");
    let answer = server.get("/api/v1/catalogs/demo", &token).is(200);
    let tag = answer.header("etag").unwrap().to_owned();
    assert_eq!(answer.json()["categories"][0]["slug"], "auth");
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("if-none-match", tag.as_str()),
    ];
    server
        .send("GET", "/api/v1/catalogs/demo", &headers, b"")
        .is(304);
    assert_eq!(
        server.get("/api/v1/catalogs/nothing", &token).problem(404),
        "catalog_not_found"
    );
}

#[test]
fn an_administrator_publishes_a_catalogue_and_everyone_reads_the_difference() {
    let server = TestServer::start(&["--no-worker"]);
    let (admin, ada) = (server.token("root", &["--admin"]), server.token("ada", &[]));
    let path = "/api/v1/catalogs/demo";
    assert_eq!(
        server.get(&format!("{path}/diff"), &ada).problem(404),
        "catalog_not_published"
    );
    let version = server
        .post(&format!("{path}/publish"), &admin, &Value::Null)
        .is(201)
        .json();
    assert_eq!(version["number"], 1);
    server.get(&format!("{path}?version=1"), &ada).is(200);
    assert_eq!(
        server.get(&format!("{path}?version=2"), &ada).problem(404),
        "catalog_not_published"
    );
    let diff = server
        .get(&format!("{path}/diff?from=1"), &ada)
        .is(200)
        .json();
    assert_eq!(diff["level"], "unchanged", "{diff}");
    let recipe = serde_json::json!({ "files": { "recipes/demo/auth/session.yaml": "actions: [" } });
    let check = server
        .post(&format!("{path}/check"), &ada, &recipe)
        .is(200)
        .json();
    assert_eq!(check["usable"], false);
    assert!(!check["findings"].as_array().unwrap().is_empty(), "{check}");
}

#[test]
fn a_row_that_is_changed_by_sql_changes_the_next_preview_at_every_door() {
    let server = TestServer::start(&["--no-worker"]);
    let (admin, ada) = (server.token("root", &["--admin"]), server.token("ada", &[]));
    let preview = super::support::preview();
    let tree = || {
        server
            .post("/api/v1/previews", &ada, &preview)
            .is(200)
            .json()["treeId"]
            .clone()
    };
    let before = tree();
    server
        .post("/api/v1/catalogs/demo/publish", &admin, &Value::Null)
        .is(201);
    // Publishing changes nothing by itself.
    assert_eq!(tree(), before);
    let version = server.get("/api/v1/catalogs/demo", &ada).json()["catalogVersion"].clone();
    server.execute(
        "UPDATE bootstrap_actions SET config = replace(config, 'lib/session.ts', 'lib/changed.ts') \
         WHERE kind = 'COPY_FILE'",
        1,
    );
    let after = tree();
    assert_ne!(after, before);
    let shown = server.get("/api/v1/catalogs/demo", &ada).json();
    assert_ne!(shown["catalogVersion"], version);
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    server.sandbox.settle(&mut command);
    command
        .args([
            "preview",
            "--catalog",
            "db:demo",
            "--defaults",
            "--select",
            "addons=docs",
        ])
        .args(PRODUCT)
        .args(["--format", "json"])
        .env("DATABASE_URL", server.database());
    let ran = server.sandbox.run(&mut command).exits(0);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["treeId"], after);
    // A published version stays as it was.
    let published = server.get("/api/v1/catalogs/demo?version=1", &ada).json();
    assert_eq!(published["catalogVersion"], version);
}

#[test]
fn a_server_that_cannot_work_yet_says_so_and_starts_once_it_can() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("policy.toml", "nonsense");
    let flags = ["--no-worker", "--policy", "policy.toml"];
    let mut server = TestServer::start_in(sandbox, &flags, &[], "cannot start to work");
    let health = server.send("GET", "/health", &[], b"").is(503).text();
    assert!(health.contains("policy.toml"), "{health}");
    let answer = server.send("GET", "/api/v1/version", &[], b"");
    assert_eq!(answer.problem(503), "server_starting");
    server.sandbox.write("policy.toml", "[tiers]\n");
    server.wait_for(" ready ");
    server.send("GET", "/health", &[], b"").is(200);
}
