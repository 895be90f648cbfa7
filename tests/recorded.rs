//! Documents of the first version of the action schema, as a database contains them: still valid, with equal hashes and
//! an equal result.

use crate::support::Sandbox;
use groundplan::engine;
use groundplan::model::content::File;
use groundplan::model::digest::Digest;
use groundplan::model::path::TreePath;
use groundplan::resolve::stored::{Expected, StoredPlanReader};
use groundplan::tree::memory::MemoryTree;
use serde_json::Value;

const RUN: &str = include_str!("data/run_v1.json");

/// The recipe of the recorded plan. With [`Sandbox::with_demo`] it is the catalogue of the plan.
const RECIPE: &str = "actions:
  - kind: ADD_DEPENDENCY
    manifest: package.json
    name: iron-session
    version: ^8.0.4
  - kind: COPY_FILE
    from: files/session.ts
    to: lib/session.ts
  - kind: WRITE_FILE
    path: docs/notes.md
    content: Notes of __PRODUCT_NAME__
    if_exists: keep
    execution_order: 5
    when: { addons: docs }
  - kind: APPEND_TO_FILE
    path: README.md
    content: Sessions.
  - kind: REPLACE_STRING
    path: README.md
    find: Of
    replace: By
    count: 1
  - kind: CREATE_ADR_STUB
    number: 1
    title: Sessions
";

#[test]
fn a_stored_plan_is_read_and_gives_the_recorded_tree() {
    let run: Value = serde_json::from_str(RUN).unwrap();
    let digest = |name: &str| Digest::parse(run[name].as_str().unwrap()).unwrap();
    let (recipe_hash, catalog_version) = (digest("recipeHash"), digest("catalogVersion"));
    let tree = run["report"]["treeId"].as_str();
    let expected = Expected {
        recipe_hash: &recipe_hash,
        catalog_version: &catalog_version,
        tree,
        repo: "acme/acme-web",
    };
    let accepted = StoredPlanReader::new()
        .read(run["plan"].clone(), run["report"].clone(), &expected)
        .unwrap();
    assert_eq!(serde_json::to_value(&accepted.plan).unwrap(), run["plan"]);
    let files = [
        ("README.md", "# __PRODUCT_NAME__\n\nOf __GITHUB_OWNER__.\n"),
        (
            "package.json",
            "{\n  \"name\": \"__PRODUCT_SLUG__\",\n  \"dependencies\": {\n    \"next\": \"^16.0.0\"\n  }\n}\n",
        ),
    ];
    let files = files.map(|(path, text)| (TreePath::parse(path).unwrap(), File::regular(text)));
    let template = MemoryTree::of(files).unwrap();
    let (report, _) = engine::build(&accepted.plan, &template).unwrap();
    assert_eq!(
        report
            .tree_id
            .as_ref()
            .map(groundplan::model::digest::GitId::as_str),
        tree
    );
    assert_eq!(report.plan_hash, accepted.report.plan_hash);
}

#[test]
fn a_catalogue_without_new_fields_keeps_its_version_and_its_recipe_hash() {
    let run: Value = serde_json::from_str(RUN).unwrap();
    let sandbox = Sandbox::with_demo();
    sandbox
        .write("recipes/demo/auth/session.yaml", RECIPE)
        .write("recipes/demo/addons/docs.yaml", "actions: []\n");
    let selected = [
        "hash",
        "--catalog",
        ".",
        "--select",
        "auth=session",
        "--select",
        "addons=docs",
    ];
    let ran = sandbox
        .groundplan(selected.iter().chain(&["--format", "json"]))
        .exits(0);
    assert_eq!(ran.json()["catalogVersion"], run["catalogVersion"]);
    assert_eq!(ran.json()["recipeHash"], run["recipeHash"]);
}
