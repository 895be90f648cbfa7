//! Drafts of catalogues: saved, checked, published and removed, over HTTP and at the terminal.

use super::support::{Answer, TestServer, preview};
use crate::support::{PRODUCT, Ran};
use serde_json::{Value, json};
use std::process::Command;

const DRAFT: &str = "/api/v1/catalogs/demo/draft";
const PUBLISH: &str = "/api/v1/catalogs/demo/publish";
const RECIPE: &str = "recipes/demo/auth/session.yaml";

/// A draft in which the option `auth/session` writes a file with this text.
fn writing(text: &str) -> Value {
    let recipe = format!(
        "actions:\n  - {{ kind: WRITE_FILE, path: lib/session.ts, content: \"{text}\\n\" }}\n"
    );
    json!({ "files": { RECIPE: recipe } })
}

fn tree(server: &TestServer, token: &str) -> Value {
    let report = server.post("/api/v1/previews", token, &preview());
    report.is(200).json()["treeId"].clone()
}

fn delete(server: &TestServer, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    server.send("DELETE", DRAFT, &[("authorization", &bearer)], b"")
}

/// Runs the program over the database of the server.
fn terminal(server: &TestServer, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    server.sandbox.settle(&mut command);
    command.args(args).env("DATABASE_URL", server.database());
    server.sandbox.run(&mut command)
}

#[test]
fn a_draft_is_checked_read_and_published_as_it_was_checked() {
    let server = TestServer::start(&["--no-worker"]);
    let (admin, ada) = (server.token("root", &["--admin"]), server.token("ada", &[]));
    let before = tree(&server, &ada);
    server.post(PUBLISH, &admin, &Value::Null).is(201);
    assert_eq!(server.get(DRAFT, &admin).problem(404), "draft_not_found");

    let draft = server.post(DRAFT, &admin, &writing("one")).is(200).json();
    assert_eq!(
        (&draft["usable"], &draft["by"]),
        (&json!(true), &json!("root"))
    );
    let file = &draft["files"][0];
    assert_eq!(
        (&file["path"], &file["change"]),
        (&json!(RECIPE), &json!("modified"))
    );
    assert!(file["text"].as_str().unwrap().contains("one"));
    assert_eq!(server.get(DRAFT, &admin).is(200).json(), draft);
    // A draft changes no preview.
    assert_eq!(tree(&server, &ada), before);

    let first = json!({ "expect": draft["hash"] });
    let second = server.post(DRAFT, &admin, &writing("two")).is(200).json();
    assert_ne!(second["hash"], draft["hash"]);
    assert_eq!(
        server.post(PUBLISH, &admin, &first).problem(412),
        "draft_differs"
    );
    assert_eq!(tree(&server, &ada), before);
    // Without a draft's hash, the offered version is published and the draft stays.
    let same = server.post(PUBLISH, &admin, &json!({})).is(201).json();
    assert_eq!(same["number"], 1);

    let expected = json!({ "expect": second["hash"] });
    let version = server.post(PUBLISH, &admin, &expected).is(201).json();
    assert_eq!(version["number"], 2);
    assert_ne!(tree(&server, &ada), before);
    assert_eq!(server.get(DRAFT, &admin).problem(404), "draft_not_found");
    assert_eq!(
        server.post(PUBLISH, &admin, &expected).problem(412),
        "draft_differs"
    );

    let versions = server.get("/api/v1/catalogs/demo/versions", &ada).is(200);
    let numbers: Vec<_> = versions.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["number"].clone())
        .collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(
        server
            .get("/api/v1/catalogs/nothing/versions", &ada)
            .problem(404),
        "catalog_not_found"
    );
    // The version of an older product gives the same tree as before.
    let args = [
        "preview",
        "--catalog",
        "db:demo@1",
        "--defaults",
        "--select",
        "addons=docs",
    ];
    let old = terminal(
        &server,
        &[&args[..], &PRODUCT[..], &["--format", "json"]].concat(),
    );
    assert_eq!(old.exits(0).json()["treeId"], before);
}

#[test]
fn a_draft_with_errors_or_over_an_older_catalogue_is_not_published() {
    let server = TestServer::start(&["--no-worker"]);
    let admin = server.token("root", &["--admin"]);
    let broken = json!({ "files": { RECIPE: "actions: [" } });
    let draft = server.post(DRAFT, &admin, &broken).is(200).json();
    assert_eq!(draft["usable"], false);
    assert!(!draft["findings"].as_array().unwrap().is_empty(), "{draft}");
    let answer = server.post(PUBLISH, &admin, &json!({ "expect": draft["hash"] }));
    assert!(
        !answer.is(400).json()["errors"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let foreign = json!({ "files": { "catalog/other/catalog.yaml": "x" } });
    assert_eq!(
        server.post(DRAFT, &admin, &foreign).problem(422),
        "draft_path_invalid"
    );

    let draft = server.post(DRAFT, &admin, &writing("one")).is(200).json();
    server.post(PUBLISH, &admin, &Value::Null).is(201);
    let answer = server.post(PUBLISH, &admin, &json!({ "expect": draft["hash"] }));
    assert_eq!(answer.problem(409), "draft_outdated");
    delete(&server, &admin).is(204);
    assert_eq!(delete(&server, &admin).problem(404), "draft_not_found");
}

#[test]
fn a_template_that_changed_under_its_version_is_not_published() {
    let server = TestServer::start(&["--no-worker"]);
    let admin = server.token("root", &["--admin"]);
    server.post(PUBLISH, &admin, &Value::Null).is(201);
    let changed = json!({ "files": { "catalog/demo/template/README.md": "changed\n" } });
    let draft = server.post(DRAFT, &admin, &changed).is(200).json();
    let answer = server.post(PUBLISH, &admin, &json!({ "expect": draft["hash"] }));
    assert_eq!(answer.problem(422), "template_version_not_raised");

    let sandbox = &server.sandbox;
    sandbox.write("catalog/demo/template/README.md", "changed\n");
    let refused = terminal(&server, &["catalog", "publish", "."]).exits(1);
    assert!(
        refused
            .stderr
            .contains("the template of `demo` changed, but its version is still `v1`"),
        "{}",
        refused.stderr
    );
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    let raised = catalog.replace("version: v1", "version: v2");
    sandbox.write("catalog/demo/catalog.yaml", &raised);
    terminal(&server, &["catalog", "publish", "."]).exits(0);
}

#[test]
fn a_draft_of_a_folder_is_saved_shown_and_published_at_the_terminal() {
    let server = TestServer::start(&["--no-worker"]);
    let admin = server.token("root", &["--admin"]);
    server.post(PUBLISH, &admin, &Value::Null).is(201);
    let recipe = server.sandbox.read(RECIPE);
    server
        .sandbox
        .write(RECIPE, recipe.replace("lib/session.ts", "lib/changed.ts"));
    let saved = terminal(
        &server,
        &["catalog", "draft", "save", ".", "--format", "json"],
    );
    let draft = saved.exits(0).json();
    assert_eq!(draft["files"][0]["path"], RECIPE);
    assert_eq!(server.get(DRAFT, &admin).is(200).json(), draft);
    let shown = terminal(&server, &["catalog", "draft", "show", "demo"]).exits(0);
    let hash = draft["hash"].as_str().unwrap();
    assert!(
        shown.stdout.contains(hash) && shown.stdout.contains(RECIPE),
        "{}",
        shown.stdout
    );
    let other = "0".repeat(64);
    let refused = terminal(
        &server,
        &["catalog", "draft", "publish", "demo", "--expect", &other],
    );
    assert!(
        refused.stderr.contains("not the expected one"),
        "{}",
        refused.stderr
    );
    let published = terminal(
        &server,
        &["catalog", "draft", "publish", "demo", "--expect", hash],
    );
    let published = published.exits(0).stdout;
    assert!(published.contains("is version 2"), "{published}");
    let gone = terminal(&server, &["catalog", "draft", "delete", "demo"]);
    assert!(gone.stderr.contains("has no draft"), "{}", gone.stderr);
    assert_eq!((refused.code, gone.code), (1, 1));
}
