//! The catalogue `ops-repo`: its layout, its file formats with their examples, and the guard that rejects malformed files.

use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

const NEW: [&str; 6] = [
    "new",
    "--catalog",
    "ops-repo",
    "--defaults",
    "--into",
    "ops",
];

/// A sandbox with an operations repository in `ops`.
fn ops_repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.groundplan(NEW.iter().chain(&PRODUCT)).exits(0);
    sandbox
}

fn add(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let args = [
        "add",
        "--catalog",
        "ops-repo",
        "--defaults",
        "--into",
        "ops",
    ];
    sandbox.groundplan(args.iter().chain(&PRODUCT).chain(more))
}

fn check(sandbox: &Sandbox) -> Ran {
    let mut command = Command::new("python3");
    sandbox.run(command.arg(sandbox.join("ops/scripts/check.py")))
}

/// The code blocks of a document, by language.
fn examples(text: &str, language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    let blocks = text.split(&begin).skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap().to_owned() + "\n")
        .collect()
}

/// An operations repository that contains every documented example.
fn with_examples() -> Sandbox {
    let sandbox = ops_repository();
    let read = |name: &str| sandbox.read(&format!("ops/docs/{name}.md"));
    let actions = examples(&read("actions"), "json");
    let notes = examples(&read("human-requests"), "markdown");
    let objectives = examples(&read("prerequisites"), "markdown");
    sandbox
        .write(
            "ops/evidence/red-team/2026-11-21.json",
            &examples(&read("evidence"), "json")[0],
        )
        .write("ops/vault/actions/publish-site-3.json", &actions[0])
        .write("ops/vault/approved/publish-site-3.json", &actions[1])
        .write("ops/vault/pending/dns-access.md", &notes[0])
        .write("ops/prerequisites.md", &objectives[0]);
    sandbox
}

#[test]
fn it_has_the_folders_and_files_of_an_operations_repository() {
    let sandbox = ops_repository();
    for folder in [
        "vault/pending",
        "vault/approved",
        "vault/fired",
        "vault/rejected",
        "vault/actions",
        "knowledge",
        "sprints",
        "evidence/engagement",
        "evidence/red-team",
        "evidence/holdout",
        "evidence/evolution",
        "evidence/user-test",
    ] {
        assert_eq!(sandbox.read(&format!("ops/{folder}/.gitkeep")), "");
    }
    let has = |file: &str, parts: &[&str]| {
        let text = sandbox.read(&format!("ops/{file}"));
        for part in parts {
            assert!(text.contains(part), "{file} has no {part:?}");
        }
    };
    has("README.md", &["# Operations of Acme Web\n"]);
    has(
        "portfolio.md",
        &[
            "# Portfolio\n\n## Overview\n\n<!--",
            "## Addressables\n",
            "## Observables\n",
        ],
    );
    has(
        "RESOURCES.md",
        &[
            "# RESOURCES\n\n## Overview\n\n<!--",
            "## Accounts\n",
            "## Tokens\n",
            "## Infrastructure\n",
        ],
    );
    has(
        "prerequisites.md",
        &["## Objective: ", "\n- [ ] ", "\nStatus: READY\n"],
    );
    sandbox.groundplan(["verify", "ops"]).exits(0);
}

#[test]
fn the_policy_lists_exactly_the_known_tiers() {
    let policy: toml::Table = ops_repository()
        .read("ops/vault/policy.toml")
        .parse()
        .unwrap();
    let tiers = policy["tiers"].as_table().unwrap();
    let names_in = |tier: &str| {
        let entries = tiers
            .iter()
            .filter(|(_, value)| value.as_str() == Some(tier));
        let mut names: Vec<&str> = entries.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(policy.len(), 1);
    assert_eq!(
        names_in("low"),
        ["groom-backlog", "reproduce", "review-pr", "triage"]
    );
    assert_eq!(
        names_in("medium"),
        [
            "dev",
            "run-architect",
            "run-gardener",
            "run-planner",
            "run-predictor",
            "run-supervisor",
            "upgrade-dependency"
        ]
    );
    assert_eq!(
        names_in("high"),
        [
            "add-rpc-method",
            "release",
            "run-publish-site",
            "run-rent-a-human"
        ]
    );
    assert_eq!(tiers.len(), 4 + 7 + 4);
}

#[test]
fn every_selection_has_no_warnings_and_no_broken_links() {
    for forge in ["forgejo", "github"] {
        for writes in ["merge-allowlist", "no-protection", "admin-token"] {
            for guard in [&[][..], &["--select", "guards=forms"]] {
                let sandbox = Sandbox::new();
                let forge_option = format!("forge={forge}");
                let writes_option = format!("agent-writes={writes}");
                let args = [
                    "new",
                    "--catalog",
                    "ops-repo",
                    "--into",
                    "ops",
                    "--format",
                    "json",
                ];
                let select = ["--select", &forge_option, "--select", &writes_option];
                let all = args.iter().chain(&select).chain(guard).chain(&PRODUCT);
                let report = &sandbox.groundplan(all).exits(0).json()["report"];
                assert_eq!(report["warnings"], json!([]), "{forge} {writes}");
                let text = sandbox.read("ops/docs/branch-protection.md");
                assert!(text.contains("## Test"), "{forge} {writes}");
                assert!(!text.contains("__"), "{forge} {writes}");
                assert_no_broken_links(&sandbox);
                if !guard.is_empty() {
                    check(&sandbox).exits(0);
                }
            }
        }
    }
}

#[track_caller]
fn assert_no_broken_links(sandbox: &Sandbox) {
    for file in sandbox.files().iter().filter(|file| {
        let extension = Path::new(file).extension();
        extension.is_some_and(|extension| extension == "md")
    }) {
        let text = sandbox.read(file);
        let folder = sandbox.join(file).parent().unwrap().to_owned();
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            assert!(folder.join(link).exists(), "{file}: {link}");
        }
    }
}

#[test]
fn the_documented_examples_are_valid() {
    let sandbox = with_examples();
    let ran = check(&sandbox).exits(0);
    assert_eq!(ran.stdout, "all files are valid\n");
    for (schema, file) in [
        ("evidence", "evidence/red-team/2026-11-21.json"),
        ("action", "vault/actions/publish-site-3.json"),
        ("approval", "vault/approved/publish-site-3.json"),
    ] {
        let value = read_json(&sandbox, &format!("ops/{file}"));
        assert!(is_valid(&sandbox, schema, &value), "{file}");
    }
}

fn read_json(sandbox: &Sandbox, file: &str) -> Value {
    serde_json::from_str(&sandbox.read(file)).unwrap()
}

/// The result of a full JSON Schema validator.
fn is_valid(sandbox: &Sandbox, schema: &str, value: &Value) -> bool {
    let schema = read_json(sandbox, &format!("ops/schemas/{schema}.schema.json"));
    jsonschema::validator_for(&schema).unwrap().is_valid(value)
}

/// An example with one value replaced, by JSON pointer; null removes it.
fn changed(sandbox: &Sandbox, file: &str, pointer: &str, to: &Value) -> Value {
    let mut value = read_json(sandbox, &format!("ops/{file}"));
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if to.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), to.clone());
    }
    value
}

#[test]
fn malformed_files_are_rejected_and_a_schema_validator_agrees() {
    let evidence = ("evidence", "evidence/red-team/2026-11-21.json");
    let action = ("action", "vault/actions/publish-site-3.json");
    let approval = ("approval", "vault/approved/publish-site-3.json");
    for ((schema, file), pointer, to, message) in [
        (evidence, "/date", json!("21.11.2026"), "/date is"),
        (evidence, "/result", json!("ok"), "/result must be one of"),
        (evidence, "/commit", json!("main"), "/commit is"),
        (
            evidence,
            "/measures/attacks",
            json!("ten"),
            "/measures/attacks must be",
        ),
        (
            evidence,
            "/measures/attacks",
            json!(true),
            "/measures/attacks must be",
        ),
        (
            evidence,
            "/findings",
            json!([]),
            "/findings must have at least 1",
        ),
        (
            evidence,
            "/findings",
            json!([{"severity": "low"}]),
            "/findings/0/title is missing",
        ),
        (
            evidence,
            "/subject",
            json!(""),
            "/subject must not be empty",
        ),
        (evidence, "/method", Value::Null, "/method is missing"),
        (
            evidence,
            "/verdict",
            json!("pass"),
            "/verdict is an unknown field",
        ),
        // A file that declares its own tier.
        (action, "/tier", json!("low"), "/tier is an unknown field"),
        (action, "/id", json!("../release"), "/id is"),
        // A bot on the list of approvers.
        (
            approval,
            "/approved_by",
            json!("planner-bot"),
            "/approved_by must not match",
        ),
        (
            approval,
            "/approved_by",
            json!("planner[bot]"),
            "/approved_by is",
        ),
    ] {
        let sandbox = with_examples();
        let value = changed(&sandbox, file, pointer, &to);
        assert!(!is_valid(&sandbox, schema, &value), "{file} {pointer} {to}");
        sandbox.write(&format!("ops/{file}"), value.to_string());
        let ran = check(&sandbox).exits(1);
        let line = format!("{file}: {message}");
        assert!(ran.stdout.contains(&line), "{pointer} {to}: {}", ran.stdout);
    }
}

#[test]
fn errors_that_no_schema_can_express_are_rejected() {
    let twice = r#"{"kind": "red-team", "kind": "holdout"}"#;
    let approval = "vault/approved/publish-site-3.json";
    for (file, from, to, message) in [
        (
            "evidence/red-team/2026-11-21.json",
            "2026-11-21\"",
            "2026-11-22\"",
            "the file name is",
        ),
        (
            "evidence/red-team/2026-11-21.json",
            "red-team\",",
            "holdout\",",
            "the folder name is",
        ),
        (
            "evidence/red-team/2026-13-01.json",
            "",
            twice,
            "duplicate key",
        ),
        ("evidence/red-team/notes.txt", "", "x", "unexpected file"),
        // An approval that survives a change of what was approved.
        (
            "vault/actions/publish-site-3.json",
            "tag v1.4.0",
            "tag v1.4.1",
            "the action has changed since it was approved",
        ),
        (approval, "maria", "deploy", "all files are valid"),
        (
            "vault/actions/publish-site-3.json",
            "deploy-bot",
            "maria",
            "cannot approve it",
        ),
        ("vault/approved/other.json", "", "", "cannot be read"),
        (
            "vault/pending/dns-access.md",
            "## Unblocks",
            "## Then",
            "the sections must be",
        ),
        (
            "vault/pending/dns-access.md",
            "Waiting since",
            "Asked",
            "Waiting since YYYY-MM-DD",
        ),
        (
            "vault/pending/dns-access.md",
            "# Give",
            "Give",
            "the first heading must be the title",
        ),
        (
            "prerequisites.md",
            "Status: BLOCKED",
            "Status: SOON",
            "must have one line `Status: DONE`",
        ),
        (
            "prerequisites.md",
            "Status: BLOCKED",
            "Status: DONE",
            "is DONE but has an open box",
        ),
        (
            "prerequisites.md",
            "dns-access",
            "dns",
            "vault/pending/dns.md, which does not exist",
        ),
        (
            "vault/policy.toml",
            "dev = \"medium\"",
            "dev = \"none\"",
            "/tiers/dev must be one of",
        ),
        ("vault/policy.toml", "[tiers]", "[tiers", "cannot be read"),
    ] {
        let sandbox = with_examples();
        let path = format!("ops/{file}");
        if from.is_empty() {
            sandbox.write(&path, to);
        } else {
            let text = sandbox.read(&path);
            assert!(text.contains(from), "{file} has no {from:?}");
            sandbox.write(&path, text.replacen(from, to, 1));
        }
        let ran = check(&sandbox);
        assert_eq!(
            ran.code,
            i32::from(!message.starts_with("all")),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains(message), "{file} {to}: {}", ran.stdout);
    }
}

#[test]
fn add_completes_an_older_repository_and_changes_no_file() {
    let sandbox = Sandbox::new();
    sandbox
        .write("ops/prerequisites.md", "# Ours\n\n- [x] done (#1)\n")
        .write("ops/vault/pending/note.md", "# A note\n")
        .write("ops/RESOURCES.md", "# RESOURCES\n");
    sandbox.commit("ops");
    let ran = add(&sandbox, &["--yes"]).exits(0);
    assert!(ran.stdout.contains("= prerequisites.md"), "{}", ran.stdout);
    assert_eq!(
        sandbox.read("ops/prerequisites.md"),
        "# Ours\n\n- [x] done (#1)\n"
    );
    assert_eq!(sandbox.read("ops/RESOURCES.md"), "# RESOURCES\n");
    // A folder that is not empty needs no .gitkeep.
    assert!(!sandbox.join("ops/vault/pending/.gitkeep").exists());
    assert!(sandbox.join("ops/vault/fired/.gitkeep").exists());
    assert!(sandbox.join("ops/vault/policy.toml").exists());
    assert!(!sandbox.join("ops/.scrum4me").exists());

    // A run killed before the branch was moved, and one killed before the index was written.
    let complete = sandbox.git_id("ops", "HEAD^{tree}");
    for mode in ["--soft", "--mixed"] {
        sandbox.git("ops", &["reset", "-q", mode, "HEAD~1"]);
        add(&sandbox, &["--yes"]).exits(0);
        assert_eq!(sandbox.git_id("ops", "HEAD^{tree}"), complete, "{mode}");
        assert_eq!(sandbox.git("ops", &["status", "--porcelain"]), "");
    }

    // Later, files are added to folders and their .gitkeep is removed.
    sandbox.write("ops/knowledge/dns.md", "x\n");
    fs::remove_file(sandbox.join("ops/knowledge/.gitkeep")).unwrap();
    let head = sandbox.commit("ops");
    let later = &PRODUCT[..6];
    let args = [
        "add",
        "--catalog",
        "ops-repo",
        "--defaults",
        "--into",
        "ops",
        "--yes",
    ];
    let ran = sandbox.groundplan(args.iter().chain(later)).exits(0);
    assert!(ran.stdout.contains("up to date"), "{}", ran.stdout);
    assert_eq!(sandbox.git_id("ops", "HEAD"), head);
}

#[test]
fn a_new_operations_repository_is_complete() {
    let sandbox = ops_repository();
    let ran = add(&sandbox, &["--yes"]).exits(0);
    assert!(ran.stdout.contains("up to date"), "{}", ran.stdout);
    assert_eq!(sandbox.git("ops", &["rev-list", "--count", "HEAD"]), "1\n");
}
