//! The inputs of a repository that is updated: recorded values stay as long as the catalogue accepts them.

use crate::inputs::{CATALOG, with_inputs};
use serde_json::{Value, json};

#[test]
fn an_update_keeps_the_recorded_values_and_takes_other_ones() {
    let sandbox = with_inputs();
    let port = ["--defaults", "--input", "PORT=2000", "--into", "out"];
    sandbox.make(&port).exits(0);
    // Another default, and a new input without one.
    let module = "  - { name: MODULE";
    let catalog = CATALOG
        .replace("version: v1", "version: v2")
        .replace("default: 8080", "default: 8081")
        .replace("default: '3.13'", "default: '3.12'")
        .replacen(
            module,
            &format!("  - {{ name: TEAM, title: Team, type: text }}\n{module}"),
            1,
        );
    sandbox.write("catalog/demo/catalog.yaml", catalog);
    let update = |inputs: &[&str]| {
        let base = ["update", "out", "--catalog", ".", "--format", "json"];
        sandbox.groundplan(base.iter().chain(inputs))
    };
    let missing = update(&[]).exits(1);
    assert!(
        missing.stdout.contains("--input TEAM=…"),
        "{}",
        missing.stdout
    );
    let team = ["--input", "TEAM=core"];
    let kept = update(&team).exits(0).json();
    assert_eq!(
        kept["inputs"],
        json!([{ "name": "TEAM", "before": null, "after": "core" }])
    );
    let other = ["--input", "PYTHON=3.12", "--into-branch", "next"];
    let changed = update(&[team, ["--input", "CONTAINER=true"]].concat())
        .exits(0)
        .json();
    assert_eq!(
        changed["inputs"],
        json!([
            { "name": "CONTAINER", "before": false, "after": true },
            { "name": "TEAM", "before": null, "after": "core" }
        ])
    );
    assert_eq!(changed["files"][0]["path"], "Dockerfile");
    update(&[&team[..], &other].concat()).exits(0);
    let python = sandbox.git("out", &["show", "next:src/acme_web/python.txt"]);
    assert_eq!(python, "3.12\n");
    let shown = sandbox
        .groundplan(["update", "out", "--catalog", ".", "--input", "TEAM=core"])
        .exits(0)
        .stdout;
    assert!(shown.contains("\n  TEAM: no value → `core`\n"), "{shown}");
    let command = shown.lines().last().unwrap();
    let typed =
        "groundplan update out --catalog . --input TEAM=core --into-branch groundplan/update-";
    assert!(command.starts_with(typed), "{shown}");
    let program = command.replacen("groundplan", env!("CARGO_BIN_EXE_groundplan"), 1);
    let mut printed = std::process::Command::new("sh");
    let made = sandbox.run(printed.args(["-c", &program])).exits(0).stdout;
    assert!(made.contains("Created branch groundplan/update-"), "{made}");
    let vain = update(
        &[
            &team[..],
            &["--select", "auth=none", "--input", "PYTHON=3.12"],
        ]
        .concat(),
    );
    let vain = vain.exits(1).stdout;
    assert!(
        vain.contains("input PYTHON does not apply to this selection"),
        "{vain}"
    );
}

#[test]
fn a_recorded_value_that_no_longer_fits_is_named_with_what_replaces_it() {
    let sandbox = with_inputs();
    let port = ["--defaults", "--input", "PORT=2000", "--into", "out"];
    sandbox.make(&port).exits(0);
    let catalog = CATALOG
        .replace("version: v1", "version: v2")
        .replace("min: 1024", "min: 3000");
    sandbox.write("catalog/demo/catalog.yaml", catalog);
    let update = |inputs: &[&str]| {
        let base = ["update", "out", "--catalog", ".", "--format", "json"];
        sandbox.groundplan(base.iter().chain(inputs))
    };
    let findings: Value = update(&[]).exits(1).json()["diagnostics"].take();
    assert_eq!(
        findings[0]["message"],
        "the repository was created with `2000` for input PORT, but the catalogue now expects a number from 3000 to 65535"
    );
    assert_eq!(
        findings[0]["help"],
        "give another value with `--input PORT=…`"
    );
    assert_eq!(findings[1], Value::Null);
    let changed = update(&["--input", "PORT=4000"]).exits(0).json();
    assert_eq!(
        changed["inputs"],
        json!([{ "name": "PORT", "before": 2000, "after": 4000 }])
    );
    // Without the input there is nothing to fit.
    let line = catalog_line("  - { name: PORT");
    let without = CATALOG
        .replace("version: v1", "version: v3")
        .replace(line, "");
    sandbox.write("catalog/demo/catalog.yaml", without);
    sandbox.write("recipes/demo/auth/session.yaml", "actions: []\n");
    let dropped = update(&[]).exits(0).json();
    assert_eq!(
        dropped["inputs"],
        json!([{ "name": "PORT", "before": 2000, "after": null }])
    );
}

/// The line of the catalogue that starts with a text.
fn catalog_line(start: &str) -> &'static str {
    let mut lines = CATALOG.split_inclusive('\n');
    lines.find(|line| line.starts_with(start)).unwrap()
}
