//! Expected repositories: the default selection of each catalogue, with the preview report and the created repository.
//!
//! Reports and file lists are `insta` snapshots with exact tree ids. Repositories that can be read as projects are folders:
//! `snapshots/<case>/tree/`. To update the folders, run this and review the difference:
//!
//! ```sh
//! UPDATE_SNAPSHOTS=1 cargo test --test integration snapshots
//! git diff snapshots
//! ```

use crate::support::{PRODUCT, Ran, Sandbox, files_below, is_updating, matches_or_updates};
use std::fs;
use std::path::Path;

const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");

const CASES: [&str; 6] = [
    "demo-default",
    "nextjs-default",
    "ops-repo-default",
    "python-package-default",
    "rust-cli-default",
    "rust-service-default",
];

/// Runs a command with the selection of a case.
#[track_caller]
fn run(sandbox: &Sandbox, case: &str, command: &str, options: &[&str]) -> Ran {
    let selection = format!("{SNAPSHOTS}/{case}/selection.yaml");
    let args = [command, "--selection", &selection];
    sandbox
        .groundplan(args.iter().chain(options).chain(&PRODUCT))
        .exits(0)
}

/// Compares the report of a case, and creates its repository in `repository`.
#[track_caller]
fn preview_and_create(sandbox: &Sandbox, case: &str, catalog: &str, options: &[&str]) {
    let args = [&["--catalog", catalog], options].concat();
    let report = run(sandbox, case, "preview", &args).stdout;
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{case}-report"), report));
    let args = ["--catalog", catalog, "--into", "repository"];
    run(sandbox, case, "new", &args);
}

/// Compares a case whose repository is a folder of files.
#[track_caller]
fn check_tree(sandbox: &Sandbox, case: &str, catalog: &str) {
    preview_and_create(sandbox, case, catalog, &["--full"]);
    let created = files_below(&sandbox.join("repository"));
    let expected = Path::new(SNAPSHOTS).join(case).join("tree");
    for path in files_below(&expected) {
        if !created.contains(&path) {
            assert!(is_updating(), "snapshots/{case}/tree/{path} is not created");
            fs::remove_file(expected.join(path)).unwrap();
        }
    }
    for path in created {
        let content = sandbox.read(&format!("repository/{path}"));
        let file = Path::new("snapshots").join(case).join("tree").join(path);
        matches_or_updates(&file, &content);
    }
}

/// Compares a case whose repository is a list of mode, blob id and path.
#[track_caller]
fn check_list(sandbox: &Sandbox, case: &str, catalog: &str) {
    preview_and_create(sandbox, case, catalog, &[]);
    let format = "--format=%(objectmode) %(objectname) %(path)";
    let files = sandbox.git("repository", &["ls-tree", "-r", format, "HEAD"]);
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{case}-files"), files));
}

#[test]
fn the_demo_catalogue_creates_the_expected_repository() {
    check_tree(&Sandbox::with_demo(), "demo-default", ".");
}

#[test]
fn the_nextjs_catalogue_creates_the_expected_repository() {
    check_list(&Sandbox::new(), "nextjs-default", "nextjs");
}

#[test]
fn the_ops_repo_catalogue_creates_the_expected_repository() {
    check_tree(&Sandbox::new(), "ops-repo-default", "ops-repo");
}

/// A list, because cargo would treat a folder with a Cargo.toml as a package.
#[test]
fn the_rust_cli_catalogue_creates_the_expected_repository() {
    check_list(&Sandbox::new(), "rust-cli-default", "rust-cli");
}

#[test]
fn the_python_package_catalogue_creates_the_expected_repository() {
    check_list(&Sandbox::new(), "python-package-default", "python-package");
}

#[test]
fn the_rust_service_catalogue_creates_the_expected_repository() {
    check_list(&Sandbox::new(), "rust-service-default", "rust-service");
}

#[test]
fn every_folder_of_snapshots_belongs_to_a_test() {
    let entries = fs::read_dir(SNAPSHOTS).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    // The tree ids of sweeps, compared in tests/sweep.
    names.retain(|name| name != "sweep");
    names.sort();
    assert_eq!(names, CASES);
}
