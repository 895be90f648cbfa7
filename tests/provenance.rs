//! The provenance file: its fields, its two versions, and the tree it names.

use crate::support::{PRODUCT, Sandbox};
use groundplan::model::plan::Plan;
use groundplan::model::provenance::{CatalogSource, Provenance};
use groundplan::schemas::SchemaDocument;
use serde_json::{Value, json};

const PROVENANCE: &str = ".scrum4me/bootstrap.json";

/// A file that groundplan 0.1.0 wrote before the format had versions.
const VERSION_1: &str = include_str!("data/provenance_v1.json");

/// A repository `out` of the demo catalogue, and its provenance.
fn made(author: &str) -> (Sandbox, Value) {
    let sandbox = Sandbox::with_demo();
    let flags = ["--defaults", "--author", author, "--into", "out"];
    sandbox.make(&flags).exits(0);
    let recorded = serde_json::from_str(&sandbox.read(&format!("out/{PROVENANCE}"))).unwrap();
    (sandbox, recorded)
}

/// The provenance as version 1 wrote it.
pub(crate) fn as_version_1(provenance: &str) -> String {
    let mut file: Provenance = serde_json::from_str(provenance).unwrap();
    file.generated = None;
    file.to_text()
}

#[test]
fn a_new_repository_records_author_source_and_generated_tree() {
    let (sandbox, recorded) = made("Ada <ada@example.org>");
    assert_eq!(recorded["version"], 2);
    assert_eq!(recorded["author"], "Ada <ada@example.org>");
    assert_eq!(recorded["catalog_source"], json!({ "kind": "local" }));
    assert_eq!(recorded["object_format"], "sha1");
    sandbox.git("out", &["rm", "-q", "--cached", PROVENANCE]);
    let without = sandbox.git("out", &["write-tree"]);
    assert_eq!(recorded["tree"], without.trim());
    let text = sandbox.read(&format!("out/{PROVENANCE}"));
    assert!(!text.contains(sandbox.path().to_str().unwrap()), "{text}");
    sandbox.git("out", &["reset", "-q"]);
    sandbox
        .groundplan(["verify", "out", "--catalog", "."])
        .exits(0);
}

#[test]
fn a_built_in_catalogue_is_recorded_with_the_version_of_the_program() {
    let sandbox = Sandbox::new();
    let flags = [
        "new",
        "--catalog",
        "rust-cli",
        "--defaults",
        "--into",
        "out",
    ];
    sandbox.groundplan(flags.iter().chain(&PRODUCT)).exits(0);
    let text = sandbox.read(&format!("out/{PROVENANCE}"));
    let recorded: Provenance = serde_json::from_str(&text).unwrap();
    let source = recorded.generated.unwrap().catalog_source;
    assert_eq!(source, CatalogSource::built_in());
}

#[test]
fn a_file_of_version_1_is_read_and_written_as_it_was() {
    let read: Provenance = serde_json::from_str(VERSION_1).unwrap();
    assert_eq!(read.generated, None);
    assert_eq!(read.to_text(), VERSION_1);
}

#[test]
fn both_versions_match_the_schema_and_mixtures_match_neither_schema_nor_reader() {
    let schema: Value = serde_json::from_str(&SchemaDocument::Provenance.schema()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let version_1: Value = serde_json::from_str(VERSION_1).unwrap();
    let (_, version_2) = made("Ada <ada@example.org>");
    for sound in [&version_1, &version_2] {
        assert!(schema.is_valid(sound), "{sound}");
    }
    let v2_fields = ["author", "catalog_source", "object_format", "tree"];
    let mut mixtures = Vec::new();
    for field in v2_fields {
        let mut less = version_2.clone();
        less.as_object_mut().unwrap().remove(field);
        let mut more = version_1.clone();
        more[field] = version_2[field].clone();
        mixtures.extend([less, more]);
    }
    for version in [json!(1), json!(3), json!("2")] {
        let mut other = version_2.clone();
        other["version"] = version;
        mixtures.push(other);
    }
    for mixture in mixtures {
        assert!(!schema.is_valid(&mixture), "{mixture}");
        let read = serde_json::from_value::<Provenance>(mixture.clone());
        assert!(read.is_err(), "{mixture}");
    }
}

#[test]
fn a_repository_of_version_1_is_verified_and_explained() {
    let (sandbox, _) = made("Ada <ada@example.org>");
    let path = format!("out/{PROVENANCE}");
    sandbox.write(&path, as_version_1(&sandbox.read(&path)));
    let amend = ["commit", "-q", "-a", "--amend", "--no-edit"];
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    sandbox.git("out", &[&identity[..], &amend].concat());
    let verified = sandbox
        .groundplan(["verify", "out", "--catalog", ".", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(verified["exact"], true);
    assert_eq!(verified["provenance"]["version"], Value::Null);
    let explain = ["explain", PROVENANCE, "--in", "out", "--catalog", "."];
    let explained = sandbox.groundplan(explain).exits(0);
    assert!(!explained.stdout.contains("\"version\""));
}

#[test]
fn a_stored_plan_without_a_catalogue_source_keeps_its_hash_and_its_provenance() {
    let catalog = groundplan::app::catalogs::open_builtin("rust-cli").unwrap();
    let request = groundplan::resolve::Request {
        catalog_source: None,
        ..crate::support::request(&catalog.catalog)
    };
    let plan = groundplan::resolve::resolve(&catalog.catalog, request).unwrap();
    let stored = serde_json::to_value(&plan).unwrap();
    assert_eq!(stored.get("catalog_source"), None);
    let read: Plan = serde_json::from_value(stored).unwrap();
    assert_eq!(read, plan);
    let recorded = plan.provenance(plan.template.tree.clone());
    assert_eq!(recorded.generated, None);
    let hash = |plan: &Plan| plan.hash(&plan.recipe_hash());
    let with_source = Plan {
        catalog_source: Some(CatalogSource::built_in()),
        ..plan.clone()
    };
    assert_ne!(hash(&plan), hash(&with_source));
}
