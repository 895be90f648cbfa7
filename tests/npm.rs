//! Manifests as their own tools would write them: the real npm and node agree with every edit of package.json, and
//! Cargo.toml and pyproject.toml keep what their authors put into them. Needs npm, node and the npm registry.

use crate::support::{PRODUCT, Ran, Sandbox};
use groundplan::interpret::manifest::{Dependency, Edit, edit};
use groundplan::model::dependency::{Ecosystem, PackageName, Section, VersionRange};
use serde_json::Value;
use std::process::Command;

/// Well-formed files in the layouts that people have: indentation, line ends, the last line break, one line.
const SHAPES: [&str; 8] = [
    "{\n  \"name\": \"shape\",\n  \"version\": \"1.0.0\"\n}\n",
    "{\n\t\"name\": \"shape\",\n\t\"version\": \"1.0.0\",\n\t\"license\": \"MIT\"\n}\n",
    "{\n    \"name\": \"shape\",\n    \"version\": \"1.0.0\",\n    \"dependencies\": {\n        \"is-number\": \"^7.0.0\"\n    }\n}\n",
    "{\r\n  \"name\": \"shape\",\r\n  \"version\": \"1.0.0\",\r\n  \"dependencies\": {\r\n    \"@sindresorhus/is\": \"4.6.0\",\r\n    \"kind-of\": \"^6.0.0\"\r\n  },\r\n  \"devDependencies\": {\r\n    \"is-buffer\": \"^2.0.0\"\r\n  }\r\n}\r\n",
    "{\n  \"name\": \"shape\",\n  \"version\": \"1.0.0\",\n  \"dependencies\": {\n    \"is-number\": \"^7.0.0\"\n  },\n  \"private\": true\n}",
    "{\"name\":\"shape\",\"version\":\"1.0.0\"}",
    "{\"name\":\"shape\",\"version\":\"1.0.0\",\"dependencies\":{\"is-number\":\"^7.0.0\",\"kind-of\":\"^6.0.0\"}}",
    "{}\n",
];

const ADDED: [(Section, &str); 4] = [
    (Section::Dependencies, "is-odd"),
    (Section::DevDependencies, "is-even"),
    (Section::OptionalDependencies, "is-plain-object"),
    (Section::PeerDependencies, "is-even"),
];

fn add(text: &str, section: Section, name: &str) -> String {
    let dependency = Dependency {
        name: &PackageName::parse(Ecosystem::Npm, name).expect("a name"),
        range: &VersionRange::parse(Ecosystem::Npm, "1.0.0").expect("a version"),
        section,
        group: None,
    };
    match edit(Ecosystem::Npm, text, &dependency).expect("a well-formed manifest") {
        Edit::Added(text) | Edit::Replaced { text, .. } => text,
        Edit::Unchanged { .. } | Edit::Present { .. } => text.to_owned(),
    }
}

fn add_all(text: &str) -> String {
    ADDED.iter().fold(text.to_owned(), |text, (section, name)| {
        add(&text, *section, name)
    })
}

/// Runs npm in a folder of the sandbox; what it downloads is kept for the next run.
#[track_caller]
fn npm(sandbox: &Sandbox, folder: &str, args: &[&str]) -> Ran {
    let mut command = Command::new("npm");
    command
        .arg("--prefix")
        .arg(sandbox.join(folder))
        .args(args)
        .env(
            "npm_config_cache",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/npm-cache"),
        )
        .env("npm_config_update_notifier", "false");
    sandbox.run(&mut command).exits(0)
}

#[track_caller]
fn npm_lock(sandbox: &Sandbox, folder: &str) {
    let args = [
        "install",
        "--package-lock-only",
        "--prefer-offline",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ];
    npm(sandbox, folder, &args);
}

#[track_caller]
fn node(sandbox: &Sandbox, names: &[&str]) -> String {
    let script = "process.stdout.write(JSON.stringify({ dependencies: JSON.parse(process.argv[1])
        .sort((a, b) => a.localeCompare(b, 'en'))
        .reduce((all, name) => ({ ...all, [name]: '1.0.0' }), {}) }, null, 2) + '\\n');";
    let names = serde_json::to_string(names).expect("names are text");
    let mut command = Command::new("node");
    sandbox
        .run(command.args(["-e", script, &names]))
        .exits(0)
        .stdout
}

#[test]
fn npm_puts_dependencies_at_the_very_same_place() {
    for shape in SHAPES {
        let sandbox = Sandbox::new();
        sandbox.write("package.json", shape);
        let keys: Vec<String> = ADDED
            .iter()
            .map(|(section, name)| format!("{section}[{name}]=1.0.0"))
            .collect();
        let mut args = vec!["pkg", "set"];
        args.extend(keys.iter().map(String::as_str));
        npm(&sandbox, ".", &args);
        let by_npm = sandbox.read("package.json");
        // npm gives a file without a last line break one as soon as it writes it
        assert_eq!(add_all(shape).trim_end(), by_npm.trim_end(), "{shape}");
    }
}

#[test]
fn npm_install_leaves_an_edited_file_as_it_is() {
    for shape in SHAPES {
        let sandbox = Sandbox::new();
        let edited = add_all(shape);
        sandbox.write("package.json", &edited);
        npm_lock(&sandbox, ".");
        assert_eq!(sandbox.read("package.json"), edited);
    }
}

#[test]
fn npm_install_leaves_the_default_selection_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox
        .groundplan(
            ["new", "--defaults", "--into", "made"]
                .iter()
                .chain(&PRODUCT),
        )
        .exits(0);
    npm_lock(&sandbox, "made");
    assert_eq!(
        sandbox.git("made", &["status", "--porcelain"]),
        "?? package-lock.json\n"
    );
}

#[test]
fn names_come_in_the_order_of_node_whatever_they_are_made_of() {
    let mut state = 7_u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap() % below
    };
    let mut names = vec!["10".to_owned(), "2".to_owned(), "4294967295".to_owned()];
    while names.len() < 600 {
        let scope = ["", "", "@a/", "@a-b/", "@a_b/", "@0/"][random(6)];
        let length = 1 + random(5);
        let rest: String = (0..length)
            .map(|_| char::from(b"aabbzx0129-_."[random(13)]))
            .collect();
        let name = format!("{scope}{rest}");
        if PackageName::parse(Ecosystem::Npm, &name).is_ok() {
            names.push(name);
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // names that npm no longer takes but old files may hold
    let legacy: Vec<&str> = "JSONStream Aa aB AB ab a~b a'b (a) !a *a A-b A_b Zz Inflector"
        .split(' ')
        .collect();
    let sandbox = Sandbox::new();
    let by_us = names.iter().fold(node(&sandbox, &legacy), |text, name| {
        add(&text, Section::Dependencies, name)
    });
    assert_eq!(by_us, node(&sandbox, &[&names[..], &legacy[..]].concat()));

    // `npm pkg set` would read a whole number as the place in an array
    let mut names = names;
    names.retain(|name| name.bytes().any(|byte| !byte.is_ascii_digit()));
    names.truncate(300);
    let keys: Vec<String> = names
        .iter()
        .map(|name| format!("dependencies[{name}]=1.0.0"))
        .collect();
    let mut args = vec!["pkg", "set"];
    args.extend(keys.iter().map(String::as_str));
    sandbox.write("package.json", "{}\n");
    npm(&sandbox, ".", &args);
    let by_us = names.iter().fold("{}\n".to_owned(), |text, name| {
        add(&text, Section::Dependencies, name)
    });
    assert_eq!(by_us, sandbox.read("package.json"));
}

/// Lets the demo catalogue's docs ask for what its sessions ask for, too.
fn asking(sandbox: &Sandbox, docs: &str) {
    sandbox.write(
        "recipes/demo/addons/docs.yaml",
        format!(
            "actions:\n  - kind: ADD_DEPENDENCY\n    manifest: package.json\n    name: iron-session\n    {docs}\n"
        ),
    );
}

const WITH_DOCS: [&str; 3] = ["--defaults", "--select", "addons=docs"];

#[test]
fn of_nested_ranges_the_narrower_one_stays_whoever_comes_first() {
    for docs in [
        "version: ~8.0.4",
        "version: ~8.0.4\n    execution_order: -1",
    ] {
        let sandbox = Sandbox::with_demo();
        asking(&sandbox, docs);
        sandbox
            .make(&[&WITH_DOCS[..], &["--into", "made"]].concat())
            .exits(0);
        let package: Value = serde_json::from_str(&sandbox.read("made/package.json")).unwrap();
        assert_eq!(package["dependencies"]["iron-session"], "~8.0.4", "{docs}");
    }
}

#[test]
fn ranges_apart_are_refused_and_both_recipes_named() {
    let sandbox = Sandbox::with_demo();
    asking(&sandbox, "version: ^7.0.0");
    let args = [&WITH_DOCS[..], &["--format", "json"]].concat();
    let report = sandbox.preview(&args).exits(1).json();
    assert_eq!(report["canProceed"], false);
    assert_eq!(report["treeId"], Value::Null);
    let error = &report["errors"][0];
    let place = |finding: &Value| {
        let place = &finding["place"];
        format!("{}:{}", place["file"].as_str().unwrap(), place["line"])
    };
    assert_eq!(error["code"], "GP706");
    assert_eq!(place(error), "recipes/demo/addons/docs.yaml:2");
    assert_eq!(
        place(&error["related"][0]),
        "recipes/demo/auth/session.yaml:2"
    );

    sandbox
        .make(&[&WITH_DOCS[..], &["--into", "made"]].concat())
        .exits(1);
    assert!(!sandbox.join("made").exists());
}

#[test]
fn a_lock_file_that_no_longer_matches_is_a_warning() {
    let sandbox = Sandbox::with_demo();
    let lock = "catalog/demo/template/package-lock.json";
    sandbox.write(lock, "{}\n");
    let report = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(report["canProceed"], true);
    let warnings = report["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["code"], "GP707");
    let message = warnings[0]["message"].as_str().unwrap();
    assert!(message.contains("`package-lock.json`"), "{message}");

    let report = sandbox
        .preview(&["--select", "auth=none", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(report["warnings"].as_array().unwrap().len(), 0);
}

#[test]
fn comments_line_ends_and_the_byte_order_mark_outlive_an_edit() {
    let cargo = "\u{feff}# The product.\r\n[package]\r\nname = 'demo'   # as on the box\r\n\r\n[dependencies]\r\nanyhow = \"1\" # errors\r\nserde = { version = \"1\", features = [\"derive\"] }\r\n";
    let python = "\u{feff}# The product.\r\n[project]\r\nname = 'demo'\r\ndependencies = [\r\n    \"click>=8\",  # the command line\r\n]\r\n";
    let sandbox = Sandbox::with_demo();
    sandbox.write("catalog/demo/template/tool/Cargo.toml", cargo);
    sandbox.write("catalog/demo/template/script/pyproject.toml", python);
    sandbox.write(
        "recipes/demo/addons/docs.yaml",
        "actions:
  - kind: ADD_DEPENDENCY
    manifest: tool/Cargo.toml
    name: mdbook
    version: ^0.4.40
  - kind: ADD_DEPENDENCY
    manifest: script/pyproject.toml
    name: mkdocs
    version: \">=1.6,<2\"
",
    );
    sandbox
        .make(&[&WITH_DOCS[..], &["--into", "made"]].concat())
        .exits(0);
    assert_eq!(
        sandbox.read("made/tool/Cargo.toml"),
        cargo.replace("# errors\r\n", "# errors\r\nmdbook = \"^0.4.40\"\r\n")
    );
    assert_eq!(
        sandbox.read("made/script/pyproject.toml"),
        python.replace(
            "# the command line\r\n",
            "# the command line\r\n    \"mkdocs>=1.6,<2\",\r\n"
        )
    );
}
