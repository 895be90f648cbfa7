//! The kinds of actions beyond plain files: values, removed and moved files, anchors, attributes of dependencies.

use crate::support::Sandbox;
use serde_json::{Value, json};

/// The demo catalogue with a recipe of `auth/none`, and files of the template.
fn with(recipe: &str, files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write("recipes/demo/auth/none.yaml", format!("actions:\n{recipe}"));
    for (path, text) in files {
        sandbox.write(&format!("catalog/demo/template/{path}"), text);
    }
    sandbox
}

fn report(sandbox: &Sandbox, code: i32) -> Value {
    let flags = ["--select", "auth=none", "--format", "json"];
    sandbox.preview(&flags).exits(code).json()
}

#[track_caller]
fn made(recipe: &str, files: &[(&str, &str)]) -> Sandbox {
    let sandbox = with(recipe, files);
    sandbox
        .make(&["--select", "auth=none", "--into", "out"])
        .exits(0);
    sandbox
}

#[track_caller]
fn refused(recipe: &str, code: &str, related: usize) {
    let sandbox = with(recipe, &[("a.txt", "a\n"), ("old/b.txt", "b\n")]);
    let report = report(&sandbox, 1);
    let all = [&report["errors"], &report["collisions"]];
    let mut findings = all.iter().flat_map(|list| list.as_array().unwrap());
    let found = findings.find(|finding| finding["code"] == code);
    let found = found.unwrap_or_else(|| panic!("{recipe}: {report}"));
    assert!(found["place"]["line"].is_u64(), "{found}");
    assert_eq!(
        found["related"].as_array().unwrap().len(),
        related,
        "{found}"
    );
}

#[test]
fn files_and_folders_of_the_template_are_moved_and_removed() {
    let sandbox = made(
        "  - { kind: MOVE_FILE, from: old, to: new/__PRODUCT_SLUG__ }
  - { kind: APPEND_TO_FILE, path: new/__PRODUCT_SLUG__/b.txt, content: more }
  - { kind: REMOVE_FILE, path: 'app/[id]/page.tsx', any_path: true }\n",
        &[("old/b.txt", "b\n"), ("old/c/d.txt", "d\n")],
    );
    assert_eq!(sandbox.read("out/new/acme-web/b.txt"), "b\nmore\n");
    assert_eq!(sandbox.read("out/new/acme-web/c/d.txt"), "d\n");
    assert!(!sandbox.join("out/old").exists() && !sandbox.join("out/app").exists());
    let report = report(&sandbox, 0);
    let changes = report["changes"].as_array().unwrap();
    let removed = changes
        .iter()
        .filter(|change| change["change"] == "removed");
    assert_eq!(removed.count(), 3);
    let reasons = report["risk"]["reasons"].to_string();
    assert!(reasons.contains("a removed file"), "{reasons}");
}

#[test]
fn actions_that_fight_over_a_file_are_refused_with_both_places() {
    let edit = "  - { kind: APPEND_TO_FILE, path: a.txt, content: x }\n";
    let remove = "  - { kind: REMOVE_FILE, path: a.txt }\n";
    let write = "  - { kind: WRITE_FILE, path: a.txt, content: x }\n";
    let away = "  - { kind: MOVE_FILE, from: a.txt, to: b.txt }\n";
    let copy = "  - { kind: COPY_FILE, template: a.txt, to: c.txt }\n";
    for (first, second) in [
        (edit, remove),
        (edit, away),
        (remove, write),
        (away, write),
        (remove, edit),
        (copy, remove),
    ] {
        refused(&format!("{first}{second}"), "GP715", 1);
    }
    refused(
        "  - { kind: MOVE_FILE, from: a.txt, to: old/b.txt }\n",
        "GP701",
        0,
    );
    refused(
        "  - { kind: MOVE_FILE, from: nowhere, to: b.txt }\n",
        "GP702",
        0,
    );
    let set = |value: &str| {
        format!(
            "  - {{ kind: SET_VALUE, path: package.json, pointer: /scripts/x, value: {value} }}\n"
        )
    };
    refused(&(set("one") + &set("two")), "GP714", 1);
    refused(
        &(set("one")
            + "  - { kind: SET_VALUE, path: package.json, pointer: /scripts, value: {} }\n"),
        "GP714",
        1,
    );
    refused(
        "  - { kind: SET_VALUE, path: package.json, pointer: /name/x, value: 1 }\n",
        "GP713",
        0,
    );
}

#[test]
fn a_removed_file_that_is_not_there_is_a_warning() {
    let sandbox = with("  - { kind: REMOVE_FILE, path: nowhere.txt }\n", &[]);
    let report = report(&sandbox, 0);
    assert_eq!(report["warnings"][0]["code"], "GP702", "{report}");
}

#[test]
fn values_of_json_with_comments_and_toml_keep_everything_else() {
    let sandbox = made(
        "  - { kind: SET_VALUE, path: tsconfig.json, pointer: /compilerOptions/strict, value: true }
  - { kind: SET_VALUE, path: tsconfig.json, pointer: /include/-, value: src/__PRODUCT_SLUG__ }
  - { kind: SET_VALUE, path: pyproject.toml, pointer: /tool/ruff/lint/select, value: [E, F] }
  - { kind: SET_VALUE, path: pyproject.toml, pointer: /project/name, value: __PRODUCT_NAME__ }\n",
        &[
            ("tsconfig.json", "{\r\n  // how it is built\r\n  \"compilerOptions\": {\r\n    \"target\": \"es2024\", // new\r\n  },\r\n  \"include\": [\"app\"],\r\n}\r\n"),
            ("pyproject.toml", "[project]\nname = 'x' # the name\n\n[tool.ruff]\nline-length = 100\n"),
        ],
    );
    assert_eq!(
        sandbox.read("out/tsconfig.json"),
        "{\r\n  // how it is built\r\n  \"compilerOptions\": {\r\n    \"target\": \"es2024\", // new\r\n    \"strict\": true,\r\n  },\r\n  \"include\": [\"app\", \"src/acme-web\"],\r\n}\r\n"
    );
    assert_eq!(
        sandbox.read("out/pyproject.toml"),
        "[project]\nname = \"Acme Web\" # the name\n\n[tool.ruff]\nline-length = 100\n\n[tool.ruff.lint]\nselect = [\"E\", \"F\"]\n"
    );
}

#[test]
fn attributes_of_dependencies_are_written_as_each_manifest_spells_them() {
    let recipe = "  - { kind: ADD_DEPENDENCY, manifest: Cargo.toml, name: serde, version: '1', features: [derive], default_features: false, optional: true }
  - { kind: ADD_DEPENDENCY, manifest: Cargo.toml, name: serde, version: '1.0', features: [rc, derive] }
  - { kind: ADD_DEPENDENCY, manifest: Cargo.toml, name: tokio, workspace: true, features: [rt] }
  - { kind: ADD_DEPENDENCY, manifest: Cargo.toml, name: old, version: '2', features: [x] }
  - { kind: ADD_DEPENDENCY, manifest: pyproject.toml, name: uvicorn, version: '>=0.30', extras: [standard] }
  - { kind: ADD_DEPENDENCY, manifest: pyproject.toml, name: pytest, version: '>=8', group: test }
  - { kind: ADD_DEPENDENCY, manifest: pyproject.toml, name: rich, version: '>=13', optional: true, group: color }
  - { kind: ADD_DEPENDENCY, manifest: pyproject.toml, name: core, workspace: true }
  - { kind: ADD_DEPENDENCY, manifest: package.json, name: '@acme/ui', workspace: true }
  - { kind: ADD_DEPENDENCY, manifest: package.json, name: '@acme/core', workspace: true, section: peerDependencies }
  - { kind: ADD_DEPENDENCY, manifest: package.json, name: react, version: ^19.0.0, section: peerDependencies, optional: true }
  - { kind: ADD_DEPENDENCY, manifest: package.json, name: fsevents, version: ^2.3.0, optional: true }\n";
    let sandbox = made(
        recipe,
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"x\"\n\n[dependencies]\nold = \"2\" # why\n",
            ),
            (
                "pyproject.toml",
                "[project]\nname = \"x\"\ndependencies = []\n",
            ),
        ],
    );
    let parsed = |path: &str| -> Value { toml::from_str(&sandbox.read(path)).unwrap() };
    let cargo = &parsed("out/Cargo.toml")["dependencies"];
    assert_eq!(
        cargo["serde"],
        json!({ "version": "1", "default-features": false, "features": ["derive", "rc"], "optional": true })
    );
    assert_eq!(
        cargo["tokio"],
        json!({ "workspace": true, "features": ["rt"] })
    );
    let text = sandbox.read("out/Cargo.toml");
    assert!(
        text.contains("old = { version = \"2\", features = [\"x\"] } # why\n"),
        "{text}"
    );
    let python = parsed("out/pyproject.toml");
    assert_eq!(
        python["project"]["dependencies"],
        json!(["uvicorn[standard]>=0.30", "core"])
    );
    assert_eq!(
        python["project"]["optional-dependencies"],
        json!({ "color": ["rich>=13"] })
    );
    assert_eq!(
        python["dependency-groups"],
        json!({ "test": ["pytest>=8"] })
    );
    assert_eq!(
        python["tool"]["uv"]["sources"]["core"],
        json!({ "workspace": true })
    );
    let npm: Value = serde_json::from_str(&sandbox.read("out/package.json")).unwrap();
    assert_eq!(npm["dependencies"]["@acme/ui"], "workspace:*");
    assert_eq!(npm["optionalDependencies"], json!({ "fsevents": "^2.3.0" }));
    assert_eq!(
        npm["peerDependencies"],
        json!({ "@acme/core": "workspace:*", "react": "^19.0.0" })
    );
    assert_eq!(
        npm["peerDependenciesMeta"],
        json!({ "react": { "optional": true } })
    );
}

#[test]
fn a_block_stands_beside_the_line_of_a_value() {
    let sandbox = made(
        "  - { kind: APPEND_TO_FILE, path: a.yaml, content: 'port: 1', after: 'name: __PRODUCT_SLUG__' }
  - { kind: APPEND_TO_FILE, path: a.yaml, content: '# __PRODUCT_NAME__', before: 'name: __PRODUCT_SLUG__' }\n",
        &[("a.yaml", "name: __PRODUCT_SLUG__\nlast: true\n")],
    );
    assert_eq!(
        sandbox.read("out/a.yaml"),
        "# Acme Web\nname: acme-web\nport: 1\nlast: true\n"
    );
}

#[test]
fn the_mistakes_in_actions_are_found_at_their_places() {
    for (action, expected) in [
        (
            "{ kind: SET_VALUE, path: a.xml, pointer: /a, value: 1 }",
            "GP205 recipes/demo/auth/none.yaml:2:30",
        ),
        (
            "{ kind: SET_VALUE, path: a.json, pointer: a, value: 1 }",
            "GP205 recipes/demo/auth/none.yaml:2:47",
        ),
        (
            "{ kind: SET_VALUE, path: a.toml, pointer: /a, value: null }",
            "GP205 recipes/demo/auth/none.yaml:2:58",
        ),
        (
            "{ kind: SET_VALUE, path: a.json, pointer: /-/a, value: 1 }",
            "GP205 recipes/demo/auth/none.yaml:2:47",
        ),
        (
            "{ kind: MOVE_FILE, from: a, to: a/b }",
            "GP206 recipes/demo/auth/none.yaml:2:37",
        ),
        (
            "{ kind: REMOVE_FILE, path: 'a b' }",
            "GP206 recipes/demo/auth/none.yaml:2:32",
        ),
        (
            "{ kind: REMOVE_FILE, path: ../b, any_path: true }",
            "GP206 recipes/demo/auth/none.yaml:2:32",
        ),
        (
            "{ kind: APPEND_TO_FILE, path: a, content: x, after: y, before: z }",
            "GP205 recipes/demo/auth/none.yaml:2:68",
        ),
        (
            "{ kind: ADD_DEPENDENCY, manifest: package.json, name: x, version: 1.0.0, features: [y] }",
            "GP405 recipes/demo/auth/none.yaml:2:88",
        ),
        (
            "{ kind: ADD_DEPENDENCY, manifest: Cargo.toml, name: x }",
            "GP405 recipes/demo/auth/none.yaml:2:5",
        ),
    ] {
        let sandbox = with(&format!("  - {action}\n"), &[]);
        let found = sandbox
            .groundplan(["check", "--format", "json"])
            .exits(1)
            .findings();
        assert!(found.contains(&expected.to_owned()), "{action}: {found:#?}");
    }
}

#[test]
fn check_tries_every_option_over_the_template() {
    let sandbox = with(
        "  - { kind: REPLACE_STRING, path: README.md, find: not there, replace: x }
  - { kind: APPEND_TO_FILE, path: lib/session.ts, content: x, when: { addons: docs } }
  - { kind: REPLACE_STRING, path: README.md, find: Of, replace: By }\n",
        &[],
    );
    sandbox.write("recipes/demo/addons/docs.yaml", "actions: []\n");
    let found = sandbox
        .groundplan(["check", "--format", "json"])
        .exits(1)
        .findings();
    assert_eq!(
        found,
        [
            "GP703 recipes/demo/auth/none.yaml:2:13",
            "GP702 recipes/demo/auth/none.yaml:3:13",
        ]
    );
}

#[test]
fn a_code_is_explained_with_its_examples() {
    let sandbox = Sandbox::new();
    let text = sandbox.groundplan(["explain", "gp403"]).exits(0).stdout;
    assert!(
        text.starts_with("GP403 A replacement does not contain the text it replaces.\n"),
        "{text}"
    );
    assert!(
        text.contains("**Good**") && !text.contains("GP404"),
        "{text}"
    );
    let json = sandbox
        .groundplan(["explain", "GP403", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(json["code"], "GP403");
}

#[test]
fn shared_pieces_are_included_hashed_and_never_in_a_circle() {
    let sandbox = with("", &[]);
    let recipe = "include: [shared/notes.yaml]\nactions: [{ kind: APPEND_TO_FILE, path: NOTES.md, content: own }]\n";
    sandbox
        .write("recipes/demo/auth/none.yaml", recipe)
        .write(
            "recipes/demo/shared/notes.yaml",
            "include: [shared/deep.yaml]\nactions: [{ kind: COPY_FILE, from: files, to: . }]\n"
                .replace("to: .", "to: docs"),
        )
        .write("recipes/demo/shared/notes/files/a.md", "a\n")
        .write(
            "recipes/demo/shared/deep.yaml",
            "actions: [{ kind: WRITE_FILE, path: NOTES.md, content: shared }]\n",
        )
        .write("recipes/demo/addons/docs.yaml", "actions: []\n");
    assert_eq!(
        sandbox
            .groundplan(["check", "--format", "json"])
            .exits(0)
            .findings(),
        [""; 0]
    );
    let hash = || {
        sandbox
            .groundplan(["hash", "--catalog", ".", "--format", "json"])
            .exits(0)
            .json()["catalogVersion"]
            .clone()
    };
    let before = hash();
    sandbox
        .make(&["--select", "auth=none", "--into", "out"])
        .exits(0);
    assert_eq!(sandbox.read("out/NOTES.md"), "shared\nown\n");
    assert_eq!(sandbox.read("out/docs/a.md"), "a\n");
    sandbox.write("recipes/demo/shared/notes/files/a.md", "b\n");
    assert_ne!(hash(), before);
    sandbox.write(
        "recipes/demo/shared/deep.yaml",
        "include: [shared/notes.yaml]\nactions: []\n",
    );
    let found = sandbox
        .groundplan(["check", "--format", "json"])
        .exits(1)
        .findings();
    assert!(
        found.contains(&"GP414 recipes/demo/shared/deep.yaml:1:11".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_recipe_that_another_option_includes_stays_the_recipe_of_its_own_option() {
    let sandbox = with("", &[]);
    sandbox
        .write(
            "recipes/demo/auth/none.yaml",
            "include: [addons/docs.yaml]\nactions: []\n",
        )
        .write(
            "recipes/demo/addons/docs.yaml",
            "actions: [{ kind: COPY_FILE, from: files, to: docs }]\n",
        )
        .write("recipes/demo/addons/docs/files/a.md", "a\n");
    let findings = || {
        let checked = sandbox.groundplan(["check", "--format", "json"]);
        checked.findings()
    };
    assert_eq!(findings(), [""; 0]);
    let own = &["--select", "auth=session", "--select", "addons=docs"][..];
    for (place, selection) in [("own", own), ("included", &["--select", "auth=none"])] {
        let flags: Vec<&str> = selection.iter().copied().chain(["--into", place]).collect();
        sandbox.make(&flags).exits(0);
        assert_eq!(sandbox.read(&format!("{place}/docs/a.md")), "a\n");
    }
    sandbox.write(
        "recipes/demo/addons/docs.yaml",
        "actions: [{ kind: COPY_FILE, from: file, to: docs }]\n",
    );
    assert_eq!(findings(), ["GP406 recipes/demo/addons/docs.yaml:1:36"]);
}

#[test]
fn a_copied_file_with_the_word_include_is_no_recipe() {
    let sandbox = with("  - { kind: COPY_FILE, from: files, to: conf }\n", &[]);
    sandbox.write(
        "recipes/demo/auth/none/files/tsconfig.json",
        "{ \"include\": [\"src\"] }\n",
    );
    sandbox.write(
        "recipes/demo/auth/none/files/mkdocs.yaml",
        "include: [shared/a.yaml]\n",
    );
    let checked = sandbox.groundplan(["check", "--format", "json"]).exits(0);
    let others = checked.findings();
    assert!(
        others.iter().all(|found| found.starts_with("GP308")),
        "{others:?}"
    );
}

#[test]
fn pieces_that_multiply_are_stopped() {
    let sandbox = with("", &[]);
    let twice =
        |name: &str| format!("include: [shared/{name}.yaml, shared/{name}.yaml]\nactions: []\n");
    sandbox.write("recipes/demo/auth/none.yaml", twice("p0"));
    for level in 0..40 {
        let next = twice(&format!("p{}", level + 1));
        sandbox.write(&format!("recipes/demo/shared/p{level}.yaml"), next);
    }
    sandbox.write(
        "recipes/demo/shared/p40.yaml",
        "actions: [{ kind: APPEND_TO_FILE, path: README.md, content: x }]\n",
    );
    let found = sandbox
        .groundplan(["check", "--format", "json"])
        .exits(1)
        .findings();
    let is_limit = |finding: &String| finding.starts_with("GP408 recipes/demo/shared/");
    assert!(found.iter().any(is_limit), "{found:?}");
}
