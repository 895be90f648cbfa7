//! `schema/` is generated from the types. `UPDATE_SNAPSHOTS=1 cargo test schemas` writes it again.

use crate::support::{Sandbox, matches_or_updates, request};
use groundplan::catalog::{self, builtin};
use groundplan::model::action::SingleLine;
use groundplan::model::date::Day;
use groundplan::model::digest::{Digest, GitId};
use groundplan::model::exclude::ExcludePattern;
use groundplan::model::input::{Identity, Owner, ProductName, RepoName};
use groundplan::model::path::{SafeRelPath, TreePath};
use groundplan::model::plan::Plan;
use groundplan::model::ref_name::RefName;
use groundplan::model::remote::RemoteUrl;
use groundplan::model::report::Report;
use groundplan::model::slug::{OptionRef, Slug};
use groundplan::model::timestamp::Timestamp;
use groundplan::schemas::{self, SchemaDocument};
use groundplan::source::{self, schema::Schema};
use groundplan::tree::memory::MemoryTree;
use regex::Regex;
use schemars::JsonSchema;
use std::path::Path;
use std::str::FromStr;

#[test]
fn the_schema_folder_is_generated_from_the_types() {
    for document in SchemaDocument::ALL {
        let file = format!("schema/{}.schema.json", document.name());
        matches_or_updates(Path::new(&file), &document.schema());
    }
}

#[test]
fn the_schema_command_prints_the_schema_folder() {
    let sandbox = Sandbox::new();
    for document in SchemaDocument::ALL {
        let ran = sandbox.groundplan(["schema", document.name()]).exits(0);
        assert_eq!(ran.stdout, document.schema());
    }
}

/// Other programs compare the hash. After a change of an action, review `ACTION_SCHEMA_VERSION` and update the hash.
#[test]
fn the_schema_hash_is_the_released_one() {
    matches_or_updates(
        Path::new("schema/action.sha256"),
        &format!("{}\n", schemas::schema_hash()),
    );
    let sandbox = Sandbox::new();
    let printed = sandbox
        .groundplan(["hash", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(printed["schemaHash"], schemas::schema_hash().as_str());
}

#[test]
fn a_plan_and_its_report_match_their_schemas_and_round_trip() {
    let catalog = catalog::load(&builtin::files(), "nextjs")
        .catalog
        .expect("the built-in catalogue is sound");
    let template = MemoryTree::default();
    let plan = groundplan::resolve::resolve(&catalog, request(&catalog)).expect("the defaults fit");
    let (report, _) = groundplan::engine::build(&plan, &template).expect("memory never fails");
    let read =
        |name: &str, text: String| source::read(name, text.as_bytes()).expect("serde writes JSON");
    let plan_document = read("plan.json", serde_json::to_string(&plan).unwrap());
    assert_eq!(Schema::<Plan>::new().parse(&plan_document), Ok(plan));
    let report_document = read("report.json", serde_json::to_string(&report).unwrap());
    assert_eq!(Schema::<Report>::new().parse(&report_document), Ok(report));
}

/// Texts of all kinds, valid for some types and invalid for others.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "-",
    "--",
    "_",
    ".",
    "..",
    "/",
    "a/b",
    "a//b",
    "/a",
    "a/",
    "./a",
    "../a",
    "a/../b",
    "a-b",
    "a--b",
    "-a",
    "a-",
    "a_b",
    "a__b",
    "_a",
    "a_",
    "a.b",
    "a..b",
    ".a",
    "a.",
    "a b",
    " a",
    "a ",
    "a\n",
    "a\tb",
    "a\u{202e}b",
    "\u{e4}",
    "\u{1f680}",
    "iron-session",
    "auth/iron-session",
    "acme-web",
    "Acme.Web_2",
    "x.git",
    "docs/notes.md",
    "app/[id]/page.tsx",
    ".github/workflows/test.yml",
    "a/.git/b",
    "con",
    "aux.rs",
    "HEAD",
    "main",
    "v1.0.0+build",
    "feature/x",
    "refs/tags/v1",
    "a:b",
    "a@{1}",
    "a^",
    "+main",
    "2026-11-21",
    "2026-02-30",
    "2026-11-21T12:00:00Z",
    "2026-11-21T12:00:00.5Z",
    "Jane Doe <jane@example.org>",
    "a <b>",
    "<a@b>",
    "Jane <>",
    "https://github.com/a/b.git",
    "git@example.org:acme/x.git",
    "https://user:token@github.com/a/b",
    "https://h/a?token=x",
    "--upload-pack=x",
    "!keep",
    "# note",
    "*.md",
    "docs/",
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "4B825DC642CB6EB9A060E54BF8D69288FBEE4904",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// The texts that a type's `parse` accepts, after a check that the pattern in its schema matches them all.
#[track_caller]
fn accepted<T: FromStr + JsonSchema>() -> Vec<&'static str> {
    let schema = schemars::schema_for!(T).to_value();
    let pattern = Regex::new(schema["pattern"].as_str().unwrap()).unwrap();
    let accepted: Vec<&str> = TEXTS
        .iter()
        .copied()
        .filter(|text| text.parse::<T>().is_ok())
        .collect();
    for text in &accepted {
        assert!(pattern.is_match(text), "{pattern} does not match {text:?}");
    }
    accepted
}

#[test]
fn the_patterns_of_the_schemas_match_every_accepted_text() {
    let ids = &TEXTS[TEXTS.len() - 3..];
    assert_eq!(
        accepted::<Slug>(),
        [
            "a",
            "a-b",
            "iron-session",
            "acme-web",
            "main",
            "2026-11-21",
            "2026-02-30",
            ids[0],
            ids[2]
        ]
    );
    assert_eq!(accepted::<GitId>(), [ids[0]]);
    assert_eq!(accepted::<Digest>(), [ids[2]]);
    assert_eq!(
        accepted::<OptionRef>(),
        ["a/b", "auth/iron-session", "feature/x"]
    );
    assert_eq!(accepted::<Day>(), ["2026-11-21"]);
    assert_eq!(accepted::<Timestamp>(), ["2026-11-21T12:00:00Z"]);
    assert_eq!(
        accepted::<Identity>(),
        ["Jane Doe <jane@example.org>", "a <b>"]
    );
    for count in [
        accepted::<SafeRelPath>().len(),
        accepted::<TreePath>().len(),
        accepted::<SingleLine>().len(),
        accepted::<ProductName>().len(),
        accepted::<Owner>().len(),
        accepted::<RepoName>().len(),
        accepted::<RefName>().len(),
        accepted::<RemoteUrl>().len(),
        accepted::<ExcludePattern>().len(),
    ] {
        assert!((1..TEXTS.len()).contains(&count), "{count}");
    }
}
