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
        signer: None,
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
    let author = ["--author", "Jane Doe <jane@example.org>"];
    let alone = [&["--defaults", "--into", "alone"][..], &author].concat();
    let ran = sandbox.make(&alone).exits(0);
    assert_eq!(ran.stderr, "");
    // `..` leads out of the repository that the command is run in.
    let program = env!("CARGO_BIN_EXE_groundplan");
    let script =
        format!("cd outer && exec {program} new --catalog .. --defaults --into ../beside \"$@\"");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &script, "sh"])
        .args(crate::support::PRODUCT);
    let ran = sandbox.run(command.args(author)).exits(0);
    assert_eq!(ran.stderr, "");
}

/// A clone of a bare repository without commits whose default branch is `trunk`.
fn with_empty_clone() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.git(".", &["init", "-q", "--bare", "-b", "trunk", "origin.git"]);
    sandbox.git(".", &["clone", "-q", "origin.git", "clone"]);
    sandbox
}

/// Name and content of every file in a git folder.
fn git_files(folder: &std::path::Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let files = crate::support::files_below(folder).into_iter();
    files
        .map(|file| (file.clone(), std::fs::read(folder.join(&file)).unwrap()))
        .collect()
}

#[test]
fn an_empty_clone_gets_its_first_commit_on_its_own_branch_and_can_be_pushed() {
    let sandbox = with_empty_clone();
    let before = git_files(&sandbox.join("clone/.git"));
    let report = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    let made = sandbox
        .make(&["--defaults", "--into", "clone", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(made["branch"], "trunk");
    assert_eq!(made["commitId"], report["commitId"]);
    sandbox.git("clone", &["fsck", "--strict"]);
    assert_eq!(sandbox.git("clone", &["status", "--porcelain"]), "");
    let after = git_files(&sandbox.join("clone/.git"));
    let added: Vec<&String> = after
        .keys()
        .filter(|name| !before.contains_key(*name))
        .collect();
    for (name, bytes) in &before {
        assert!(after[name] == *bytes, "{name}");
    }
    assert!(
        added.iter().all(
            |name| ["index", "logs/", "objects/pack/", "refs/heads/trunk"]
                .iter()
                .any(|start| name.starts_with(start))
        ),
        "{added:?}"
    );
    sandbox.git("clone", &["push", "-q"]);
    assert_eq!(
        sandbox.git("origin.git", &["rev-parse", "trunk"]).trim(),
        report["commitId"].as_str().unwrap()
    );
    let left = std::fs::read_dir(sandbox.path()).unwrap();
    let hidden = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_str().unwrap().starts_with(".groundplan-")
    });
    assert_eq!(hidden.count(), 0);
}

#[test]
fn the_current_folder_may_be_an_empty_clone() {
    let sandbox = with_empty_clone();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command
        .args(["new", "--catalog", "..", "--defaults", "--into", "."])
        .args(PRODUCT);
    sandbox.settle(&mut command);
    let output = command.current_dir(sandbox.join("clone")).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.contains("one commit on `trunk`"), "{printed}");
    assert!(
        printed.ends_with("  git push -u origin trunk\n"),
        "{printed}"
    );
    assert!(!printed.contains("git remote"), "{printed}");
    sandbox.git("clone", &["push", "-q"]);
}

#[test]
fn a_clone_without_a_remote_is_told_how_to_add_one() {
    let sandbox = Sandbox::with_demo();
    sandbox.git(".", &["init", "-q", "-b", "feature/x", "clone"]);
    let ran = sandbox.make(&["--defaults", "--into", "clone"]).exits(0);
    assert!(
        ran.stdout
            .contains("git remote add origin https://github.com/acme/acme-web.git\n  git push -u origin feature/x"),
        "{}",
        ran.stdout
    );
    assert_eq!(
        sandbox.git("clone", &["branch", "--show-current"]),
        "feature/x\n"
    );
}

/// What happens to a clone before `new` meets it.
type Damage<'d> = &'d dyn Fn(&str);

#[test]
fn a_clone_with_a_commit_or_a_file_is_refused_unchanged() {
    let sandbox = with_empty_clone();
    let commit = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=b",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
    ];
    let clones: [(&str, Damage<'_>); 8] = [
        ("committed", &|clone| drop(sandbox.git(clone, &commit))),
        ("file", &|clone| {
            sandbox.write(&format!("{clone}/a"), "x");
        }),
        ("hidden", &|clone| {
            sandbox.write(&format!("{clone}/.env"), "x");
        }),
        ("staged", &|clone| {
            sandbox.write(&format!("{clone}/a"), "x");
            sandbox.git(clone, &["add", "a"]);
            std::fs::remove_file(sandbox.join(clone).join("a")).unwrap();
        }),
        ("elsewhere", &|clone| {
            sandbox.git(clone, &commit);
            sandbox.git(clone, &["checkout", "-q", "--orphan", "other"]);
        }),
        ("detached", &|clone| {
            sandbox.git(clone, &commit);
            sandbox.git(clone, &["checkout", "-q", "--detach"]);
        }),
        ("locked", &|clone| {
            sandbox.write(&format!("{clone}/.git/index.lock"), "");
        }),
        ("damaged", &|clone| {
            std::fs::remove_file(sandbox.join(clone).join(".git/HEAD")).unwrap();
        }),
    ];
    for (name, prepare) in clones {
        sandbox.git(".", &["clone", "-q", "origin.git", name]);
        prepare(name);
        let before = (sandbox.files(), git_files(&sandbox.join(name).join(".git")));
        let ran = sandbox.make(&["--defaults", "--into", name]).exits(3);
        let expected = if name == "locked" {
            "is locked"
        } else {
            "is not empty"
        };
        assert!(ran.stderr.contains(expected), "{name}: {}", ran.stderr);
        assert_eq!(
            (sandbox.files(), git_files(&sandbox.join(name).join(".git"))),
            before,
            "{name}"
        );
    }
    let ran = sandbox
        .make(&["--defaults", "--into", "clone", "--bare"])
        .exits(3);
    assert!(
        ran.stderr.contains("cannot become a bare repository"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_author_is_git_s_own_where_none_is_named_and_only_provenance_differs() {
    let sandbox = Sandbox::with_demo();
    sandbox
        .write(
            "settings",
            "[include]\n\tpath = person\n[includeIf \"gitdir:/x/\"]\n\tpath = other\n",
        )
        .write(
            "person",
            "[user]\n\tname = Jane Doe\n\temail = jane@example.org\n",
        )
        .write("other", "[user]\n\tname = Other\n");
    let with = |settings: &str, command: &str, args: &[&str]| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_groundplan"));
        program
            .args([command, "--catalog", ".", "--defaults"])
            .args(PRODUCT)
            .args(args)
            .env("GIT_CONFIG_GLOBAL", sandbox.join(settings));
        sandbox.run(&mut program).exits(0)
    };
    let nobody = sandbox.make(&["--defaults", "--into", "nobody"]).exits(0);
    assert!(
        nobody
            .stderr
            .starts_with("warning: the author of the commit is the placeholder"),
        "{}",
        nobody.stderr
    );
    let ran = with("settings", "new", &["--into", "jane"]);
    assert_eq!(ran.stderr, "");
    assert!(
        ran.stdout
            .contains("one commit on `main` by Jane Doe <jane@example.org>"),
        "{}",
        ran.stdout
    );
    let author = |folder: &str| sandbox.git(folder, &["log", "-1", "--format=%an <%ae> %cn"]);
    assert_eq!(author("jane"), "Jane Doe <jane@example.org> Jane Doe\n");
    let generated = |folder: &str| {
        let file = sandbox.read(&format!("{folder}/.scrum4me/bootstrap.json"));
        let file: serde_json::Value = serde_json::from_str(&file).unwrap();
        (file["author"].clone(), file["tree"].clone())
    };
    let (jane, nobody) = (generated("jane"), generated("nobody"));
    assert_eq!(jane.0, "Jane Doe <jane@example.org>");
    assert_ne!(jane.0, nobody.0);
    assert_eq!(jane.1, nobody.1);
    let named = with("settings", "new", &["--into", "named", "--author", "A <b>"]);
    assert_eq!((&*named.stderr, &*author("named")), ("", "A <b> A\n"));
    // The printed command names the author, so that another person creates the same commit.
    let shown = with("settings", "preview", &[]);
    assert!(
        shown
            .stdout
            .contains("--author 'Jane Doe <jane@example.org>'"),
        "{}",
        shown.stdout
    );
    // Half an identity, and one that git itself would not accept, are none.
    for half in [
        "[user]\n\tname = Jane\n",
        "[user]\n\tname = <\n\temail = x\n",
        "[user",
    ] {
        sandbox.write("half", half);
        let ran = with("half", "preview", &[]);
        assert!(!ran.stdout.contains("--author"), "{}", ran.stdout);
    }
}
