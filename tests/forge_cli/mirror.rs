//! `groundplan mirror push`: the branch and the tags of a repository on a second forge.

use super::Joint;
use crate::forge::fake::Dialect;
use crate::support::{Ran, Sandbox};
use serde_json::Value;

/// A repository `out` with a tag, and a second forge with an empty repository for it.
fn with_second_forge() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    sandbox.git("out", &["tag", "v1"]);
    sandbox.git(
        ".",
        &[
            "init",
            "-q",
            "--bare",
            "-b",
            "main",
            "second/acme/acme-web.git",
        ],
    );
    sandbox
}

fn push(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let local = ["--forge", "local", "--forge-url", "second"];
    let base = ["mirror", "push", "out"];
    sandbox.groundplan(base.iter().chain(&local).chain(more))
}

fn states(ran: &Ran) -> Vec<(String, String)> {
    let report: Value = ran.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let references = report["references"].as_array().unwrap().iter();
    references
        .map(|one| (text(&one["name"]), text(&one["state"])))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, state): &(&str, &str)| ((*name).to_owned(), (*state).to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn a_copy_gets_branch_and_tags_and_is_never_rewound() {
    let sandbox = with_second_forge();
    let second = "second/acme/acme-web.git";
    let first = push(&sandbox, &["--format", "json"]).exits(0);
    let both = ["refs/heads/main", "refs/tags/v1"];
    assert_eq!(
        states(&first),
        pairs(&[(both[0], "pushed"), (both[1], "pushed")])
    );
    let again = push(&sandbox, &[]).exits(0).stdout;
    assert_eq!(again.matches("up to date").count(), 2, "{again}");

    // New work goes there, and other branches do not.
    sandbox.write("out/mine.txt", "mine\n");
    let mine = sandbox.commit("out");
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    let tag = ["tag", "-a", "-m", "two", "v2"];
    sandbox.git("out", &[&author[..], &tag].concat());
    sandbox.git("out", &["branch", "other"]);
    push(&sandbox, &[]).exits(0);
    let there = sandbox.git(second, &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(there, "refs/heads/main\nrefs/tags/v1\nrefs/tags/v2\n");
    assert_eq!(sandbox.git_id(second, "main"), mine);

    // Work of others on the copy stays, and what can be pushed beside it is.
    sandbox.git(".", &["clone", "-q", second, "theirs"]);
    sandbox.write("theirs/theirs.txt", "theirs\n");
    let theirs = sandbox.commit("theirs");
    sandbox.git("theirs", &["push", "-q", "origin", "main"]);
    sandbox.git("out", &["tag", "v3"]);
    let refused = push(&sandbox, &["--format", "json"]).exits(1);
    assert_eq!(
        states(&refused),
        pairs(&[
            ("refs/heads/main", "diverged"),
            ("refs/tags/v1", "up-to-date"),
            ("refs/tags/v2", "up-to-date"),
            ("refs/tags/v3", "pushed"),
        ])
    );
    let told = push(&sandbox, &[]).exits(1).stderr;
    let cause = format!(
        "error: `refs/heads/main` was not pushed: the copy is at {}, which this repository has not\n",
        &theirs.as_str()[..12]
    );
    assert!(told.starts_with(&cause), "{told}");
    assert!(told.contains("`mirror push` rewinds nothing"), "{told}");
    assert_eq!(sandbox.git_id(second, "main"), theirs);
    sandbox.git(second, &["tag", "-f", "v3", "main"]);
    let told = push(&sandbox, &[]).exits(1).stderr;
    let tag = "error: `refs/tags/v3` was not pushed: the copy is at";
    assert!(told.contains(tag) && told.contains("another tag"), "{told}");
}

#[test]
fn a_path_inside_a_repository_names_it() {
    let sandbox = with_second_forge();
    let local = ["--forge", "local", "--forge-url", "second"];
    let inside = ["mirror", "push", "out/lib"];
    sandbox.groundplan(inside.iter().chain(&local)).exits(0);
    sandbox.git(".", &["clone", "-q", "--bare", "out", "bare.git"]);
    sandbox.git("bare.git", &["tag", "v2"]);
    let bare = ["mirror", "push", "bare.git"];
    sandbox.groundplan(bare.iter().chain(&local)).exits(0);
    let inside = ["verify", "second/acme/acme-web.git/refs/heads"];
    sandbox
        .groundplan(inside.iter().chain(&["--catalog", "."]))
        .exits(0);
}

#[test]
fn what_cannot_be_copied_is_refused_with_the_next_step() {
    let sandbox = with_second_forge();
    let another = push(&sandbox, &["--repo", "another"]).exits(1).stderr;
    let missing = "the forge has no repository `acme/another`";
    assert!(another.contains(missing), "{another}");
    let nowhere = [
        "mirror",
        "push",
        "out",
        "--forge",
        "local",
        "--forge-url",
        "nowhere",
    ];
    let nowhere = sandbox.groundplan(nowhere).exits(2).stderr;
    assert!(nowhere.contains("`nowhere` is not a folder"), "{nowhere}");
    sandbox.git("out", &["checkout", "-q", "--detach"]);
    let detached = push(&sandbox, &[]).exits(1).stderr;
    assert!(
        detached.contains("has no branch with a commit"),
        "{detached}"
    );
    sandbox.git(".", &["init", "-q", "-b", "main", "plain"]);
    sandbox.write("plain/a.txt", "a\n");
    sandbox.commit("plain");
    let local = ["--forge", "local", "--forge-url", "second"];
    let nameless = sandbox.groundplan(["mirror", "push", "plain"].iter().chain(&local));
    let nameless = nameless.exits(2).stderr;
    assert!(nameless.contains("--owner OWNER --repo REPO"), "{nameless}");
    let offline = push(&sandbox, &["--offline"]).exits(2).stderr;
    let message = "cannot push with `--offline`";
    assert!(offline.contains(message), "{offline}");
    let unnamed = sandbox
        .groundplan(["mirror", "push", "out"])
        .exits(2)
        .stderr;
    assert!(unnamed.contains("`--forge` is missing"), "{unnamed}");
}

#[test]
fn a_copy_on_a_forge_is_pushed_with_the_token() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = Joint::start(dialect);
        joint.run(joint.new_command(&[])).exits(0);
        let published = joint.published();
        let published = published.to_str().unwrap();
        joint.sandbox.git(".", &["clone", "-q", published, "out"]);
        joint.sandbox.git("out", &["tag", "v1"]);
        let address = joint.address();
        let forge = match dialect {
            Dialect::GitHub => "github",
            Dialect::Forgejo => "forgejo",
        };
        let args = [
            "mirror",
            "push",
            "out",
            "--forge",
            forge,
            "--forge-url",
            &address,
        ];
        let pushed = joint.run(joint.command(&args)).exits(0).stdout;
        assert!(pushed.contains("refs/tags/v1"), "{pushed}");
        let tags = joint.sandbox.git(published, &["tag", "--list"]);
        assert_eq!(tags, "v1\n");
    }
}
