//! `groundplan prune`: only what no run needs is removed, and only on request.

use crate::support::{Ran, Sandbox};
use std::fs;
use std::path::Path;
use std::process::Command;

const LEDGERS: &str = ".local/state/groundplan/ledgers";

#[track_caller]
fn prune(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.groundplan(["prune"].iter().chain(more)).exits(0)
}

/// Publishes to a folder of repositories, and gives the name of the ledger.
fn published(sandbox: &Sandbox) -> String {
    fs::create_dir_all(sandbox.join("forge/acme")).unwrap();
    sandbox
        .make(&["--defaults", "--forge", "local", "--forge-url", "forge"])
        .exits(0);
    let mut names: Vec<String> = fs::read_dir(sandbox.join(LEDGERS))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|end| end == "jsonl")
        })
        .collect();
    names.pop().unwrap()
}

fn make_old(sandbox: &Sandbox, path: &str) {
    let mut touch = Command::new("touch");
    sandbox.run(touch.args(["-d", "3 days ago", path])).exits(0);
}

/// The names of all entries of a folder.
fn names(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(sandbox.join(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn ended_and_stray_files_are_removed_on_request_only() {
    let sandbox = Sandbox::with_demo();
    let ledger = published(&sandbox);
    let text = sandbox.read(&format!("{LEDGERS}/{ledger}"));
    let lines: Vec<&str> = text.lines().collect();
    // Runs that stopped after each step, and files of which no ledger remains.
    for count in 1..lines.len() {
        let lines = lines[..count].join("\n");
        sandbox.write(&format!("{LEDGERS}/stopped-{count}.jsonl"), lines + "\n");
        sandbox.write(&format!("{LEDGERS}/stopped-{count}.jsonl.git/HEAD"), "x");
    }
    sandbox.write(&format!("{LEDGERS}/damaged.jsonl"), "{}\n");
    for stray in ["old.jsonl.git", "new.jsonl.git"] {
        sandbox.write(&format!("{LEDGERS}/{stray}/HEAD"), "x");
    }
    for folder in [".groundplan-old", ".groundplan-new", "groundplan-mine"] {
        sandbox.write(&format!("{folder}/repository/a"), "x");
    }
    make_old(&sandbox, &format!("{LEDGERS}/old.jsonl.git"));
    make_old(&sandbox, ".groundplan-old");
    make_old(&sandbox, "groundplan-mine");
    let before = (names(&sandbox, "."), names(&sandbox, LEDGERS));
    let shown = prune(&sandbox, &["--format", "json"]).json();
    assert_eq!(before, (names(&sandbox, "."), names(&sandbox, LEDGERS)));
    let listed: Vec<String> = shown["leftovers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|leftover| {
            leftover["path"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    let forge_file = format!("{ledger}.forge.json");
    let expected = [&ledger, &forge_file, "old.jsonl.git", ".groundplan-old"];
    assert_eq!(listed, expected, "{shown:#}");
    assert!(prune(&sandbox, &[]).stdout.contains("Nothing was removed"));
    prune(&sandbox, &["--yes"]);
    let kept = |names: Vec<String>| -> Vec<String> {
        names
            .into_iter()
            .filter(|name| !expected.contains(&name.as_str()))
            .collect()
    };
    let after = (names(&sandbox, "."), names(&sandbox, LEDGERS));
    assert_eq!(after, (kept(before.0), kept(before.1)));
    assert!(
        prune(&sandbox, &["--yes"])
            .stdout
            .contains("nothing to remove")
    );
}
