//! Settings of repositories by the real program: published, compared, set again.

use super::Joint;
use crate::forge::fake::Dialect;
use crate::support::{PRODUCT, Ran};
use serde_json::{Value, json};
use std::fs;

/// Settings of a catalogue with an input for the account.
const SETTINGS: &str = r#"
inputs:
  - { name: AGENT, title: Login of the agent, type: text, default: { from: GITHUB_OWNER } }
settings:
  labels: [{ name: backlog, color: "c5def5", description: Not started }]
  collaborators: [{ account: __AGENT__, role: write }]
  protection: { approvals: 1 }
"#;

fn start(dialect: Dialect) -> Joint {
    let joint = Joint::start(dialect);
    let catalog = joint.sandbox.read("catalog/demo/catalog.yaml");
    let text = format!("{catalog}{SETTINGS}");
    joint.sandbox.write("catalog/demo/catalog.yaml", text);
    joint
}

/// A hook that refuses every push to `main` but the first, as a protection does.
const PROTECTED: &str = "while read old new name; do\n  case \"$name-$old\" in\n    *main-0000*) ;;\n    *main*) echo protected branch >&2; exit 1 ;;\n  esac\ndone";

/// Publishes the repository and clones it to `clone`.
pub(super) fn published(dialect: Dialect) -> Joint {
    published_over(start(dialect))
}

fn published_over(joint: Joint) -> Joint {
    let new = joint.new_command(&["--input", "AGENT=planner-bot"]);
    let made = joint.run(new).exits(0);
    let shown = "On the forge, after the push:\n  labels: backlog\n  collaborator: planner-bot with the role write\n  main: protected: 1 approval; administrators exempt\n";
    assert!(made.stdout.contains(shown), "{}", made.stdout);
    assert!(joint.is_published());
    let from = joint.published();
    joint
        .sandbox
        .git(".", &["clone", "-q", from.to_str().unwrap(), "clone"]);
    joint
}

impl Joint {
    fn is_published(&self) -> bool {
        let state = self.state();
        let mut repos = state.repos.values();
        repos.any(|repo| repo.name == "acme-web" && repo.description == "Acme Web")
    }

    pub(super) fn ops(&self, command: &str, more: &[&str]) -> Ran {
        let forge = match self.fake.dialect {
            Dialect::GitHub => "github",
            Dialect::Forgejo => "forgejo",
        };
        let mut ops = self.command(&["ops", command, "clone", "--catalog", "."]);
        ops.args(["--forge", forge, "--forge-url", &self.address()])
            .args(more);
        self.run(ops)
    }

    fn verify_json(&self, code: i32) -> Value {
        self.ops("verify", &["--format", "json"]).exits(code).json()
    }
}

#[track_caller]
fn sets_compares_and_sets_again(dialect: Dialect) {
    let joint = published(dialect);
    let verified = joint.verify_json(0);
    assert_eq!(verified["ok"], true);
    assert_eq!(verified["repository"], "acme/acme-web");
    assert_eq!(verified["differences"], json!([]));
    let text = joint.ops("verify", &[]).exits(0).stdout;
    assert!(
        text.contains("ok  everything is as the plan needs it"),
        "{text}"
    );

    joint.state().settings.labels.clear();
    joint.state().settings.protection = None;
    joint.state().settings.collaborators.clear();
    fs::remove_file(joint.sandbox.join("clone/README.md")).unwrap();
    joint.sandbox.commit("clone");
    let differences = joint.verify_json(1)["differences"].take();
    let named: Vec<(&str, &str)> = differences
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["area"].as_str().unwrap(),
                one["setting"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        named,
        [
            ("settings", "label `backlog`"),
            ("settings", "collaborator `planner-bot`"),
            ("settings", "protection of `main`"),
            ("files", "file `README.md`"),
        ]
    );
    let text = joint.ops("verify", &[]).exits(1).stdout;
    for line in [
        "4 differences:",
        "  collaborator `planner-bot` is no collaborator instead of write",
        "    give `planner-bot` the role write",
        "  file `README.md` is missing instead of present",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }

    let applied = joint.ops("apply", &["--format", "json"]).exits(0).json();
    assert_eq!(applied["pending"], json!([]));
    let left = joint.verify_json(1)["differences"].take();
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left[0]["area"], "files");
}

#[test]
fn on_github_settings_are_published_compared_and_set_again() {
    sets_compares_and_sets_again(Dialect::GitHub);
}

#[test]
fn on_forgejo_settings_are_published_compared_and_set_again() {
    sets_compares_and_sets_again(Dialect::Forgejo);
}

#[test]
fn a_setting_that_the_forge_refuses_leaves_a_run_that_can_be_resumed() {
    let joint = start(Dialect::Forgejo);
    // The name of an account that the forge does not have.
    let new = joint.new_command(&["--input", "AGENT=nobody-here"]);
    let failed = joint.run(new).exits(1);
    for part in [
        "cannot set collaborator `nobody-here`",
        "set: label `backlog`; left: collaborator `nobody-here`, protection of `main`",
        "`acme/acme-web` was created with the right commit and is not confirmed",
        "groundplan resume",
    ] {
        assert!(failed.stderr.contains(part), "{part}: {}", failed.stderr);
    }
    assert!(!joint.is_published());
    joint
        .state()
        .settings
        .collaborators
        .insert("nobody-here".to_owned(), "write".to_owned());
    let ledger = joint.ledger();
    let mut resume = joint.command(&["resume"]);
    resume.arg(&ledger);
    joint.run(resume).exits(0);
    assert!(joint.is_published());
    assert!(joint.state().settings.protection.is_some());
}

#[test]
fn an_input_that_is_no_login_is_a_finding_of_the_preview() {
    let joint = start(Dialect::GitHub);
    let args = ["--defaults", "--input", "AGENT=a b", "--format", "json"];
    let report = joint.sandbox.preview(&args).exits(1).json();
    assert_eq!(report["canProceed"], false);
    assert_eq!(report["errors"][0]["code"], "GP508");
    assert_eq!(
        report["errors"][0]["message"],
        "`a b` is no login, but the settings on the forge name it as an account"
    );
}

#[test]
fn a_local_forge_says_what_it_does_not_keep() {
    let joint = start(Dialect::GitHub);
    fs::create_dir(joint.sandbox.join("forge")).unwrap();
    let local = ["--defaults", "--forge", "local", "--forge-url", "forge"];
    let lost = "a local forge does not keep labels: backlog; main: protected: 1 approval; administrators exempt";
    let shown = joint.sandbox.preview(&local).exits(0).stdout;
    assert!(shown.contains(lost), "{shown}");
    let made = joint.sandbox.make(&local).exits(0);
    assert!(made.stderr.contains(lost), "{}", made.stderr);
    joint
        .sandbox
        .git(".", &["clone", "-q", "forge/acme/acme-web.git", "clone"]);
    let mut verify = joint.command(&["ops", "verify", "clone", "--catalog", "."]);
    verify.args(["--forge", "local", "--forge-url", "forge"]);
    let refused = joint.run(verify).exits(2);
    assert!(
        refused
            .stderr
            .contains("the forge keeps no settings of repositories"),
        "{}",
        refused.stderr
    );
}

#[test]
fn evidence_has_its_kind_and_its_date() {
    let joint = Joint::start(Dialect::Forgejo);
    let mut new = joint.command(&[
        "new",
        "--catalog",
        "ops-repo",
        "--defaults",
        "--into",
        "clone",
    ]);
    new.args(PRODUCT);
    joint.run(new).exits(0);
    joint.state().add("acme", "acme-web", "Operations");
    let evidence = |name: &str, text: &str| {
        joint.sandbox.write(&format!("clone/evidence/{name}"), text);
    };
    evidence(
        "red-team/2026-11-21.json",
        r#"{"kind":"red-team","date":"2026-11-21"}"#,
    );
    evidence(
        "red-team/2026-11-22.json",
        r#"{"kind":"holdout","date":"2026-11-22"}"#,
    );
    evidence("red-team/today.json", "{}");
    evidence("gossip/2026-11-21.json", "{}");
    joint.sandbox.commit("clone");
    let mut verify = joint.command(&["ops", "verify", "clone", "--format", "json"]);
    verify.args(["--forge", "forgejo", "--forge-url", &joint.address()]);
    let verified = joint.run(verify).exits(1).json();
    assert_eq!(verified["evidence"], 4);
    let found: Vec<String> = verified["differences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["area"] == "evidence")
        .map(|one| format!("{}: {}", one["setting"], one["found"]))
        .collect();
    assert_eq!(
        found,
        [
            r#""evidence `evidence/gossip/2026-11-21.json`": "of the unknown kind `gossip`""#,
            r#""evidence `evidence/red-team/2026-11-22.json`": "of kind \"holdout\" and date \"2026-11-22\"""#,
            r#""evidence `evidence/red-team/today.json`": "of `today`, which is no date""#,
        ]
    );
    let settings: Vec<&Value> = verified["differences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["area"] == "settings")
        .map(|one| &one["setting"])
        .collect();
    assert_eq!(
        settings.len(),
        7,
        "six labels and the protection: {settings:?}"
    );
}

/// A valid result, as docs/evidence.md shows one.
fn result(measured: u32) -> String {
    json!({
        "kind": "holdout",
        "date": "2026-11-21",
        "subject": "ranking of release 1.4.0",
        "commit": "341653f4686e0a1b2c3d4e5f60718293a4b5c6d7",
        "collected_by": "planner-bot",
        "method": "The cases of knowledge/holdout.md.",
        "result": "pass",
        "measures": { "cases": measured },
        "findings": [],
    })
    .to_string()
}

/// An operations repository in `clone` and on the forge.
fn operations(dialect: Dialect, writes: &str) -> Joint {
    let joint = Joint::start(dialect);
    let select = format!("agent-writes={writes}");
    let mut new = joint.command(&[
        "new",
        "--catalog",
        "ops-repo",
        "--defaults",
        "--into",
        "clone",
    ]);
    new.args(["--select", &select]).args(PRODUCT);
    joint.run(new).exits(0);
    let mut state = joint.state();
    let id = state.add("acme", "acme-web", "Operations");
    let main = ("1".repeat(40), "2".repeat(40));
    let branches = &mut state.repos.get_mut(&id).unwrap().branches;
    branches.insert("main".to_owned(), main);
    drop(state);
    joint
}

fn add_evidence(joint: &Joint, more: &[&str]) -> Ran {
    let forge = match joint.fake.dialect {
        Dialect::GitHub => "github",
        Dialect::Forgejo => "forgejo",
    };
    let mut ops = joint.command(&["ops", "evidence", "result.json", "--in", "clone"]);
    ops.args(["--forge", forge, "--forge-url", &joint.address()])
        .args(more);
    joint.run(ops)
}

#[test]
fn evidence_is_committed_to_a_branch_without_protection() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = operations(dialect, "no-protection");
        joint.sandbox.write("result.json", result(10));
        let added = add_evidence(&joint, &["--format", "json"]).exits(0).json();
        let path = "evidence/holdout/2026-11-21.json";
        assert_eq!(
            added,
            json!({ "path": path, "outcome": "committed", "branch": "main" })
        );
        let files = joint.state().settings.files.clone();
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            [&("main".to_owned(), path.to_owned())]
        );
        let again = add_evidence(&joint, &["--format", "json"]).exits(0).json();
        assert_eq!(again["outcome"], "present");
        joint.sandbox.write("result.json", result(11));
        let refused = add_evidence(&joint, &[]).exits(1).stderr;
        assert!(
            refused.contains("has another content on `main`"),
            "{refused}"
        );
        assert_eq!(joint.state().settings.files, files);
    }
}

#[test]
fn evidence_is_proposed_where_main_is_protected() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = operations(dialect, "merge-allowlist");
        joint.sandbox.write("result.json", result(10));
        let added = add_evidence(&joint, &["--format", "json"]).exits(0).json();
        assert_eq!(added["outcome"], "proposed");
        assert_eq!(added["branch"], "evidence/holdout/2026-11-21");
        assert_eq!(
            joint.state().pulls[0].title,
            "Add evidence/holdout/2026-11-21.json"
        );
        let again = add_evidence(&joint, &["--format", "json"]).exits(0).json();
        assert_eq!(again, added, "an open pull request is found");
        assert_eq!(joint.state().pulls.len(), 1);
        let files = joint.state().settings.files.clone();
        assert!(files.keys().all(|(branch, _)| branch != "main"));
    }
}

#[test]
fn a_malformed_result_is_refused_before_the_forge_is_asked() {
    let joint = operations(Dialect::Forgejo, "no-protection");
    let calls = joint.state().calls.len();
    for (text, reason) in [
        ("{", "the file is no JSON"),
        ("{}", "\"kind\" is a required property"),
        (
            result(1).replace("2026-11-21", "2026-02-30").as_str(),
            "`2026-02-30` is no date",
        ),
        (
            result(1).replace("holdout", "gossip").as_str(),
            "/kind: \"gossip\" is not one of",
        ),
    ] {
        joint.sandbox.write("result.json", text);
        let refused = add_evidence(&joint, &[]).exits(1).stderr;
        assert!(refused.contains(reason), "{reason}: {refused}");
    }
    assert_eq!(joint.state().calls.len(), calls);
}

fn branches(joint: &Joint) -> String {
    let folder = joint.published();
    joint.sandbox.git(
        ".",
        &[
            "--git-dir",
            folder.to_str().unwrap(),
            "branch",
            "--format=%(refname:short)",
        ],
    )
}

#[test]
fn real_pushes_prove_the_way_of_writing() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = start(dialect);
        joint.state().disk.as_mut().unwrap().hook = Some(PROTECTED);
        let joint = published_over(joint);
        joint.state().settings.account = "planner-bot";
        let proof = joint.ops("prove", &["--format", "json"]).exits(0).json();
        assert_eq!(
            (&proof["account"], &proof["writes"]),
            (&json!("planner-bot"), &json!(true))
        );
        let results: Vec<[&Value; 3]> = proof["pushes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|push| [&push["reference"], &push["expected"], &push["found"]])
            .collect();
        assert_eq!(
            results,
            [
                ["refs/heads/groundplan-proof", "accepted", "accepted"]
                    .map(|word| json!(word))
                    .each_ref(),
                ["refs/heads/main", "refused", "refused"]
                    .map(|word| json!(word))
                    .each_ref(),
            ]
        );
        assert_eq!(
            branches(&joint),
            "main\n",
            "the branch of the proof is deleted"
        );

        // An administrator is exempt, and is not asked to push to `main`.
        joint.state().settings.account = "jane";
        let text = joint.ops("prove", &[]).exits(0).stdout;
        assert!(
            text.contains("ok     refs/heads/groundplan-proof accepted, expected accepted")
                && !text.contains("refs/heads/main"),
            "{text}"
        );
        // An account that the plan does not name must not write.
        joint.state().settings.account = "bob";
        let text = joint.ops("prove", &[]).exits(1).stdout;
        for line in [
            "acme/acme-web, pushed by `bob`, which the plan does not name:",
            "  wrong  refs/heads/groundplan-proof accepted, expected refused",
            "  ok     refs/heads/main refused, expected refused",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
    }
}

/// A hook that ends the server's process in a later push to `main`.
const BREAKS: &str = "while read old new name; do\n  case \"$name-$old\" in\n    *main-0000*) ;;\n    *main*) kill -9 $PPID ;;\n  esac\ndone";

#[test]
fn the_branch_of_a_proof_is_deleted_when_the_next_push_breaks() {
    let joint = start(Dialect::Forgejo);
    joint.state().disk.as_mut().unwrap().hook = Some(BREAKS);
    let joint = published_over(joint);
    joint.state().settings.account = "planner-bot";
    let broken = joint.ops("prove", &[]).exits(3).stderr;
    assert!(
        broken.contains("outcome of the push is unknown"),
        "{broken}"
    );
    assert_eq!(branches(&joint), "main\n");
}

#[test]
fn a_protection_that_does_not_hold_is_found_by_a_push() {
    let joint = published(Dialect::Forgejo);
    joint.state().settings.account = "planner-bot";
    let text = joint.ops("prove", &[]).exits(1).stdout;
    assert!(
        text.contains("wrong  refs/heads/main accepted, expected refused"),
        "{text}"
    );
    let behind = joint.ops("prove", &[]).exits(1).stderr;
    assert!(behind.contains("`main` of the forge is at "), "{behind}");
}
