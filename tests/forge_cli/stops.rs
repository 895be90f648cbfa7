//! Runs that are ended in the middle of the push, and what becomes of them.

use super::{Joint, check};
use crate::forge::fake::Dialect;
use crate::support::Ran;
use crate::support::git_server::Fault;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::{Child, Stdio};

/// A run whose push the server does not answer.
fn stalled(dialect: Dialect) -> (Joint, Child) {
    let joint = Joint::start(dialect);
    joint.git.fails("/git-receive-pack?", Fault::Stall);
    let mut command = joint.new_command(&["--format", "json"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    joint.git.wait_for("/git-receive-pack?");
    (joint, child)
}

/// A run that was killed in the middle of its push, over a server that is well again.
fn killed(dialect: Dialect) -> (Joint, String) {
    let (joint, mut child) = stalled(dialect);
    child.kill().unwrap();
    child.wait().unwrap();
    joint.git.heals();
    joint.git.release();
    let ledger = joint.ledger().to_str().unwrap().to_owned();
    (joint, ledger)
}

#[test]
fn a_killed_run_is_finished_by_resume() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let (joint, ledger) = killed(dialect);
        let resumed = joint.run(joint.command(&["resume", &ledger, "--format", "json"]));
        let resumed = resumed.exits(0).json();
        assert_eq!(resumed["published"]["fullName"], "acme/acme-web");
        assert_eq!(joint.state().creates.len(), 1);
        assert!(joint.is_right());
        assert_eq!(joint.state_files().len(), 2);

        // Once more is only a look, and what is finished is not removed.
        joint.run(joint.command(&["resume", &ledger])).exits(0);
        let kept = joint.run(joint.command(&["cleanup", &ledger])).exits(1);
        assert!(kept.stderr.contains("is published and is not removed"));
        assert!(
            !kept.stderr.contains("groundplan cleanup"),
            "{}",
            kept.stderr
        );
        assert!(
            !kept.stderr.contains("groundplan resume"),
            "{}",
            kept.stderr
        );
        assert!(joint.is_right());
    }
}

#[test]
fn a_killed_run_is_taken_back_by_cleanup() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let (joint, ledger) = killed(dialect);
        let id = joint.state().creates[0];
        let cleaned = joint.run(joint.command(&["cleanup", &ledger, "--format", "json"]));
        assert_eq!(cleaned.exits(0).json()["removed"], id);
        assert!(joint.state().repos.is_empty());
        let again = joint.run(joint.command(&["cleanup", &ledger])).exits(0);
        assert_eq!(again.stdout, "Nothing of this run is on the forge.\n");
    }
}

#[test]
fn a_ledger_is_about_its_own_forge_only() {
    let (joint, ledger) = killed(Dialect::GitHub);
    let other = [
        "--forge",
        "forgejo",
        "--forge-url",
        "https://git.example.org",
    ];
    let mut command = joint.command(&["cleanup", &ledger]);
    command.args(other);
    let refused = joint.run(command).exits(1);
    assert!(
        refused.stderr.contains("names another forge"),
        "{}",
        refused.stderr
    );
    assert_eq!(joint.state().repos.len(), 1);
}

#[test]
fn what_is_pushed_later_is_what_was_built() {
    let (joint, ledger) = killed(Dialect::GitHub);
    fs::write(format!("{ledger}.git/refs/heads/main"), "1".repeat(40)).unwrap();
    let refused = joint.run(joint.command(&["resume", &ledger])).exits(1);
    assert!(
        refused.stderr.contains("does not contain commit"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_signal_ends_a_run_with_an_account_of_what_is_left() {
    let (joint, child) = stalled(Dialect::GitHub);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
    joint.tells_no_secret(&ran);
    let id = joint.state().creates[0];
    assert_eq!(ran.json()["left"]["id"], id);
    let told = format!(
        "stopped by a signal; `acme/acme-web` was created and is unfinished (id {id}); to remove it: gh api"
    );
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    joint.git.heals();
    joint.git.release();
    let ledger = joint.ledger();
    joint
        .run(joint.command(&["resume", ledger.to_str().unwrap()]))
        .exits(0);
    assert!(joint.is_right());
}

#[test]
fn one_process_at_a_time_works_with_a_ledger() {
    let (joint, mut child) = stalled(Dialect::GitHub);
    let ledger = joint.ledger();
    let refused = joint.run(joint.command(&["cleanup", ledger.to_str().unwrap()]));
    let refused = refused.exits(3);
    assert!(refused.stderr.contains("another process uses the ledger"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn no_process_shows_the_token_while_it_pushes() {
    let (joint, mut child) = stalled(Dialect::GitHub);
    let url = format!("{}/acme/acme-web.git", joint.address());
    let mut pushing = 0;
    for process in fs::read_dir("/proc").unwrap() {
        // Others come and go.
        let Ok(line) = fs::read(process.unwrap().path().join("cmdline")) else {
            continue;
        };
        let shown = String::from_utf8_lossy(&line).into_owned();
        check(&shown, &line);
        pushing += usize::from(shown.contains(&url) && shown.contains("git"));
    }
    assert!(pushing > 1, "git and its helper name the address");
    child.kill().unwrap();
    child.wait().unwrap();
}
