//! The pages in a real browser. Needs node, npm, the npm registry and Chromium.

use crate::server::support::TestServer;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
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

/// Runs a script against a server as a user, and returns what it prints.
#[track_caller]
fn run(server: &TestServer, token: &str, script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("node");
    command
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/browser")
                .join(script),
        )
        .args(arguments)
        .env("BROWSER_MODULES", modules())
        .env("BASE_URL", format!("http://{}", server.address))
        .env("API_TOKEN", token);
    if let Some(folder) = std::env::var_os("GROUNDPLAN_PICTURES") {
        command.env("PICTURES", folder);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{script}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
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
        "/catalogs",
        "/catalogs/demo",
        "/nothing-here",
    ];
    run(&server, &admin, "pages.mjs", &pages);
}
