//! Submissions that are refused before a job exists: options for administrators, and what the forge certainly refuses.

use super::support::{Answer, KEY, TestServer, preview, submission};
use crate::forge::fake::{Dialect, Fake, Fault, TOKEN};
use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::{Value, json};
use std::process::Command;

const RECIPE: &str = "recipes/demo/auth/session.yaml";
/// Adds a product and submits the preview of the small catalogue for it.
fn submit(server: &TestServer, token: &str, product: &str) -> Answer {
    server
        .post("/api/v1/products", token, &json!({ "name": product }))
        .is(201);
    let report = server.post("/api/v1/previews", token, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    server.post("/api/v1/runs", token, &submission(product, &tree))
}

fn jobs(server: &TestServer, token: &str) -> Value {
    server.get("/api/v1/jobs/counts", token).is(200).json()["total"]["count"].clone()
}

/// Runs the program over the database of the server.
fn terminal(server: &TestServer, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    server.sandbox.settle(&mut command);
    command.args(args).env("DATABASE_URL", server.database());
    server.sandbox.run(&mut command)
}

/// The command line that submits the same preview for another product.
fn submitting<'a>(user: &'a str, product: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let selected = ["runs", "submit", "--catalog", "db:demo", "--defaults"];
    let named = ["--as", user, "--product", product];
    [&selected[..], &PRODUCT[..], &named[..], more].concat()
}

#[test]
fn an_option_for_administrators_is_submitted_by_no_other_user_at_any_door() {
    let sandbox = Sandbox::with_demo();
    let recipe = sandbox.read(RECIPE);
    let restricted =
        "    role_required: ADMIN\n    side_effect: NETWORK\n    supports_dry_run: false\n";
    let first = recipe.find("    manifest:").unwrap();
    sandbox.write(
        RECIPE,
        format!("{}{restricted}{}", &recipe[..first], &recipe[first..]),
    );
    let server = TestServer::start_in(sandbox, &["--no-worker"], &[], " ready ");
    let (admin, ada) = (server.token("root", &["--admin"]), server.token("ada", &[]));
    let shown = server.get("/api/v1/catalogs/demo", &ada).is(200).json();
    assert_eq!(
        shown["restrictions"],
        json!([{
            "option": "auth/session", "roleRequired": "ADMIN", "sideEffect": "NETWORK", "supportsDryRun": false,
        }])
    );
    let text = terminal(&server, &["show", "."]).exits(0).stdout;
    let marks = "[administrators only] [uses the network] [preview incomplete]";
    assert!(text.contains(marks), "{text}");

    let refused = submit(&server, &ada, "mine").is(403).json();
    assert_eq!(refused["code"], "option_for_administrators");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("`auth/session`"),
        "{refused}"
    );
    server
        .post("/api/v1/catalogs/demo/publish", &admin, &Value::Null)
        .is(201);
    let at_terminal = terminal(&server, &submitting("ada", "mine", &[])).exits(1);
    assert!(
        at_terminal
            .stderr
            .contains("`auth/session` is for administrators"),
        "{}",
        at_terminal.stderr
    );
    assert_eq!(jobs(&server, &admin), 0);

    let run = submit(&server, &admin, "theirs").is(201).json();
    // Rights are checked again by the worker: root is no administrator any more.
    server.execute(
        "DELETE FROM bootstrap_administrators WHERE user_id = 'root'",
        1,
    );
    let forge = server.sandbox.join("data/repositories");
    let work = [
        "work",
        "--once",
        "--forge",
        "local",
        "--forge-url",
        forge.to_str().unwrap(),
    ];
    terminal(&server, &work);
    let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    let run = server.get(&path, &admin).is(200).json();
    assert_eq!(run["status"], "failed", "{run}");
    assert!(
        run["error"].as_str().unwrap().contains("`auth/session`"),
        "{run}"
    );
}

#[test]
fn the_attributes_of_a_row_are_those_of_the_action() {
    let server = TestServer::start(&["--no-worker"]);
    let (admin, ada) = (server.token("root", &["--admin"]), server.token("ada", &[]));
    server
        .post("/api/v1/catalogs/demo/publish", &admin, &Value::Null)
        .is(201);
    let before = server.get("/api/v1/catalogs/demo", &ada).is(200).json();
    assert_eq!(before["restrictions"], json!([]));
    server.execute(
        "UPDATE bootstrap_actions SET role_required = 'ADMIN' WHERE kind = 'COPY_FILE'",
        1,
    );
    let refused = submit(&server, &ada, "mine").problem(403);
    assert_eq!(refused, "option_for_administrators");
    server.execute(
        "UPDATE bootstrap_actions SET role_required = 'MEMBER' WHERE kind = 'COPY_FILE'",
        1,
    );
    let after = server.get("/api/v1/catalogs/demo", &ada).is(200).json();
    assert_eq!(after["catalogVersion"], before["catalogVersion"]);
}

#[test]
fn a_name_that_is_taken_on_a_local_forge_is_not_submitted() {
    let server = TestServer::start(&[]);
    let ada = server.token("ada", &[]);
    let run = submit(&server, &ada, "first").is(201).json();
    let run = server.finished(run["id"].as_str().unwrap(), &ada);
    assert_eq!(run["status"], "succeeded", "{run}");
    let refused = submit(&server, &ada, "second").is(422).json();
    assert_eq!(refused["errors"][0]["code"], "GP801", "{refused}");
    assert_eq!(jobs(&server, &ada), 1);
    let forge = server.sandbox.join("data/repositories");
    let flags = ["--forge", "local", "--forge-url", forge.to_str().unwrap()];
    let args: Vec<&str> = submitting("ada", "second", &flags)
        .into_iter()
        .map(|word| if word == "db:demo" { "." } else { word })
        .collect();
    let ran = terminal(&server, &args).exits(1);
    assert!(ran.stderr.contains("already exists"), "{}", ran.stderr);
    assert_eq!(jobs(&server, &ada), 1);
}

#[test]
fn a_forge_is_asked_with_the_token_of_the_user_before_a_job_exists() {
    for (dialect, kind) in [(Dialect::GitHub, "github"), (Dialect::Forgejo, "forgejo")] {
        let fake = Fake::start(dialect);
        let address = fake.address();
        let flags = ["--no-worker", "--forge", kind, "--forge-url", &address];
        let key = [("BOOTSTRAP_ENCRYPTION_KEY", KEY)];
        let server = TestServer::start_in(Sandbox::with_demo(), &flags, &key, " ready ");
        let ada = server.token("ada", &[]);
        assert_eq!(
            submit(&server, &ada, "a").problem(422),
            "user_token_missing"
        );

        let put = |token: &str| {
            let bearer = format!("Bearer {ada}");
            let headers = [
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
            ];
            let body = json!({ "token": token }).to_string();
            server.send("PUT", "/api/v1/token", &headers, body.as_bytes())
        };
        let saved = put(TOKEN).is(200).json();
        let organisations = json!(["acme", "closed"]);
        assert_eq!(
            (&saved["login"], &saved["organisations"]),
            (&json!("jane"), &organisations)
        );
        let stored = server.get("/api/v1/token", &ada).is(200).json();
        assert_eq!(stored, saved);
        assert!(stored["verifiedAt"].as_i64().unwrap() > 0, "{stored}");
        // A test of the same account's token renews the list.
        fake.state().organisations = vec!["acme"];
        let tested = server.post("/api/v1/token/test", &ada, &json!({ "token": TOKEN }));
        assert_eq!(tested.is(200).json()["organisations"], json!(["acme"]));
        let stored = server.get("/api/v1/token", &ada).is(200).json();
        assert_eq!(stored["organisations"], json!(["acme"]));

        fake.state().add("acme", "acme-web", "");
        let refused = submit(&server, &ada, "b").is(422).json();
        assert_eq!(refused["errors"][0]["code"], "GP801", "{refused}");
        assert_eq!(jobs(&server, &ada), 0);
        fake.state().repos.clear();
        // A forge that does not answer refuses nothing.
        fake.state().fault = Some((0, Fault::TooMany, usize::MAX));
        submit(&server, &ada, "c").is(201);
        assert_eq!(jobs(&server, &ada), 1);
    }
}
