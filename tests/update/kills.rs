//! `groundplan update --into-branch` that is killed before any change of a file.

use super::command::{made, raise, template};
use crate::support::Sandbox;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// A library that kills the process, for `LD_PRELOAD`.
fn killer(sandbox: &Sandbox) -> PathBuf {
    let library = sandbox.join("kill_at.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/update/kill_at.c");
    let mut compiler = Command::new("cc");
    let compiled = compiler
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(
        compiled
            .expect("a C compiler, which links Rust too")
            .success()
    );
    library
}

fn update(sandbox: &Sandbox) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.args(["update", "out", "--catalog", ".", "--into-branch", "next"]);
    command.args([
        "--author",
        "Jane <jane@example.org>",
        "--date",
        "2026-11-28",
    ]);
    sandbox.settle(&mut command);
    command
}

/// Runs the update up to a change of a file.
fn killed_at(sandbox: &Sandbox, library: &Path, change: usize) -> ExitStatus {
    let mut command = update(sandbox);
    command
        .env("LD_PRELOAD", library)
        .env("KILL_AT", change.to_string());
    command.output().expect("the program starts").status
}

/// The files that a killed process has left as locks.
fn locks(folder: &Path) -> Vec<PathBuf> {
    let below = crate::support::files_below(folder).into_iter();
    below
        .filter(|file| Path::new(file).extension().is_some_and(|end| end == "lock"))
        .map(|file| folder.join(file))
        .collect()
}

#[test]
fn an_update_that_is_killed_before_any_change_of_a_file_is_completed_by_the_next() {
    let sandbox = made();
    template(&sandbox, "docs/x.md", |text| text.replace("two", "TWO"));
    sandbox.write("catalog/demo/template/new.txt", "new\n");
    raise(&sandbox);
    let report = sandbox
        .groundplan(["update", "out", "--catalog", ".", "--format", "json"])
        .exits(0)
        .json();
    let tree = report["treeId"].as_str().expect("a tree").to_owned();
    let library = killer(&sandbox);
    let copy = |from: &str, to: &str| {
        let mut copy = Command::new("cp");
        sandbox.run(copy.arg("-a").args([from, to])).exits(0);
    };
    copy("out", "start");
    let (mut change, mut locked, mut complete) = (0, 0, 0);
    loop {
        let status = killed_at(&sandbox, &library, change);
        if status.success() {
            break;
        }
        assert_eq!(status.signal(), Some(9), "change {change}");
        let git_folder = sandbox.join("out/.git");
        let left = locks(&git_folder);
        if !left.is_empty() {
            // As after a killed git: the message names the file.
            let refused = sandbox.run(&mut update(&sandbox)).exits(3).stderr;
            assert!(refused.contains(".lock"), "change {change}: {refused}");
            for lock in left {
                fs::remove_file(lock).expect("a lock");
            }
            locked += 1;
        }
        let branches = sandbox.git("out", &["branch", "--list", "next"]);
        if branches.is_empty() {
            sandbox.run(&mut update(&sandbox)).exits(0);
        } else {
            complete += 1;
        }
        for name in ["next", "refs/groundplan/generated"] {
            let found = sandbox.git_id("out", &format!("{name}^{{tree}}"));
            assert_eq!(found.as_str(), tree, "change {change}: {name}");
        }
        sandbox.git("out", &["fsck", "--strict"]);
        assert_eq!(sandbox.git("out", &["status", "--short"]), "");
        fs::remove_dir_all(sandbox.join("out")).expect("the copy is there");
        copy("start", "out");
        change += 1;
    }
    println!("{change} kills: {locked} left a lock, {complete} a complete branch");
    assert!(change > 20 && locked > 0, "{change} kills, {locked} locks");
}
