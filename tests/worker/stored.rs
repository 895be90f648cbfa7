//! A stored plan that was changed after it was accepted is not executed.

use crate::support::{PRODUCT, Sandbox};
use groundplan::engine;
use groundplan::model::digest::Digest;
use groundplan::model::plan::Plan;
use groundplan::model::report::Report;
use groundplan::resolve::stored::{Expected, StoredPlanError, StoredPlanReader};
use serde_json::{Value, json};

/// A stored plan and its report, with the accepted hashes.
struct StoredPlan {
    plan: Value,
    report: Value,
    recipe_hash: Digest,
    catalog_version: Digest,
}

fn stored() -> StoredPlan {
    let (plan, report) = accepted();
    StoredPlan {
        recipe_hash: report.recipe_hash.clone(),
        catalog_version: report.catalog_version.clone(),
        plan: serde_json::to_value(plan).unwrap(),
        report: serde_json::to_value(report).unwrap(),
    }
}

/// The accepted plan of the demo catalogue.
fn accepted() -> (Plan, Report) {
    let templates = super::support::demo_templates();
    let catalog = templates.catalogs().next().unwrap();
    let template = super::support::demo_template(&templates);
    let request = super::support::demo_request(catalog, &template);
    let preview = engine::preview(catalog, request, template.tree()).unwrap();
    (preview.plan, preview.report)
}

impl StoredPlan {
    fn read(&self) -> Result<(), StoredPlanError> {
        let expected = Expected {
            recipe_hash: &self.recipe_hash,
            catalog_version: &self.catalog_version,
            tree: self.report["treeId"].as_str(),
            repo: "acme/acme-web",
        };
        let read = StoredPlanReader::new().read(self.plan.clone(), self.report.clone(), &expected);
        read.map(drop)
    }

    /// The reason why it is refused.
    #[track_caller]
    fn refused(&self) -> String {
        self.read().expect_err("it was changed").to_string()
    }
}

#[test]
fn an_unchanged_plan_is_read() {
    stored().read().unwrap();
}

#[test]
fn the_plan_that_a_preview_prints_is_one_that_can_be_stored() {
    let sandbox = Sandbox::with_demo();
    let printed = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    let stored = StoredPlan {
        report: printed,
        ..stored()
    };
    stored.read().unwrap();
    assert!(PRODUCT.contains(&"acme-web"));
}

#[test]
fn an_action_more_or_less_is_noticed() {
    let mut more = stored();
    let actions = more.plan["actions"].as_array_mut().unwrap();
    actions.push(actions[0].clone());
    assert!(more.refused().contains("the recipe hash is"));
    let mut less = stored();
    less.plan["actions"].as_array_mut().unwrap().pop();
    assert!(less.refused().contains("was changed after it was accepted"));
}

#[test]
fn a_path_that_leaves_the_repository_is_refused_by_the_schema() {
    let mut stored = stored();
    stored.plan["actions"][1]["action"]["to"] = json!("../outside");
    let message = stored.refused();
    assert!(message.starts_with("stored plan is invalid: "), "{message}");
    assert!(message.contains("`/actions/1/action"), "{message}");
}

#[test]
fn an_unknown_action_field_or_kind_is_refused_by_the_schema() {
    for (field, value) in [
        ("kind", json!("RUN_BASH_TEMPLATE")),
        ("shell", json!("rm -rf /")),
    ] {
        let mut stored = stored();
        stored.plan["actions"][0]["action"][field] = value;
        let message = stored.refused();
        assert!(message.starts_with("stored plan is invalid: "), "{message}");
    }
}

#[test]
fn other_literal_content_is_noticed() {
    let mut stored = stored();
    let literals = stored.plan["literals"].as_object_mut().unwrap();
    for file in literals.values_mut() {
        file["content"] = json!({ "text": "export const cookie = steal();\n" });
    }
    assert!(stored.refused().contains("the recipe hash is"));
}

#[test]
fn other_inputs_and_another_template_are_noticed() {
    for (pointer, value, what) in [
        ("/inputs/product_name", json!("Other"), "the plan hash"),
        ("/inputs/owner", json!("evil"), "the plan hash"),
        ("/author", json!("Eve <eve@example.org>"), "the plan hash"),
        ("/provenance_path", json!(".other.json"), "the plan hash"),
        ("/template/tree", json!("1".repeat(40)), "the plan hash"),
        (
            "/catalog_version",
            json!("2".repeat(64)),
            "the catalogue's version",
        ),
    ] {
        let mut stored = stored();
        *stored.plan.pointer_mut(pointer).unwrap() = value;
        let message = stored.refused();
        assert!(message.contains(what), "{pointer}: {message}");
    }
}

#[test]
fn a_report_that_promises_something_else_is_noticed() {
    for (field, value, what) in [
        ("planHash", json!("3".repeat(64)), "the plan hash"),
        (
            "recipeHash",
            json!("3".repeat(64)),
            "the report's recipe hash",
        ),
        (
            "canProceed",
            json!(false),
            "does not allow the plan to proceed",
        ),
        ("treeId", Value::Null, "does not allow the plan to proceed"),
        ("treeId", json!("nonsense"), "stored report is invalid"),
    ] {
        let mut stored = stored();
        let tree = stored.report["treeId"].clone();
        stored.report[field] = value;
        let expected = Expected {
            recipe_hash: &stored.recipe_hash,
            catalog_version: &stored.catalog_version,
            tree: tree.as_str(),
            repo: "acme/acme-web",
        };
        let read =
            StoredPlanReader::new().read(stored.plan.clone(), stored.report.clone(), &expected);
        let message = read.expect_err("it was changed").to_string();
        assert!(message.contains(what), "{field}: {message}");
    }
}

#[test]
fn another_tree_or_repository_than_the_run_names_is_noticed() {
    let stored = stored();
    let promised = stored.report["treeId"].as_str().unwrap();
    for (tree, place, what) in [
        ("4".repeat(40).as_str(), "acme/acme-web", "the tree is"),
        (
            promised,
            "acme/other",
            "the repository is acme/acme-web, expected acme/other",
        ),
    ] {
        let expected = Expected {
            recipe_hash: &stored.recipe_hash,
            catalog_version: &stored.catalog_version,
            tree: Some(tree),
            repo: place,
        };
        let read =
            StoredPlanReader::new().read(stored.plan.clone(), stored.report.clone(), &expected);
        let message = read.expect_err("it was changed").to_string();
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn rules_beyond_the_schema_are_checked_again() {
    for (action, message) in [
        (
            json!({ "kind": "REPLACE_STRING", "path": "a", "find": "x", "replace": "xx" }),
            "replacement contains the text to replace",
        ),
        (
            json!({ "kind": "COPY_FILE", "to": "a" }),
            "COPY_FILE has no source",
        ),
        (
            json!({ "kind": "ADD_DEPENDENCY", "manifest": "package.json", "name": "x", "version": "latest" }),
            "is invalid: `latest` is a tag",
        ),
    ] {
        let mut stored = stored();
        stored.plan["actions"][0]["action"] = action;
        let error = stored.refused();
        assert!(
            error.contains("action 1 of the stored plan, from `recipes/demo/"),
            "{error}"
        );
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_plan_of_another_version_of_the_actions_is_refused_with_both_versions() {
    let mut stored = stored();
    stored.plan["action_schema_version"] = json!(9);
    let message = stored.refused();
    assert!(
        message.contains("action schema 9, this program supports 1"),
        "{message}"
    );
}

#[test]
fn a_document_of_another_shape_is_refused() {
    for value in [Value::Null, json!({}), json!([1]), json!("plan")] {
        let stored = StoredPlan {
            plan: value,
            ..stored()
        };
        assert!(stored.refused().starts_with("stored plan is invalid: "));
    }
}
