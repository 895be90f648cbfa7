//! `groundplan preview`: exactly what the repository would hold.

use crate::support::{Sandbox, request};
use groundplan::catalog::{builtin, load};
use groundplan::engine::{self, PreviewError};
use groundplan::model::content::File;
use groundplan::model::digest::GitId;
use groundplan::model::path::TreePath;
use groundplan::resolve;
use groundplan::tree::ids::tree_id;
use groundplan::tree::memory::MemoryTree;

#[test]
fn the_preview_names_every_change_and_its_origin() {
    let sandbox = Sandbox::with_demo();
    let report = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    let changed: Vec<String> = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            format!(
                "{} {}",
                change["change"].as_str().unwrap(),
                change["path"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        changed,
        [
            "added .scrum4me/bootstrap.json",
            "modified README.md",
            "added lib/session.ts",
            "modified package.json"
        ]
    );
    let origin = &report["changes"][2]["origin"][0];
    assert_eq!(origin["option"], "auth/session");
    assert_eq!(origin["file"], "recipes/demo/auth/session.yaml");
    assert_eq!(origin["line"], 6);
}

#[test]
fn a_selection_that_does_not_fit_is_shown_in_its_file() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("selection.yaml", "addons: [docs]\nstyle: plain\n");
    let ran = sandbox
        .preview(&["--selection", "selection.yaml", "--format", "json"])
        .exits(1);
    assert_eq!(
        ran.findings(),
        ["GP501 selection.yaml:2:8", "GP502 selection.yaml:1:1"]
    );
}

#[test]
fn a_misspelt_category_is_told_instead_of_what_is_missing() {
    let sandbox = Sandbox::with_demo();
    let ran = sandbox
        .preview(&["--select", "atuh=session", "--format", "json"])
        .exits(1);
    assert_eq!(ran.findings(), ["GP501 -:null:null"]);
}

#[test]
fn no_copied_folder_writes_the_provenance_file() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/auth/none.yaml",
        "actions:\n  - kind: COPY_FILE\n    from: notes\n    to: .scrum4me\n",
    );
    sandbox.write("recipes/demo/auth/none/notes/bootstrap.json", "{}\n");
    let report = sandbox
        .preview(&["--select", "auth=none", "--format", "json"])
        .exits(1)
        .json();
    let collision = &report["collisions"][0];
    assert_eq!(collision["code"], "GP701");
    assert_eq!(collision["place"]["line"], 2);
}

#[test]
fn placeholders_do_not_grow_a_file_past_the_limit() {
    let sandbox = Sandbox::with_demo();
    let text = "__PRODUCT_NAME__ ".repeat(300_000);
    sandbox.write("catalog/demo/template/names.txt", &text);
    let name = "A name of a product that is longer than its placeholder";
    let args = "preview --catalog . --defaults --owner acme --repo acme --format json --name";
    let ran = sandbox.groundplan(args.split(' ').chain([name])).exits(1);
    assert_eq!(ran.json()["errors"][0]["code"], "GP708");
}

#[test]
fn a_plan_that_would_change_its_own_result_is_refused() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("catalog/demo/template/docs/a.md", "a\n");
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions:
  - kind: COPY_FILE
    template: docs
    to: copy
  - kind: WRITE_FILE
    path: docs/later.md
    content: later
",
    );
    let report = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(1)
        .json();
    assert_eq!(report["errors"][0]["code"], "GP709");
    assert_eq!(report["treeId"], serde_json::Value::Null);
}

/// The first error after a dependency is added to package.json and then this action runs: code and line.
fn error_after_dependency(action: &str) -> (String, u64) {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        format!(
            "actions:
  - kind: ADD_DEPENDENCY
    manifest: package.json
    name: next
    version: \">=15\"
{action}"
        ),
    );
    let report = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(1)
        .json();
    let error = &report["errors"][0];
    (
        error["code"].as_str().unwrap().to_owned(),
        error["place"]["line"].as_u64().unwrap(),
    )
}

#[test]
fn an_action_that_breaks_what_an_earlier_one_reads_is_refused() {
    let replace = "  - kind: REPLACE_STRING
    path: package.json
    find: '\"dependencies\": {'
    replace: '\"dependencies\": [], \"old\": {'
";
    assert_eq!(error_after_dependency(replace), ("GP709".to_owned(), 2));
    let append = "  - kind: APPEND_TO_FILE
    path: package.json
    content: no JSON
";
    assert_eq!(error_after_dependency(append), ("GP711".to_owned(), 6));
}

#[test]
fn a_plan_is_laid_over_no_template_but_its_own() {
    let catalog = load(&builtin::files(), "nextjs").catalog.unwrap();
    let own = MemoryTree::default();
    let request = request(&catalog);
    let plan = resolve::resolve(&catalog, request.clone()).unwrap();
    engine::build(&plan, &own).unwrap();
    let file = (TreePath::parse("a").unwrap(), File::regular("a"));
    let other = MemoryTree::of([file]).unwrap();
    match engine::build(&plan, &other).err() {
        Some(PreviewError::AnotherTemplate { planned, given }) => {
            assert_eq!(planned, request.template.tree);
            assert_eq!(given, GitId::of(&tree_id(&other).unwrap()));
        }
        another => panic!("{another:?}"),
    }
}

#[test]
fn several_options_of_a_category_are_separated_by_commas() {
    let sandbox = Sandbox::with_demo();
    let recipe = |option: &str| {
        let file = format!("recipes/demo/addons/{option}.yaml");
        let content =
            format!("actions:\n  - kind: WRITE_FILE\n    path: {option}.txt\n    content: x\n");
        sandbox.write(&file, content);
    };
    recipe("docs");
    let catalog = "catalog/demo/catalog.yaml";
    let text = std::fs::read_to_string(sandbox.join(catalog)).unwrap();
    let text = text.replace(
        "      - slug: docs\n",
        "      - slug: extra\n        title: Extra\n      - slug: docs\n",
    );
    assert!(text.contains("extra"), "{text}");
    sandbox.write(catalog, text);
    recipe("extra");
    let selected = |more: &[&str]| {
        let args = [&["--select", "auth=none", "--format", "json"], more].concat();
        sandbox.preview(&args)
    };
    let both = selected(&["--select", "addons=docs,extra"]).exits(0).json();
    let each = selected(&["--select", "addons=docs", "--select", "addons=extra"]);
    assert_eq!(both, each.exits(0).json());
    selected(&["--select", "addons=docs,"]).exits(2);
    selected(&["--select", "addons="]).exits(2);
    // A category with one option takes one.
    let refused = sandbox.preview(&["--select", "auth=none,session", "--select", "addons=docs"]);
    refused.exits(1);

    sandbox.write("selection.yaml", "auth: session\naddons: [docs]\n");
    let over = |more: &[&str]| {
        let file = ["--selection", "selection.yaml", "--format", "json"];
        sandbox.preview(&[&file, more].concat()).exits(0).json()
    };
    let replaced = over(&["--select", "auth=none", "--select", "addons=extra"]);
    let alone = selected(&["--select", "addons=extra"]).exits(0).json();
    assert_eq!(replaced["treeId"], alone["treeId"]);
    let kept = over(&["--select", "auth=none"]);
    let alone = selected(&["--select", "addons=docs"]).exits(0).json();
    assert_eq!(kept["treeId"], alone["treeId"]);
}
