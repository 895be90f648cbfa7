//! `groundplan check`: all errors in one run, with exact locations.

use crate::support::Sandbox;
use groundplan::catalog::check_recipe_file;
use groundplan::model::action::Action;
use groundplan::model::content::Files;
use groundplan::model::diagnostic::Code;
use groundplan::schemas::SchemaDocument;
use serde_json::{Value, json};
use std::fs;

#[test]
fn a_token_in_an_address_is_shown_in_no_form() {
    let sandbox = Sandbox::with_demo();
    for token in [
        "user:ghp_canary0123456789canary0123456789",
        "canary-password-without-a-shape",
    ] {
        let file = "catalog/demo/catalog.yaml";
        let text = std::fs::read_to_string(sandbox.join(file)).unwrap();
        let repo = format!("template: {{ repo: 'https://{token}@forge.example.org/a/b.git' }}\n");
        let lines = text.split_inclusive('\n');
        let text: String = lines
            .filter(|line| !line.starts_with("template:"))
            .collect();
        sandbox.write(file, format!("{text}{repo}"));
        for format in ["text", "json", "sarif", "github"] {
            let ran = sandbox.groundplan(["check", "--format", format]).exits(1);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains("a user or a token"), "{said}");
            assert!(!said.contains("canary"), "{format}: {said}");
        }
        let said = sandbox.groundplan(["check"]).exits(1);
        let said = format!("{}{}", said.stdout, said.stderr);
        assert!(
            said.contains("https://**") && said.contains("forge.example.org"),
            "{said}"
        );
    }
}

#[test]
fn an_option_without_a_recipe_is_only_a_warning() {
    let sandbox = Sandbox::with_demo();
    let ran = sandbox.groundplan(["check", "--format", "json"]).exits(0);
    assert_eq!(ran.findings(), ["GP308 catalog/demo/catalog.yaml:20:15"]);
}

#[test]
fn all_errors_of_all_files_are_reported_in_one_run() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions:\n  - kind: WRITE_FILE\n    path: ../a\n    content: x\n  - kind: COPY_FIL\n    to: x\n",
    );
    sandbox.write(
        "recipes/demo/auth/none.yaml",
        "actions:\n  - kind: RUN_BASH_TEMPLATE\n    script: rm -rf /\n",
    );
    let ran = sandbox
        .groundplan(["check", ".", "--format", "json"])
        .exits(1);
    assert_eq!(
        ran.findings(),
        [
            "GP308 catalog/demo/catalog.yaml:20:15",
            "GP207 recipes/demo/auth/none.yaml:2:11",
            "GP206 recipes/demo/auth/session.yaml:3:11",
            "GP204 recipes/demo/auth/session.yaml:5:11",
        ]
    );
}

/// The demo with a second option `docs`.
fn with_duplicate_slug() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    sandbox.write(
        "catalog/demo/catalog.yaml",
        format!("{catalog}      - slug: docs\n        title: Documentation site\n"),
    );
    sandbox.write("recipes/demo/addons/docs.yaml", "actions: []\n");
    sandbox
}

#[test]
fn the_text_output_shows_both_locations_of_a_duplicate() {
    let ran = with_duplicate_slug().groundplan(["check"]).exits(1);
    assert_eq!(
        ran.stdout,
        "\
error[GP301]: option slug `docs` is used twice
  --> catalog/demo/catalog.yaml:22:15
   |
20 |       - slug: docs
   |               ---- first used here
21 |         title: Documentation
22 |       - slug: docs
   |               ^^^^
   |
   = help: choose another slug: selections and stored plans refer to it

"
    );
    assert_eq!(ran.stderr, "checked 1 catalogue: 1 error\n");
}

#[test]
fn lines_with_windows_line_ends_are_shown() {
    let sandbox = Sandbox::new();
    let recipe =
        "# \u{1f600}\r\nactions:\r\n  - kind: WRITE_FILE\r\n    path: /etc\r\n    content: x\r\n";
    sandbox.write("recipe.yaml", recipe);
    let ran = sandbox.groundplan(["check", "recipe.yaml"]).exits(1);
    let shown = "recipe.yaml:4:11\n  |\n4 |     path: /etc\n  |           ^^^^\n";
    assert!(ran.stdout.contains(shown), "{}", ran.stdout);
}

#[test]
fn sarif_contains_rules_results_and_regions() {
    let sarif = with_duplicate_slug()
        .groundplan(["check", "--format", "sarif"])
        .exits(1)
        .json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "groundplan");
    let rule = Code::DuplicateSlug.rule();
    assert_eq!(
        driver["rules"],
        json!([{ "id": "GP301", "shortDescription": { "text": rule } }])
    );
    let location = |line: usize| {
        json!({
            "artifactLocation": { "uri": "catalog/demo/catalog.yaml" },
            "region": { "startLine": line, "startColumn": 15, "endLine": line, "endColumn": 19 },
        })
    };
    let text = "option slug `docs` is used twice (choose another slug: selections and stored plans refer to it)";
    assert_eq!(
        run["results"],
        json!([{
            "ruleId": "GP301",
            "level": "error",
            "message": { "text": text },
            "locations": [{ "physicalLocation": location(22) }],
            "relatedLocations": [{
                "id": 0,
                "physicalLocation": location(20),
                "message": { "text": "first used here" },
            }],
        }])
    );
}

#[test]
fn sarif_contains_files_as_uris() {
    let sandbox = Sandbox::new();
    sandbox.write("my recipe #1.yaml", "actions: {}\n");
    let sarif = sandbox
        .groundplan(["check", "my recipe #1.yaml", "--format", "sarif"])
        .exits(1)
        .json();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        location["artifactLocation"]["uri"],
        "my%20recipe%20%231.yaml"
    );
}

#[test]
fn annotations_escape_special_characters() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "50%,a:b.yaml",
        "actions:\n  - kind: WRITE_FILE\n    path: 100%\n    content: x\n",
    );
    let ran = sandbox
        .groundplan(["check", "50%,a:b.yaml", "--format", "github"])
        .exits(1);
    assert_eq!(
        ran.stdout,
        "::error file=50%25%2Ca%3Ab.yaml,line=3,col=11,endLine=3,endColumn=15,title=GP206::\
         path contains an invalid character `%25`: use letters, digits and `_` `.` `/` `-`%0A\
         add `any_path: true` to the action, or write a path as in `docs/notes.md`\n"
    );
}

#[test]
fn annotations_distinguish_warnings_from_errors() {
    let ran = Sandbox::with_demo()
        .groundplan(["check", "--format", "github"])
        .exits(0);
    let start = "::warning file=catalog/demo/catalog.yaml,line=20,col=15,endLine=20,endColumn=19,title=GP308::";
    assert!(ran.stdout.starts_with(start), "{}", ran.stdout);
}

#[test]
fn json_is_parsed_strictly_and_errors_have_exact_locations() {
    #[track_caller]
    fn check(recipe: impl AsRef<[u8]>, expected: &str) {
        let sandbox = Sandbox::new();
        sandbox.write("recipe.json", recipe);
        let ran = sandbox
            .groundplan(["check", "recipe.json", "--format", "json"])
            .exits(1);
        assert_eq!(ran.findings(), [expected]);
    }
    check("\u{feff}{\"actions\": []}", "GP102 recipe.json:1:1");
    check("{\"actions\":\n[\0]}", "GP102 recipe.json:2:2");
    check(b"{\"actions\":\n\"\xe4\"}", "GP102 recipe.json:2:2");
    check("", "GP103 recipe.json:1:1");
    check("{\"actions\": [],}", "GP103 recipe.json:1:15");
    check("{\"actions\": [] // none\n}", "GP103 recipe.json:1:16");
    check("{\"actions\": [\"\\ud800\"]}", "GP103 recipe.json:1:15");
    check(
        "{\r\n\"actions\": [],\r\n\"\\u0061ctions\": []}",
        "GP104 recipe.json:3:1",
    );
    check("{\"actions\": 9007199254740992}", "GP205 recipe.json:1:13");
    check(
        "{\"actions\": 99999999999999999999}",
        "GP205 recipe.json:1:13",
    );
    check("{\"actions\": 1e999}", "GP205 recipe.json:1:13");
    check("{\"actions\": -0}", "GP201 recipe.json:1:13");
    check("[".repeat(100_000), "GP106 recipe.json:1:513");
    check(
        "{\r\n\"actions\": [{\"\u{1f600}\": 1, \"kind\": \"COPY\"}]}",
        "GP204 recipe.json:2:30",
    );
}

#[test]
fn a_misnamed_recipe_is_reported_once_with_a_suggestion() {
    for name in [
        "addons/doc.yaml",
        "addons/docs.yml",
        "addons/Docs.yaml",
        "addon/docs.yaml",
    ] {
        let sandbox = Sandbox::with_demo();
        sandbox.write(&format!("recipes/demo/{name}"), "actions: []\n");
        let ran = sandbox.groundplan(["check", "--format", "json"]).exits(1);
        assert_eq!(ran.findings(), [format!("GP307 recipes/demo/{name}:1:1")]);
        let help = ran.json()["diagnostics"][0]["help"].to_string();
        assert!(help.contains("`recipes/demo/addons/docs.yaml`"), "{help}");
    }
}

#[test]
fn links_to_documents_are_not_followed() {
    let sandbox = Sandbox::with_demo();
    fs::create_dir_all(sandbox.join("recipes/demo/addons")).unwrap();
    sandbox.symlink("../auth/none.yaml", "recipes/demo/addons/docs.yaml");
    let ran = sandbox.groundplan(["check", "--format", "json"]).exits(1);
    assert_eq!(ran.findings(), ["GP601 recipes/demo/addons/docs.yaml:1:1"]);
}

#[test]
fn errors_of_template_and_recipes_are_reported_together() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("recipes/demo/addons/docs.yaml", "actions: 1\n");
    sandbox.symlink("README.md", "catalog/demo/template/START.md");
    let ran = sandbox.groundplan(["check", "--format", "json"]).exits(1);
    assert_eq!(
        ran.findings(),
        [
            "GP601 catalog/demo/template/START.md:1:1",
            "GP201 recipes/demo/addons/docs.yaml:1:10",
        ]
    );
}

/// A valid action of each kind.
fn actions() -> [Value; 10] {
    [
        json!({ "kind": "COPY_FILE", "from": "a", "to": "b" }),
        json!({ "kind": "COPY_FILE", "template": "a", "to": "b" }),
        json!({ "kind": "WRITE_FILE", "path": "a", "content": "x" }),
        json!({ "kind": "APPEND_TO_FILE", "path": "a", "content": "x" }),
        json!({ "kind": "REPLACE_STRING", "path": "a", "find": "x", "replace": "y" }),
        json!({ "kind": "CREATE_ADR_STUB", "number": 1, "title": "x", "context": "x", "decision": "x", "consequences": "x" }),
        json!({ "kind": "ADD_DEPENDENCY", "manifest": "package.json", "name": "x", "version": "1.0.0" }),
        json!({ "kind": "SET_VALUE", "path": "a.json", "pointer": "/a", "value": 1 }),
        json!({ "kind": "REMOVE_FILE", "path": "a" }),
        json!({ "kind": "MOVE_FILE", "from": "a", "to": "b" }),
    ]
}

/// The fields of all kinds that are free text.
const TEXTS: [&str; 14] = [
    "content",
    "holder",
    "find",
    "replace",
    "title",
    "context",
    "decision",
    "consequences",
    "name",
    "version",
    "after",
    "before",
    "pointer",
    "group",
];

/// The kind of each action of the recipe schema, with its text fields and its path fields.
fn fields_by_kind() -> Vec<(String, Vec<String>, Vec<String>)> {
    let schema: Value = serde_json::from_str(&SchemaDocument::Recipe.schema()).unwrap();
    let definition = |field: &Value| {
        let references = [field, &field["anyOf"][0]];
        let name = references.iter().find_map(|field| field["$ref"].as_str());
        name.map(|name| schema["$defs"][name.trim_start_matches("#/$defs/")].clone())
    };
    let kinds = schema["$defs"]["Action"]["oneOf"].as_array().unwrap();
    kinds
        .iter()
        .map(|kind| {
            let (mut texts, mut paths) = (Vec::new(), Vec::new());
            for (name, field) in kind["properties"].as_object().unwrap() {
                let definition = definition(field).unwrap_or_else(|| field.clone());
                let is_text = definition["type"] == "string" || definition["type"][0] == "string";
                if name == "kind" || !is_text || definition["enum"].is_array() {
                    continue;
                }
                if definition["format"] == "groundplan-path" {
                    paths.push(name.clone());
                } else {
                    texts.push(name.clone());
                }
            }
            let kind = kind["properties"]["kind"]["const"].as_str().unwrap();
            (kind.to_owned(), texts, paths)
        })
        .collect()
}

#[test]
fn every_path_field_of_every_kind_refuses_every_hostile_path() {
    let hostile: Vec<String> = include_str!("data/paths.tsv")
        .lines()
        .filter(|row| row.starts_with("reject"))
        .map(|row| serde_json::from_str(row.split('\t').nth(1).unwrap()))
        .filter_map(Result::ok)
        .collect();
    assert!(hostile.len() > 50);
    let all = fields_by_kind();
    let kinds: Vec<&str> = all.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, Action::KINDS);
    for (kind, texts, paths) in &all {
        for text in texts {
            assert!(
                TEXTS.contains(&text.as_str()),
                "{kind} has the new text `{text}`: a path needs the type of paths"
            );
        }
        for field in paths {
            let action = actions()
                .into_iter()
                .find(|action| action["kind"] == kind.as_str() && action.get(field).is_some())
                .unwrap_or_else(|| panic!("no valid action of {kind} has `{field}`"));
            refuses(&action, field, &hostile);
        }
    }
    let with_paths = all.iter().filter(|(.., paths)| !paths.is_empty()).count();
    assert_eq!(
        with_paths,
        Action::KINDS.len() - 1,
        "CREATE_ADR_STUB has no path"
    );
}

/// A JSON text in ASCII: a document itself contains no control characters.
fn escaped(json: &str) -> String {
    let mut text = String::new();
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            text.push(c);
        } else {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            text.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

/// Asserts that a recipe and a stored plan refuse each of the paths in that field.
fn refuses(action: &Value, field: &str, hostile: &[String]) {
    for chunk in hostile.chunks(50) {
        let with = |path: &String| {
            let mut action = action.clone();
            action[field] = json!(path);
            action
        };
        let actions: Vec<Value> = chunk.iter().map(with).collect();
        for (action, path) in actions.iter().zip(chunk) {
            let stored = serde_json::from_value::<Action>(action.clone());
            assert!(stored.is_err(), "{field}: {path:?} is accepted in a plan");
        }
        let recipe = escaped(&json!({ "actions": actions }).to_string());
        let findings = check_recipe_file("on.json", recipe.as_bytes(), &Files::new());
        for (index, path) in chunk.iter().enumerate() {
            let pointer = format!("/actions/{index}/{field}");
            let is_refused = findings
                .iter()
                .any(|finding| finding.is_error() && finding.pointer == pointer);
            assert!(is_refused, "{pointer}: {path:?} is accepted in a recipe");
        }
    }
}
