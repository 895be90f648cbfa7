//! Repositories that arrive.

use super::Joint;
use crate::forge::fake::{Dialect, TOKEN};
use crate::support::{PRODUCT, Ran, Sandbox};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

#[track_caller]
fn publishes(dialect: Dialect) {
    let joint = Joint::start(dialect);
    let previewed = joint.sandbox.preview(&["--defaults", "--format", "json"]);
    let previewed = previewed.exits(0).json();
    let tree = previewed["treeId"].as_str().unwrap();
    let made = joint.new_command(&["--expect", tree, "--format", "json"]);
    let made = joint.run(made).exits(0).json();
    let url = format!("{}/acme/acme-web.git", joint.address());
    assert_eq!(made["published"]["url"], url);
    assert_eq!(made["published"]["treeId"], previewed["treeId"]);
    assert_eq!(made["published"]["commitId"], previewed["commitId"]);
    assert!(joint.is_right());

    let ledger = joint.ledger();
    assert_eq!(made["published"]["ledger"], ledger.to_str().unwrap());
    assert_eq!(joint.state_files().len(), 2, "the built repository is gone");
    let folder = fs::metadata(ledger.parent().unwrap()).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);

    let mut verify = joint.command(&["verify", &url, "--catalog", ".", "--format", "json"]);
    verify
        .env("GROUNDPLAN_GIT_TOKEN", TOKEN)
        .env("GROUNDPLAN_GIT_HOST", joint.front.to_string());
    let verified = joint.run(verify).exits(0).json();
    assert_eq!(verified["exact"], true);
}

#[test]
fn a_repository_arrives_on_github_as_previewed() {
    publishes(Dialect::GitHub);
}

#[test]
fn a_repository_arrives_on_forgejo_as_previewed() {
    publishes(Dialect::Forgejo);
}

#[test]
fn a_person_reads_where_it_is_and_keeps_the_files_when_asked_to() {
    let joint = Joint::start(Dialect::GitHub);
    let made = joint.run(joint.new_command(&["--into", "here"])).exits(0);
    let url = format!("{}/acme/acme-web.git", joint.address());
    for line in [
        "Published acme/acme-web, one commit on `main`, read back from the forge:".to_owned(),
        format!("  url     {url}"),
        format!("  git remote add origin {url}"),
    ] {
        assert!(
            made.stdout.lines().any(|found| found == line),
            "{}",
            made.stdout
        );
    }
    let published = joint.published();
    assert_eq!(
        joint.sandbox.git_id("here", "main"),
        joint.sandbox.git_id(published.to_str().unwrap(), "main")
    );
}

#[track_caller]
fn local(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let forge = ["--defaults", "--forge", "local", "--forge-url", "forge"];
    let mut args = vec!["new", "--catalog", "."];
    args.extend(PRODUCT.iter().chain(&forge).chain(more));
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command
        .args(args)
        .env("XDG_STATE_HOME", sandbox.join("state"));
    sandbox.run(&mut command)
}

#[test]
fn a_repository_in_a_local_forge_passes_git_s_own_judgement() {
    let sandbox = Sandbox::with_demo();
    fs::create_dir(sandbox.join("forge")).unwrap();
    let previewed = sandbox.preview(&["--defaults", "--format", "json"]);
    let previewed = previewed.exits(0).json();
    let made = local(&sandbox, &["--format", "json"]).exits(0).json();
    let path = made["published"]["url"].as_str().unwrap();
    assert_eq!(Path::new(path), sandbox.join("forge/acme/acme-web.git"));
    assert_eq!(sandbox.git(path, &["fsck", "--strict"]), "");
    sandbox.git("", &["clone", "-q", path, "cloned"]);
    let cloned = sandbox.git_id("cloned", "HEAD^{tree}");
    assert_eq!(cloned.as_str(), previewed["treeId"]);
    let verified = sandbox.groundplan(["verify", path, "--catalog", ".", "--format", "json"]);
    assert_eq!(verified.exits(0).json()["exact"], true);
}

#[test]
fn a_local_forge_gives_no_name_twice() {
    let sandbox = Sandbox::with_demo();
    fs::create_dir(sandbox.join("forge")).unwrap();
    local(&sandbox, &[]).exits(0);
    let again = local(&sandbox, &["--ledger", "again.jsonl", "--format", "json"]).exits(1);
    assert_eq!(
        again.stderr,
        "error: `acme/acme-web` already exists; nothing was created\n\
         hint: choose another name with `--repo`\n"
    );
    assert_eq!(again.json()["left"], serde_json::Value::Null);
    assert!(!sandbox.join("again.jsonl").exists());
}

#[test]
fn without_a_forge_a_folder_is_needed() {
    let ran = Sandbox::with_demo().make(&["--defaults"]).exits(2);
    assert!(ran.stderr.contains("--into"), "{}", ran.stderr);
}

#[test]
fn the_command_that_a_preview_with_a_forge_prints_publishes_what_it_showed() {
    let sandbox = Sandbox::with_demo();
    fs::create_dir(sandbox.join("forge")).unwrap();
    let forge = ["--defaults", "--forge", "local", "--forge-url", "forge"];
    let shown = sandbox.preview(&forge).exits(0).stdout;
    let (_, command) = shown.split_once("Create exactly this with:\n").unwrap();
    assert!(!command.contains("--into"), "{command}");
    let program = Path::new(env!("CARGO_BIN_EXE_groundplan"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .env("PATH", path)
        .env("XDG_STATE_HOME", sandbox.join("state"));
    sandbox.run(&mut shell).exits(0);
    let tree = sandbox.git("forge/acme/acme-web.git", &["rev-parse", "main^{tree}"]);
    assert!(shown.contains(tree.trim()), "{shown}");
}
