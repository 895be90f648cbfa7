//! Files of a `.git` folder that never end or never answer: no command waits for them or fills the memory with them.

use super::{bounded, with_template};
use crate::support::{PRODUCT, Sandbox};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The files that git or its library reads in a repository with files.
const FILES: [&str; 17] = [
    "HEAD",
    "config",
    "packed-refs",
    "refs/heads/main",
    "refs/tags/v1",
    "index",
    "commondir",
    "shallow",
    "logs/HEAD",
    "info/exclude",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "objects/pack/multi-pack-index",
    "objects/pack/pack-0123456789012345678901234567890123456789.idx",
    "objects/pack/pack-0123456789012345678901234567890123456789.pack",
    "objects/pack",
    "objects",
];

#[derive(Clone, Copy, Debug)]
enum Trap {
    Endless,
    Pipe,
    Huge,
}

/// Puts a trap in the place of a file.
fn set(sandbox: &Sandbox, path: &Path, trap: Trap) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else if path.symlink_metadata().is_ok() {
        fs::remove_file(path).unwrap();
    }
    match trap {
        Trap::Endless => std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        Trap::Pipe => drop(sandbox.run(Command::new("mkfifo").arg(path)).exits(0)),
        Trap::Huge => fs::File::create(path).unwrap().set_len(1 << 40).unwrap(),
    }
}

/// Runs all commands that open the repository `trap`, and asserts that none creates anything.
#[track_caller]
fn try_all(sandbox: &Sandbox, case: &str, is_refused: bool) {
    let product: Vec<&str> = PRODUCT.into_iter().collect();
    let catalog = ["--catalog", ".", "--defaults"];
    let commit = ["--template", "trap", "--ref", "main"];
    for args in [
        [&["preview"][..], &catalog, &product, &commit].concat(),
        [&["new", "--into", "made"][..], &catalog, &product, &commit].concat(),
        [&["add", "--into", "trap", "--yes"][..], &catalog, &product].concat(),
        vec!["verify", "trap", "--catalog", "."],
        vec!["explain", "README.md", "--in", "trap", "--catalog", "."],
    ] {
        let ran = bounded(sandbox, &args);
        if is_refused {
            assert_eq!(ran.code, 1, "{case}: {args:?}: {}", ran.stderr);
            assert!(
                ran.stderr.contains("hint: "),
                "{case}: {args:?}: {}",
                ran.stderr
            );
        }
        drop(fs::remove_dir_all(sandbox.join("made")));
    }
    // The files of the folder alone are taken without its repository.
    let files = [
        &["preview"][..],
        &catalog,
        &product,
        &["--template", "trap"],
    ]
    .concat();
    bounded(sandbox, &files);
}

fn with_repository() -> Sandbox {
    let sandbox = with_template();
    sandbox.make(&["--defaults", "--into", "sound"]).exits(0);
    sandbox.git("sound", &["tag", "v1"]);
    sandbox
}

/// A fresh copy of the sound repository as `trap`.
fn copy(sandbox: &Sandbox) {
    drop(fs::remove_dir_all(sandbox.join("trap")));
    let mut copy = Command::new("cp");
    sandbox.run(copy.args(["-a", "sound", "trap"])).exits(0);
}

#[test]
fn no_file_of_a_repository_is_waited_for_or_read_without_end() {
    let sandbox = with_repository();
    for file in FILES {
        for trap in [Trap::Endless, Trap::Pipe] {
            copy(&sandbox);
            set(&sandbox, &sandbox.join("trap/.git").join(file), trap);
            // A folder that is a pipe contains nothing.
            let is_refused =
                !file.ends_with("pack") || file.contains('-') || matches!(trap, Trap::Endless);
            try_all(&sandbox, &format!("{file} {trap:?}"), is_refused);
        }
    }
}

#[test]
fn a_huge_file_of_a_repository_is_refused_or_not_read() {
    let sandbox = with_repository();
    for file in &FILES[..15] {
        copy(&sandbox);
        set(&sandbox, &sandbox.join("trap/.git").join(file), Trap::Huge);
        let is_read_whole = !file.starts_with("objects/pack")
            && !file.ends_with("graph")
            && !file.starts_with("logs");
        try_all(&sandbox, &format!("{file} huge"), is_read_whole);
    }
}

#[test]
fn the_folder_of_a_repository_is_no_trap_either() {
    let sandbox = with_repository();
    for trap in [Trap::Endless, Trap::Pipe, Trap::Huge] {
        copy(&sandbox);
        set(&sandbox, &sandbox.join("trap/.git"), trap);
        try_all(&sandbox, &format!(".git {trap:?}"), true);
    }
    // Pointers to another folder, and objects that are borrowed from one.
    for (file, text) in [
        (".git", "gitdir: /dev/zero\n"),
        (".git", "gitdir: ../trap\n"),
        (".git/commondir", "/dev/zero\n"),
        (".git/commondir", "../..\n"),
    ] {
        copy(&sandbox);
        drop(fs::remove_dir_all(sandbox.join("trap").join(file)));
        sandbox.write(&format!("trap/{file}"), text);
        try_all(&sandbox, &format!("{file} {text:?}"), true);
    }
    copy(&sandbox);
    copy_objects(&sandbox);
    try_all(&sandbox, "borrowed objects", true);
}

/// A repository whose objects are borrowed from a folder with a pipe.
fn copy_objects(sandbox: &Sandbox) {
    drop(fs::remove_dir_all(sandbox.join("borrowed")));
    fs::rename(sandbox.join("trap/.git/objects"), sandbox.join("borrowed")).unwrap();
    sandbox.write("trap/.git/objects/info/alternates", "../../../borrowed\n");
    set(sandbox, &sandbox.join("borrowed/ab/0123456789"), Trap::Pipe);
}

#[test]
fn a_link_inside_the_repository_and_a_socket_of_git_are_no_traps() {
    let sandbox = with_repository();
    copy(&sandbox);
    fs::rename(
        sandbox.join("trap/.git/HEAD"),
        sandbox.join("trap/.git/HEAD2"),
    )
    .unwrap();
    sandbox.symlink("HEAD2", "trap/.git/HEAD");
    sandbox.symlink("/dev/null", "trap/.git/hooks-of-others");
    let _socket =
        std::os::unix::net::UnixListener::bind(sandbox.join("trap/.git/fsmonitor--daemon.ipc"))
            .unwrap();
    drop(fs::remove_file(sandbox.join("trap/.git/hooks-of-others")));
    bounded(&sandbox, &["verify", "trap", "--catalog", "."]).exits(0);
    // Linked work trees, and objects shared between repositories.
    sandbox.git(
        "sound",
        &["worktree", "add", "-q", "../linked", "-b", "other"],
    );
    bounded(&sandbox, &["verify", "linked", "--catalog", "."]).exits(0);
    sandbox.git(".", &["clone", "-q", "--shared", "sound", "shared"]);
    bounded(&sandbox, &["verify", "shared", "--catalog", "."]).exits(0);
}
