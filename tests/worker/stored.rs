//! A stored plan that was changed after it was accepted is not carried out, whatever was changed.

use crate::support::{PRODUCT, Sandbox};
use groundplan::engine;
use groundplan::model::digest::Digest;
use groundplan::model::plan::Plan;
use groundplan::model::report::Report;
use groundplan::resolve::stored::{Expected, StoredPlanError, StoredPlanReader};
use serde_json::{Value, json};

/// A plan and its report as they are stored, with what was promised.
struct Kept {
    plan: Value,
    report: Value,
    recipe_hash: Digest,
    catalog_version: Digest,
}

fn kept() -> Kept {
    let (plan, report) = accepted();
    Kept {
        recipe_hash: report.recipe_hash.clone(),
        catalog_version: report.catalog_version.clone(),
        plan: serde_json::to_value(plan).unwrap(),
        report: serde_json::to_value(report).unwrap(),
    }
}

/// The accepted plan of the demo catalogue.
fn accepted() -> (Plan, Report) {
    let shelf = super::support::demo_shelf();
    let catalog = shelf.catalogs().next().unwrap();
    let template = super::support::demo_template(&shelf);
    let request = super::support::demo_request(catalog, &template);
    let preview = engine::preview(catalog, request, template.tree()).unwrap();
    (preview.plan, preview.report)
}

impl Kept {
    fn read(&self) -> Result<(), StoredPlanError> {
        let promise = Expected {
            recipe_hash: &self.recipe_hash,
            catalog_version: &self.catalog_version,
            tree: self.report["treeId"].as_str(),
            repo: "acme/acme-web",
        };
        let read = StoredPlanReader::new().read(self.plan.clone(), self.report.clone(), &promise);
        read.map(drop)
    }

    /// Why it is refused.
    #[track_caller]
    fn refused(&self) -> String {
        self.read().expect_err("it was changed").to_string()
    }
}

#[test]
fn a_plan_that_is_as_it_was_accepted_is_read() {
    kept().read().unwrap();
}

#[test]
fn the_plan_that_a_preview_prints_is_one_that_can_be_stored() {
    let sandbox = Sandbox::with_demo();
    let printed = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    let kept = Kept {
        report: printed,
        ..kept()
    };
    kept.read().unwrap();
    assert!(PRODUCT.contains(&"acme-web"));
}

#[test]
fn an_action_more_or_less_is_noticed() {
    let mut more = kept();
    let actions = more.plan["actions"].as_array_mut().unwrap();
    actions.push(actions[0].clone());
    assert!(more.refused().contains("the recipe hash is"));
    let mut less = kept();
    less.plan["actions"].as_array_mut().unwrap().pop();
    assert!(less.refused().contains("was changed after it was accepted"));
}

#[test]
fn a_path_that_leaves_the_repository_is_refused_by_the_schema() {
    let mut kept = kept();
    kept.plan["actions"][1]["action"]["to"] = json!("../outside");
    let why = kept.refused();
    assert!(why.starts_with("stored plan is invalid: "), "{why}");
    assert!(why.contains("`/actions/1/action"), "{why}");
}

#[test]
fn an_unknown_action_field_or_kind_is_refused_by_the_schema() {
    for (field, value) in [
        ("kind", json!("RUN_BASH_TEMPLATE")),
        ("shell", json!("rm -rf /")),
    ] {
        let mut kept = kept();
        kept.plan["actions"][0]["action"][field] = value;
        let why = kept.refused();
        assert!(why.starts_with("stored plan is invalid: "), "{why}");
    }
}

#[test]
fn other_literal_content_is_noticed() {
    let mut kept = kept();
    let literals = kept.plan["literals"].as_object_mut().unwrap();
    for file in literals.values_mut() {
        file["content"] = json!({ "text": "export const cookie = steal();\n" });
    }
    assert!(kept.refused().contains("the recipe hash is"));
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
        let mut kept = kept();
        *kept.plan.pointer_mut(pointer).unwrap() = value;
        let why = kept.refused();
        assert!(why.contains(what), "{pointer}: {why}");
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
        ("canProceed", json!(false), "cannot be carried out"),
        ("treeId", Value::Null, "cannot be carried out"),
        ("treeId", json!("nonsense"), "the stored report is none"),
    ] {
        let mut kept = kept();
        let tree = kept.report["treeId"].clone();
        kept.report[field] = value;
        let promise = Expected {
            recipe_hash: &kept.recipe_hash,
            catalog_version: &kept.catalog_version,
            tree: tree.as_str(),
            repo: "acme/acme-web",
        };
        let read = StoredPlanReader::new().read(kept.plan.clone(), kept.report.clone(), &promise);
        let why = read.expect_err("it was changed").to_string();
        assert!(why.contains(what), "{field}: {why}");
    }
}

#[test]
fn another_tree_or_repository_than_the_run_names_is_noticed() {
    let kept = kept();
    let promised = kept.report["treeId"].as_str().unwrap();
    for (tree, place, what) in [
        ("4".repeat(40).as_str(), "acme/acme-web", "the tree is"),
        (
            promised,
            "acme/other",
            "the repository is acme/acme-web, accepted was acme/other",
        ),
    ] {
        let promise = Expected {
            recipe_hash: &kept.recipe_hash,
            catalog_version: &kept.catalog_version,
            tree: Some(tree),
            repo: place,
        };
        let read = StoredPlanReader::new().read(kept.plan.clone(), kept.report.clone(), &promise);
        let why = read.expect_err("it was changed").to_string();
        assert!(why.contains(what), "{why}");
    }
}

#[test]
fn rules_that_no_schema_can_say_are_checked_again() {
    for (action, message) in [
        (
            json!({ "kind": "REPLACE_STRING", "path": "a", "find": "x", "replace": "xx" }),
            "the replacement contains the text it replaces",
        ),
        (
            json!({ "kind": "COPY_FILE", "to": "a" }),
            "this COPY_FILE has no source",
        ),
        (
            json!({ "kind": "ADD_DEPENDENCY", "manifest": "package.json", "name": "x", "version": "latest" }),
            "breaks a rule",
        ),
    ] {
        let mut kept = kept();
        kept.plan["actions"][0]["action"] = action;
        let why = kept.refused();
        assert!(
            why.contains("action 1 of the stored plan, from `recipes/demo/"),
            "{why}"
        );
        assert!(why.contains(message), "{why}");
    }
}

#[test]
fn a_plan_of_another_version_of_the_actions_is_refused_with_both_versions() {
    let mut kept = kept();
    kept.plan["action_schema_version"] = json!(9);
    let why = kept.refused();
    assert!(
        why.contains("actions of version 9, this program knows version 1"),
        "{why}"
    );
}

#[test]
fn what_is_no_plan_at_all_is_refused_by_name() {
    for value in [Value::Null, json!({}), json!([1]), json!("plan")] {
        let kept = Kept {
            plan: value,
            ..kept()
        };
        assert!(kept.refused().starts_with("stored plan is invalid: "));
    }
}
