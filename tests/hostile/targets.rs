//! Targets that are taken, and processes that are killed.

use super::{documents::make, over, with_template};
use crate::support::PRODUCT;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn only_an_absent_or_empty_folder_becomes_a_repository() {
    let sandbox = with_template();
    sandbox
        .write("file", "x")
        .write("full/a", "x")
        .write("empty/a", "x");
    fs::remove_file(sandbox.join("empty/a")).unwrap();
    sandbox
        .symlink("empty", "link")
        .symlink("nowhere", "dangling");
    make(&sandbox, "mkfifo", "pipe");
    let before = sandbox.files();
    for into in [
        "file",
        "full",
        "link",
        "dangling",
        "pipe",
        "missing/out",
        "file/out",
        ".",
        "..",
        "/",
        "/proc/out",
        "",
    ] {
        let ran = over(&sandbox, "new", &["--into", into]);
        assert!(
            ran.code == 3 || into.is_empty() && ran.code == 2,
            "{into}: {}",
            ran.stderr
        );
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert_eq!(sandbox.files(), before, "{into}");
    }
    over(&sandbox, "new", &["--into", "empty"]).exits(0);
    over(&sandbox, "new", &["--into", "empty"]).exits(3);
}

#[test]
fn a_killed_process_leaves_the_target_whole_or_absent() {
    let sandbox = with_template();
    for number in 0..100 {
        sandbox.write(
            &format!("t/{}/{number}", number % 7),
            format!("__PRODUCT_NAME__ {number}\n"),
        );
    }
    let report = over(&sandbox, "preview", &["--format", "json"])
        .exits(0)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    let mut args = vec!["new", "--catalog", ".", "--template", "t", "--defaults"];
    args.extend(PRODUCT);
    let (mut absent, rounds) = (0, 16);
    for round in 0..rounds {
        let into = format!("{round}/out");
        fs::create_dir(sandbox.join(&round.to_string())).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        // The provenance file records the author: without the identity of the machine.
        let mut child = sandbox
            .settle(command.args(&args).args(["--into", &into]))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed once so many entries stand beside the target, from none at all to more than there will be.
        let enough = round * 25;
        while entries(&sandbox.join(&round.to_string())) < enough
            && child.try_wait().unwrap().is_none()
        {}
        child.kill().unwrap();
        child.wait().unwrap();
        let out = sandbox.join(&into);
        if out.exists() && fs::read_dir(&out).unwrap().next().is_some() {
            assert_eq!(
                sandbox.git(&into, &["rev-parse", "HEAD^{tree}"]).trim(),
                tree
            );
            assert_eq!(sandbox.git(&into, &["status", "--porcelain"]), "");
        } else {
            absent += 1;
            over(&sandbox, "new", &["--into", &into, "--expect", tree]).exits(0);
        }
    }
    assert!(absent > 0, "no round was killed in the middle");
}

/// How many entries stand below a folder, while others are working there.
fn entries(folder: &Path) -> usize {
    let Ok(entries_here) = fs::read_dir(folder) else {
        return 0;
    };
    let below = |entry: fs::DirEntry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        1 + if is_folder { entries(&entry.path()) } else { 0 }
    };
    entries_here.flatten().map(below).sum()
}
