//! The settings on the forge of a run's repository: compared, set again, and by whom.

use super::support::{KEY, TestServer, preview, submission};
use crate::forge::fake::{Dialect, TOKEN};
use crate::forge_cli::Joint;
use crate::support::Sandbox;
use serde_json::{Value, json};

const SETTINGS: &str = r#"
settings:
  labels: [{ name: backlog, color: "c5def5", description: Not started }]
  collaborators: [{ account: planner-bot, role: write }]
  protection: { approvals: 1 }
"#;

/// A server over a catalogue with settings, and the forge that it publishes to.
struct Settled {
    server: TestServer,
    forge: Joint,
    /// The token of the user whose run it is.
    owner: String,
    run: String,
}

impl Settled {
    /// A run of `ada` that has succeeded.
    fn start(dialect: Dialect) -> Self {
        let forge = Joint::start(dialect);
        let kind = match dialect {
            Dialect::GitHub => "github",
            Dialect::Forgejo => "forgejo",
        };
        let sandbox = Sandbox::with_demo();
        let catalog = sandbox.read("catalog/demo/catalog.yaml");
        sandbox.write("catalog/demo/catalog.yaml", format!("{catalog}{SETTINGS}"));
        let address = forge.address();
        let flags = ["--forge", kind, "--forge-url", &address];
        let key = [("BOOTSTRAP_ENCRYPTION_KEY", KEY)];
        let server = TestServer::start_in(sandbox, &flags, &key, " ready ");
        let owner = server.token("ada", &[]);
        let run = carry_out(&server, &owner);
        Self {
            server,
            forge,
            owner,
            run,
        }
    }

    fn path(&self) -> String {
        format!("/api/v1/runs/{}/settings", self.run)
    }

    /// The names of the settings that differ.
    fn different(&self) -> Vec<String> {
        let answer = self.server.get(&self.path(), &self.owner).is(200).json();
        let differences = answer["differences"].as_array().unwrap();
        assert_eq!(answer["ok"], differences.is_empty());
        let name = |one: &Value| one["setting"].as_str().unwrap().to_owned();
        differences.iter().map(name).collect()
    }

    fn forget_protection(&self) {
        self.forge.state().settings.protection = None;
    }

    fn has_protection(&self) -> bool {
        self.forge.state().settings.protection.is_some()
    }

    /// The authors of requests to set settings, in order.
    fn authors(&self) -> Vec<String> {
        let path = format!("/api/v1/runs/{}/events", self.run);
        let events = self.server.get(&path, &self.owner).is(200).json();
        let events = events["items"].as_array().unwrap().iter();
        let asked = events.filter(|event| event["kind"] == "settings_asked");
        asked
            .map(|event| event["by"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Stores the token of the forge for a user.
fn store_token(server: &TestServer, token: &str) {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({ "token": TOKEN }).to_string();
    let saved = server.send("PUT", "/api/v1/token", &headers, body.as_bytes());
    saved.is(200);
}

/// Carries out a run to its end.
fn carry_out(server: &TestServer, token: &str) -> String {
    store_token(server, token);
    let product = json!({ "name": "Acme Web" });
    server.post("/api/v1/products", token, &product).is(201);
    let report = server.post("/api/v1/previews", token, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    let run = server.post("/api/v1/runs", token, &submission("acme-web", &tree));
    let run = run.is(201).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.finished(&run, token)["status"], "succeeded");
    run
}

#[test]
fn the_settings_of_a_run_are_compared_and_set_again() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let settled = Settled::start(dialect);
        assert_eq!(settled.different(), [""; 0]);
        settled.forget_protection();
        settled.forge.state().settings.labels.clear();
        let different = ["label `backlog`", "protection of `main`"];
        assert_eq!(settled.different(), different);
        assert!(!settled.has_protection(), "a comparison changes nothing");

        let applied = settled
            .server
            .post(&settled.path(), &settled.owner, &Value::Null)
            .is(200)
            .json();
        assert_eq!(
            (&applied["ok"], &applied["repository"]),
            (&json!(true), &json!("acme/acme-web"))
        );
        assert_eq!(applied["settings"]["protection"]["approvals"], 1);
        assert_eq!(settled.different(), [""; 0]);
        assert_eq!(settled.authors(), ["ada"]);

        // Nothing differs: nothing is asked for, and nothing is recorded.
        let calls = settled.forge.state().count("P");
        let again = settled
            .server
            .post(&settled.path(), &settled.owner, &Value::Null);
        assert_eq!(again.is(200).json()["ok"], true);
        assert_eq!(settled.forge.state().count("P"), calls);
        assert_eq!(settled.authors(), ["ada"]);
    }
}

#[test]
fn the_owner_and_administrators_set_settings_with_their_own_token() {
    let settled = Settled::start(Dialect::Forgejo);
    settled.forget_protection();
    let server = &settled.server;
    let set = |token: &str| server.post(&settled.path(), token, &Value::Null);
    let (eve, demo) = (server.token("eve", &[]), server.token("dan", &["--demo"]));
    assert_eq!(set(&eve).problem(404), "run_not_found");
    assert_eq!(
        server.get(&settled.path(), &eve).problem(404),
        "run_not_found"
    );
    assert_eq!(set(&demo).problem(403), "user_demo");
    let root = server.token("root", &["--admin"]);
    assert_eq!(set(&root).problem(422), "user_token_missing");
    assert!(!settled.has_protection());
    store_token(server, &root);
    set(&root).is(200);
    assert!(settled.has_protection());
    assert_eq!(settled.authors(), ["root"]);
}

#[test]
fn a_repository_that_was_updated_keeps_its_newer_settings() {
    let settled = Settled::start(Dialect::Forgejo);
    settled.forget_protection();
    let path = ".scrum4me/bootstrap.json";
    let published = settled.forge.published();
    let folder = published.to_str().unwrap();
    let record = settled
        .forge
        .sandbox
        .git(folder, &["show", &format!("main:{path}")]);
    let put = |record: &str| {
        use base64::Engine as _;
        let content = base64::prelude::BASE64_STANDARD.encode(record);
        let place = ("main".to_owned(), path.to_owned());
        settled.forge.state().settings.files.insert(place, content);
    };
    put(&record);
    assert_eq!(settled.different(), ["protection of `main`"]);
    let mut newer: Value = serde_json::from_str(&record).unwrap();
    newer["recipeHash"] = json!("0".repeat(64));
    for record in [newer.to_string(), "of a newer program".to_owned()] {
        put(&record);
        let server = &settled.server;
        let refused = server.post(&settled.path(), &settled.owner, &Value::Null);
        assert_eq!(refused.problem(409), "repository_updated");
        let compared = server.get(&settled.path(), &settled.owner);
        assert_eq!(compared.problem(409), "repository_updated");
    }
    assert!(!settled.has_protection());
}

#[test]
fn another_repository_of_the_same_name_is_left_alone() {
    let settled = Settled::start(Dialect::GitHub);
    settled.forget_protection();
    {
        let mut state = settled.forge.state();
        let id = *state.repos.keys().next().unwrap();
        let repo = state.repos.remove(&id).unwrap();
        state.repos.insert(id + 1000, repo);
    }
    let refused = settled
        .server
        .post(&settled.path(), &settled.owner, &Value::Null);
    assert_eq!(refused.problem(409), "repository_not_ours");
    assert!(!settled.has_protection());
}

#[test]
fn a_run_without_settings_needs_no_token_and_one_that_has_not_ended_has_none() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let product = json!({ "name": "Acme Web" });
    server.post("/api/v1/products", &token, &product).is(201);
    let report = server.post("/api/v1/previews", &token, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    let run = server.post("/api/v1/runs", &token, &submission("acme-web", &tree));
    let run = run.is(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/runs/{run}/settings");
    assert_eq!(server.get(&path, &token).problem(409), "run_not_succeeded");

    let server = TestServer::start(&[]);
    let token = server.token("ada", &[]);
    server.post("/api/v1/products", &token, &product).is(201);
    let run = server.post("/api/v1/runs", &token, &submission("acme-web", &tree));
    let run = run.is(201).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.finished(&run, &token)["status"], "succeeded");
    let path = format!("/api/v1/runs/{run}/settings");
    let answer = server.get(&path, &token).is(200).json();
    assert_eq!(
        (&answer["ok"], &answer["settings"]),
        (&json!(true), &json!({}))
    );
}
