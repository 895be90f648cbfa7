//! Inputs, facts, case forms and conditions: from the catalogue to files, paths, plan and provenance.

use crate::server::support::TestServer;
use crate::support::Sandbox;
use serde_json::{Value, json};

/// The demo catalogue with inputs, a path with a placeholder and a file with a condition.
pub(crate) const CATALOG: &str = "catalog: demo
title: Demo
template:
  path: template
  version: v1
  files:
    - { path: Dockerfile, when: { inputs: { CONTAINER: true } } }
    - { path: hosted, unless: { auth: [none] } }
placeholders: [PRODUCT_NAME, PRODUCT_SLUG, GITHUB_OWNER, REPO_URL, DEFAULT_BRANCH, DATE, YEAR, AUTHOR_NAME, AUTHOR_EMAIL]
inputs:
  - { name: PACKAGE, title: Package, type: text, pattern: '[a-z][a-z0-9_]*', default: { from: PRODUCT_SLUG, case: snake } }
  - { name: MODULE, title: Module, type: text, default: { from: PACKAGE, case: pascal } }
  - { name: PORT, title: Port, type: integer, min: 1024, max: 65535, default: 8080 }
  - { name: CONTAINER, title: Container, type: boolean, default: false }
  - { name: PYTHON, title: Python, type: choice, options: ['3.12', '3.13'], default: '3.13', when: { auth: [session] } }
categories:
  - slug: auth
    title: Authentication
    selection: SINGLE
    required: true
    options:
      - { slug: session, title: Sessions, default: true }
      - { slug: basic, title: Basic }
      - { slug: none, title: No sign-in }
";

pub(crate) fn with_inputs() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox
        .write("catalog/demo/catalog.yaml", CATALOG)
        .write(
            "catalog/demo/template/src/__PACKAGE__/main.py",
            "class __MODULE__:\n    port = __PORT__\n\n# __PACKAGE_CONSTANT__ __PRODUCT_SLUG_DOT__\n",
        )
        .write("catalog/demo/template/Dockerfile", "EXPOSE __PORT__\n")
        .write("catalog/demo/template/hosted/a.txt", "hosted\n")
        .write(
            "catalog/demo/template/FACTS",
            "__REPO_URL__ __DEFAULT_BRANCH__ __DATE__ __YEAR__ __AUTHOR_NAME__ __AUTHOR_EMAIL__\n",
        )
        .write(
            "recipes/demo/auth/session.yaml",
            "actions:
  - kind: WRITE_FILE
    path: src/__PACKAGE__/python.txt
    content: \"__PYTHON__\\n\"
  - kind: WRITE_FILE
    path: ports.txt
    content: high
    when: { auth: [session, basic], inputs: { PORT: [9000, 9001] } }
",
        )
        .write("recipes/demo/auth/basic.yaml", "actions: []\n");
    std::fs::remove_dir_all(sandbox.join("recipes/demo/auth/session")).unwrap();
    sandbox
}

fn written(sandbox: &Sandbox, more: &[&str]) -> Vec<String> {
    sandbox.make(&[&["--into", "out"], more].concat()).exits(0);
    let mut files = crate::support::files_below(&sandbox.join("out"));
    files.retain(|file| !file.starts_with(".git/"));
    files
}

#[test]
fn values_and_their_case_forms_are_in_texts_paths_and_provenance() {
    let sandbox = with_inputs();
    let author = ["--author", "Jane Doe <jane@example.org>"];
    let files = written(&sandbox, &[&["--defaults"], &author[..]].concat());
    assert_eq!(
        files,
        [
            ".scrum4me/bootstrap.json",
            "FACTS",
            "README.md",
            "app/[id]/page.tsx",
            "hosted/a.txt",
            "package.json",
            "src/acme_web/main.py",
            "src/acme_web/python.txt",
        ]
    );
    assert_eq!(
        sandbox.read("out/src/acme_web/main.py"),
        "class AcmeWeb:\n    port = 8080\n\n# ACME_WEB acme.web\n"
    );
    assert_eq!(
        sandbox.read("out/FACTS"),
        "https://github.com/acme/acme-web main 2026-11-21 2026 Jane Doe jane@example.org\n"
    );
    let provenance: Value =
        serde_json::from_str(&sandbox.read("out/.scrum4me/bootstrap.json")).unwrap();
    let inputs = &provenance["inputs"];
    let expected = json!(["acme_web", "AcmeWeb", 8080, false, "3.13", "acme-web"]);
    let names = [
        "PACKAGE",
        "MODULE",
        "PORT",
        "CONTAINER",
        "PYTHON",
        "product_slug",
    ];
    assert_eq!(json!(names.map(|name| &inputs[name])), expected);
}

#[test]
fn given_values_come_from_flags_and_files_and_decide_conditions() {
    let sandbox = with_inputs();
    sandbox.write(
        "selection.yaml",
        "auth: none\ninputs: { CONTAINER: true, PORT: 9000, PACKAGE: other }\n",
    );
    let files = written(
        &sandbox,
        &["--selection", "selection.yaml", "--input", "PACKAGE=my_pkg"],
    );
    assert!(files.contains(&"Dockerfile".to_owned()), "{files:?}");
    assert!(
        files.contains(&"src/my_pkg/main.py".to_owned()),
        "{files:?}"
    );
    let is_hosted = |file: &&String| file.starts_with("hosted/") || *file == "ports.txt";
    assert_eq!(files.iter().find(is_hosted), None);
    assert_eq!(sandbox.read("out/Dockerfile"), "EXPOSE 9000\n");
    std::fs::remove_dir_all(sandbox.join("out")).unwrap();
    let files = written(&sandbox, &["--defaults", "--input", "PORT=9001"]);
    assert!(files.contains(&"ports.txt".to_owned()), "{files:?}");
}

#[test]
fn a_preview_prints_the_command_with_its_inputs_and_the_command_gives_the_same_tree() {
    let sandbox = with_inputs();
    let shown = sandbox
        .preview(&["--defaults", "--input", "PACKAGE=my_pkg"])
        .exits(0)
        .stdout;
    let command = shown.lines().last().unwrap();
    assert!(command.contains("--input PACKAGE=my_pkg"), "{command}");
    let words = shlex::split(command).unwrap();
    sandbox.groundplan(&words[1..]).exits(0);
}

#[test]
fn a_wrong_value_is_a_finding_with_place_expectation_and_help() {
    let sandbox = with_inputs();
    for (inputs, code, column, message) in [
        (
            "PACKAGE: My Pkg",
            "GP508",
            20,
            "input PACKAGE is `My Pkg`, expected a text that matches `[a-z][a-z0-9_]*`",
        ),
        (
            "PORT: 80",
            "GP508",
            17,
            "input PORT is `80`, expected a number from 1024 to 65535",
        ),
        (
            "PORT: eighty",
            "GP508",
            17,
            "input PORT is `eighty`, expected a whole number",
        ),
        (
            "CONTAINER: maybe",
            "GP508",
            22,
            "input CONTAINER is `maybe`, expected `true` or `false`",
        ),
        (
            "PYTHON: '3.11'",
            "GP508",
            19,
            "input PYTHON is `3.11`, expected one of `3.12`, `3.13`",
        ),
        (
            "PACKGE: a",
            "GP506",
            19,
            "catalogue `demo` has no input `PACKGE`",
        ),
    ] {
        sandbox.write(
            "selection.yaml",
            format!("inputs: {{ {inputs} }}\nauth: session\n"),
        );
        let ran = sandbox
            .preview(&["--selection", "selection.yaml", "--format", "json"])
            .exits(1);
        let finding = &ran.json()["diagnostics"][0];
        assert_eq!(finding["message"], message);
        assert_eq!(
            ran.findings(),
            [format!("{code} selection.yaml:1:{column}")],
            "{inputs}"
        );
        assert!(!finding["help"].as_str().unwrap().is_empty());
    }
    let ran = sandbox
        .preview(&["--select", "auth=none", "--input", "PYTHON=3.12"])
        .exits(1);
    assert!(
        ran.stderr
            .contains("input PYTHON does not apply to this selection"),
        "{}",
        ran.stderr
    );
    sandbox
        .preview(&["--defaults", "--input", "package=x"])
        .exits(2);
}

#[test]
fn a_reserved_word_is_no_value_and_no_default() {
    let sandbox = with_inputs();
    let reserved = CATALOG.replacen("type: text,", "type: text, reserved: [class, import],", 1);
    sandbox.write("catalog/demo/catalog.yaml", &reserved);
    sandbox
        .preview(&["--defaults", "--input", "PACKAGE=classes"])
        .exits(0);
    let refused = sandbox
        .preview(&["--defaults", "--input", "PACKAGE=class"])
        .exits(1)
        .stderr;
    let message = "input PACKAGE is `class`, expected a text other than the reserved `class`";
    assert!(refused.contains(message), "{refused}");
    let derived = sandbox
        .preview(&["--defaults", "--slug", "import"])
        .exits(1);
    let message = "the default of input PACKAGE is `import`, expected a text other than the reserved `import`";
    assert!(derived.stderr.contains(message), "{}", derived.stderr);
    let from = "default: { from: PRODUCT_SLUG, case: snake }";
    assert!(reserved.contains(from));
    sandbox.write(
        "catalog/demo/catalog.yaml",
        reserved.replacen(from, "default: class", 1),
    );
    let found = sandbox.groundplan(["check"]).exits(1).stdout;
    let message = "default `class` is not a text other than the reserved `class`";
    assert!(found.contains(message), "{found}");
}

#[test]
fn a_path_is_checked_again_with_its_values() {
    let sandbox = with_inputs();
    let catalog = CATALOG.replace(", pattern: '[a-z][a-z0-9_]*'", ", min: 0");
    sandbox.write("catalog/demo/catalog.yaml", catalog);
    for value in [
        "..", "../x", "/etc", ".git", "a/../b", "con", "nul.txt", "", "a//b", "x.",
    ] {
        let package = format!("PACKAGE={value}");
        let ran = sandbox
            .preview(&[
                "--defaults",
                "--input",
                &package,
                "--input",
                "MODULE=M",
                "--format",
                "json",
            ])
            .exits(1);
        let errors = ran.json()["errors"].as_array().unwrap().clone();
        assert!(!errors.is_empty(), "{value}");
        for error in errors {
            assert_eq!(error["code"], "GP412", "{value}: {error}");
            assert!(error["place"]["file"].is_string(), "{error}");
        }
    }
    sandbox.write("catalog/demo/template/src/taken/main.py", "x\n");
    let ran = sandbox
        .preview(&["--defaults", "--input", "PACKAGE=taken", "--format", "json"])
        .exits(1);
    assert_eq!(ran.json()["collisions"][0]["code"], "GP402");
    let files = written(&sandbox, &["--defaults", "--input", "PACKAGE=com/acme"]);
    assert!(
        files.contains(&"src/com/acme/main.py".to_owned()),
        "{files:?}"
    );
}

#[test]
fn a_placeholder_that_nothing_replaces_is_a_warning_in_texts_and_paths() {
    let sandbox = with_inputs();
    sandbox
        .write(
            "catalog/demo/template/odd/__PACKAG__.txt",
            "__PORTT__ __FILE__ __OTHER_THING__\n",
        )
        .write("catalog/demo/template/year.txt", "__REPO_NAME__\n");
    let warnings = |ran: &Value| {
        let all = ran.as_array().unwrap().iter();
        let mut lines: Vec<String> = all
            .map(|one| {
                format!(
                    "{} {} {}",
                    one["code"].as_str().unwrap(),
                    one["message"].as_str().unwrap(),
                    one["help"].as_str().unwrap()
                )
            })
            .collect();
        lines.sort();
        lines
    };
    let preview = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    let expected = |folder: &str| {
        [
            format!(
                "GP410 nothing replaces the placeholder `__OTHER_THING__` in `{folder}odd/__PACKAG__.txt` add an input `OTHER_THING` to catalog.yaml, or write the text in another way"
            ),
            format!(
                "GP410 nothing replaces the placeholder `__PACKAG__` in `{folder}odd/__PACKAG__.txt` did you mean `__PACKAGE__`?"
            ),
            format!(
                "GP410 nothing replaces the placeholder `__PORTT__` in `{folder}odd/__PACKAG__.txt` did you mean `__PORT__`?"
            ),
            format!(
                "GP410 nothing replaces the placeholder `__REPO_NAME__` in `{folder}year.txt` add `REPO_NAME` to `placeholders` in catalog.yaml"
            ),
        ]
    };
    assert_eq!(warnings(&preview["warnings"]), expected(""));
    let checked = sandbox
        .groundplan(["check", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(warnings(&checked["diagnostics"]), expected(""));
}

#[test]
fn the_mistakes_of_authors_are_found_at_their_places() {
    for (from, to, expected) in [
        (
            "from: PRODUCT_SLUG,",
            "from: PRODUCT_SLUGG,",
            "GP313 catalog/demo/catalog.yaml:11:95",
        ),
        (
            "{ name: MODULE",
            "{ name: PACKAGE_DOT",
            "GP311 catalog/demo/catalog.yaml:12:13",
        ),
        (
            "{ name: MODULE",
            "{ name: A_NAME_WHOSE_CASE_FORMS_ARE_LONGER_THAN_A_PLACEHOLDER_MAY_BE",
            "GP311 catalog/demo/catalog.yaml:12:13",
        ),
        (
            "{ name: MODULE",
            "{ name: DATE",
            "GP311 catalog/demo/catalog.yaml:12:13",
        ),
        (
            "{ name: MODULE",
            "{ name: PRODUCT_SLUG_PASCAL",
            "GP311 catalog/demo/catalog.yaml:12:13",
        ),
        (
            "type: integer, min: 1024",
            "type: integer, reserved: [one], min: 1024",
            "GP312 catalog/demo/catalog.yaml:13:57",
        ),
        (
            "type: integer, min: 1024",
            "type: boolean, min: 1024",
            "GP312 catalog/demo/catalog.yaml:13:52",
        ),
        (
            "default: 8080",
            "default: 80",
            "GP312 catalog/demo/catalog.yaml:13:79",
        ),
        (
            "default: { from: PRODUCT_SLUG, case: snake }",
            "default: { from: MODULE }",
            "GP314 catalog/demo/catalog.yaml:11:13",
        ),
        (
            "CONTAINER: true",
            "CONTAINER: maybe",
            "GP313 catalog/demo/catalog.yaml:7:56",
        ),
        (
            "unless: { auth: [none] }",
            "unless: { auth: [nome] }",
            "GP302 catalog/demo/catalog.yaml:8:40",
        ),
        (
            "pattern: '[a-z]",
            "pattern: '[a-z",
            "GP205 catalog/demo/catalog.yaml:11:59",
        ),
        (
            "type: choice",
            "type: chois",
            "GP204 catalog/demo/catalog.yaml:15:42",
        ),
        (
            "{ name: PORT",
            "{ name: port",
            "GP205 catalog/demo/catalog.yaml:13:13",
        ),
    ] {
        let sandbox = with_inputs();
        assert!(CATALOG.contains(from), "{from}");
        sandbox.write("catalog/demo/catalog.yaml", CATALOG.replacen(from, to, 1));
        let found = sandbox
            .groundplan(["check", "--format", "json"])
            .exits(1)
            .findings();
        assert!(found.contains(&expected.to_owned()), "{to}: {found:#?}");
    }
}

#[test]
fn a_slug_follows_the_rules_of_the_catalogue_and_is_shown() {
    let sandbox = with_inputs();
    let rules = "slug: { pattern: '[a-z].*', reserved: [build] }\ncategories:";
    sandbox.write(
        "catalog/demo/catalog.yaml",
        CATALOG.replacen("categories:", rules, 1),
    );
    for slug in ["build", "1a"] {
        let ran = sandbox.preview(&["--defaults", "--slug", slug]).exits(1);
        assert!(ran.stderr.contains("GP509"), "{}", ran.stderr);
    }
    let named = [
        "preview",
        "--catalog",
        ".",
        "--defaults",
        "--owner",
        "acme",
        "--repo",
        "x",
        "--name",
    ];
    let shown = sandbox
        .groundplan(named.iter().chain(&["Ünïcödé Näme"]))
        .exits(0)
        .stdout;
    assert!(shown.contains("unicode-name"), "{shown}");
    sandbox.groundplan(named.iter().chain(&["🚀"])).exits(2);
    // The sample product of a sweep is no new product.
    let rules = "slug: { pattern: 'acme-.*' }\ncategories:";
    sandbox.write(
        "catalog/demo/catalog.yaml",
        CATALOG.replacen("categories:", rules, 1),
    );
    sandbox.groundplan(["sweep", "."]).exits(0);
}

#[test]
fn a_sweep_gives_an_input_without_a_possible_default_a_value_of_its_pattern() {
    let sandbox = with_inputs();
    let pattern = "pattern: '[a-z][a-z0-9_]*', default: { from: PRODUCT_SLUG, case: snake }";
    for strict in ["[a-z]{2}", r"v\d{4}(?:-\d\d)+", "(?:ab|cd)?[^a-z]{3,}"] {
        let strict = format!("pattern: '{strict}', default: {{ from: PRODUCT_SLUG, case: snake }}");
        sandbox.write(
            "catalog/demo/catalog.yaml",
            CATALOG.replacen(pattern, &strict, 1),
        );
        sandbox.groundplan(["sweep", "."]).exits(0);
    }
}

#[test]
fn former_slugs_still_select_their_options() {
    let sandbox = with_inputs();
    let catalog = CATALOG
        .replace(
            "{ slug: basic, title: Basic }",
            "{ slug: basic, title: Basic, formerly: [http] }",
        )
        .replace(
            "    selection: SINGLE",
            "    selection: SINGLE\n    formerly: [login]",
        );
    sandbox.write("catalog/demo/catalog.yaml", catalog);
    let ran = sandbox
        .preview(&["--select", "login=http", "--defaults", "--format", "json"])
        .exits(0);
    let new = sandbox
        .preview(&["--select", "auth=basic", "--format", "json"])
        .exits(0);
    assert_eq!(ran.json(), new.json());
}

#[test]
fn the_api_and_the_pages_take_inputs() {
    let server = TestServer::start_in(with_inputs(), &["--no-worker"], &[], " ready ");
    let token = server.token("ada", &[]);
    let mut body = json!({
        "catalog": "demo", "defaults": true, "name": "Acme Web", "owner": "acme", "repo": "acme-web",
        "inputs": { "PACKAGE": "my_pkg", "PORT": 9000 },
    });
    let report = server
        .post("/api/v1/previews", &token, &body)
        .is(200)
        .json();
    assert_eq!(report["canProceed"], true, "{report}");
    body["inputs"]["PORT"] = json!(80);
    let problem = server
        .post("/api/v1/previews", &token, &body)
        .is(422)
        .json();
    assert_eq!(problem["errors"][0]["code"], "GP508", "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/inputs/PORT", "{problem}");
}
