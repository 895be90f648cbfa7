//! Entries that a catalogue or git leaves out of a template: they are not looked at, and refuse nothing.

use crate::support::git_server::GitServer;
use crate::support::served::over;
use crate::support::{PRODUCT, Ran, Sandbox, files_below};
use groundplan::tree::disk;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::fs;
use std::process::Command;

/// The entries of a folder that no template may contain, for `git mktree`.
const REFUSED_IN_GIT: [(&str, &str); 8] = [
    (
        "submodule",
        "160000 commit 1111111111111111111111111111111111111111\\tsub\\n",
    ),
    ("link", "120000 blob $link\\tlink\\n"),
    ("large", "100644 blob $large\\tlarge\\n"),
    ("clash", "100644 blob $blob\\tA\\n100644 blob $blob\\ta\\n"),
    (
        "bare",
        "100644 blob $blob\\tHEAD\\n100644 blob $blob\\tconfig\\n040000 tree $sub\\trefs\\n",
    ),
    ("reserved", "100644 blob $blob\\t.git\\n"),
    ("name", "100644 blob $blob\\ta\\377\\n"),
    ("empty", "040000 tree $empty\\tempty\\n"),
];

/// The demo catalogue with patterns to exclude, and a repository with a branch of each kind and one of all.
fn with_refused_in_git() -> Sandbox {
    let sandbox = with_plain_demo();
    let mut script = "set -e; git init -q -b main g; cd g\n\
         blob=$(echo x | git hash-object -w --stdin); link=$(printf target | git hash-object -w --stdin)\n\
         large=$(head -c 6000000 /dev/zero | git hash-object -w --stdin); empty=$(git mktree </dev/null)\n\
         sub=$(printf \"100644 blob $blob\\tx\\n\" | git mktree)\n\
         commit() { vendor=$(printf \"$2\" | git mktree --missing)\n\
         root=$(printf \"100644 blob $blob\\tREADME.md\\n040000 tree $sub\\tsrc\\n040000 tree $vendor\\tvendor\\n\" | git mktree)\n\
         git -c user.name=a -c user.email=a@b.c commit-tree -m x $root | xargs git update-ref refs/heads/$1; }\n"
        .to_owned();
    let mut all = String::new();
    for (name, lines) in REFUSED_IN_GIT {
        script.extend(["commit ", name, " \"", lines, "\"\n"]);
        all += lines;
    }
    script.extend(["commit all \"", &all, "\"\n"]);
    sandbox
        .run(Command::new("bash").args(["-c", &script]))
        .exits(0);
    sandbox
}

/// The demo catalogue, whose options do nothing.
fn with_plain_demo() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write("recipes/demo/auth/session.yaml", "actions: []\n");
    fs::remove_file(sandbox.join("recipes/demo/auth/session/files/session.ts")).unwrap();
    sandbox
}

fn exclude(sandbox: &Sandbox, patterns: &str) {
    let path = "catalog/demo/catalog.yaml";
    let text = sandbox.read(path);
    let line = text
        .lines()
        .find(|line| line.starts_with("template: "))
        .unwrap();
    let new = format!("template: {{ path: template, version: v1, exclude: [{patterns}] }}");
    sandbox.write(path, text.replace(line, &new));
}

#[track_caller]
fn run(sandbox: &Sandbox, command: &str, more: &[&str]) -> Ran {
    sandbox.run(&mut over(command, more))
}

#[test]
fn an_excluded_entry_of_any_kind_does_not_refuse_a_commit() {
    let sandbox = with_refused_in_git();
    let kinds = REFUSED_IN_GIT.iter().map(|(name, _)| *name);
    for kind in kinds.chain(["all"]) {
        let template = ["--template", "g", "--ref", kind];
        exclude(&sandbox, "");
        let ran = run(
            &sandbox,
            "preview",
            &[&template[..], &["--format", "json"]].concat(),
        );
        assert_eq!(ran.code, 1, "{kind}");
        assert!(
            ran.stdout.contains("`template.exclude`"),
            "{kind}: {}",
            ran.stdout
        );
        for patterns in ["vendor/", "'vendor/*'", "'/vendor/**'", "vendor"] {
            exclude(&sandbox, patterns);
            let mut ids = Vec::new();
            for cache in ["cold", "warm"] {
                let made = [&template[..], &["--into", "out", "--format", "json"]].concat();
                let ran = run(&sandbox, "new", &made).exits(0);
                ids.push(ran.json()["treeId"].clone());
                let files = files_below(&sandbox.join("out"));
                assert_eq!(
                    files,
                    [".scrum4me/bootstrap.json", "README.md", "src/x"],
                    "{kind} {patterns} {cache}"
                );
                sandbox.git("out", &["fsck", "--strict", "--full"]);
                assert_eq!(sandbox.git("out", &["status", "--porcelain"]), "");
                fs::remove_dir_all(sandbox.join("out")).unwrap();
            }
            assert_eq!(ids[0], ids[1], "{kind} {patterns}");
        }
        // What was let in without an entry is still refused with it.
        exclude(&sandbox, "");
        run(&sandbox, "preview", &template).exits(1);
    }
}

#[test]
fn a_refused_template_reports_everything_at_once() {
    let sandbox = with_refused_in_git();
    let all = ["--template", "g", "--ref", "all", "--format", "json"];
    let json = run(&sandbox, "preview", &all).exits(1).json();
    let findings = json["diagnostics"].as_array().unwrap();
    for part in [
        "is a submodule",
        "is a symbolic link",
        "is 6000000 bytes",
        "are the same name",
        "bare git repository",
        "reserved by git",
        "not UTF-8",
        "without files",
    ] {
        let has =
            |finding: &&serde_json::Value| finding["message"].as_str().unwrap().contains(part);
        let found = findings
            .iter()
            .find(has)
            .unwrap_or_else(|| panic!("no {part:?} in {json:#}"));
        let help = found["help"].as_str().unwrap();
        assert!(help.contains("`template.exclude`"), "{part}: {help}");
    }
}

#[test]
fn an_excluded_entry_of_any_kind_does_not_refuse_a_folder() {
    type Lay = fn(&Sandbox, &str);
    let kinds: [(&str, Lay); 6] = [
        ("link", |sandbox, folder| {
            sandbox.symlink("/etc/passwd", &format!("{folder}/link"));
        }),
        ("large", |sandbox, folder| {
            for number in 0..25 {
                let file = fs::File::create(sandbox.join(&format!("{folder}/{number}"))).unwrap();
                file.set_len(6 << 20).unwrap();
            }
        }),
        ("pipe", |sandbox, folder| {
            let mut pipe = Command::new("mkfifo");
            sandbox.run(pipe.arg(format!("{folder}/pipe"))).exits(0);
        }),
        ("clash", |sandbox, folder| {
            sandbox
                .write(&format!("{folder}/A"), "")
                .write(&format!("{folder}/a"), "");
        }),
        ("bare", |sandbox, folder| {
            sandbox.git(".", &["init", "-q", "--bare", &format!("{folder}/r")]);
            sandbox.write(&format!("{folder}/r/refs/heads/main"), "x");
        }),
        ("repository", |sandbox, folder| {
            sandbox.git(".", &["init", "-q", &format!("{folder}/r")]);
        }),
    ];
    for (kind, lay) in kinds {
        let sandbox = with_plain_demo();
        sandbox.write("t/README.md", "x").write("t/vendor/x", "x");
        sandbox.write("catalog/demo/template/vendor/x", "x");
        lay(&sandbox, "t/vendor");
        lay(&sandbox, "catalog/demo/template/vendor");
        for template in [&["--template", "t"][..], &[]] {
            exclude(&sandbox, "");
            let ran = run(
                &sandbox,
                "preview",
                &[template, &["--format", "json"]].concat(),
            )
            .exits(1);
            assert!(
                ran.stdout.contains("`template.exclude`"),
                "{kind}: {}",
                ran.stdout
            );
            for patterns in ["vendor/", "'vendor/*'", "'/vendor/**'"] {
                exclude(&sandbox, patterns);
                let json = run(
                    &sandbox,
                    "preview",
                    &[template, &["--format", "json"]].concat(),
                );
                let json = json.exits(0).json();
                let made = [template, &["--into", "out", "--format", "json"]].concat();
                let made = run(&sandbox, "new", &made).exits(0).json();
                assert_eq!(json["treeId"], made["treeId"], "{kind}");
                assert!(!sandbox.join("out/vendor").exists(), "{kind}");
                fs::remove_dir_all(sandbox.join("out")).unwrap();
            }
        }
        sandbox.groundplan(["check", "."]).exits(0);
    }
}

#[test]
fn limits_count_what_remains() {
    let sandbox = with_plain_demo();
    let script = "set -e; git init -q -b main g; cd g; blob=$(echo x | git hash-object -w --stdin)\n\
        many=$(seq 60000 | sed \"s/.*/100644 blob $blob\\tf&/\" | git mktree)\n\
        root=$(printf \"100644 blob $blob\\tREADME.md\\n040000 tree $many\\tvendor\\n\" | git mktree)\n\
        git -c user.name=a -c user.email=a@b.c commit-tree -m x $root | xargs git update-ref refs/heads/main";
    sandbox
        .run(Command::new("bash").args(["-c", script]))
        .exits(0);
    let template = ["--template", "g", "--ref", "main"];
    let ran = run(&sandbox, "preview", &template).exits(1);
    assert!(
        ran.stderr.contains("more than 50000 files"),
        "{}",
        ran.stderr
    );
    for patterns in ["vendor/", "'f*'"] {
        exclude(&sandbox, patterns);
        run(&sandbox, "preview", &template).exits(0);
        run(&sandbox, "preview", &template).exits(0);
    }
}

#[test]
fn what_git_ignores_is_not_in_a_template() {
    let sandbox = with_plain_demo();
    for (path, text) in [
        ("t/README.md", "x"),
        ("t/.gitignore", ".env\nnode_modules\n*.log\n!kept.log\n"),
        ("t/.env", "SECRET=1"),
        ("t/node_modules/x/i.js", "1"),
        ("t/a.log", ""),
        ("t/kept.log", ""),
        ("t/tracked.log", ""),
    ] {
        sandbox.write(path, text);
    }
    sandbox.git(".", &["init", "-q", "t"]);
    sandbox.git("t", &["add", "."]);
    sandbox.git("t", &["add", "-f", "tracked.log"]);
    let json = run(
        &sandbox,
        "preview",
        &["--template", "t", "--format", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(json["warnings"], serde_json::json!([]));
    let made = ["--template", "t", "--into", "out", "--format", "json"];
    let made = run(&sandbox, "new", &made).exits(0).json();
    assert_eq!(json["treeId"], made["treeId"]);
    let files = files_below(&sandbox.join("out"));
    let expected = [
        ".gitignore",
        ".scrum4me/bootstrap.json",
        "README.md",
        "kept.log",
        "tracked.log",
    ];
    assert_eq!(files, expected);
    assert_eq!(json["fileCount"], files.len());
    // What git does not know is taken over, with a warning.
    sandbox.write("t/new.txt", "").write("t/sub/new.txt", "");
    let json = run(
        &sandbox,
        "preview",
        &["--template", "t", "--format", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(json["warnings"][0]["code"], "GP604");
    let message = json["warnings"][0]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "not tracked by git, but taken over: `new.txt`, `sub/new.txt`"
    );
    assert_eq!(json["fileCount"], files.len() + 2);
    let ran = run(&sandbox, "preview", &["--template", "t"]).exits(0);
    let shown = ran.stdout + &ran.stderr;
    assert!(shown.contains("GP604"), "{shown}");
    // Outside of git the files that are left out are named.
    fs::remove_dir_all(sandbox.join("t/.git")).unwrap();
    let json = run(
        &sandbox,
        "preview",
        &["--template", "t", "--format", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(
        json["warnings"][0]["message"],
        "`.gitignore` of the template leaves out `.env`, `a.log`, `node_modules/`, `tracked.log`"
    );
    // A folder that git ignores is named on purpose.
    sandbox.git(".", &["init", "-q", "."]);
    sandbox.write(".gitignore", "t/\n");
    run(&sandbox, "new", &["--template", "t", "--into", "again"]).exits(0);
    assert!(sandbox.join("again/README.md").exists());
    // The template beside a catalogue follows the same rule in a work tree.
    sandbox.write(".gitignore", ".env\n");
    sandbox.write("catalog/demo/template/.env", "SECRET=1");
    run(&sandbox, "new", &["--into", "own"]).exits(0);
    assert!(sandbox.join("own/README.md").exists() && !sandbox.join("own/.env").exists());
}

const RULES: [&str; 22] = [
    "*.log",
    "!keep.log",
    "build/",
    "/build",
    "sub/",
    "!sub/",
    "a b",
    "a\\ b ",
    "**/x",
    "docs/**",
    "#c",
    "\\#c",
    "x/",
    "!x",
    "*",
    "!*/",
    "",
    "/sub/*",
    "deep/*.md",
    "!deep",
    "keep.log\r",
    "  ",
];
const PATHS: [&str; 14] = [
    "a.log",
    "keep.log",
    "build/x",
    "sub/a.log",
    "sub/keep.log",
    "sub/build/y",
    "sub/deep/r.md",
    "deep/r.md",
    "docs/x",
    "docs/d/y",
    "a b",
    "#c",
    "x/y/z",
    "sub/x",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_files_of_a_folder_are_those_that_git_lists(
        top in vec(select(&RULES[..]), 0..5),
        sub in vec(select(&RULES[..]), 0..4),
        info in vec(select(&RULES[..]), 0..3),
        paths in subsequence(&PATHS[..], 1..PATHS.len()),
        tracked in subsequence(&PATHS[..], 0..4),
        below in any::<bool>(),
    ) {
        let sandbox = Sandbox::new();
        sandbox.git(".", &["init", "-q", "t"]);
        for path in paths.iter().chain(&tracked) {
            sandbox.write(&format!("t/{path}"), "x");
        }
        sandbox
            .write("t/sub/z", "")
            .write("t/.gitignore", format!("\u{feff}{}", top.join("\n")))
            .write("t/sub/.gitignore", sub.join("\n"))
            .write("t/.git/info/exclude", info.join("\n"));
        for path in &tracked {
            sandbox.git("t", &["add", "-f", path]);
        }
        let folder = if below { "t/sub" } else { "t" };
        if below {
            let mut ignored = Command::new("git");
            ignored.args(["-C", "t", "check-ignore", "-q", "sub"]);
            prop_assume!(sandbox.run(&mut ignored).code == 1);
        }
        let listed = sandbox.git(folder, &["ls-files", "-z", "-c", "-o", "--exclude-standard"]);
        let mut listed: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        listed.sort_unstable();
        let scan = disk::scan_template(&sandbox.join(folder), &[]).unwrap();
        let taken: Vec<&str> = scan.files.keys().map(String::as_str).collect();
        prop_assert_eq!(taken, listed);
    }
}

/// A repository of a kind that is not read: the sentence is true, at once, however it is named.
#[test]
fn a_repository_that_cannot_be_read_is_named_for_what_it_is() {
    let sandbox = with_plain_demo();
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    for (name, format) in [
        ("sha256", "--object-format=sha256"),
        ("reftable", "--ref-format=reftable"),
    ] {
        let folder = format!("srv/{name}");
        sandbox.git(".", &["init", "-q", "-b", "main", format, &folder]);
        sandbox.write(&format!("{folder}/a"), "a");
        sandbox.git(&folder, &["add", "a"]);
        sandbox.git(&folder, &[&author[..], &["commit", "-qm", "x"]].concat());
    }
    sandbox.write("srv/full/a", "a").write("srv/full/d/b", "b");
    sandbox.commit("srv/full");
    sandbox.git("srv/full", &["config", "uploadpack.allowFilter", "true"]);
    let full = format!("file://{}", sandbox.join("srv/full").display());
    for (name, filter) in [
        ("blobs", "--filter=blob:none"),
        ("trees", "--filter=tree:0"),
    ] {
        let into = format!("srv/{name}");
        sandbox.git(".", &["clone", "-q", filter, "--no-checkout", &full, &into]);
    }
    sandbox.git("srv/full", &["tag", "v1"]);
    sandbox.write("srv/full/a", "2");
    sandbox.commit("srv/full");
    sandbox.git(".", &["clone", "-q", "--depth", "1", &full, "srv/shallow"]);
    let server = GitServer::over(&sandbox.join("srv"));
    for (name, reference, message, hint) in [
        ("sha256", "main", "SHA-256", "SHA-1"),
        ("reftable", "main", "reftable", "git refs migrate"),
        (
            "blobs",
            "main",
            "partial clone",
            "git fetch --refetch --no-filter",
        ),
        (
            "trees",
            "HEAD",
            "partial clone",
            "git fetch --refetch --no-filter",
        ),
        ("shallow", "v1", "v1", "fetch"),
    ] {
        let path = format!("srv/{name}");
        let file = format!("file://{}", sandbox.join(&path).display());
        for template in [path, file, server.url(name)] {
            let is_read = name == "reftable" && template.contains("://");
            let flags = ["--template", &template, "--ref", reference, "--allow-file"];
            let ran = run(&sandbox, "preview", &flags).exits(i32::from(!is_read));
            if is_read {
                continue;
            }
            let error = &ran.stderr;
            assert!(error.contains(message), "{template}: {error}");
            assert!(!error.contains("try again"), "{template}: {error}");
            if name != "shallow" || !template.contains("://") {
                assert!(error.contains(hint), "{template}: {error}");
            }
        }
    }
    // A complete copy taught the cache all names; the objects are missing all the same.
    let warm = ["--template", "srv/full", "--ref", "v1"];
    run(&sandbox, "preview", &warm).exits(0);
    let ran = run(
        &sandbox,
        "new",
        &["--template", "srv/blobs", "--ref", "main", "--into", "out"],
    );
    let ran = ran.exits(1);
    assert!(ran.stderr.contains("partial clone"), "{}", ran.stderr);
    for args in [
        &["verify", "srv/reftable"][..],
        &["explain", "a", "--in", "srv/reftable"],
    ] {
        let ran = sandbox
            .groundplan(args.iter().chain(&["--catalog", "."]))
            .exits(1);
        assert!(ran.stderr.contains("reftable"), "{}", ran.stderr);
    }
    let add = [
        "add",
        "--into",
        "srv/sha256",
        "--catalog",
        ".",
        "--defaults",
    ];
    let ran = sandbox.groundplan(add.iter().chain(&PRODUCT)).exits(1);
    assert!(ran.stderr.contains("SHA-256"), "{}", ran.stderr);
}
