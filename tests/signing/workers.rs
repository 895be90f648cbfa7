//! Signatures of workers and on forges: the key is never shown, and the note arrives with the repository.

use super::{NOTES, fingerprint, private, sandbox, write_private};
use crate::support::Sandbox;
use serde_json::Value;
use std::fs;
use std::process::Command;

/// A command with a database and the key of a worker.
fn with_key(sandbox: &Sandbox, args: &[&str], seed: Option<u8>) -> crate::support::Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.args(args).env("DATABASE_URL", "sqlite:jobs.db");
    if let Some(seed) = seed {
        command.env("GROUNDPLAN_SIGNING_KEY", private(seed));
    }
    sandbox.run(&mut command)
}

/// Compares the statement in the last event of a run with the note in its repository.
#[track_caller]
fn the_run_keeps_the_note(sandbox: &Sandbox, repository: &str, run: &str) {
    let note = sandbox.git(repository, &["notes", "--ref", NOTES, "show", "main"]);
    let note: Value = serde_json::from_str(&note).unwrap();
    let shown = with_key(sandbox, &["runs", "show", run, "--format", "json"], None);
    let shown = shown.exits(0).json();
    let last = shown["events"].as_array().unwrap().last().unwrap();
    assert_eq!(last["detail"]["statement"], note, "{last}");
    assert!(note["payload"].is_string(), "{note}");
}

#[track_caller]
fn submit(sandbox: &Sandbox) -> Value {
    with_key(sandbox, &["migrate"], None).exits(0);
    let submit = [
        "runs",
        "submit",
        "--catalog",
        ".",
        "--defaults",
        "--format",
        "json",
    ];
    let submit = [&submit[..], &crate::support::PRODUCT].concat();
    fs::create_dir_all(sandbox.join("forge")).unwrap();
    with_key(sandbox, &submit, None).exits(0).json()
}

const WORK: [&str; 9] = [
    "work",
    "--once",
    "--forge",
    "local",
    "--forge-url",
    "forge",
    "--catalogs",
    ".",
    "--state",
];

#[test]
fn a_worker_signs_with_the_key_of_its_environment_and_never_shows_it() {
    let sandbox = sandbox();
    let submitted = submit(&sandbox);
    let ran = with_key(&sandbox, &[&WORK[..], &["state"]].concat(), Some(1)).exits(0);
    assert!(
        ran.stderr
            .contains(&format!("signing_key=\"{}\"", fingerprint(1))),
        "{}",
        ran.stderr
    );
    let repository = "forge/acme/acme-web.git";
    let verify = [
        "verify",
        repository,
        "--catalog",
        ".",
        "--allowed-signers",
        "allowed",
    ];
    let verify = [&verify[..], &["--format", "json"]].concat();
    let json = sandbox.groundplan(verify).exits(0).json();
    let run = submitted["run"]["id"].as_str().or(submitted["id"].as_str());
    the_run_keeps_the_note(&sandbox, repository, run.unwrap());
    let predicate = &json["signatures"]["stated"]["predicate"];
    assert_eq!(predicate["run"].as_str(), run, "{submitted}");
    assert!(
        predicate["actor"]
            .as_str()
            .is_some_and(|actor| !actor.is_empty())
    );
    assert_eq!(json["sameCommit"], true);
    assert_eq!(
        predicate["commit"],
        sandbox.git_id(repository, "main").as_str()
    );

    let lines: Vec<String> = private(1).lines().map(str::to_owned).collect();
    let mut texts = vec![ran.stdout, ran.stderr];
    for file in sandbox.files() {
        let is_key = ["ada", "eve"].contains(&file.as_str());
        if !is_key {
            let bytes = fs::read(sandbox.join(&file)).unwrap();
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    for line in lines.iter().filter(|line| !line.starts_with('-')) {
        assert!(
            texts.iter().all(|text| !text.contains(line.as_str())),
            "{line}"
        );
    }
}

#[test]
fn a_worker_without_a_key_pushes_no_note() {
    let sandbox = sandbox();
    submit(&sandbox);
    let ran = with_key(&sandbox, &[&WORK[..], &["state"]].concat(), None).exits(0);
    assert!(ran.stderr.contains("signing_key=\"-\""), "{}", ran.stderr);
    let refs = sandbox.git(
        "forge/acme/acme-web.git",
        &["for-each-ref", "--format=%(refname)"],
    );
    assert_eq!(refs, "refs/heads/main\n");
}

#[test]
fn a_worker_with_a_broken_key_does_not_start() {
    let sandbox = sandbox();
    submit(&sandbox);
    write_private(&sandbox, "broken", "x");
    let args = [&WORK[..], &["state", "--signing-key", "broken"]].concat();
    let ran = with_key(&sandbox, &args, None).exits(2);
    assert!(
        ran.stderr.contains("invalid signing key in `broken`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_publication_pushes_the_note_after_the_repository() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.join("forge")).unwrap();
    let args = [
        "--forge",
        "local",
        "--forge-url",
        "forge",
        "--signing-key",
        "ada",
    ];
    let args = [&args[..], &["--format", "json"]].concat();
    let made = super::make(&sandbox, &args).exits(0).json();
    assert_eq!(made["published"]["hasNote"], true);
    assert_eq!(made["published"]["commitId"], made["commitId"]);
    assert_eq!(made["report"]["commitId"], made["commitId"]);
    let repository = "forge/acme/acme-web.git";
    let verify = [
        "verify",
        repository,
        "--catalog",
        ".",
        "--allowed-signers",
        "allowed",
    ];
    sandbox.groundplan(verify).exits(0);
    assert!(!sandbox.git(repository, &["rev-parse", NOTES]).is_empty());
}
