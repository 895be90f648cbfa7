//! The contract of trees, for memory, disk, commits and overlays.

use crate::support::{Sandbox, files_below};
use groundplan::model::content::{File, Mode};
use groundplan::model::path::TreePath;
use groundplan::tree::disk::DiskTree;
use groundplan::tree::listing::FileInfo;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::overlay::Overlay;
use groundplan::tree::{Tree, TreeError, TreeMut};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

fn file(mode: Mode, content: &str) -> File {
    File {
        mode,
        ..File::regular(content.to_owned())
    }
}

/// The files of every tree before a test.
fn base() -> Vec<(TreePath, File)> {
    vec![
        (path("README.md"), file(Mode::Regular, "read me")),
        (path("bin/run"), file(Mode::Executable, "#!/bin/sh\n")),
        (path("link"), file(Mode::Symlink, "outside")),
        (path("only/one/file"), file(Mode::Regular, "")),
    ]
}

fn listed(tree: &dyn Tree) -> Vec<String> {
    let listing = tree.list().unwrap();
    assert_eq!(listing.len(), listing.iter().count());
    let show = |(path, entry): (&str, FileInfo)| {
        assert_eq!(listing.get(path), Some(entry));
        let file = tree.read(&TreePath::parse(path).unwrap()).unwrap();
        assert_eq!(file.map(|file| FileInfo::of(&file)), Some(entry));
        format!("{} {path}", entry.mode.octal())
    };
    listing.iter().map(show).collect()
}

#[track_caller]
fn blocked(tree: &mut dyn TreeMut, at: &str) {
    let before = listed(tree);
    let result = tree.write(&path(at), file(Mode::Regular, "x"));
    assert!(
        matches!(result, Err(TreeError::Blocked { .. })),
        "{at}: {result:?}"
    );
    assert_eq!(listed(tree), before);
}

/// One promise of the contract, checked over a new tree with the files of [`base`].
type Promise = fn(&mut dyn TreeMut);

/// One test for each implementation and promise.
macro_rules! conformance {
    ($($promise:ident)+) => {
        conformance! { @each memory ($($promise)+) }
        conformance! { @each overlay ($($promise)+) }
        conformance! { @each overlay_over_nothing ($($promise)+) }
        conformance! { @each overlay_over_a_commit ($($promise)+) }
        conformance! { @each overlay_over_an_empty_commit ($($promise)+) }
        conformance! { @each disk ($($promise)+) }
    };
    (@each $tree:ident ($($promise:ident)+)) => {
        mod $tree {
            $(
                #[test]
                fn $promise() {
                    super::$tree(super::$promise);
                }
            )+
        }
    };
}

conformance! {
    files_are_listed_by_path_and_read_with_their_mode
    a_folder_or_a_missing_path_is_no_file
    a_written_file_replaces_content_and_mode
    a_file_and_a_folder_of_one_name_exclude_each_other
    a_link_is_replaced_and_not_followed
    removing_a_file_removes_its_empty_folders
    removing_a_missing_path_changes_nothing
    a_file_can_follow_a_removed_folder_and_the_reverse
    names_that_other_systems_fold_are_different
    files_are_sorted_by_the_bytes_of_their_path
}

fn files_are_listed_by_path_and_read_with_their_mode(tree: &mut dyn TreeMut) {
    assert_eq!(
        listed(tree),
        [
            "100644 README.md",
            "100755 bin/run",
            "120000 link",
            "100644 only/one/file"
        ]
    );
    for (path, file) in base() {
        assert_eq!(tree.read(&path).unwrap(), Some(file));
    }
}

fn a_folder_or_a_missing_path_is_no_file(tree: &mut dyn TreeMut) {
    for absent in [
        "missing",
        "bin",
        "only/one",
        "README.md/x",
        "link/x",
        "bin/run/x/y",
    ] {
        assert_eq!(tree.read(&path(absent)).unwrap(), None, "{absent}");
    }
}

fn a_written_file_replaces_content_and_mode(tree: &mut dyn TreeMut) {
    let deep = path("a/b/c/d");
    for written in [
        file(Mode::Regular, "1"),
        file(Mode::Executable, "1"),
        file(Mode::Symlink, "nowhere"),
        file(Mode::Executable, ""),
        file(Mode::Regular, "\0\u{ff}"),
        file(Mode::Regular, &"x".repeat(1_000_000)),
    ] {
        tree.write(&deep, written.clone()).unwrap();
        assert_eq!(tree.read(&deep).unwrap(), Some(written));
    }
}

fn a_file_and_a_folder_of_one_name_exclude_each_other(tree: &mut dyn TreeMut) {
    tree.write(&path("a/b/c/d"), file(Mode::Regular, "1"))
        .unwrap();
    for at in [
        "README.md/x",
        "README.md/x/y",
        "link/x",
        "a",
        "a/b/c",
        "only",
    ] {
        blocked(tree, at);
    }
}

fn a_link_is_replaced_and_not_followed(tree: &mut dyn TreeMut) {
    let link = path("link");
    tree.write(&link, file(Mode::Regular, "own")).unwrap();
    assert_eq!(tree.read(&link).unwrap(), Some(file(Mode::Regular, "own")));
    assert_eq!(tree.read(&path("outside")).unwrap(), None);
}

fn removing_a_file_removes_its_empty_folders(tree: &mut dyn TreeMut) {
    tree.write(&path("a/b/c/d"), file(Mode::Regular, "1"))
        .unwrap();
    for removed in ["a/b/c/d", "only/one/file", "bin/run"] {
        tree.remove(&path(removed)).unwrap();
        assert_eq!(tree.read(&path(removed)).unwrap(), None);
    }
    tree.remove(&path("a/b/c/d")).unwrap();
    assert_eq!(listed(tree), ["100644 README.md", "120000 link"]);
    // No folder is left, so files can have their names.
    for folder in ["a", "only", "bin"] {
        tree.write(&path(folder), file(Mode::Regular, "")).unwrap();
    }
}

fn removing_a_missing_path_changes_nothing(tree: &mut dyn TreeMut) {
    tree.write(&path("a/b/c/d"), file(Mode::Regular, "1"))
        .unwrap();
    let before = listed(tree);
    for absent in ["missing", "missing/too", "README.md/x", "bin", "a/b"] {
        tree.remove(&path(absent)).unwrap();
    }
    assert_eq!(listed(tree), before);
}

fn a_file_can_follow_a_removed_folder_and_the_reverse(tree: &mut dyn TreeMut) {
    tree.remove(&path("bin/run")).unwrap();
    tree.remove(&path("only/one/file")).unwrap();
    tree.write(&path("bin"), file(Mode::Regular, "a")).unwrap();
    tree.write(&path("only/one"), file(Mode::Regular, "1"))
        .unwrap();
    tree.remove(&path("README.md")).unwrap();
    tree.write(&path("README.md/x"), file(Mode::Regular, "x"))
        .unwrap();
    assert_eq!(
        listed(tree),
        [
            "100644 README.md/x",
            "100644 bin",
            "120000 link",
            "100644 only/one"
        ]
    );
}

fn names_that_other_systems_fold_are_different(tree: &mut dyn TreeMut) {
    let long = "n".repeat(255);
    for name in [
        "B",
        "b",
        "é",
        "e\u{301}",
        "[id]",
        "(x)/@y/+z",
        "x y",
        long.as_str(),
    ] {
        tree.write(&path(name), file(Mode::Regular, name)).unwrap();
        assert_eq!(
            tree.read(&path(name)).unwrap(),
            Some(file(Mode::Regular, name))
        );
        tree.remove(&path(name)).unwrap();
    }
}

/// The order of files in git.
fn files_are_sorted_by_the_bytes_of_their_path(tree: &mut dyn TreeMut) {
    for name in ["s/z", "s.a", "s-b", "s0"] {
        tree.write(&path(name), file(Mode::Regular, "")).unwrap();
    }
    let order: Vec<_> = listed(tree)
        .into_iter()
        .filter(|line| line.contains(" s"))
        .collect();
    assert_eq!(
        order,
        ["100644 s-b", "100644 s.a", "100644 s/z", "100644 s0"]
    );
}

fn fill(tree: &mut dyn TreeMut) {
    for (path, file) in base() {
        tree.write(&path, file).unwrap();
    }
}

fn memory(promise: Promise) {
    promise(&mut MemoryTree::of(base()).unwrap());
}

/// The base of an overlay is not changed.
fn overlay(promise: Promise) {
    let below = MemoryTree::of(base()).unwrap();
    promise(&mut Overlay::over(&below).unwrap());
    assert_eq!(below, MemoryTree::of(base()).unwrap());
}

fn overlay_over_nothing(promise: Promise) {
    let nothing = MemoryTree::default();
    let mut tree = Overlay::over(&nothing).unwrap();
    fill(&mut tree);
    promise(&mut tree);
}

/// The repository of the commit is not changed.
fn overlay_over_a_commit(promise: Promise) {
    let sandbox = Sandbox::new();
    fill(&mut folder(&sandbox, "repo"));
    let commit = sandbox.commit("repo");
    let state = || sandbox.git("repo", &["status", "--porcelain=v2", "--branch"]);
    let (before, files) = (state(), everything_below(&sandbox.join("repo")));
    let below = sandbox.tree_of("repo", &commit);
    promise(&mut Overlay::over(&below).unwrap());
    for (path, file) in base() {
        assert_eq!(below.read(&path).unwrap(), Some(file));
    }
    assert_eq!(
        (state(), everything_below(&sandbox.join("repo"))),
        (before, files)
    );
}

fn overlay_over_an_empty_commit(promise: Promise) {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.join("repo")).unwrap();
    let commit = sandbox.commit("repo");
    let below = sandbox.tree_of("repo", &commit);
    let mut tree = Overlay::over(&below).unwrap();
    assert!(tree.list().unwrap().is_empty());
    fill(&mut tree);
    promise(&mut tree);
    assert!(below.list().unwrap().is_empty());
}

/// Nothing outside the folder is changed, and no temporary file or empty folder is left in it.
fn disk(promise: Promise) {
    let sandbox = Sandbox::new();
    sandbox.write("outside", "outside");
    let mut tree = folder(&sandbox, "root");
    fill(&mut tree);
    promise(&mut tree);
    let mut expected: Vec<String> = tree
        .list()
        .unwrap()
        .iter()
        .map(|(path, _)| path.split('/').next().unwrap().to_owned())
        .collect();
    expected.sort_unstable();
    expected.dedup();
    let mut found: Vec<String> = fs::read_dir(sandbox.join("root"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(sandbox.read("outside"), "outside");
}

#[test]
fn a_commit_is_read_without_the_working_tree() {
    let sandbox = Sandbox::new();
    sandbox.write("repo/a/b", "committed").write("repo/c", "c");
    let commit = sandbox.commit("repo");
    sandbox
        .write("repo/a/b", "changed")
        .write("repo/new", "new");
    fs::remove_file(sandbox.join("repo/c")).unwrap();
    let tree = sandbox.tree_of("repo", &commit);
    assert_eq!(listed(&tree), ["100644 a/b", "100644 c"]);
    let committed = file(Mode::Regular, "committed");
    assert_eq!(tree.read(&path("a/b")).unwrap(), Some(committed));
}

/// Every file below a folder with its bytes, `.git` included except its index, which `git status` refreshes.
fn everything_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let inside = |below: &'static str| {
        let names = files_below(&folder.join(below)).into_iter();
        names.map(move |name| format!("{below}{name}"))
    };
    let names = inside("").chain(inside(".git/"));
    let read = |name: String| {
        let path = folder.join(&name);
        let target =
            fs::read_link(&path).map(|target| target.into_os_string().into_encoded_bytes());
        let bytes = target.or_else(|_| fs::read(path)).unwrap();
        (name, bytes)
    };
    names
        .filter(|name| name != ".git/index")
        .map(read)
        .collect()
}

/// An empty folder of a sandbox as a tree.
fn folder(sandbox: &Sandbox, name: &str) -> DiskTree {
    fs::create_dir(sandbox.join(name)).unwrap();
    DiskTree::open(&sandbox.join(name)).unwrap()
}

#[test]
fn the_disk_tree_does_not_write_through_links() {
    let sandbox = Sandbox::new();
    sandbox
        .write("outside/victim", "untouched")
        .write("root/a", "a");
    sandbox.symlink("../outside/victim", "root/soft");
    sandbox.symlink("../outside", "root/folder");
    fs::hard_link(sandbox.join("outside/victim"), sandbox.join("root/hard")).unwrap();
    let mut tree = DiskTree::open(&sandbox.join("root")).unwrap();
    for name in ["soft", "hard"] {
        tree.write(&path(name), file(Mode::Executable, "new"))
            .unwrap();
        assert_eq!(
            tree.read(&path(name)).unwrap(),
            Some(file(Mode::Executable, "new"))
        );
    }
    assert_eq!(tree.read(&path("folder/victim")).unwrap(), None);
    tree.remove(&path("folder/victim")).unwrap();
    blocked(&mut tree, "folder/victim");
    blocked(&mut tree, "folder/new");
    assert_eq!(sandbox.read("outside/victim"), "untouched");
    let victim = fs::metadata(sandbox.join("outside/victim")).unwrap();
    assert_eq!((victim.nlink(), victim.mode() & 0o111), (1, 0));
    assert_eq!(
        sandbox.files(),
        [
            "outside/victim",
            "root/a",
            "root/folder",
            "root/hard",
            "root/soft"
        ]
    );
}

#[test]
fn the_disk_tree_distinguishes_modes_and_does_not_wait_for_pipes() {
    let sandbox = Sandbox::new();
    sandbox.write("root/a", "a");
    let pipe = sandbox.join("root/pipe");
    assert_eq!(
        sandbox
            .run(std::process::Command::new("mkfifo").arg(&pipe))
            .code,
        0
    );
    sandbox.write("root/tool", "x").make_executable("root/tool");
    let mut tree = DiskTree::open(&sandbox.join("root")).unwrap();
    assert_eq!(
        tree.read(&path("tool")).unwrap(),
        Some(file(Mode::Executable, "x"))
    );
    assert!(matches!(
        tree.read(&path("pipe")),
        Err(TreeError::Io { .. })
    ));
    tree.write(&path("pipe"), file(Mode::Regular, "x")).unwrap();
    assert_eq!(sandbox.read("root/pipe"), "x");
}
