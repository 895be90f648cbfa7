//! Catalogues of a commit: by URL, by path, in a folder, one of several; and how verify and explain find them again.

use crate::support::git_server::GitServer;
use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::{Value, json};
use std::process::Command;

/// The demo catalogue in the folder `tools` of the repository `srv/cat`: `v1`, and a later version on `main`.
struct Catalogs {
    sandbox: Sandbox,
    server: GitServer,
}

impl Catalogs {
    fn new() -> Self {
        let sandbox = Sandbox::with_demo();
        std::fs::create_dir_all(sandbox.join("srv/cat/tools")).unwrap();
        for folder in ["catalog", "recipes"] {
            let (from, to) = (sandbox.join(folder), format!("srv/cat/tools/{folder}"));
            std::fs::rename(from, sandbox.join(&to)).unwrap();
        }
        sandbox.commit("srv/cat");
        sandbox.git("srv/cat", &["tag", "v1"]);
        sandbox.write("srv/cat/tools/catalog/demo/template/NEW.md", "new\n");
        sandbox.commit("srv/cat");
        let server = GitServer::over(&sandbox.join("srv"));
        Self { sandbox, server }
    }

    fn at(&self, rest: &str) -> String {
        format!("{}@{rest}", self.server.url("cat"))
    }

    #[track_caller]
    fn new_repository(&self, catalog: &str) -> Value {
        let flags = ["new", "--catalog", catalog, "--defaults", "--into", "out"];
        let ran = self.sandbox.groundplan(flags.iter().chain(&PRODUCT));
        ran.exits(0);
        let text = self.sandbox.read("out/.scrum4me/bootstrap.json");
        serde_json::from_str(&text).unwrap()
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.sandbox.groundplan(args)
    }
}

#[test]
fn a_catalogue_by_url_is_recorded_with_its_commit_and_found_again_after_it_moved_on() {
    let catalogs = Catalogs::new();
    let named = catalogs.at("v1:tools");
    let recorded = catalogs.new_repository(&named);
    let commit = catalogs.sandbox.git_id("srv/cat", "v1");
    assert_eq!(
        recorded["catalog_source"],
        json!({
            "kind": "git", "address": catalogs.server.url("cat"), "ref": "v1",
            "commit": commit.as_str(), "path": "tools",
        })
    );
    assert!(!catalogs.sandbox.join("out/NEW.md").exists());
    // From the cache, without a word.
    let verified = catalogs.run(&["verify", "out"]).exits(0).stdout;
    assert!(
        verified.contains("exact  the first commit matches the plan"),
        "{verified}"
    );
    catalogs
        .run(&["explain", "README.md", "--in", "out"])
        .exits(0);
    // The word of a repository alone contacts nobody.
    let url = catalogs.server.url("cat");
    let empty = ["verify", "out", "--cache-dir", "empty"];
    let refused = catalogs.run(&empty).exits(1).stderr;
    assert!(
        refused.contains("only the repository itself names this address: nothing was fetched"),
        "{refused}"
    );
    assert!(
        refused.contains(&format!("`--allow-source` {url}")),
        "{refused}"
    );
    let allowed = [&empty[..], &["--allow-source", &url]].concat();
    catalogs.run(&allowed).exits(0);
    catalogs
        .run(&[&empty[..], &["--offline"]].concat())
        .exits(0);
    // Another version is refused, by name.
    let other = catalogs.at("main:tools");
    let other = catalogs
        .run(&["verify", "out", "--catalog", &other])
        .exits(1);
    assert!(
        other.stderr.contains("created from template"),
        "{}",
        other.stderr
    );
}

#[test]
fn a_moved_tag_is_refused_with_both_commits() {
    let catalogs = Catalogs::new();
    catalogs.new_repository(&catalogs.at("v1:tools"));
    let planned = catalogs.sandbox.git_id("srv/cat", "v1");
    catalogs
        .sandbox
        .git("srv/cat", &["checkout", "-q", "--orphan", "other"]);
    let found = catalogs.sandbox.commit("srv/cat");
    catalogs.sandbox.git("srv/cat", &["tag", "-f", "v1"]);
    catalogs.sandbox.git("srv/cat", &["branch", "-D", "main"]);
    catalogs
        .sandbox
        .git("srv/cat", &["reflog", "expire", "--expire=now", "--all"]);
    catalogs
        .sandbox
        .git("srv/cat", &["gc", "-q", "--prune=now"]);
    let url = catalogs.server.url("cat");
    let verify = [
        "verify",
        "out",
        "--cache-dir",
        "empty",
        "--allow-source",
        &url,
    ];
    let moved = catalogs.run(&verify).exits(1).stderr;
    let expected = format!("planned was commit {planned}, now it is {found}");
    assert!(moved.contains(&expected), "{moved}");
}

#[test]
fn a_catalogue_on_this_disk_is_recorded_without_its_path() {
    let catalogs = Catalogs::new();
    let recorded = catalogs.new_repository("srv/cat@v1:tools/catalog/demo");
    let commit = catalogs.sandbox.git_id("srv/cat", "v1");
    assert_eq!(
        recorded["catalog_source"],
        json!({ "kind": "git", "ref": "v1", "commit": commit.as_str(), "path": "tools" })
    );
    let lost = catalogs.run(&["verify", "out"]).exits(1).stderr;
    let hint = format!("name that repository with `--catalog` REPO@{commit}");
    assert!(lost.contains(&hint), "{lost}");
    let named = format!("srv/cat@{commit}:tools");
    catalogs
        .run(&["verify", "out", "--catalog", &named])
        .exits(0);
    // The repository itself may have the commit.
    catalogs
        .sandbox
        .git("out", &["fetch", "-q", "../srv/cat", "v1"]);
    catalogs.run(&["verify", "out"]).exits(0);
}

#[test]
fn every_command_that_names_a_catalogue_takes_a_commit() {
    let catalogs = Catalogs::new();
    let named = catalogs.at("v1:tools");
    for args in [
        &["show", &named][..],
        &["list", "--catalog", &named],
        &["hash", "--catalog", &named, "--defaults"],
        &["sweep", &named, "--each", "--golden", "golden"],
        &["catalog", "diff", &named, &catalogs.at("main:tools")],
    ] {
        let ran = catalogs.run(args);
        assert!(
            ran.code <= 1 && ran.stdout.contains("demo"),
            "{args:?}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
    let url = catalogs.server.url("cat");
    for (argument, message) in [
        (format!("{url}@v9:tools"), "v9"),
        (format!("{url}@v1"), "has no folder `catalog`"),
        (format!("{url}@-x"), "is not a version of a catalogue"),
        (format!("{url}@v1:../x"), "is not a version of a catalogue"),
        (
            "https://token@example.org/a/b.git@v1".to_owned(),
            "contains a user or a token",
        ),
        ("ext::sh -c x@v1".to_owned(), "no catalogue"),
        ("nobody@v1".to_owned(), "no catalogue `nobody@v1`"),
    ] {
        let ran = catalogs.run(&["show", &argument]);
        assert!((1..=3).contains(&ran.code), "{argument}: {}", ran.stdout);
        assert!(ran.stderr.contains(message), "{argument}: {}", ran.stderr);
    }
}

#[test]
fn one_of_several_catalogues_is_named_below_the_folder() {
    let catalogs = Catalogs::new();
    for (from, to) in [
        ("catalog/demo", "catalog/other"),
        ("recipes/demo", "recipes/other"),
    ] {
        let base = catalogs.sandbox.join("srv/cat/tools");
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(base.join(from)).arg(base.join(to));
        catalogs.sandbox.run(&mut copy).exits(0);
    }
    let path = "srv/cat/tools/catalog/other/catalog.yaml";
    let text = catalogs
        .sandbox
        .read(path)
        .replace("catalog: demo", "catalog: other");
    catalogs.sandbox.write(path, text);
    catalogs.sandbox.commit("srv/cat");
    let both = catalogs.at("main:tools");
    let ambiguous = catalogs.run(&["show", &both]).exits(2).stderr;
    let example = format!("--catalog {both}/catalog/demo");
    assert!(ambiguous.contains(&example), "{ambiguous}");
    // The cache has answered for `main` before the second catalogue came.
    let one = format!("{both}/catalog/other");
    let shown = catalogs.run(&["show", &one, "--refresh"]).exits(0).stdout;
    assert!(shown.starts_with("other"), "{shown}");
}

#[test]
fn a_catalogue_of_a_database_is_found_by_its_version_after_it_changed() {
    let sandbox = Sandbox::with_demo();
    let url = format!("sqlite:{}", sandbox.join("db.sqlite").display());
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        sandbox.run(command.args(args).env("DATABASE_URL", &url))
    };
    run(&["migrate"]).exits(0);
    run(&["catalog", "publish", "."]).exits(0);
    let product = [
        &["new", "--catalog", "db:demo", "--defaults", "--into", "out"][..],
        &PRODUCT,
    ];
    run(&product.concat()).exits(0);
    sandbox.write("catalog/demo/template/NEW.md", "new\n");
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    let raised = catalog.replace("version: v1", "version: v2");
    sandbox.write("catalog/demo/catalog.yaml", raised);
    run(&["catalog", "publish", "."]).exits(0);
    run(&["verify", "out"]).exits(0);
    run(&["explain", "README.md", "--in", "out"]).exits(0);
    run(&["verify", "out", "--catalog", "db:demo@1"]).exits(0);
    let another = run(&["verify", "out", "--catalog", "db:demo@2"]).exits(1);
    assert!(
        another.stderr.contains("but this is version"),
        "{}",
        another.stderr
    );
    let lost = sandbox.groundplan(["verify", "out"]).exits(1).stderr;
    assert!(lost.contains("db:demo@NUMBER"), "{lost}");
    assert!(!lost.contains("sqlite:"), "{lost}");

    // No commit has the recorded tree any more, so that the recorded version builds it again.
    sandbox.write("out/README.md", "# Ours\n");
    sandbox.git("out", &["add", "-A"]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    let amend = ["commit", "-q", "--amend", "--reset-author", "-m", "x"];
    sandbox.git("out", &[&author[..], &amend].concat());
    let update = ["update", "out", "--format", "json"];
    let report = run(&update).exits(0).json();
    assert_eq!(report["base"], "the recorded plan, built again");
    assert_eq!(report["files"][0]["path"], "NEW.md");
    assert_eq!(report["files"][0]["verdict"], "take");
    sandbox.write("fleet.txt", "out\n");
    let fleet = run(&["fleet", "status", "fleet.txt"]).exits(0).stdout;
    assert!(fleet.contains("behind, clean"), "{fleet}");
    sandbox.git("out", &["rm", "-q", "package.json"]);
    sandbox.commit("out");
    run(&["add", "--into", "out", "--yes"]).exits(0);
    let lost = sandbox.groundplan(update).exits(1).stderr;
    assert!(lost.contains("db:demo@NUMBER"), "{lost}");
    // A database with another catalogue of this name is no source.
    let other = format!("sqlite:{}", sandbox.join("other.sqlite").display());
    let of_other = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        sandbox.run(command.args(args).env("DATABASE_URL", &other))
    };
    of_other(&["migrate"]).exits(0);
    of_other(&["catalog", "publish", "."]).exits(0);
    let another = of_other(&update).exits(1).stderr;
    assert!(another.contains("db:demo@NUMBER"), "{another}");
}

#[test]
fn an_update_takes_the_recorded_catalogue_at_another_commit_with_the_operators_permission() {
    let catalogs = Catalogs::new();
    catalogs.new_repository(&catalogs.at("v1:tools"));
    let url = catalogs.server.url("cat");
    let update = ["update", "out", "--to", "main", "--format", "json"];
    let refused = catalogs.run(&update).exits(1).stderr;
    assert!(
        refused.contains("is in a repository that only this one names"),
        "{refused}"
    );
    let allowed = [&update[..], &["--allow-source", &url]].concat();
    let report: Value = serde_json::from_str(&catalogs.run(&allowed).exits(0).stdout).unwrap();
    assert_eq!(report["files"][0]["path"], "NEW.md");
    assert_eq!(report["files"][0]["verdict"], "take");
    // Without another commit it is current.
    let current = ["update", "out", "--allow-source", &url, "--format", "json"];
    let report: Value = serde_json::from_str(&catalogs.run(&current).exits(0).stdout).unwrap();
    assert_eq!(report["upToDate"], true);
}
