//! The rules of settings on a forge: each mistake of an author is found at its place, and each selection is within the
//! limits of a plan.

use crate::support::{Ran, Sandbox};
use serde_json::Value;

/// The settings of the catalogue and of two of its options, as YAML in one line.
#[derive(Clone, Copy, Default)]
struct Written<'t> {
    catalog: &'t str,
    /// An option of the SINGLE category.
    session: &'t str,
    /// An option of the MULTI category.
    docs: &'t str,
}

impl Written<'_> {
    /// A catalogue with the placeholder `__AGENT__` and these settings.
    fn catalog(&self) -> Sandbox {
        let settings = |text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!(", settings: {{ {text} }}")
            }
        };
        let (session, docs) = (settings(self.session), settings(self.docs));
        let sandbox = Sandbox::with_demo();
        sandbox.write("recipes/demo/addons/docs.yaml", "actions: []\n");
        sandbox.write(
            "catalog/demo/catalog.yaml",
            format!(
                "catalog: demo
title: Demo
template: {{ path: template, version: v1 }}
placeholders: [PRODUCT_NAME, PRODUCT_SLUG, GITHUB_OWNER]
inputs:
  - {{ name: AGENT, title: Agent, type: text, default: planner-bot }}
  - {{ name: WHY, title: Reason, type: text, max: 1000, default: because }}
settings: {{ {} }}
categories:
  - slug: auth
    title: Authentication
    selection: SINGLE
    required: true
    options:
      - {{ slug: session, title: Sessions, default: true{session} }}
      - {{ slug: none, title: No sign-in }}
  - slug: addons
    title: Add-ons
    selection: MULTI
    options:
      - {{ slug: docs, title: Documentation{docs} }}
",
                self.catalog
            ),
        );
        sandbox
    }

    fn check(&self) -> Ran {
        self.catalog().groundplan(["check", "--format", "json"])
    }
}

/// `count` labels whose names start with a word.
fn labels(word: &str, count: usize) -> String {
    let label = |number| format!("{{ name: {word}-{number}, color: \"ffffff\" }}");
    let all: Vec<String> = (0..count).map(label).collect();
    format!("labels: [{}]", all.join(", "))
}

#[test]
fn each_mistake_is_found_at_its_place() {
    let bug = "labels: [{ name: Bug, color: \"d73a4a\" }]";
    let long = "x".repeat(51);
    let long_name = format!("labels: [{{ name: {long}, color: \"d73a4a\" }}]");
    let long_description =
        format!("labels: [{{ name: a, color: \"d73a4a\", description: {long}{long} }}]");
    let named = |catalog, session, docs| Written {
        catalog,
        session,
        docs,
    };
    for (written, code, pointer, message) in [
        (
            named(bug, "labels: [{ name: bug, color: \"000000\" }]", ""),
            "GP301",
            "/categories/0/options/0/settings/labels/0/name",
            "label `bug` is named twice",
        ),
        (
            named(
                "issues: [{ title: Begin }]",
                "",
                "issues: [{ title: begin }]",
            ),
            "GP301",
            "/categories/1/options/0/settings/issues/0/title",
            "issue `begin` is named twice",
        ),
        (
            named("protection: { approvals: 1 }", "protection: {}", ""),
            "GP714",
            "/categories/0/options/0/settings/protection",
            "two protections of `main` can apply together",
        ),
        (
            named("", "protection: {}", "protection: {}"),
            "GP714",
            "/categories/1/options/0/settings/protection",
            "two protections of `main` can apply together",
        ),
        (
            named(&long_name, "", ""),
            "GP205",
            "/settings/labels/0/name",
            "name of a label has 51 characters, the maximum is 50",
        ),
        (
            named(&long_description, "", ""),
            "GP205",
            "/settings/labels/0/description",
            "description of a label has 102 characters, the maximum is 100",
        ),
        (
            named(
                "collaborators: [{ account: __AGNT__, role: write }]",
                "",
                "",
            ),
            "GP410",
            "/settings/collaborators/0/account",
            "unknown placeholder `__AGNT__`",
        ),
        (
            named("", "protection: { approvers: [jane, __WHO__] }", ""),
            "GP410",
            "/categories/0/options/0/settings/protection/approvers/1",
            "unknown placeholder `__WHO__`",
        ),
        (
            named("", "protection: { mergers: [__WHO__] }", ""),
            "GP410",
            "/categories/0/options/0/settings/protection/mergers/0",
            "unknown placeholder `__WHO__`",
        ),
        (
            named(bug, "", "issues: [{ title: Begin, labels: [Bugs] }]"),
            "GP204",
            "/categories/1/options/0/settings/issues/0/labels/0",
            "unknown label `Bugs`",
        ),
        (
            named("", bug, "issues: [{ title: Begin, labels: [Bug] }]"),
            "GP204",
            "/categories/1/options/0/settings/issues/0/labels/0",
            "unknown label `Bug`",
        ),
        (
            named("collaborators: [{ account: a b, role: write }]", "", ""),
            "GP205",
            "/settings/collaborators/0/account",
            "`a b` is no login",
        ),
        (
            named("labels: [{ name: a, color: red }]", "", ""),
            "GP205",
            "/settings/labels/0/color",
            "`red` is no colour of six hexadecimal digits",
        ),
        (
            named("collaborators: [{ account: jane, role: read }]", "", ""),
            "GP204",
            "/settings/collaborators/0/role",
            "unknown value `read`",
        ),
        (
            named("protection: { approvals: 7 }", "", ""),
            "GP205",
            "/settings/protection/approvals",
            "value is greater than 6",
        ),
    ] {
        let document = written.check().exits(1).json();
        let findings = document["diagnostics"].as_array().unwrap();
        let found: Vec<[&Value; 3]> = findings
            .iter()
            .map(|one| [&one["code"], &one["pointer"], &one["message"]])
            .collect();
        assert_eq!(found, [[code, pointer, message]], "{message}");
        assert!(
            !findings[0]["help"].as_str().unwrap().is_empty(),
            "{message}"
        );
        assert!(findings[0]["line"].as_u64().unwrap() > 1);
    }
}

#[test]
fn settings_of_every_kind_are_accepted_together() {
    let written = Written {
        catalog: "labels: [{ name: bug, color: \"d73a4a\", description: Broken }], collaborators: [{ account: __AGENT__, role: write }, { account: 'renovate[bot]', role: write }, { account: acme/reviewers, role: admin }]",
        session: "labels: [{ name: login, color: \"000000\" }], protection: { approvals: 1, approvers: [acme/reviewers], mergers: [__AGENT__] }",
        docs: "issues: [{ title: Write, body: Begin., labels: [bug] }]",
    };
    written.check().exits(0);
}

#[test]
fn a_selection_with_more_labels_than_a_plan_may_have_is_refused() {
    let (most, last) = (labels("a", 50), labels("b", 1));
    let written = Written {
        session: &most,
        docs: &last,
        ..Written::default()
    };
    let sandbox = written.catalog();
    sandbox.groundplan(["check"]).exits(0);
    sandbox.preview(&["--defaults"]).exits(0);
    let both = ["--defaults", "--select", "addons=docs"];
    let made = sandbox.make(&[&both[..], &["--into", "out"]].concat());
    for ran in [sandbox.preview(&both), made] {
        let error = ran.exits(1).stderr;
        assert!(
            error.contains("selection has 51 labels, the maximum is 50"),
            "{error}"
        );
    }
}

#[test]
fn an_issue_that_its_placeholders_make_too_long_is_found_by_the_preview() {
    let body = "__WHY__".repeat(11);
    let issue = format!("issues: [{{ title: Begin, body: {body} }}]");
    let written = Written {
        catalog: &issue,
        ..Written::default()
    };
    let sandbox = written.catalog();
    sandbox.preview(&["--defaults"]).exits(0);
    let why = format!("WHY={}", "x".repeat(1000));
    let report = sandbox
        .preview(&["--defaults", "--input", &why, "--format", "json"])
        .exits(1)
        .json();
    assert_eq!(report["canProceed"], false);
    assert_eq!(
        report["errors"][0]["message"],
        "text of issue `Begin` has 11000 characters with its placeholders replaced, the maximum is 10000"
    );
}
