//! `schema/` is generated from the types. `UPDATE_SNAPSHOTS=1 cargo test schemas` writes it again.

use crate::support::{Sandbox, matches_or_updates, request};
use groundplan::catalog::{self, builtin};
use groundplan::model::plan::Plan;
use groundplan::model::report::Report;
use groundplan::schemas::{self, SchemaDocument};
use groundplan::source::{self, schema::Schema};
use groundplan::tree::memory::MemoryTree;
use std::path::Path;

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

/// The hash is a promise to other programs (R16): when an action changes, this test asks for a new number and for a
/// look at `ACTION_SCHEMA_VERSION`.
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
