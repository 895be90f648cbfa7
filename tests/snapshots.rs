//! Expected results, readable as projects: `snapshots/<case>/` holds a selection, what the preview says about it, and
//! the repository itself, as files below `tree/` or as a list of mode, git blob id and path in `files.txt`.
//!
//! A missing, changed or stray file fails. After a wanted change, look at the difference that this makes:
//!
//! ```sh
//! UPDATE_SNAPSHOTS=1 cargo test --test integration snapshots
//! git diff snapshots
//! ```

use crate::support::{PRODUCT, Ran, Sandbox, files_below, is_updating, matches_or_updates};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");

const CASES: [&str; 4] = [
    "demo-default",
    "nextjs-default",
    "ops-repo-default",
    "rust-cli-default",
];

/// Path below `snapshots/<case>` → content.
type Files = BTreeMap<String, String>;

/// Runs a command over the selection of a case.
#[track_caller]
fn run(sandbox: &Sandbox, case: &str, command: &str, more: &[&str]) -> Ran {
    let selection = format!("{SNAPSHOTS}/{case}/selection.yaml");
    let args = [command, "--selection", &selection];
    sandbox
        .groundplan(args.iter().chain(more).chain(&PRODUCT))
        .exits(0)
}

/// Compares everything beside a case's selection with what the case gives.
#[track_caller]
fn compare(case: &str, given: &Files) {
    let folder = Path::new(SNAPSHOTS).join(case);
    for path in files_below(&folder) {
        if path == "selection.yaml" || given.contains_key(&path) {
            continue;
        }
        assert!(is_updating(), "snapshots/{case}/{path} is a stray");
        fs::remove_file(folder.join(path)).unwrap();
    }
    for (path, content) in given {
        matches_or_updates(&Path::new("snapshots").join(case).join(path), content);
    }
}

/// What a case's preview says, and the repository's files.
#[track_caller]
fn as_files(sandbox: &Sandbox, case: &str, catalog: &str) {
    let preview = ["--catalog", catalog, "--full"];
    let preview = run(sandbox, case, "preview", &preview);
    let new = ["--catalog", catalog, "--into", "made"];
    run(sandbox, case, "new", &new);
    let mut given = Files::from([("report.txt".to_owned(), preview.stdout)]);
    for path in files_below(&sandbox.join("made")) {
        given.insert(
            format!("tree/{path}"),
            sandbox.read(&format!("made/{path}")),
        );
    }
    compare(case, &given);
}

/// What a case's preview says, and the repository's files by their ids.
#[track_caller]
fn as_list(sandbox: &Sandbox, case: &str, catalog: &str) {
    let preview = run(sandbox, case, "preview", &["--catalog", catalog]);
    let new = ["--catalog", catalog, "--into", "made"];
    run(sandbox, case, "new", &new);
    let format = "--format=%(objectmode) %(objectname) %(path)";
    let files = sandbox.git("made", &["ls-tree", "-r", format, "HEAD"]);
    let given = [
        ("report.txt".to_owned(), preview.stdout),
        ("files.txt".to_owned(), files),
    ];
    compare(case, &Files::from(given));
}

#[test]
fn the_demo_catalogue_gives_the_repository_that_is_written_down() {
    as_files(&Sandbox::with_demo(), "demo-default", ".");
}

#[test]
fn the_nextjs_catalogue_gives_the_repository_that_is_written_down() {
    as_list(&Sandbox::new(), "nextjs-default", "nextjs");
}

#[test]
fn the_ops_repo_catalogue_gives_the_repository_that_is_written_down() {
    as_files(&Sandbox::new(), "ops-repo-default", "ops-repo");
}

/// By their ids, because cargo takes every folder with a Cargo.toml for a package of its own.
#[test]
fn the_rust_cli_catalogue_gives_the_repository_that_is_written_down() {
    as_list(&Sandbox::new(), "rust-cli-default", "rust-cli");
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let entries = fs::read_dir(SNAPSHOTS).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    // The tree ids of sweeps, which tests/sweep.rs compares.
    names.retain(|name| name != "sweep");
    names.sort();
    assert_eq!(names, CASES);
}
