//! The pages in a real browser. Needs node, npm, the npm registry and Chromium.

mod end_to_end;
mod media;

use crate::server::support::TestServer;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// The folder with the npm packages of the scripts; they are installed at the first use.
fn modules() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        fs::create_dir_all(&folder).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        for name in ["package.json", "package-lock.json"] {
            fs::copy(source.join(name), folder.join(name)).unwrap();
        }
        let installed = Command::new("npm")
            .args(["ci", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(installed.status.success(), "{installed:?}");
        folder
    })
}

/// A script against a server, in the name of a user.
fn script(server: &TestServer, token: &str, name: &str, arguments: &[&str]) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let mut command = Command::new("node");
    command
        .arg(folder.join(name))
        .args(arguments)
        .env("BROWSER_MODULES", modules())
        .env("BASE_URL", format!("http://{}", server.address))
        .env("API_TOKEN", token);
    if let Some(folder) = std::env::var_os("GROUNDPLAN_PICTURES") {
        command.env("PICTURES", folder);
    }
    command
}

/// Runs a script to its end, and returns what it prints.
#[track_caller]
fn run(server: &TestServer, token: &str, name: &str, arguments: &[&str]) -> String {
    let output = script(server, token, name, arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{name}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// A script that waits for the test in between. It is killed when it is dropped.
struct Script {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Script {
    fn start(server: &TestServer, token: &str, name: &str, arguments: &[&str]) -> Self {
        let mut child = script(server, token, name, arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// The facts that the script tells before it waits.
    #[track_caller]
    fn facts(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Lets the script continue.
    fn proceed(&mut self) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(b"\n").unwrap();
    }

    /// Waits for the end of the script, which must be a success.
    #[track_caller]
    fn finish(mut self) {
        assert!(self.child.wait().unwrap().success(), "see its output above");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It may have ended long before.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[track_caller]
fn journey(mode: &str) {
    let server = TestServer::start(&[]);
    let token = server.token("ada", &[]);
    let told: Value =
        serde_json::from_str(&run(&server, &token, "journey.mjs", &[mode, "Acme Web"])).unwrap();
    let run = server
        .get(
            &format!("/api/v1/runs/{}", told["run"].as_str().unwrap()),
            &token,
        )
        .is(200)
        .json();
    assert_eq!(
        (&run["status"], &run["treeId"]),
        (&"succeeded".into(), &told["tree"])
    );
    let repository = run["repoUrl"].as_str().unwrap();
    let git = Command::new("git")
        .args(["--git-dir", repository, "rev-parse", "main^{tree}"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(git.stdout).unwrap().trim(), told["tree"]);
}

#[test]
fn a_person_gets_from_the_sign_in_to_a_repository() {
    journey("script");
}

#[test]
fn the_way_to_a_repository_needs_no_script() {
    journey("plain");
}

#[test]
fn the_way_to_a_repository_needs_no_pointer() {
    journey("keyboard");
}

#[test]
fn a_wrong_turn_loses_no_choice_and_makes_no_second_run() {
    let server = TestServer::start(&["--no-worker"]);
    let (ada, demo) = (server.token("ada", &[]), server.token("demo", &["--demo"]));
    run(&server, &ada, "turns.mjs", &[&demo]);
}

#[test]
fn findings_appear_while_an_author_types() {
    let server = TestServer::start(&["--no-worker"]);
    let admin = server.token("root", &["--admin"]);
    run(&server, &admin, "drafts.mjs", &[]);
}

#[test]
fn every_page_is_sound_in_light_and_dark_wide_and_narrow() {
    let server = TestServer::start(&[]);
    let admin = server.token("root", &["--admin"]);
    let told: Value = serde_json::from_str(&run(
        &server,
        &admin,
        "journey.mjs",
        &["script", "Acme Web"],
    ))
    .unwrap();
    let run_page = format!("/runs/{}", told["run"].as_str().unwrap());
    let file = format!(
        "/previews/{}/files/README.md",
        told["tree"].as_str().unwrap()
    );
    let change = json!({ "files": { "recipes/demo/auth/none.yaml": "actions: [{ kind: WRITE_FILE, path: a, content: b }]" } });
    let draft = server.post("/api/v1/catalogs/demo/draft", &admin, &change);
    draft.is(200);
    let pages = [
        "/",
        "/products/acme-web",
        "/products/acme-web/bootstrap",
        "/products/acme-web/bootstrap?catalog=demo&auth=session&addons=docs",
        "/products/acme-web/bootstrap/preview?catalog=demo&auth=session&addons=docs",
        "/products/acme-web/bootstrap/preview?catalog=demo&auth=wrong",
        &file,
        &run_page,
        &format!("{run_page}/retry"),
        &format!("{run_page}/review"),
        "/jobs",
        "/jobs?status=failed&text=acme",
        "/approvals",
        "/settings",
        "/settings/token/remove",
        "/workers",
        "/fleet",
        "/catalogs",
        "/catalogs/demo",
        "/catalogs/demo/draft",
        "/catalogs/demo/draft?file=recipes/demo/auth/session.yaml",
        "/catalogs/demo/draft/publish",
        "/catalogs/demo/draft/discard",
        "/playground",
        "/nothing-here",
    ];
    run(&server, &admin, "pages.mjs", &pages);
}
