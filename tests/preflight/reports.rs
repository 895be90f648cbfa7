//! `groundplan preview --forge`: facts and findings in the report, and nothing else.

use super::{expiry, kind, now, on_forge};
use crate::forge::fake::{Dialect, Fake, Fault, State};
use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::{Value, json};

const PREVIEW: [&str; 4] = ["preview", "--catalog", ".", "--defaults"];

#[track_caller]
pub(super) fn preview(sandbox: &Sandbox, fake: &Fake, more: &[&str]) -> Ran {
    let forge = ["--forge", kind(fake.dialect)];
    on_forge(
        sandbox,
        fake,
        PREVIEW.iter().chain(&PRODUCT).chain(&forge).chain(more),
    )
}

/// The codes of a list of findings.
pub(super) fn codes(report: &Value, list: &str) -> Vec<String> {
    let findings = report[list].as_array().unwrap().iter();
    let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
    findings.map(code).collect()
}

#[test]
fn the_report_has_dated_facts() {
    let sandbox = Sandbox::with_demo();
    let fake = Fake::start(Dialect::GitHub);
    fake.state().expires = Some("2100-01-01 00:00:00 UTC".to_owned());
    let before = now();
    let report = preview(&sandbox, &fake, &["--format", "json"])
        .exits(0)
        .json();
    let forge = &report["forge"];
    let checked: jiff::Timestamp = forge["checkedAt"].as_str().unwrap().parse().unwrap();
    assert!((before..=now()).contains(&checked.as_second()), "{checked}");
    assert_eq!(
        (&forge["kind"], &forge["host"]),
        (&json!("github"), &json!("127.0.0.1"))
    );
    assert_eq!(
        forge["facts"],
        json!([
            { "fact": "account", "login": "jane" },
            { "fact": "scopes", "given": ["delete_repo", "repo", "workflow"], "missing": [] },
            { "fact": "expiry", "at": "2100-01-01T00:00:00Z" },
            { "fact": "removal", "allowed": "yes" },
            { "fact": "budget", "left": 4999, "limit": 5000, "resetsAt": "2026-11-21T12:00:00Z" },
            { "fact": "owner", "owner": "acme", "kind": "organisation", "standing": "visible" },
            { "fact": "name", "owner": "acme", "repo": "acme-web", "standing": "free" },
            { "fact": "template", "repo": "catalog:demo", "ref": "v1", "sha": null },
        ])
    );
    assert_eq!(codes(&report, "warnings"), Vec::<String>::new());
    assert_eq!(report["canProceed"], true);
}

#[test]
fn unknown_facts_of_forgejo_are_empty() {
    let sandbox = Sandbox::with_demo();
    let fake = Fake::start(Dialect::Forgejo);
    let report = preview(&sandbox, &fake, &["--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        report["forge"]["facts"],
        json!([
            { "fact": "account", "login": "jane" },
            { "fact": "scopes", "given": null, "missing": [] },
            { "fact": "expiry", "at": null },
            { "fact": "removal", "allowed": "unknown" },
            { "fact": "owner", "owner": "acme", "kind": "organisation", "standing": "visible" },
            { "fact": "name", "owner": "acme", "repo": "acme-web", "standing": "free" },
            { "fact": "template", "repo": "catalog:demo", "ref": "v1", "sha": null },
        ])
    );
    assert_eq!(codes(&report, "warnings"), Vec::<String>::new());
}

#[test]
fn the_text_shows_the_facts_below_the_risk() {
    let sandbox = Sandbox::with_demo();
    let fake = Fake::start(Dialect::GitHub);
    fake.state().expires = None;
    let text = preview(&sandbox, &fake, &["--summary"]).exits(0).stdout;
    let start = text
        .find("\nForge: github at 127.0.0.1, asked 20")
        .expect(&text);
    let end = text.find("\nTree: ").expect(&text);
    let facts: Vec<&str> = text[start..end].lines().skip(2).collect();
    assert_eq!(
        facts,
        [
            "  account   jane",
            "  scopes    delete_repo, repo, workflow",
            "  expires   no expiry date",
            "  removal   allowed, for an undo",
            "  budget    4999 of 5000 requests left",
            "  owner     acme: visible",
            "  name      acme/acme-web: free, as far as the token can see",
            "  template  read from catalog:demo at v1",
        ]
    );
}

#[test]
fn the_ids_do_not_depend_on_the_forge() {
    let sandbox = Sandbox::with_demo();
    let fake = Fake::start(Dialect::GitHub);
    let json = ["--format", "json"];
    let without = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(without.get("forge"), None);
    let ids = |report: &Value| ["treeId", "commitId", "planHash"].map(|id| report[id].clone());
    assert_eq!(ids(&preview(&sandbox, &fake, &json).json()), ids(&without));
    fake.state().add("acme", "acme-web", "somebody's");
    let taken = preview(&sandbox, &fake, &json).exits(1).json();
    assert_eq!(ids(&taken), ids(&without));
    let text = preview(&sandbox, &fake, &["--summary"]).exits(1).stdout;
    assert!(
        text.contains(" unchanged\n") && !text.contains(" conflicts"),
        "{text}"
    );
}

/// Asserts the only finding of a preview for an owner against a prepared fake.
#[track_caller]
fn finds(list: &str, code: &str, owner: &str, prepare: impl FnOnce(&mut State)) {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().expires = None;
    prepare(&mut fake.state());
    let sandbox = Sandbox::with_demo();
    let product = PRODUCT.map(|word| if word == "acme" { owner } else { word });
    let more = ["--forge", "github", "--format", "json"];
    let args = PREVIEW.iter().chain(&product).chain(&more);
    let ran = on_forge(&sandbox, &fake, args);
    let report = ran.json();
    for each in ["errors", "collisions", "warnings"] {
        let expected = if each == list { vec![code] } else { Vec::new() };
        assert_eq!(codes(&report, each), expected, "{report:#}");
    }
    let can_proceed = list == "warnings";
    assert_eq!(report["canProceed"], can_proceed);
    ran.exits(i32::from(!can_proceed));
}

#[test]
fn certain_obstacles_are_errors() {
    finds("collisions", "GP801", "acme", |state| {
        state.add("Acme", "Acme-Web", "somebody's");
    });
    finds("errors", "GP803", "acme", |state| {
        state.fault = Some((0, Fault::Unauthorized, 1));
    });
    finds("errors", "GP804", "acme", |state| {
        state.scopes = "public_repo, delete_repo";
    });
    finds("errors", "GP806", "closed", |_| ());
    finds("errors", "GP806", "bob", |_| ());
}

#[test]
fn possible_obstacles_are_warnings() {
    finds("warnings", "GP802", "acme", |state| {
        state.redirects.insert("acme/acme-web".to_owned(), 1);
    });
    finds("warnings", "GP805", "acme", |state| {
        state.expires = Some(expiry(now() - 1));
    });
    finds("warnings", "GP807", "quiet", |_| ());
    finds("warnings", "GP807", "nobody", |_| ());
    finds("warnings", "GP808", "acme", |state| state.scopes = "repo");
    finds("warnings", "GP809", "acme", |state| state.left = 3);
}

#[test]
fn a_missing_answer_leaves_the_others() {
    let sandbox = Sandbox::with_demo();
    let fake = Fake::start(Dialect::GitHub);
    fake.state().expires = None;
    // The account, three requests about the owner, then the name.
    fake.state().fault = Some((4, Fault::TooMany, 1));
    let report = preview(&sandbox, &fake, &["--format", "json"])
        .exits(0)
        .json();
    assert_eq!(codes(&report, "warnings"), ["GP810"]);
    let facts = report["forge"]["facts"].as_array().unwrap();
    let words: Vec<&str> = facts
        .iter()
        .map(|fact| fact["fact"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        [
            "account",
            "scopes",
            "expiry",
            "removal",
            "budget",
            "owner",
            "unanswered",
            "template"
        ]
    );
}

#[test]
fn a_folder_of_repositories_has_a_preflight_too() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("forge/here", "");
    let args = [
        "--defaults",
        "--forge",
        "local",
        "--forge-url",
        "forge",
        "--format",
        "json",
    ];
    let report = sandbox.preview(&args).exits(0).json();
    assert_eq!(
        report["forge"]["facts"],
        json!([
            { "fact": "account", "login": "local" },
            { "fact": "owner", "owner": "acme", "kind": "organisation", "standing": "visible" },
            { "fact": "name", "owner": "acme", "repo": "acme-web", "standing": "free" },
            { "fact": "template", "repo": "catalog:demo", "ref": "v1", "sha": null },
        ])
    );
    sandbox.write("forge/ACME/acme-web.git/HEAD", "");
    let report = sandbox.preview(&args).exits(1).json();
    assert_eq!(codes(&report, "collisions"), ["GP801"]);
}

#[test]
fn a_preview_only_reads() {
    let sandbox = Sandbox::with_demo();
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let fake = Fake::start(dialect);
        preview(&sandbox, &fake, &[]).exits(0);
        let state = fake.state();
        assert!(
            state.calls.iter().all(|call| call.starts_with("GET ")),
            "{:?}",
            state.calls
        );
    }
}

#[test]
fn invalid_forge_settings_are_reported_before_any_request() {
    let sandbox = Sandbox::with_demo();
    let fake = Fake::start(Dialect::GitHub);
    for more in [
        &["--forge-url", "ftp://forge.example"][..],
        &["--forge-url", "http://forge.example"],
        &["--forge-timeout", "0"],
    ] {
        preview(&sandbox, &fake, more).exits(2);
    }
    let without_token = ["--defaults", "--forge", "github"];
    let ran = sandbox.preview(&without_token).exits(2);
    assert!(
        ran.stderr.contains("GROUNDPLAN_FORGE_TOKEN is not set"),
        "{}",
        ran.stderr
    );
    assert!(fake.state().calls.is_empty());
    let args = ["--defaults", "--forge", "github", "--explain", "README.md"];
    sandbox.preview(&args).exits(0);
}
