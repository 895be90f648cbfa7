//! Edits of one file by several actions, and edits that mean something else than they say.

use crate::support::Sandbox;
use serde_json::{Value, json};

/// The demo with recipes of `auth/none` and `addons/docs`, the latter beside the former, and files of the template.
fn with(none: &str, docs: &str, files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write("recipes/demo/auth/none.yaml", format!("actions:\n{none}"));
    let docs = if docs.is_empty() { " []\n" } else { docs };
    sandbox.write("recipes/demo/addons/docs.yaml", format!("actions:\n{docs}"));
    for (path, text) in files {
        sandbox.write(&format!("catalog/demo/template/{path}"), text);
    }
    sandbox
}

const BOTH: [&str; 4] = ["--select", "auth=none", "--select", "addons=docs"];

#[track_caller]
fn made(none: &str, docs: &str, files: &[(&str, &str)]) -> Sandbox {
    let sandbox = with(none, docs, files);
    let flags: Vec<&str> = BOTH.into_iter().chain(["--into", "out"]).collect();
    sandbox.make(&flags).exits(0);
    sandbox
}

#[track_caller]
fn report(sandbox: &Sandbox, code: i32) -> Value {
    let flags: Vec<&str> = BOTH.into_iter().chain(["--format", "json"]).collect();
    sandbox.preview(&flags).exits(code).json()
}

fn codes(findings: &Value) -> Vec<&str> {
    let findings = findings.as_array().unwrap().iter();
    findings.map(|one| one["code"].as_str().unwrap()).collect()
}

#[test]
fn another_option_inserts_into_text_that_an_option_replaced_or_added() {
    let replace = "  - { kind: REPLACE_STRING, path: app.js, find: 'plugins: []', replace: \"plugins: [\\n  a(),\\n]\" }\n";
    let append = "  - { kind: APPEND_TO_FILE, path: app.js, content: \"one\\ntwo\" }\n";
    let insert = "  - { kind: APPEND_TO_FILE, path: app.js, content: '  b(),', after: 'a(),' }
  - { kind: APPEND_TO_FILE, path: app.js, content: between, before: two }
  - { kind: REPLACE_STRING, path: app.js, find: one, replace: first }\n";
    let sandbox = made(
        &format!("{replace}{append}"),
        insert,
        &[("app.js", "plugins: []\n")],
    );
    assert_eq!(
        sandbox.read("out/app.js"),
        "plugins: [\n  a(),\n  b(),\n]\nfirst\nbetween\ntwo\n"
    );
}

#[test]
fn two_options_that_insert_the_same_block_insert_it_once() {
    let block = "  - { kind: APPEND_TO_FILE, path: a.txt, content: \"x\\ny\" }\n";
    let between = "  - { kind: APPEND_TO_FILE, path: a.txt, content: z, after: x }\n";
    let sandbox = made(&format!("{block}{between}"), block, &[("a.txt", "a\n")]);
    assert_eq!(sandbox.read("out/a.txt"), "a\nx\nz\ny\n");
    assert_eq!(codes(&report(&sandbox, 0)["warnings"]), [""; 0]);
}

#[test]
fn two_options_that_create_a_file_with_the_same_block_write_it_once() {
    let block = "  - { kind: APPEND_TO_FILE, path: b.txt, content: \"x\\ny\", create: true }\n";
    let between = "  - { kind: APPEND_TO_FILE, path: b.txt, content: z, after: x }\n";
    let twice = made(block, block, &[]);
    assert_eq!(twice.read("out/b.txt"), "x\ny\n");
    let edited = made(&format!("{block}{between}"), block, &[]);
    assert_eq!(edited.read("out/b.txt"), "x\nz\ny\n");
    assert_eq!(codes(&report(&edited, 0)["warnings"]), [""; 0]);
}

#[test]
fn two_options_that_make_the_same_replacement_make_it_once_without_a_warning() {
    let replace =
        "  - { kind: REPLACE_STRING, path: a.txt, find: one, replace: \"two\\nthree\" }\n";
    let between = "  - { kind: APPEND_TO_FILE, path: a.txt, content: z, after: two }\n";
    let sandbox = made(
        &format!("{replace}{between}"),
        replace,
        &[("a.txt", "one\n")],
    );
    assert_eq!(sandbox.read("out/a.txt"), "two\nz\nthree\n");
    assert_eq!(codes(&report(&sandbox, 0)["warnings"]), [""; 0]);
}

#[test]
fn a_replacement_that_the_template_contains_by_chance_is_not_taken_as_done() {
    let replace = |with: &str| {
        format!(
            "  - {{ kind: REPLACE_STRING, path: a.js, find: listen(300), replace: '{with}' }}\n"
        )
    };
    let files = [(
        "a.js",
        "start(() => {\n  listen(3000);\n}, { port: 3000 });\n",
    )];
    for by_chance in ["}", "3000", "sta"] {
        let report = report(&with(&replace(by_chance), "", &files), 1);
        assert_eq!(codes(&report["errors"]), ["GP703"], "{by_chance}: {report}");
    }
    let report = report(&with(&replace("listen(3000)"), "", &files), 0);
    assert_eq!(codes(&report["warnings"]), ["GP703"], "{report}");
}

#[test]
fn an_anchor_with_spaces_is_the_line_with_the_same_spaces() {
    let insert = |line: &str| {
        format!(
            "  - {{ kind: APPEND_TO_FILE, path: ci.yaml, content: '    - lint', after: '{line}' }}\n"
        )
    };
    let file = ("ci.yaml", "steps:\n  build:\n    steps:\n    - make\n");
    let sandbox = made(&insert("    steps:"), "", &[file]);
    assert_eq!(
        sandbox.read("out/ci.yaml"),
        "steps:\n  build:\n    steps:\n    - lint\n    - make\n"
    );
    let report = report(&with(&insert("  steps:"), "", &[file]), 1);
    assert_eq!(codes(&report["errors"]), ["GP703"], "{report}");
}

#[test]
fn keys_and_pointers_of_values_have_their_placeholders_replaced() {
    let set = "  - { kind: SET_VALUE, path: package.json, pointer: /bin/__PRODUCT_SLUG__, value: { '__PRODUCT_SLUG_SNAKE__': 1 } }\n";
    let sandbox = made(set, "", &[]);
    let package: Value = serde_json::from_str(&sandbox.read("out/package.json")).unwrap();
    assert_eq!(package["bin"], json!({ "acme-web": { "acme_web": 1 } }));

    let unknown = "  - { kind: SET_VALUE, path: package.json, pointer: /__NO_SUCH__, value: { __NEITHER__: 1 } }\n";
    let checked = with(unknown, "", &[]);
    let findings = checked.groundplan(["check", "--format", "json"]).json();
    assert_eq!(
        findings.to_string().matches("GP410").count(),
        2,
        "{findings}"
    );

    let twice = "  - { kind: SET_VALUE, path: package.json, pointer: /x, value: { __PRODUCT_SLUG__: 1, acme-web: 2 } }\n";
    let report = report(&with(twice, "", &[]), 1);
    assert_eq!(codes(&report["errors"]), ["GP713"], "{report}");
}

#[test]
fn objects_keep_the_order_of_the_recipe() {
    let set = |path: &str| {
        format!(
            "  - {{ kind: SET_VALUE, path: {path}, pointer: /tool/z, value: {{ b: 1, a: {{ d: x, c: [1] }} }} }}\n"
        )
    };
    let recipe = ["a.toml", "a.json", "a.yaml"].map(set).concat();
    let files = [
        ("a.toml", "[tool]\nname = \"x\"\n"),
        ("a.json", "{\n  \"tool\": {}\n}\n"),
        ("a.yaml", "tool:\n  name: x\n"),
    ];
    let sandbox = made(&recipe, "", &files);
    assert_eq!(
        sandbox.read("out/a.toml"),
        "[tool]\nname = \"x\"\n\n[tool.z]\nb = 1\n\n[tool.z.a]\nd = \"x\"\nc = [1]\n"
    );
    assert_eq!(
        sandbox.read("out/a.json"),
        "{\n  \"tool\": {\n    \"z\": {\n      \"b\": 1,\n      \"a\": {\n        \"d\": \"x\",\n        \"c\": [1]\n      }\n    }\n  }\n}\n"
    );
    assert_eq!(
        sandbox.read("out/a.yaml"),
        "tool:\n  name: x\n  z:\n    b: 1\n    a:\n      d: x\n      c:\n        - 1\n"
    );
}

#[test]
fn a_lock_file_that_the_option_itself_writes_is_not_stale() {
    let add = |name: &str| {
        format!(
            "  - {{ kind: ADD_DEPENDENCY, manifest: package.json, name: {name}, version: ^1.0.0 }}\n"
        )
    };
    let lock =
        "  - { kind: WRITE_FILE, path: package-lock.json, content: '{}', if_exists: overwrite }\n";
    let own = format!("{}{lock}", add("zod"));
    let template = [("package-lock.json", "{ }\n")];
    assert_eq!(
        codes(&report(&with(&own, "", &template), 0)["warnings"]),
        [""; 0]
    );
    assert_eq!(codes(&report(&with(&own, "", &[]), 0)["warnings"]), [""; 0]);
    let report = report(&with(&own, &add("react"), &template), 0);
    assert_eq!(codes(&report["warnings"]), ["GP707"], "{report}");
    assert_eq!(
        report["warnings"][0]["place"]["file"],
        "recipes/demo/addons/docs.yaml"
    );
}

#[test]
fn a_lock_file_that_equals_the_one_of_an_earlier_option_is_not_stale() {
    let lock = |content: &str| {
        format!(
            "  - {{ kind: WRITE_FILE, path: package-lock.json, content: '{content}', if_exists: overwrite }}\n"
        )
    };
    let add = "  - { kind: ADD_DEPENDENCY, manifest: package.json, name: zod, version: ^1.0.0 }\n";
    let same = format!("{add}{}", lock("{}"));
    let with_template = [("package-lock.json", "{}")];
    let nothing = "  []\n".to_owned();
    for (earlier, template) in [(lock("{}"), &[][..]), (nothing, &with_template[..])] {
        let previewed = report(&with(&earlier, &same, template), 0);
        assert_eq!(codes(&previewed["warnings"]), [""; 0], "{previewed}");
    }
    // An equal lock file that a later option overwrites counts no longer.
    let earlier = format!("{add}{}", lock("{}"));
    let replaced = report(&with(&earlier, &lock("{ }"), &with_template), 0);
    assert_eq!(codes(&replaced["warnings"]), ["GP707"], "{replaced}");
}

#[test]
fn a_path_that_does_not_exist_is_reported_with_the_one_that_is_meant() {
    for (action, meant) in [
        (
            "{ kind: APPEND_TO_FILE, path: READNE.md, content: x }",
            "README.md",
        ),
        (
            "{ kind: COPY_FILE, template: docs/README.md, to: b.md }",
            "README.md",
        ),
        (
            "{ kind: MOVE_FILE, from: packages.json, to: b.json }",
            "package.json",
        ),
        ("{ kind: REMOVE_FILE, path: packagejson }", "package.json"),
    ] {
        let sandbox = with(&format!("  - {action}\n"), "", &[]);
        let findings = sandbox.groundplan(["check", "--format", "json"]).json();
        let text = findings.to_string();
        assert!(text.contains("GP702"), "{action}: {text}");
        assert!(
            text.contains(&format!("did you mean `{meant}`?")),
            "{action}: {text}"
        );
    }
}
