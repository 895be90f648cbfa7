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

/// The files in front of which every tree starts.
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

/// The promises, over a tree that holds [`base`].
fn conforms(tree: &mut dyn TreeMut) {
    // What is there is listed by path and read with its mode; a folder is no file.
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

    // A file is made with the folders above it, replaced, and changes its mode both ways.
    let deep = path("a/b/c/d");
    for written in [
        file(Mode::Regular, "1"),
        file(Mode::Executable, "1"),
        file(Mode::Symlink, "nowhere"),
        file(Mode::Executable, ""),
        file(Mode::Regular, "\0\u{ff}"),
    ] {
        tree.write(&deep, written.clone()).unwrap();
        assert_eq!(tree.read(&deep).unwrap(), Some(written));
    }
    let large = file(Mode::Regular, &"x".repeat(1_000_000));
    tree.write(&deep, large.clone()).unwrap();
    assert_eq!(tree.read(&deep).unwrap(), Some(large));

    // File and folder exclude each other; a link is a file.
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

    // A link is replaced, not followed.
    tree.write(&path("link"), file(Mode::Regular, "own"))
        .unwrap();
    assert_eq!(
        tree.read(&path("link")).unwrap(),
        Some(file(Mode::Regular, "own"))
    );

    // Removing takes the folders along that become empty, and nothing happens where there is nothing.
    for absent in ["missing", "missing/too", "README.md/x", "bin", "a/b"] {
        tree.remove(&path(absent)).unwrap();
    }
    for gone in ["a/b/c/d", "only/one/file", "bin/run"] {
        tree.remove(&path(gone)).unwrap();
        assert_eq!(tree.read(&path(gone)).unwrap(), None);
    }
    tree.remove(&path("a/b/c/d")).unwrap();
    assert_eq!(listed(tree), ["100644 README.md", "100644 link"]);

    // So a file can stand where a folder was, and a folder where a file was.
    tree.write(&path("a"), file(Mode::Regular, "a")).unwrap();
    tree.write(&path("only/one"), file(Mode::Regular, "1"))
        .unwrap();
    tree.remove(&path("README.md")).unwrap();
    tree.write(&path("README.md/x"), file(Mode::Regular, "x"))
        .unwrap();
    assert_eq!(
        listed(tree),
        [
            "100644 README.md/x",
            "100644 a",
            "100644 link",
            "100644 only/one"
        ]
    );

    // Names that only differ for a person or another system are two names here; the longest name has room.
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
    // Sorted as git sorts files: by bytes of the whole path.
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

#[test]
fn the_memory_tree_conforms() {
    conforms(&mut MemoryTree::of(base()).unwrap());
}

#[test]
fn an_overlay_conforms_and_does_not_change_its_base() {
    let below = MemoryTree::of(base()).unwrap();
    conforms(&mut Overlay::over(&below).unwrap());
    assert_eq!(below, MemoryTree::of(base()).unwrap());
}

#[test]
fn an_overlay_over_an_empty_tree_conforms() {
    let nothing = MemoryTree::default();
    let mut tree = Overlay::over(&nothing).unwrap();
    for (path, file) in base() {
        tree.write(&path, file).unwrap();
    }
    conforms(&mut tree);
}

#[test]
fn an_overlay_over_a_commit_conforms_and_does_not_change_the_repository() {
    let sandbox = Sandbox::new();
    let mut disk = folder(&sandbox, "repo");
    for (path, file) in base() {
        disk.write(&path, file).unwrap();
    }
    let commit = sandbox.commit("repo");
    let state = || sandbox.git("repo", &["status", "--porcelain=v2", "--branch"]);
    let (before, files) = (state(), everything_below(&sandbox.join("repo")));
    let below = sandbox.tree_of("repo", &commit);
    conforms(&mut Overlay::over(&below).unwrap());
    conforms(&mut Overlay::over(&sandbox.tree_of("repo", &commit)).unwrap());
    for (path, file) in base() {
        assert_eq!(below.read(&path).unwrap(), Some(file));
    }
    assert_eq!(
        (state(), everything_below(&sandbox.join("repo"))),
        (before, files)
    );
}

#[test]
fn an_overlay_over_an_empty_commit_conforms() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.join("repo")).unwrap();
    let commit = sandbox.commit("repo");
    let below = sandbox.tree_of("repo", &commit);
    let mut tree = Overlay::over(&below).unwrap();
    assert!(tree.list().unwrap().is_empty());
    for (path, file) in base() {
        tree.write(&path, file).unwrap();
    }
    conforms(&mut tree);
    assert!(below.list().unwrap().is_empty());
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

/// Every file below a folder with its bytes, `.git` included but for its index, which `git status` refreshes.
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
fn the_disk_tree_conforms_and_changes_nothing_outside() {
    let sandbox = Sandbox::new();
    sandbox
        .write("root/outside", "inside")
        .write("outside", "outside");
    fs::remove_file(sandbox.join("root/outside")).unwrap();
    let mut tree = DiskTree::open(&sandbox.join("root")).unwrap();
    for (path, file) in base() {
        tree.write(&path, file).unwrap();
    }
    conforms(&mut tree);
    // Nothing is left of the writing, and no empty folder.
    let left: Vec<_> = fs::read_dir(sandbox.join("root"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            !["README.md", "a", "link", "only", "s", "s-b", "s.a", "s0"].contains(&name.as_str())
        })
        .collect();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(sandbox.read("outside"), "outside");
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
