//! `groundplan update` over real repositories: the report, the branch, and what stays as it is.

use crate::support::{Ran, Sandbox};
use serde_json::{Value, json};

const TEMPLATE: &str = "catalog/demo/template";
const PROVENANCE: &str = ".scrum4me/bootstrap.json";

/// A repository `out` of the demo catalogue with a template of some more files.
pub(super) fn made() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    let lines: Vec<String> = (1..=40).map(|line| format!("line {line}\n")).collect();
    let lines = lines.concat();
    sandbox
        .write(&format!("{TEMPLATE}/long.txt"), lines)
        .write(&format!("{TEMPLATE}/docs/x.md"), "one\ntwo\nthree\n")
        .write(&format!("{TEMPLATE}/favicon.ico"), b"\0first".as_slice());
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    sandbox
}

/// A new version of the template.
pub(super) fn raise(sandbox: &Sandbox) {
    let file = "catalog/demo/catalog.yaml";
    let text = sandbox.read(file);
    let new = if text.contains("version: v1") {
        text.replace("version: v1", "version: v2")
    } else {
        text.replace("version: v2", "version: v3")
    };
    sandbox.write(file, new);
}

pub(super) fn template(sandbox: &Sandbox, path: &str, change: impl Fn(&str) -> String) {
    let path = format!("{TEMPLATE}/{path}");
    let text = sandbox.read(&path);
    sandbox.write(&path, change(&text));
}

#[track_caller]
fn update(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.groundplan(
        ["update", "out", "--catalog", ".", "--format", "json"]
            .iter()
            .chain(more),
    )
}

/// The verdicts by path.
fn verdicts(report: &Value) -> Vec<(String, String)> {
    let files = report["files"].as_array().expect("files");
    let text = |file: &Value, name: &str| file[name].as_str().expect("a text").to_owned();
    files
        .iter()
        .map(|file| (text(file, "path"), text(file, "verdict")))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(path, verdict): &(&str, &str)| ((*path).to_owned(), (*verdict).to_owned());
    expected.iter().map(owned).collect()
}

/// A file of a commit.
fn shown(sandbox: &Sandbox, commit: &str, path: &str) -> String {
    sandbox.git("out", &["show", &format!("{commit}:{path}")])
}

#[test]
fn a_repository_that_is_current_has_nothing_to_do() {
    let sandbox = made();
    let report = update(&sandbox, &[]).exits(0).json();
    let head = sandbox.git("out", &["rev-parse", "HEAD^{tree}"]);
    assert_eq!(report["treeId"], head.trim());
    assert_eq!(
        (&report["upToDate"], &report["files"]),
        (&json!(true), &json!([]))
    );
    update(&sandbox, &["--into-branch", "next"]).exits(0);
    assert_eq!(sandbox.git("out", &["branch", "--list", "next"]), "");
}

#[test]
fn a_branch_gets_exactly_the_tree_that_the_preview_showed() {
    let sandbox = made();
    sandbox.write("out/own.txt", "mine\n");
    sandbox.write(
        "out/long.txt",
        sandbox.read("out/long.txt").replace("line 5\n", "mine 5\n"),
    );
    sandbox.commit("out");
    template(&sandbox, "long.txt", |text| {
        text.replace("line 30\n", "new 30\n")
    });
    sandbox.write(&format!("{TEMPLATE}/new.txt"), "of __PRODUCT_NAME__\n");
    raise(&sandbox);
    let report = update(&sandbox, &[]).exits(0).json();
    assert_eq!(
        verdicts(&report),
        pairs(&[("long.txt", "merge"), ("new.txt", "take")])
    );
    let head = sandbox.git("out", &["rev-parse", "HEAD"]).trim().to_owned();
    assert_eq!(
        (&report["head"], &report["canProceed"]),
        (&json!(head), &json!(true))
    );

    let expected = format!("{}@{head}", report["treeId"].as_str().unwrap());
    let created = update(&sandbox, &["--into-branch", "next", "--expect", &expected])
        .exits(0)
        .json();
    assert_eq!(created["treeId"], report["treeId"]);
    assert_eq!(
        sandbox.git("out", &["rev-parse", "next^{tree}"]).trim(),
        report["treeId"]
    );
    assert_eq!(sandbox.git("out", &["rev-parse", "next^"]).trim(), head);
    assert_eq!(shown(&sandbox, "next", "new.txt"), "of Acme Web\n");
    let merged = shown(&sandbox, "next", "long.txt");
    assert!(
        merged.contains("mine 5\n") && merged.contains("new 30\n"),
        "{merged}"
    );
    // Nothing is checked out, and a second update of the merged branch has nothing to do.
    assert_eq!(sandbox.git("out", &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git("out", &["rev-parse", "HEAD"]).trim(), head);
    sandbox.git("out", &["merge", "-q", "--ff-only", "next"]);
    let again = update(&sandbox, &[]).exits(0).json();
    assert_eq!(again["upToDate"], true);
}

#[test]
fn a_conflict_keeps_the_file_and_ends_with_1() {
    let sandbox = made();
    let quarrel = |text: &str, word: &str| {
        let text = text.replace("line 5\n", &format!("{word} 5\n"));
        text.replace("line 30\n", &format!("{word} 30\n"))
    };
    sandbox.write(
        "out/long.txt",
        quarrel(&sandbox.read("out/long.txt"), "mine"),
    );
    sandbox.commit("out");
    template(&sandbox, "long.txt", |text| quarrel(text, "theirs"));
    raise(&sandbox);
    let report = update(&sandbox, &["--into-branch", "next"]).exits(1).json();
    assert_eq!(report["canProceed"], true);
    assert_eq!(verdicts(&report), pairs(&[("long.txt", "conflict")]));
    let conflicts = report["files"][0]["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 2);
    assert_eq!(conflicts[1]["line"], 30);
    assert_eq!(conflicts[1]["options"], json!(["template"]));
    assert_eq!(
        shown(&sandbox, "next", "long.txt"),
        sandbox.read("out/long.txt")
    );

    // The base moves on: the change is offered again only when the template changes these lines again.
    sandbox.git("out", &["merge", "-q", "--ff-only", "next"]);
    assert_eq!(update(&sandbox, &[]).exits(0).json()["upToDate"], true);
    template(&sandbox, "long.txt", |text| {
        text.replace("line 20\n", "new 20\n")
    });
    raise(&sandbox);
    let report = update(&sandbox, &[]).exits(0).json();
    assert_eq!(verdicts(&report), pairs(&[("long.txt", "merge")]));
}

#[test]
fn an_option_that_is_dropped_takes_only_unedited_files_with_it() {
    let sandbox = made();
    let edited = format!(
        "{}export const mine = 1;\n",
        sandbox.read("out/lib/session.ts")
    );
    sandbox.write("out/lib/session.ts", &edited);
    sandbox.commit("out");
    let change = ["--drop", "auth=session", "--select", "auth=none"];
    let report = update(&sandbox, &change).exits(1).json();
    assert_eq!(
        verdicts(&report),
        pairs(&[("lib/session.ts", "conflict"), ("package.json", "take")])
    );
    let choice = json!({ "category": "auth", "before": ["session"], "after": ["none"], "reason": "asked-for" });
    assert_eq!(report["choices"], json!([choice]));
    let decided = [&change[..], &["--remove", "lib/session.ts"]].concat();
    let promise = "no line of yours is lost";
    for (decision, is_promised) in [("--mine", true), ("--remove", false)] {
        let command = ["update", "out", "--catalog", "."];
        let decision = [decision, "lib/session.ts"];
        let shown = sandbox.groundplan(command.iter().chain(&change).chain(&decision));
        assert_eq!(shown.exits(0).stdout.contains(promise), is_promised);
    }
    let decided = update(&sandbox, &decided).exits(0).json();
    assert_ne!(decided["treeId"], report["treeId"]);
    assert_eq!(
        verdicts(&decided)[0],
        ("lib/session.ts".to_owned(), "remove".to_owned())
    );
}

#[test]
fn a_deleted_file_stays_away_and_its_change_is_told_once() {
    let sandbox = made();
    sandbox.git("out", &["rm", "-q", "docs/x.md"]);
    sandbox.commit("out");
    template(&sandbox, "docs/x.md", |text| text.replace("two", "2"));
    raise(&sandbox);
    let report = update(&sandbox, &["--into-branch", "next"]).exits(0).json();
    assert_eq!(verdicts(&report), pairs(&[("docs/x.md", "declined")]));
    let diff = report["files"][0]["diff"].as_str().unwrap();
    assert!(diff.contains("-two\n+2\n"), "{diff}");
    let taken = update(&sandbox, &["--theirs", "docs/x.md"]).exits(0).json();
    assert_eq!(verdicts(&taken), pairs(&[("docs/x.md", "take")]));
    sandbox.git("out", &["merge", "-q", "--ff-only", "next"]);
    template(&sandbox, "README.md", |text| format!("{text}More.\n"));
    raise(&sandbox);
    let report = update(&sandbox, &[]).exits(0).json();
    assert_eq!(verdicts(&report), pairs(&[("README.md", "take")]));
}

#[test]
fn a_replaced_binary_stays_the_repositorys() {
    let sandbox = made();
    sandbox.write("out/favicon.ico", b"\0mine".as_slice());
    sandbox.commit("out");
    template(&sandbox, "README.md", |text| format!("{text}More.\n"));
    raise(&sandbox);
    let report = update(&sandbox, &[]).exits(0).json();
    assert_eq!(verdicts(&report), pairs(&[("README.md", "take")]));
    let full = update(&sandbox, &["--full"]).exits(0).json();
    assert_eq!(
        verdicts(&full),
        pairs(&[("README.md", "take"), ("favicon.ico", "keep")])
    );
    sandbox.write(&format!("{TEMPLATE}/favicon.ico"), b"\0second".as_slice());
    let report = update(&sandbox, &[]).exits(1).json();
    assert_eq!(
        verdicts(&report),
        pairs(&[("README.md", "take"), ("favicon.ico", "conflict")])
    );
}

#[test]
fn links_submodules_and_other_spellings_stay() {
    let sandbox = made();
    sandbox.git("out", &["rm", "-q", "docs/x.md"]);
    sandbox.symlink("../README.md", "out/docs-link");
    std::fs::create_dir_all(sandbox.join("out/docs")).unwrap();
    sandbox.symlink("../README.md", "out/docs/x.md");
    sandbox.write("out/Licence.md", "mine\n");
    let commit = sandbox.commit("out");
    let entry = format!("160000,{commit},vendor");
    sandbox.git("out", &["update-index", "--add", "--cacheinfo", &entry]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    sandbox.git(
        "out",
        &[&author[..], &["commit", "-qm", "submodule"]].concat(),
    );
    template(&sandbox, "docs/x.md", |text| text.replace("two", "2"));
    sandbox.write(&format!("{TEMPLATE}/LICENCE.md"), "theirs\n");
    sandbox.write(&format!("{TEMPLATE}/vendor"), "a file\n");
    raise(&sandbox);
    let report = update(&sandbox, &["--into-branch", "next"]).exits(1).json();
    assert_eq!(
        verdicts(&report),
        pairs(&[
            ("LICENCE.md", "conflict"),
            ("docs/x.md", "conflict"),
            ("vendor", "conflict")
        ])
    );
    let changed = sandbox.git("out", &["diff", "--name-only", "HEAD", "next"]);
    assert_eq!(changed.trim(), PROVENANCE);
}

#[test]
fn a_dirty_work_tree_stays_as_it_is() {
    let sandbox = made();
    sandbox.write("out/.gitignore", "*.rej\nignored.txt\n");
    sandbox.commit("out");
    sandbox.write("out/.git/hooks/pre-commit", "#!/bin/sh\nexit 1\n");
    sandbox.make_executable("out/.git/hooks/pre-commit");
    sandbox.write("out/staged.txt", "staged\n");
    sandbox.git("out", &["add", "staged.txt"]);
    sandbox
        .write("out/untracked.txt", "mine\n")
        .write("out/ignored.txt", "mine\n");
    for name in ["untracked.txt", "ignored.txt", "fine.txt"] {
        sandbox.write(&format!("{TEMPLATE}/{name}"), "theirs\n");
    }
    raise(&sandbox);
    let before = sandbox.git("out", &["status", "--porcelain", "--ignored"]);
    let report = update(&sandbox, &["--into-branch", "next"]).exits(1).json();
    assert_eq!(
        verdicts(&report),
        pairs(&[
            ("fine.txt", "take"),
            ("ignored.txt", "conflict"),
            ("untracked.txt", "conflict")
        ])
    );
    assert_eq!(
        sandbox.git("out", &["status", "--porcelain", "--ignored"]),
        before
    );
    let changed = sandbox.git("out", &["diff", "--name-only", "HEAD", "next"]);
    assert_eq!(changed, format!("{PROVENANCE}\nfine.txt\n"));
}

#[test]
fn an_update_that_is_not_the_expected_one_writes_nothing() {
    let sandbox = made();
    template(&sandbox, "README.md", |text| format!("{text}More.\n"));
    raise(&sandbox);
    let report = update(&sandbox, &[]).exits(0).json();
    let tree = report["treeId"].as_str().unwrap();
    let refused = update(
        &sandbox,
        &["--into-branch", "next", "--expect", &"0".repeat(40)],
    )
    .exits(1);
    assert!(
        refused.stderr.contains("nothing was written"),
        "{}",
        refused.stderr
    );
    sandbox.write("out/own.txt", "mine\n");
    sandbox.commit("out");
    let stale = format!("{tree}@{}", report["head"].as_str().unwrap());
    let refused = update(&sandbox, &["--into-branch", "next", "--expect", &stale]).exits(1);
    assert!(
        refused.stderr.contains("the repository is at commit"),
        "{}",
        refused.stderr
    );
    assert_eq!(sandbox.git("out", &["branch", "--list", "next"]), "");
    // A branch that exists is not touched.
    let head = sandbox.git("out", &["rev-parse", "HEAD"]);
    sandbox.git("out", &["branch", "next"]);
    let refused = update(&sandbox, &["--into-branch", "next"]).exits(1);
    assert!(
        refused.stderr.contains("has a branch `next` already"),
        "{}",
        refused.stderr
    );
    assert_eq!(sandbox.git("out", &["rev-parse", "next"]), head);
}

#[test]
fn a_request_that_cannot_be_carried_out_is_refused_with_its_reason() {
    let sandbox = made();
    template(&sandbox, "README.md", |text| format!("{text}More.\n"));
    raise(&sandbox);
    sandbox.git("out", &["rm", "-q", "lib/session.ts"]);
    sandbox.commit("out");
    let dropped = ["--select", "auth=none", "--theirs", "lib/session.ts"];
    for (args, message) in [
        (&["--into-branch", "a..b"][..], "invalid reference `a..b`"),
        (
            &["--theirs", "nowhere.txt"],
            "`nowhere.txt` is not part of this update",
        ),
        (
            &dropped,
            "the plan has no `lib/session.ts` that could be taken",
        ),
        (
            &["--provenance", "../x"],
            "invalid value '../x' for '--provenance",
        ),
    ] {
        let refused = update(&sandbox, args).exits(2);
        assert!(refused.stderr.contains(message), "{}", refused.stderr);
    }
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions: [{ kind: REPLACE_STRING, path: README.md, find: nothing of it, replace: x }]\n",
    );
    let branch = ["--into-branch", "next"];
    let refused = update(&sandbox, &branch).exits(1).stdout;
    assert!(refused.contains("nothing of it"), "{refused}");
    let tree = "0".repeat(40);
    let expected = [&branch[..], &["--expect", &tree]].concat();
    let refused = update(&sandbox, &expected).exits(1).stdout;
    let message = "the new plan has errors; nothing was written";
    assert!(refused.contains(message), "{refused}");
    assert_eq!(sandbox.git("out", &["branch", "--list", "next"]), "");
}

#[test]
fn an_option_that_the_catalogue_dropped_needs_a_decision() {
    let sandbox = made();
    let text = sandbox.read("catalog/demo/catalog.yaml");
    let text = text.replace(
        "      - slug: session\n        title: Sessions\n        default: true\n",
        "",
    );
    sandbox.write(
        "catalog/demo/catalog.yaml",
        text.replace(
            "title: No sign-in",
            "title: No sign-in\n        default: true",
        ),
    );
    std::fs::remove_dir_all(sandbox.join("recipes/demo/auth/session")).unwrap();
    std::fs::remove_file(sandbox.join("recipes/demo/auth/session.yaml")).unwrap();
    raise(&sandbox);
    let refused = sandbox
        .groundplan(["update", "out", "--catalog", "."])
        .exits(1);
    assert!(
        refused
            .stderr
            .contains("the catalogue no longer has `auth/session`"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("--select auth=none"),
        "{}",
        refused.stderr
    );
    let report = update(&sandbox, &["--select", "auth=none"]).exits(0).json();
    assert_eq!(
        verdicts(&report),
        pairs(&[("lib/session.ts", "remove"), ("package.json", "take")])
    );
}

#[test]
fn a_work_tree_takes_the_update_with_markers_around_conflicts() {
    let sandbox = made();
    sandbox.write("out/README.md", "# Mine\n\nOf acme.\n");
    sandbox.commit("out");
    template(&sandbox, "README.md", |text| {
        text.replace("# __PRODUCT_NAME__", "# Theirs")
    });
    template(&sandbox, "docs/x.md", |text| text.replace("two", "2"));
    sandbox.write(&format!("{TEMPLATE}/new.txt"), "new\n");
    raise(&sandbox);
    sandbox.write("out/own.txt", "mine\n");
    update(&sandbox, &["--conflicts", "markers"]).exits(1);
    let status = sandbox.git("out", &["status", "--porcelain"]);
    let expected =
        "M  .scrum4me/bootstrap.json\nUU README.md\nM  docs/x.md\nA  new.txt\n?? own.txt\n";
    assert_eq!(status, expected);
    assert_eq!(
        sandbox.read("out/README.md"),
        "<<<<<<< repository\n# Mine\n||||||| plan of 2026-11-21\n# Acme Web\n=======\n# Theirs\n>>>>>>> new plan\n\nOf acme.\n"
    );
    assert_eq!(
        sandbox.git("out", &["show", ":1:README.md"]),
        "# Acme Web\n\nOf acme.\n"
    );
    assert_eq!(
        sandbox.git("out", &["show", ":2:README.md"]),
        "# Mine\n\nOf acme.\n"
    );
    sandbox.git("out", &["reset", "-q", "--hard"]);
    assert_eq!(
        sandbox.git("out", &["status", "--porcelain"]),
        "?? own.txt\n"
    );
}

#[test]
fn a_squashed_update_that_was_rebased_is_the_base_of_the_next() {
    let sandbox = made();
    sandbox.write(
        "out/long.txt",
        sandbox.read("out/long.txt").replace("line 5\n", "mine 5\n"),
    );
    sandbox.commit("out");
    template(&sandbox, "long.txt", |text| {
        text.replace("line 5\n", "theirs 5\n")
    });
    template(&sandbox, "docs/x.md", |text| text.replace("two", "2"));
    raise(&sandbox);
    update(&sandbox, &["--mine", "long.txt", "--into-branch", "next"]).exits(0);
    let message = sandbox.git("out", &["log", "-1", "--format=%B", "next"]);
    assert!(message.contains("\nKept: long.txt\n"), "{message}");
    sandbox.git("out", &["merge", "-q", "--squash", "next"]);
    sandbox.write("out/own.txt", "mine\n");
    sandbox.commit("out");
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    sandbox.git(
        "out",
        &[&author[..], &["commit", "-q", "--amend", "-m", "rebased"]].concat(),
    );
    assert_eq!(update(&sandbox, &[]).exits(0).json()["upToDate"], true);
    template(&sandbox, "long.txt", |text| {
        text.replace("line 30\n", "new 30\n")
    });
    raise(&sandbox);
    let report = update(&sandbox, &[]).exits(0).json();
    assert_eq!(verdicts(&report), pairs(&[("long.txt", "merge")]));
}

#[test]
fn renamed_options_and_moved_files_are_carried_over() {
    let sandbox = made();
    let edited = format!(
        "{}export const mine = 1;\n",
        sandbox.read("out/lib/session.ts")
    );
    sandbox.write("out/lib/session.ts", edited);
    sandbox.write("out/docs/x.md", "zero\none\ntwo\nthree\n");
    sandbox.commit("out");
    let file = "catalog/demo/catalog.yaml";
    let text = sandbox
        .read(file)
        .replace("slug: auth\n", "slug: login\n    formerly: [auth]\n");
    let text = text.replace(
        "slug: session\n",
        "slug: cookie\n        formerly: [session]\n",
    );
    sandbox.write(
        file,
        format!("{text}moved: [{{ from: docs/x.md, to: docs/y.md }}]\n"),
    );
    for (old, new) in [
        ("recipes/demo/auth", "recipes/demo/login"),
        (
            "recipes/demo/login/session.yaml",
            "recipes/demo/login/cookie.yaml",
        ),
        ("recipes/demo/login/session", "recipes/demo/login/cookie"),
        (
            "catalog/demo/template/docs/x.md",
            "catalog/demo/template/docs/y.md",
        ),
    ] {
        std::fs::rename(sandbox.join(old), sandbox.join(new)).unwrap();
    }
    template(&sandbox, "docs/y.md", |text| text.replace("three", "3"));
    raise(&sandbox);
    let report = update(&sandbox, &["--into-branch", "next"]).exits(0).json();
    let choices = json!([
        { "category": "auth", "before": ["session"], "after": [], "reason": "renamed" },
        { "category": "login", "before": [], "after": ["cookie"], "reason": "renamed" },
    ]);
    assert_eq!(report["choices"], choices);
    assert_eq!(verdicts(&report), pairs(&[("docs/y.md", "move")]));
    assert_eq!(shown(&sandbox, "next", "docs/y.md"), "zero\none\ntwo\n3\n");
}
