//! Templates from git through the real program: found by reference, pinned, left as they are.

use crate::support::git_server::Fault;
use crate::support::served::{Served, over};
use crate::support::{PRODUCT, Ran, files_below};
use groundplan::model::digest::GitId;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// The pin that a preview with these flags reports.
#[track_caller]
fn pin(served: &Served, flags: &[&str]) -> Value {
    let ran = served.over("preview", &[flags, &["--format", "json"]].concat());
    ran.exits(0).json()["template"].clone()
}

/// A preview with these flags fails with this code, and says this.
#[track_caller]
fn fails(served: &Served, flags: &[&str], code: i32, said: &[&str]) {
    let before = served.sandbox.files();
    for command in [&["preview"][..], &["new", "--into", "out"]] {
        let ran = served
            .over(command[0], &[&command[1..], flags].concat())
            .exits(code);
        for part in said {
            assert!(ran.stderr.contains(part), "no {part:?} in {}", ran.stderr);
        }
        assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
    }
    assert_eq!(served.sandbox.files(), before);
}

#[test]
fn a_reference_is_a_tag_a_branch_a_full_name_or_a_commit() {
    let served = Served::new();
    let (first, second) = (&served.first, &served.second);
    let git = |args: &[&str]| served.sandbox.git("srv/web", args);
    git(&["tag", "light", first.as_str()]);
    git(&["branch", "feature/x", first.as_str()]);
    // A tag comes before a branch of the same name.
    git(&["tag", "both", first.as_str()]);
    git(&["branch", "both", second.as_str()]);
    let url = served.url();
    for at in ["srv/web", "srv/web/.git", &url] {
        for (reference, commit) in [
            ("v1", first),
            ("light", first),
            ("feature/x", first),
            ("both", first),
            ("refs/heads/both", second),
            ("refs/tags/v1", first),
            ("main", second),
            ("HEAD", second),
            (first.as_str(), first),
        ] {
            let pin = pin(&served, &["--template", at, "--ref", reference]);
            assert_eq!(pin["sha"], commit.as_str(), "{at} {reference}");
            assert_eq!(pin["ref"], reference);
            let tree = served
                .sandbox
                .git_id("srv/web", &format!("{commit}^{{tree}}"));
            assert_eq!(pin["tree"], tree.as_str());
        }
    }
    assert_eq!(pin(&served, &["--template", &url])["sha"], second.as_str());
    assert_eq!(pin(&served, &["--template", &url])["repo"], url);
}

#[test]
fn what_is_no_reference_is_told() {
    let served = Served::new();
    let short = &served.first.as_str()[..10];
    let blob = served.sandbox.git_id("srv/web", "main:README.md");
    for reference in [
        "v9",
        "config",
        "objects",
        "index",
        short,
        blob.as_str(),
        &"0".repeat(40),
    ] {
        let here = ["--template", "srv/web", "--ref", reference];
        fails(&served, &here, 1, &[&format!("`{reference}`")]);
    }
    let url = served.url();
    for reference in ["v9", "config", short] {
        fails(
            &served,
            &["--template", &url, "--ref", reference],
            1,
            &[reference, "check the name"],
        );
    }
    for reference in [
        "--upload-pack=x",
        "main~1",
        "main^{tree}",
        "a..b",
        "@{-1}",
        "x:y",
        "",
    ] {
        let flag = format!("--ref={reference}");
        served
            .over("preview", &["--template", "srv/web", &flag])
            .exits(2);
    }
}

#[test]
fn what_is_no_repository_is_told() {
    let served = Served::new();
    served.sandbox.write("folder/a", "a");
    fails(
        &served,
        &["--template", "folder", "--ref", "main"],
        1,
        &["`folder` is not a git repository"],
    );
    fails(
        &served,
        &["--template", "none", "--ref", "main"],
        1,
        &["`none` is not a git repository"],
    );
    let none = served.server.url("none");
    fails(
        &served,
        &["--template", &none, "--ref", "main"],
        1,
        &["the repository does not exist"],
    );
    served.server.fails("info/refs", Fault::Status(503));
    fails(&served, &["--template", &served.url()], 3, &["web"]);
}

#[test]
fn a_folder_of_the_repository_can_be_the_template() {
    let served = Served::new();
    let url = served.url();
    let tree = served.sandbox.git_id("srv/web", "v1:docs");
    for at in ["srv/web", &url] {
        let docs = [
            "--template",
            at,
            "--ref",
            "v1",
            "--template-path",
            "docs",
            "--select",
            "auth=none",
        ];
        let pin = pin(&served, &docs);
        assert_eq!(
            (&pin["path"], &pin["tree"]),
            (&"docs".into(), &tree.as_str().into())
        );
        for none in ["missing", "docs/missing", "README.md", "docs/a.md/x", "doc"] {
            let flags = ["--template", at, "--ref", "v1", "--template-path", none];
            fails(&served, &flags, 1, &[&format!("has no folder `{none}`")]);
        }
    }
    let made = [
        "--template",
        &url,
        "--ref",
        "v1",
        "--template-path",
        "docs",
        "--select",
        "auth=none",
        "--into",
        "out",
    ];
    served.over("new", &made).exits(0);
    let files = files_below(&served.sandbox.join("out"));
    assert_eq!(
        files,
        [".scrum4me/bootstrap.json", "a.md", "c.txt", "deep/b.md"]
    );
}

#[test]
fn flags_about_a_commit_are_not_passed_over_for_a_folder() {
    let served = Served::new();
    let sha = served.second.to_string();
    for flags in [
        &["--template", "srv/web", "--sha", &sha][..],
        &["--template", "srv/web", "--template-path", "docs"],
        &["--sha", &sha],
    ] {
        let ran = served.over("preview", flags).exits(2);
        assert!(ran.stderr.contains("--ref"), "{}", ran.stderr);
    }
}

#[test]
fn a_catalogue_takes_its_template_from_git() {
    let served = Served::new();
    let url = served.url();
    let sha = &served.first;
    served.template_is(&format!(" repo: '{url}', ref: v1, path: docs, sha: {sha} "));
    let pinned = pin(&served, &["--select", "auth=none"]);
    let tree = served.sandbox.git_id("srv/web", "v1:docs");
    assert_eq!(pinned["repo"], url);
    assert_eq!(pinned["ref"], "v1");
    assert_eq!(pinned["sha"], sha.as_str());
    assert_eq!(pinned["path"], "docs");
    assert_eq!(pinned["tree"], tree.as_str());
    // Another version of it by hand; what the catalogue says of v1 does not hold for that.
    served.template_is(&format!(" repo: '{url}', ref: v1, sha: {sha} "));
    let other = pin(&served, &["--ref", "main"]);
    assert_eq!(other["sha"], served.second.as_str());
}

#[test]
fn what_a_catalogue_leaves_out_is_not_in_the_result() {
    let served = Served::new();
    let url = served.url();
    served.template_is(&format!(
        " repo: '{url}', ref: main, exclude: ['*.md', '/run', 'deep/', second.*] "
    ));
    let sandbox = &served.sandbox;
    let left = pin(&served, &["--select", "auth=none"])["tree"].clone();
    served
        .over("new", &["--select", "auth=none", "--into", "out"])
        .exits(0);
    let files = files_below(&sandbox.join("out"));
    assert_eq!(
        files,
        [".scrum4me/bootstrap.json", "docs/c.txt", "package.json"]
    );
    let held = sandbox.git("out", &["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(held.lines().collect::<Vec<_>>(), files);
    // As if they had never been there.
    for gone in [
        "README.md",
        "run",
        "docs/a.md",
        "docs/deep/b.md",
        "second.txt",
    ] {
        fs::remove_file(sandbox.join("srv/web").join(gone)).unwrap();
    }
    let without = sandbox.commit("srv/web");
    let tree = sandbox.git_id("srv/web", &format!("{without}^{{tree}}"));
    assert_eq!(left, tree.as_str());
    // An action may bring a file of that name again.
    sandbox.write(
        "recipes/demo/auth/none.yaml",
        "actions:\n  - {kind: WRITE_FILE, path: docs/deep/b.md, content: own}\n  - {kind: WRITE_FILE, path: run, content: own}\n",
    );
    served
        .over("new", &["--select", "auth=none", "--into", "again"])
        .exits(0);
    assert_eq!(sandbox.read("again/docs/deep/b.md"), "own");
    assert_eq!(sandbox.git("again", &["status", "--porcelain"]), "");
    sandbox.git("again", &["fsck", "--strict"]);
}

#[test]
fn modes_are_kept() {
    let served = Served::new();
    served
        .over("new", &["--template", &served.url(), "--into", "out"])
        .exits(0);
    let mode = |path: &str| {
        fs::metadata(served.sandbox.join(path))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(
        (mode("out/run") & 0o111, mode("out/README.md") & 0o111),
        (0o111, 0)
    );
    let held = served.sandbox.git("out", &["ls-tree", "main"]);
    assert!(
        held.contains("100755 blob") && held.contains("\trun"),
        "{held}"
    );
}

#[test]
fn one_repository_can_stand_in_for_the_template_of_every_catalogue() {
    let served = Served::new();
    let url = served.url();
    let with = |value: &str, more: &[&str]| {
        let mut command = over("preview", &[&["--format", "json"], more].concat());
        served
            .sandbox
            .run(command.env("BOOTSTRAP_TEMPLATE_REPO", value))
    };
    // The demo catalogue's version is v1.
    let report = with(&url, &[]).exits(0).json();
    assert_eq!(report["template"]["sha"], served.first.as_str());
    assert_eq!(report["template"]["ref"], "v1");
    let other = with(&url, &["--ref", "main"]).exits(0).json();
    assert_eq!(other["template"]["sha"], served.second.as_str());
    let own = with("", &[]).exits(0).json();
    assert_eq!(own["template"]["repo"], "catalog:demo");
    let named = with(&url, &["--template", "srv/web", "--ref", "main"])
        .exits(0)
        .json();
    assert_eq!(named["template"]["repo"], "folder");
    let short = with("acme/web", &["--offline"]).exits(3);
    assert!(
        short
            .stderr
            .contains("`v1` of `https://github.com/acme/web"),
        "{}",
        short.stderr
    );
    for bad in [
        "--upload-pack=x",
        "ext::sh -c x",
        "acme",
        "https://u:p@example.org/x",
        "a/b/c",
    ] {
        let ran = with(bad, &[]).exits(2);
        assert!(ran.stderr.contains("is not a template"), "{}", ran.stderr);
    }
}

#[test]
fn offline_uses_what_is_there_and_asks_nobody() {
    let served = Served::new();
    let url = served.url();
    let flags = ["--template", &url, "--ref", "v1", "--offline"];
    fails(
        &served,
        &flags,
        3,
        &["`v1` of", "is not in the template cache"],
    );
    assert_eq!(served.server.requests(), Vec::<String>::new());
    let online = pin(&served, &flags[..4]);
    let asked = served.server.requests().len();
    assert_eq!(pin(&served, &flags), online);
    let shown = served.over("preview", &flags).exits(0).stdout;
    assert!(shown.contains(" --offline"), "{shown}");
    served
        .over("new", &[&flags[..], &["--into", "out"]].concat())
        .exits(0);
    assert_eq!(served.server.requests().len(), asked);
}

#[test]
fn a_tag_that_moved_is_refused_with_both_commits() {
    let served = Served::new();
    let (url, planned) = (served.url(), served.first.to_string());
    let sandbox = &served.sandbox;
    pin(
        &served,
        &["--template", &url, "--ref", "v1", "--sha", &planned],
    );
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    sandbox.git(
        "srv/web",
        &[&author[..], &["tag", "-fam", "x", "v1", "main"]].concat(),
    );
    let now = served.second.as_str();
    for at in ["srv/web", &url] {
        let flags = [
            "--template",
            at,
            "--ref",
            "v1",
            "--sha",
            &planned,
            "--refresh",
        ];
        fails(
            &served,
            &flags,
            1,
            &["`v1` of the template has moved", &planned, now],
        );
    }
    served.template_is(&format!(" repo: '{url}', ref: v1, sha: {planned} "));
    fails(&served, &["--refresh"], 1, &["has moved", &planned, now]);
    // Who has seen what changed says so.
    assert_eq!(pin(&served, &["--sha", now])["sha"], now);
    // What was planned is still there under its own id.
    assert_eq!(
        pin(&served, &["--template", &url, "--ref", &planned])["sha"],
        *planned
    );
}

/// Runs the command that a preview prints, through a shell, and gives the tree it made.
#[track_caller]
fn made_by_the_printed_command(served: &Served, ran: Ran) -> (Ran, Option<GitId>) {
    let text = ran.exits(0).stdout;
    let (_, command) = text.split_once("Create exactly this with:\n").unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_groundplan"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let ran = served
        .sandbox
        .run(Command::new("sh").args(["-c", command]).env("PATH", path));
    let made = served.sandbox.join("acme-web");
    let tree = made
        .exists()
        .then(|| served.sandbox.git_id("acme-web", "main^{tree}"));
    drop(fs::remove_dir_all(made));
    (ran, tree)
}

#[test]
fn the_printed_command_makes_exactly_the_previewed_tree() {
    let served = Served::new();
    let url = served.url();
    let file = format!("file://{}", served.sandbox.join("srv/web").display());
    for flags in [
        &[][..],
        &["--template", "srv/web"],
        &["--template", "srv/web", "--ref", "main"],
        &["--template", "srv/web", "--ref", served.first.as_str()],
        &["--template", &url],
        &["--template", &url, "--ref", "v1"],
        &[
            "--template",
            &url,
            "--ref",
            "main",
            "--template-path",
            "docs",
            "--select",
            "auth=none",
        ],
        &["--template", &file, "--allow-file"],
        &["--template-repo", &url],
        &["--template-repo", &url, "--ref", "main"],
    ] {
        let report = served.over("preview", &[flags, &["--format", "json"]].concat());
        let report = report.exits(0).json();
        let (ran, tree) = made_by_the_printed_command(&served, served.over("preview", flags));
        assert_eq!(ran.code, 0, "{flags:?}: {}", ran.stderr);
        assert_eq!(report["treeId"], tree.unwrap().as_str(), "{flags:?}");
    }
    let mut by_setting = over("preview", &[]);
    let by_setting = served
        .sandbox
        .run(by_setting.env("BOOTSTRAP_TEMPLATE_REPO", &url));
    let (ran, tree) = made_by_the_printed_command(&served, by_setting);
    assert!(ran.code == 0 && tree.is_some(), "{}", ran.stderr);
    served.template_is(&format!(" repo: '{url}', ref: v1, exclude: ['*.md'] "));
    let (ran, tree) = made_by_the_printed_command(&served, served.over("preview", &[]));
    assert!(ran.code == 0 && tree.is_some(), "{}", ran.stderr);
}

#[test]
fn the_printed_command_makes_nothing_else_when_the_branch_went_on() {
    let served = Served::new();
    let flags = ["--template", "srv/web", "--ref", "main"];
    let previewed = served.over("preview", &flags);
    served.sandbox.write("srv/web/third.txt", "third\n");
    served.sandbox.commit("srv/web");
    let (ran, tree) = made_by_the_printed_command(&served, previewed);
    assert_eq!((ran.code, tree), (1, None), "{}", ran.stderr);
    assert!(ran.stderr.contains("has moved"), "{}", ran.stderr);
}

#[test]
fn no_file_of_a_template_ever_lies_on_the_disk_but_in_the_result() {
    let served = Served::new();
    let url = served.url();
    served
        .over("preview", &["--template", &url, "--full"])
        .exits(0);
    served
        .over("new", &["--template", &url, "--bare", "--into", "bare"])
        .exits(0);
    served
        .over("new", &["--template", &url, "--into", "out"])
        .exits(0);
    let names = [
        "README.md",
        "package.json",
        "run",
        "a.md",
        "b.md",
        "c.txt",
        "second.txt",
    ];
    let is_of_template = |path: &String| {
        names
            .iter()
            .any(|name| path.rsplit('/').next() == Some(name))
    };
    let all = files_below(&served.sandbox.join(".cache")).into_iter();
    let found: Vec<_> = all
        .chain(files_below(&served.sandbox.join("bare")))
        .filter(is_of_template)
        .collect();
    assert_eq!(found, Vec::<String>::new());
    assert!(served.sandbox.join("out/second.txt").exists());
}

#[test]
fn the_built_in_template_needs_neither_git_nor_cache_nor_home() {
    let served = Served::new();
    served.sandbox.write("no-folder", "");
    let name = served
        .sandbox
        .groundplan(["list", "--format", "json"])
        .exits(0)
        .json();
    let name = name["catalogs"][0]["catalog"].as_str().unwrap().to_owned();
    let bin = env!("CARGO_BIN_EXE_groundplan");
    for cache in ["no-folder", "/proc/none"] {
        for more in [&["preview"][..], &["new", "--into", "out"]] {
            let mut command = Command::new(bin);
            command
                .args(more)
                .args(["--catalog", &name, "--defaults"])
                .args(PRODUCT);
            command
                .env("PATH", "")
                .env("GROUNDPLAN_CACHE_DIR", cache)
                .env("HOME", "");
            served.sandbox.run(&mut command).exits(0);
        }
        let mut verify = Command::new(bin);
        verify
            .args(["verify", "out"])
            .env("PATH", "")
            .env("GROUNDPLAN_CACHE_DIR", cache)
            .env("HOME", "");
        served.sandbox.run(&mut verify).exits(0);
        fs::remove_dir_all(served.sandbox.join("out")).unwrap();
    }
    assert!(!served.sandbox.join(".cache").exists());
}

#[test]
fn an_object_is_what_its_id_says_whatever_the_repository_puts_in_its_place() {
    let served = Served::new();
    let sandbox = &served.sandbox;
    sandbox.git("srv/web", &["replace", "v1:docs/a.md", "v1:docs/c.txt"]);
    let flags = ["--template", "srv/web", "--ref", "v1", "--into", "out"];
    served.over("new", &flags).exits(0);
    assert_eq!(sandbox.read("out/docs/a.md"), "a\n");
    assert_eq!(sandbox.git("out", &["status", "--porcelain"]), "");
    sandbox.git("out", &["fsck", "--strict"]);
}
