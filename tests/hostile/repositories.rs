//! Git repositories that no git would write, as templates and as what is verified.

use super::{bounded, with_template};
use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// A sandbox with the demo catalogue and 34 bare repositories below `bad`.
fn with_bad_repositories() -> Sandbox {
    let sandbox = with_template();
    let script = include_str!("../data/make_hostile_templates.sh");
    // This one takes the script most of its time.
    let lines = script
        .lines()
        .filter(|line| !line.starts_with("new deep-tree"));
    let script = lines.collect::<Vec<_>>().join("\n");
    sandbox
        .run(Command::new("sh").args(["-c", &script, "sh", "bad"]))
        .exits(0);
    let deep = "t = tree([(b'100644', b'f', blob)])\nfor n in range(400): t = tree([(b'40000', b'd', t)])\ncommit(t)";
    bomb(&sandbox, "bad/deep-tree.git", deep);
    sandbox
}

#[track_caller]
fn over(sandbox: &Sandbox, command: &str, repository: &str, more: &[&str]) -> Ran {
    let mut args = vec![
        command,
        "--catalog",
        ".",
        "--defaults",
        "--template",
        repository,
    ];
    if !more.contains(&"--ref") {
        args.extend(["--ref", "main"]);
    }
    args.extend(PRODUCT);
    args.extend(more);
    bounded(sandbox, &args)
}

/// A template that is refused with this code and these words, by preview and by new, and nothing is made.
#[track_caller]
fn refused(sandbox: &Sandbox, repository: &str, code: &str, said: &str) {
    let findings = over(sandbox, "preview", repository, &["--format", "json"])
        .exits(1)
        .findings();
    assert!(
        !findings.is_empty() && findings.len() <= 101,
        "{repository}: {findings:?}"
    );
    assert!(
        findings.iter().all(|finding| finding.starts_with(code)),
        "{repository}: {findings:?}"
    );
    let ran = over(sandbox, "new", repository, &["--into", "out", "--bare"]).exits(1);
    assert!(
        ran.stderr.contains(said),
        "{repository}: no {said:?} in {}",
        ran.stderr
    );
    assert!(!sandbox.join("out").exists());
    let tree = sandbox.git_id(repository, "main^{tree}");
    let remembered = sandbox.join(&format!(".cache/trees/{tree}.inventory"));
    assert!(!remembered.exists(), "{repository}");
}

#[test]
fn each_hostile_repository_is_refused_in_words_or_harmless() {
    let sandbox = with_bad_repositories();
    let refusals = [
        (
            "symlink-abs",
            "GP601",
            "`README.md` is a symbolic link to `/etc/passwd`",
        ),
        (
            "symlink-rel",
            "GP601",
            "`out` is a symbolic link to `../../../../outside`",
        ),
        (
            "symlink-dir-in",
            "GP601",
            "`link` is a symbolic link to `real`",
        ),
        (
            "symlink-dotgit",
            "GP601",
            "`conf` is a symbolic link to `.git/config`",
        ),
        ("symlink-gitmodules", "GP601", ".gitmodules"),
        ("symlink-loop", "GP601", "`a` is a symbolic link to `b`"),
        ("submodule", "GP601", "submodule"),
        ("dotgit-entry", "GP601", "is reserved by git"),
        ("dotgit-case", "GP601", "is reserved by git"),
        ("dotgit-ntfs", "GP601", "is reserved by git"),
        ("dotgit-hfs", "GP601", "is reserved by git"),
        ("dotdot", "GP601", "`..`"),
        ("slash-in-name", "GP601", "cannot be a name"),
        ("empty-name", "GP601", "cannot be a name"),
        (
            "case-collide",
            "GP601",
            "`README.md` and `readme.md` are the same name on many file systems",
        ),
        (
            "case-collide-dirlink",
            "GP601",
            "is a symbolic link to `.git`",
        ),
        (
            "nfc-nfd-collide",
            "GP601",
            "are the same name on many file systems",
        ),
        ("duplicate-entry", "GP601", "listed twice"),
        ("file-dir-same", "GP601", "is both a file and a folder"),
        (
            "dup-symlink-dir",
            "GP601",
            "is a symbolic link to `../outside`",
        ),
        ("non-utf8-name", "GP601", "is not UTF-8"),
        ("control-name", "GP601", "\\u{1b}[2Jb\\nc"),
        ("odd-modes", "GP601", "git mode 100777 is neither"),
        ("embedded-bare", "GP601", "is a bare git repository"),
        ("long-name", "GP601", "bytes"),
        ("deep-tree", "GP602", "more than 64 folders deep"),
        ("tree-bomb", "GP602", "more than 50000 files and folders"),
        (
            "big-blob",
            "GP602",
            "is 209715200 bytes, the limit is 5242880",
        ),
        ("blob-fanout", "GP602", "more than 104857600 bytes"),
    ];
    for (name, code, said) in refusals {
        refused(&sandbox, &format!("bad/{name}.git"), code, said);
    }
    let broken = over(&sandbox, "new", "bad/missing-blob.git", &["--into", "out"]).exits(3);
    assert!(
        broken
            .stderr
            .contains("2222222222222222222222222222222222222222"),
        "{}",
        broken.stderr
    );
    let duplicate = over(
        &sandbox,
        "new",
        "bad/pkg-json-dup.git",
        &["--into", "out", "--select", "auth=none"],
    );
    duplicate.exits(0);
    fs::remove_dir_all(sandbox.join("out")).unwrap();
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions: [{kind: ADD_DEPENDENCY, manifest: package.json, name: zod, version: ^4.0.0}]\n",
    );
    let dependency = over(
        &sandbox,
        "preview",
        "bad/pkg-json-dup.git",
        &["--format", "json"],
    )
    .exits(1)
    .json();
    assert_ne!(dependency["errors"], Value::Array(Vec::new()));
    sandbox.write("recipes/demo/auth/session.yaml", "actions: []\n");
    // `nul.bin` is a device on Windows; without it this template is harmless.
    refused(
        &sandbox,
        "bad/line-endings.git",
        "GP601",
        "`nul.bin` is a device name",
    );
    let script = "t=$(git ls-tree main | grep -v nul.bin | git mktree) && git update-ref refs/heads/main $(git -c user.name=a -c user.email=a@b.c commit-tree -m x $t)";
    sandbox
        .run(Command::new("sh").args(["-c", &format!("cd bad/line-endings.git && {script}")]))
        .exits(0);
    let outside = sandbox.files().len();
    let harmless = ["attr-filter", "line-endings", "ref-names"];
    for name in harmless {
        let repository = format!("bad/{name}.git");
        over(&sandbox, "preview", &repository, &["--full"]).exits(0);
        over(&sandbox, "new", &repository, &["--into", "out"]).exits(0);
        let held = |repository: &str| sandbox.git(repository, &["ls-tree", "-r", "main"]);
        let made = held("out");
        let made: Vec<&str> = made
            .lines()
            .filter(|line| !line.contains("bootstrap.json"))
            .collect();
        assert_eq!(
            made,
            held(&repository).lines().collect::<Vec<_>>(),
            "{name}"
        );
        sandbox.git("out", &["fsck", "--strict"]);
        fs::remove_dir_all(sandbox.join("out")).unwrap();
    }
    let no_head = over(&sandbox, "preview", "bad/ref-names.git", &["--ref", "HEAD"]).exits(1);
    assert!(
        no_head.stderr.contains("no tag, branch or commit `HEAD`"),
        "{}",
        no_head.stderr
    );
    assert_eq!(refusals.len() + 2 + harmless.len(), 34);
    assert_eq!(sandbox.files().len(), outside);
    assert!(!sandbox.join("PWNED").exists());
}

/// Makes a bare repository, whose `main` a Python program commits by writing objects itself: git refuses some, and takes
/// long for many.
fn bomb(sandbox: &Sandbox, name: &str, program: &str) {
    sandbox.git(".", &["init", "-q", "--bare", "-b", "main", name]);
    let script = format!(
        "import hashlib, os, sys, zlib\n\
         def put(kind, data):\n    \
             data = b'%s %d\\0' % (kind, len(data)) + data\n    \
             id = hashlib.sha1(data).hexdigest()\n    \
             os.makedirs('objects/' + id[:2], exist_ok=True)\n    \
             open('objects/' + id[:2] + '/' + id[2:], 'wb').write(zlib.compress(data))\n    \
             return id\n\
         def tree(entries):\n    \
             return put(b'tree', b''.join(mode + b' ' + name + b'\\0' + bytes.fromhex(id) for mode, name, id in entries))\n\
         def commit(tree):\n    \
             head = 'tree ' + tree + '\\nauthor a <a@b.c> 0 +0000\\ncommitter a <a@b.c> 0 +0000\\n\\nx'\n    \
             open('refs/heads/main', 'w').write(put(b'commit', head.encode()) + '\\n')\n\
         blob = put(b'blob', b'x')\n{program}"
    );
    let mut python = Command::new("sh");
    python.args([
        "-c",
        "cd \"$1\" && exec python3 -c \"$2\"",
        "sh",
        name,
        &script,
    ]);
    sandbox.run(&mut python).exits(0);
}

#[test]
fn a_template_of_100_000_files_is_one_finding() {
    let sandbox = with_template();
    bomb(
        &sandbox,
        "bomb.git",
        "commit(tree([(b'40000', b'd%03d' % d, tree([(b'100644', b'%05d-%03d' % (f, d), blob) for f in range(1000)])) for d in range(100)]))",
    );
    refused(
        &sandbox,
        "bomb.git",
        "GP602",
        "there are more than 50000 files and folders",
    );
    let findings = over(&sandbox, "preview", "bomb.git", &["--format", "json"]).findings();
    assert_eq!(findings.len(), 1);
}

#[test]
fn refused_entries_count_as_entries() {
    let sandbox = with_template();
    // 20,000 folders of 1,000 submodules each, from three objects.
    bomb(
        &sandbox,
        "bomb.git",
        "commit(tree([(b'40000', b'd%05d' % d, t) for t in [tree([(b'160000', b'%03d' % f, blob) for f in range(1000)])] for d in range(20000)]))",
    );
    refused(&sandbox, "bomb.git", "GP60", "more entries are refused");
}

#[test]
fn a_folder_without_files_is_refused_as_git_writes_none() {
    let sandbox = with_template();
    bomb(
        &sandbox,
        "bomb.git",
        "commit(tree([(b'100644', b'a', blob), (b'40000', b'empty', tree([])), (b'40000', b'nested', tree([(b'40000', b'x', tree([]))]))]))",
    );
    refused(
        &sandbox,
        "bomb.git",
        "GP601",
        "`empty` is a folder without files",
    );
}

#[test]
fn verifying_a_bomb_ends_soon() {
    let sandbox = Sandbox::with_demo();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    for (number, program) in [
        // Paths that are long, a hundred folders deep, and many.
        "t = tree([(b'100644', b'%05d' % f, blob) for f in range(50000)])\nfor n in range(100): t = tree([(b'40000', b'n' * 4000, t)])\n",
        // 10^10 paths of twelve objects.
        "t = tree([(b'100644', b'f', blob)])\nfor n in range(10): t = tree([(b'40000', b'd%d' % d, t) for d in range(10)])\n",
        // A thousand folders deep.
        "t = tree([(b'100644', b'f', blob)])\nfor n in range(1000): t = tree([(b'40000', b'n' * 4000, t)])\n",
    ]
    .into_iter()
    .enumerate()
    {
        // Without the provenance nothing is compared, so that the files are not listed.
        let bare = format!("bare-{number}.git");
        bomb(&sandbox, &bare, &format!("{program}commit(t)"));
        let ran = bounded(&sandbox, &["verify", "--catalog", ".", &bare]).exits(1);
        assert!(ran.stderr.contains("did not create it"), "{}", ran.stderr);

        let name = format!("bomb-{number}.git");
        let commit = "recorded = put(b'blob', open('../out/.scrum4me/bootstrap.json', 'rb').read())\n\
                      recorded = tree([(b'100644', b'bootstrap.json', recorded)])\n\
                      commit(tree([(b'40000', b'.scrum4me', recorded), (b'40000', b'all', t)]))";
        bomb(&sandbox, &name, &format!("{program}{commit}"));
        sandbox.git(&name, &["repack", "-q", "-ad"]);
        let ran = bounded(&sandbox, &["verify", "--catalog", ".", &name]).exits(3);
        assert!(
            ran.stderr.contains("too large to compare"),
            "{}",
            ran.stderr
        );
    }
}
