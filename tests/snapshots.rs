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

const CASES: [&str; 2] = ["demo-default", "nextjs-default"];

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

#[test]
fn the_demo_catalogue_gives_the_repository_that_is_written_down() {
    let sandbox = Sandbox::with_demo();
    let preview = run(
        &sandbox,
        "demo-default",
        "preview",
        &["--catalog", ".", "--full"],
    );
    run(
        &sandbox,
        "demo-default",
        "new",
        &["--catalog", ".", "--into", "made"],
    );
    let mut given = Files::from([("report.txt".to_owned(), preview.stdout)]);
    for path in files_below(&sandbox.join("made")) {
        given.insert(
            format!("tree/{path}"),
            sandbox.read(&format!("made/{path}")),
        );
    }
    compare("demo-default", &given);
}

#[test]
fn the_nextjs_catalogue_gives_the_repository_that_is_written_down() {
    let sandbox = Sandbox::new();
    let preview = run(&sandbox, "nextjs-default", "preview", &[]);
    run(&sandbox, "nextjs-default", "new", &["--into", "made"]);
    let format = "--format=%(objectmode) %(objectname) %(path)";
    let files = sandbox.git("made", &["ls-tree", "-r", format, "HEAD"]);
    let given = [
        ("report.txt".to_owned(), preview.stdout),
        ("files.txt".to_owned(), files),
    ];
    compare("nextjs-default", &Files::from(given));
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
