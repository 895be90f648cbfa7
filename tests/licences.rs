//! Licence texts by their SPDX identifiers.

use crate::support::Sandbox;
use groundplan::app::catalogs::CatalogFiles;
use groundplan::catalog;
use groundplan::model::slug::OptionRef;
use serde_json::{Value, json};

fn with(action: &str, placeholders: &str) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    let path = "catalog/demo/catalog.yaml";
    let catalog = sandbox.read(path);
    let line = catalog
        .lines()
        .find(|line| line.starts_with("placeholders:"));
    let listed = format!("placeholders: [{placeholders}]");
    sandbox.write(path, catalog.replace(line.unwrap(), &listed));
    sandbox.write(
        "recipes/demo/auth/none.yaml",
        format!("actions:\n  - {{ kind: WRITE_FILE, path: LICENSE, {action} }}\n"),
    );
    sandbox
}

const ALL: &str = "PRODUCT_NAME, PRODUCT_SLUG, GITHUB_OWNER, YEAR";

#[track_caller]
fn written(action: &str) -> String {
    let sandbox = with(action, ALL);
    let flags = ["--select", "auth=none", "--into", "out"];
    sandbox.make(&flags).exits(0);
    sandbox.read("out/LICENSE")
}

#[test]
fn a_licence_is_written_with_the_year_of_the_plan_and_the_holder() {
    let mit = written("licence: MIT");
    assert!(
        mit.starts_with("MIT License\n\nCopyright (c) 2026 acme\n"),
        "{mit}"
    );
    let bsd = written("licence: BSD-3-Clause, holder: '__PRODUCT_NAME__ authors'");
    assert!(
        bsd.starts_with("Copyright (c) 2026 Acme Web authors.\n"),
        "{bsd}"
    );
    let mpl = written("licence: MPL-2.0");
    assert!(
        mpl.starts_with("Mozilla Public License Version 2.0\n"),
        "{mpl}"
    );
    assert!(mpl.lines().all(|line| line.len() <= 80));
}

#[test]
fn the_action_of_the_catalogue_contains_the_text() {
    let sandbox = with("licence: Unlicense", ALL);
    let files = CatalogFiles::of_folder(sandbox.path()).unwrap().files;
    let catalog = catalog::load(&files, "demo").catalog.unwrap();
    let recipe = catalog
        .recipe(&OptionRef::parse("auth/none").unwrap())
        .unwrap();
    let action = json!(recipe.actions[0].action);
    assert!(
        action["content"].as_str().unwrap().contains("unencumbered"),
        "{action}"
    );
    assert_eq!(action.get("licence"), None);
}

#[test]
fn mistakes_about_licences_are_reported_at_their_field() {
    for (action, placeholders, code, help) in [
        ("licence: MTI", ALL, "GP204", "did you mean `MIT`?"),
        (
            "licence: Apache",
            ALL,
            "GP204",
            "did you mean `Apache-2.0`?",
        ),
        ("licence: MIT, content: x", ALL, "GP205", "keep one of them"),
        ("content: x, holder: me", ALL, "GP205", "remove `holder`"),
        ("executable: true", ALL, "GP203", "licence: MIT"),
        (
            "licence: MIT",
            "PRODUCT_NAME, PRODUCT_SLUG, GITHUB_OWNER",
            "GP410",
            "add `YEAR` to `placeholders`",
        ),
    ] {
        let sandbox = with(action, placeholders);
        let report = sandbox.groundplan(["check", "--format", "json"]).json();
        let findings: Vec<&Value> = report["diagnostics"].as_array().unwrap().iter().collect();
        let found = findings.iter().find(|finding| finding["code"] == code);
        let found = found.unwrap_or_else(|| panic!("{action}: {report}"));
        assert!(
            found["help"].as_str().unwrap().contains(help),
            "{action}: {found}"
        );
    }
}
