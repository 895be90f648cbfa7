//! The catalogue `ops-repo`: its layout, its forms and their examples, and the guard that refuses what breaks them.

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

fn made() -> Sandbox {
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

/// A repository that holds every documented example at its place.
fn with_examples() -> Sandbox {
    let sandbox = made();
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
    let sandbox = made();
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
fn the_policy_names_the_tiers_and_nothing_else() {
    let policy: toml::Table = made().read("ops/vault/policy.toml").parse().unwrap();
    let tiers = policy["tiers"].as_table().unwrap();
    let of = |tier: &str| {
        let of_tier = tiers
            .iter()
            .filter(|(_, value)| value.as_str() == Some(tier));
        let mut names: Vec<&str> = of_tier.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(policy.len(), 1);
    assert_eq!(
        of("low"),
        ["groom-backlog", "reproduce", "review-pr", "triage"]
    );
    assert_eq!(
        of("medium"),
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
        of("high"),
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
fn every_selection_is_flawless_and_its_links_lead_somewhere() {
    for forge in ["forgejo", "github"] {
        for writes in ["merge-allowlist", "no-protection", "admin-token"] {
            for guard in [&[][..], &["--select", "guards=forms"]] {
                let sandbox = Sandbox::new();
                let (forge, writes) = (format!("forge={forge}"), format!("agent-writes={writes}"));
                let args = [
                    "new",
                    "--catalog",
                    "ops-repo",
                    "--into",
                    "ops",
                    "--format",
                    "json",
                ];
                let select = ["--select", &forge, "--select", &writes];
                let all = args.iter().chain(&select).chain(guard).chain(&PRODUCT);
                let report = &sandbox.groundplan(all).exits(0).json()["report"];
                assert_eq!(report["warnings"], json!([]), "{forge} {writes}");
                let text = sandbox.read("ops/docs/branch-protection.md");
                assert!(text.contains("## Prove it"), "{forge} {writes}");
                assert!(!text.contains("__"), "{forge} {writes}");
                links_lead_somewhere(&sandbox);
                if !guard.is_empty() {
                    check(&sandbox).exits(0);
                }
            }
        }
    }
}

#[track_caller]
fn links_lead_somewhere(sandbox: &Sandbox) {
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
fn the_documented_examples_keep_their_forms() {
    let sandbox = with_examples();
    let ran = check(&sandbox).exits(0);
    assert_eq!(ran.stdout, "all forms are kept\n");
    for (schema, file) in [
        ("evidence", "evidence/red-team/2026-11-21.json"),
        ("action", "vault/actions/publish-site-3.json"),
        ("approval", "vault/approved/publish-site-3.json"),
    ] {
        let value = json_of(&sandbox, &format!("ops/{file}"));
        assert!(keeps(&sandbox, schema, &value), "{file}");
    }
}

fn json_of(sandbox: &Sandbox, file: &str) -> Value {
    serde_json::from_str(&sandbox.read(file)).unwrap()
}

/// What a full JSON Schema validator says.
fn keeps(sandbox: &Sandbox, schema: &str, value: &Value) -> bool {
    let schema = json_of(sandbox, &format!("ops/schemas/{schema}.schema.json"));
    jsonschema::validator_for(&schema).unwrap().is_valid(value)
}

/// Changes one value of an example, by pointer; null takes it away.
fn changed(sandbox: &Sandbox, file: &str, pointer: &str, to: &Value) -> Value {
    let mut value = json_of(sandbox, &format!("ops/{file}"));
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
fn what_breaks_a_form_is_refused_loudly_and_a_schema_validator_agrees() {
    let evidence = ("evidence", "evidence/red-team/2026-11-21.json");
    let action = ("action", "vault/actions/publish-site-3.json");
    let approval = ("approval", "vault/approved/publish-site-3.json");
    for ((schema, file), pointer, to, said) in [
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
            "/findings needs at least 1",
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
            "/verdict is not a known field",
        ),
        // A file that declares its own tier.
        (action, "/tier", json!("low"), "/tier is not a known field"),
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
        assert!(!keeps(&sandbox, schema, &value), "{file} {pointer} {to}");
        sandbox.write(&format!("ops/{file}"), value.to_string());
        let ran = check(&sandbox).exits(1);
        let line = format!("{file}: {said}");
        assert!(ran.stdout.contains(&line), "{pointer} {to}: {}", ran.stdout);
    }
}

#[test]
fn what_no_schema_can_say_is_refused_too() {
    let twice = r#"{"kind": "red-team", "kind": "holdout"}"#;
    let approval = "vault/approved/publish-site-3.json";
    for (file, from, to, said) in [
        (
            "evidence/red-team/2026-11-21.json",
            "2026-11-21\"",
            "2026-11-22\"",
            "the file is called",
        ),
        (
            "evidence/red-team/2026-11-21.json",
            "red-team\",",
            "holdout\",",
            "the folder is called",
        ),
        (
            "evidence/red-team/2026-13-01.json",
            "",
            twice,
            "a key stands there twice",
        ),
        (
            "evidence/red-team/notes.txt",
            "",
            "x",
            "does not belong here",
        ),
        // An approval that survives a change of what was approved.
        (
            "vault/actions/publish-site-3.json",
            "tag v1.4.0",
            "tag v1.4.1",
            "it has changed since",
        ),
        (approval, "maria", "deploy", "all forms are kept"),
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
            "the parts must be",
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
            "needs one line `Status: DONE`",
        ),
        (
            "prerequisites.md",
            "Status: BLOCKED",
            "Status: DONE",
            "is DONE and has an open box",
        ),
        (
            "prerequisites.md",
            "dns-access",
            "dns",
            "vault/pending/dns.md, which is not there",
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
        let place = format!("ops/{file}");
        if from.is_empty() {
            sandbox.write(&place, to);
        } else {
            let text = sandbox.read(&place);
            assert!(text.contains(from), "{file} has no {from:?}");
            sandbox.write(&place, text.replacen(from, to, 1));
        }
        let ran = check(&sandbox);
        assert_eq!(
            ran.code,
            i32::from(!said.starts_with("all")),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains(said), "{file} {to}: {}", ran.stdout);
    }
}

#[test]
fn a_deployment_of_before_gets_what_it_misses_and_loses_nothing() {
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
    // A folder that holds something needs nothing to keep it.
    assert!(!sandbox.join("ops/vault/pending/.gitkeep").exists());
    assert!(sandbox.join("ops/vault/fired/.gitkeep").exists());
    assert!(sandbox.join("ops/vault/policy.toml").exists());
    assert!(!sandbox.join("ops/.scrum4me").exists());

    // A run that was killed before the branch moved, and one before the index was written.
    let whole = sandbox.git_id("ops", "HEAD^{tree}");
    for left in ["--soft", "--mixed"] {
        sandbox.git("ops", &["reset", "-q", left, "HEAD~1"]);
        add(&sandbox, &["--yes"]).exits(0);
        assert_eq!(sandbox.git_id("ops", "HEAD^{tree}"), whole, "{left}");
        assert_eq!(sandbox.git("ops", &["status", "--porcelain"]), "");
    }

    // Work goes on: folders fill, and what kept them goes.
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
    assert!(ran.stdout.contains("already present"), "{}", ran.stdout);
    assert_eq!(sandbox.git_id("ops", "HEAD"), head);
}

#[test]
fn a_new_operations_repository_has_everything_already() {
    let sandbox = made();
    let ran = add(&sandbox, &["--yes"]).exits(0);
    assert!(ran.stdout.contains("already present"), "{}", ran.stdout);
    assert_eq!(sandbox.git("ops", &["rev-list", "--count", "HEAD"]), "1\n");
}
