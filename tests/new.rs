//! `groundplan new`: the preview's repository, whole or not at all.

use crate::support::{PRODUCT, Sandbox};
use groundplan::model::content::File;
use groundplan::model::date::Day;
use groundplan::model::input::Identity;
use groundplan::model::path::TreePath;
use groundplan::tree::ids::FirstCommit;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::repository::{CreatedRepository, Layout, RepositoryError, Target};
use std::sync::atomic::AtomicBool;

#[test]
fn git_itself_computes_the_promised_ids() {
    let sandbox = Sandbox::with_demo();
    let report = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    sandbox
        .make(&["--defaults", "--into", "out", "--expect", tree])
        .exits(0);
    assert_eq!(
        sandbox.git("out", &["rev-parse", "HEAD^{tree}"]).trim(),
        tree
    );
    assert_eq!(
        sandbox.git("out", &["rev-parse", "main"]).trim(),
        report["commitId"].as_str().unwrap()
    );
    assert_eq!(sandbox.git("out", &["status", "--porcelain"]), "");
    sandbox.git("out", &["fsck", "--strict"]);
}

#[test]
fn a_result_that_cannot_be_printed_is_named_all_the_same() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("forge/.keep", "");
    for (args, named) in [
        (&["--into", "out"][..], "created `out`"),
        (&["--into", "json", "--format", "json"], "created `json`"),
        (
            &["--forge", "local", "--forge-url", "forge"],
            "published `acme/acme-web` at ",
        ),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command
            .args(["new", "--catalog", ".", "--defaults"])
            .args(PRODUCT)
            .args(args)
            .env("XDG_STATE_HOME", sandbox.join("state"))
            .stderr(std::process::Stdio::piped());
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let child = sandbox.settle(&mut command).stdout(full).spawn().unwrap();
        let ran = child.wait_with_output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(3), "{said}");
        assert!(said.contains(named), "{said}");
        assert!(said.contains("cannot write the output"), "{said}");
    }
    assert!(sandbox.join("out/.git").is_dir() && sandbox.join("json/.git").is_dir());
    assert!(sandbox.join("forge/acme/acme-web.git").is_dir());
}

#[test]
fn a_stop_between_two_files_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let file = (TreePath::parse("a").unwrap(), File::regular("a"));
    let tree = MemoryTree::of([file]).unwrap();
    let commit = FirstCommit {
        author: Identity::default(),
        date: Day::parse("2026-11-21").unwrap(),
        message: "x\n".to_owned(),
    };
    let target = Target::check(&sandbox.join("out")).unwrap();
    let made = CreatedRepository {
        tree: &tree,
        template: None,
        commit: &commit,
        layout: Layout::WorkTree,
    };
    let stopped = target.create(&made, &AtomicBool::new(true));
    assert!(
        matches!(stopped, Err(RepositoryError::Stopped)),
        "{stopped:?}"
    );
    assert_eq!(std::fs::read_dir(sandbox.path()).unwrap().count(), 0);
    target.create(&made, &AtomicBool::new(false)).unwrap();
    assert_eq!(sandbox.git("out", &["ls-files"]), "a\n");
}

#[test]
fn the_empty_current_folder_becomes_the_repository() {
    let sandbox = Sandbox::with_demo();
    std::fs::create_dir(sandbox.join("here")).unwrap();
    let script = format!(
        "cd here && '{}' new --catalog .. --defaults {} --into . && git status --porcelain && git rev-parse main",
        env!("CARGO_BIN_EXE_groundplan"),
        crate::support::PRODUCT
            .map(|word| format!("'{word}'"))
            .join(" ")
    );
    let mut command = std::process::Command::new("sh");
    sandbox.run(command.args(["-c", &script])).exits(0);
    sandbox.git("here", &["fsck", "--strict"]);
    assert_eq!(sandbox.read("here/README.md"), "# Acme Web\n\nOf acme.\n");
    // Now it is not empty.
    let mut command = std::process::Command::new("sh");
    let ran = sandbox.run(command.args(["-c", &script])).exits(3);
    assert!(ran.stderr.contains("is not empty"), "{}", ran.stderr);
}

#[test]
fn a_repository_inside_another_work_tree_is_announced() {
    let sandbox = Sandbox::with_demo();
    sandbox.git(".", &["init", "-q", "outer"]);
    let ran = sandbox
        .make(&["--defaults", "--into", "outer/inner"])
        .exits(0);
    assert!(
        ran.stderr
            .contains("warning: `outer/inner` is inside the work tree of"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.make(&["--defaults", "--into", "alone"]).exits(0);
    assert_eq!(ran.stderr, "");
}
