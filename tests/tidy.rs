//! The shape of the tree: what ARCHITECTURE.md promises and no compiler checks.

use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Modules that every layer may import. `hint` is the macro of `error`.
const FLOOR: &[&str] = &["base", "error", "hint"];

/// Module → modules it may import besides the floor.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("error", &[]),
    ("model", &[]),
    ("source", &["model"]),
    ("recipe", &["model", "source", "interpret"]),
    ("catalog", &["model", "source", "interpret", "recipe"]),
    ("resolve", &["model", "source", "recipe", "catalog"]),
    ("plan_document", &["model", "source"]),
    ("secret", &[]),
    ("scrub", &["secret"]),
    ("pat", &["secret"]),
    ("signing", &["model", "tree"]),
    ("forge", &["model", "secret", "scrub"]),
    ("preflight", &["model", "scrub", "forge"]),
    ("publish", &["model", "secret", "scrub", "forge", "git"]),
    ("store", &["model", "forge", "publish"]),
    ("policy", &["model", "store"]),
    ("git", &["model", "secret"]),
    ("tree", &["model"]),
    (
        "worker",
        &[
            "model",
            "policy",
            "secret",
            "scrub",
            "pat",
            "signing",
            "resolve",
            "forge",
            "preflight",
            "publish",
            "store",
            "git",
            "tree",
            "template",
            "engine",
            "app",
            "catalog",
        ],
    ),
    ("interpret", &["model", "tree"]),
    ("template", &["model", "catalog", "git", "tree"]),
    (
        "engine",
        &["model", "catalog", "resolve", "tree", "interpret"],
    ),
    ("sweep", &["model", "catalog", "resolve", "engine", "tree"]),
    (
        "impact",
        &[
            "model",
            "catalog",
            "resolve",
            "engine",
            "tree",
            "interpret",
            "sweep",
        ],
    ),
    ("schemas", &["model", "recipe", "catalog", "resolve"]),
    (
        "app",
        &[
            "model",
            "source",
            "plan_document",
            "recipe",
            "catalog",
            "resolve",
            "secret",
            "pat",
            "signing",
            "git",
            "tree",
            "template",
            "engine",
            "sweep",
            "impact",
            "schemas",
            "forge",
            "preflight",
            "publish",
            "store",
            "policy",
        ],
    ),
    (
        "server",
        &[
            "app", "catalog", "engine", "forge", "model", "pat", "policy", "resolve", "schemas",
            "secret", "source", "store", "template", "worker",
        ],
    ),
    (
        "lsp",
        &[
            "model", "source", "recipe", "catalog", "resolve", "template", "app",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "lsp",
            "server",
            "plan_document",
            "model",
            "source",
            "recipe",
            "catalog",
            "resolve",
            "tree",
            "engine",
            "schemas",
            "secret",
            "git",
            "scrub",
            "pat",
            "signing",
            "forge",
            "preflight",
            "publish",
            "policy",
            "impact",
            "sweep",
            "store",
            "template",
            "worker",
        ],
    ),
    ("lib", &[]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, by its path from the root.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn modules_import_only_what_lies_below_them() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, text) in sources("src") {
        let module = file
            .trim_start_matches("src/")
            .split(['/', '.'])
            .next()
            .unwrap();
        if module == "main" {
            continue;
        }
        let allowed = layers
            .get(module)
            .unwrap_or_else(|| panic!("{file}: name the layer of `{module}` in tests/tidy.rs"));
        for import in text
            .match_indices("crate::")
            .map(|(at, _)| &text[at + "crate::".len()..])
        {
            let name: String = import
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if name != module
                && !name.is_empty()
                && !FLOOR.contains(&name.as_str())
                && !allowed.contains(&name.as_str())
            {
                wrong.push(format!("{file} imports {name}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_the_shells_the_doors_and_the_repository_touch_files() {
    let may = [
        "src/app/catalogs.rs",
        "src/base/",
        "src/cli/",
        "src/forge/local.rs",
        "src/git/",
        "src/publish/file_ledger.rs",
        "src/server/",
        "src/store/sql/sqlite_file.rs",
        "src/tree/disk/",
        "src/tree/pack.rs",
        "src/tree/inventory_cache.rs",
        "src/tree/repository.rs",
        "src/tree/worktree/first_commit.rs",
        "src/worker/listener.rs",
        "src/worker/server.rs",
        "src/worker/log.rs",
        "src/worker/state_files.rs",
        "src/worker/workspace.rs",
        "src/main.rs",
    ];
    let touches = |text: &str| {
        ["std::fs", "std::env", "std::net", "std::process::Command"]
            .iter()
            .any(|name| text.contains(name))
    };
    let wrong: Vec<String> = sources("src")
        .into_iter()
        .filter(|(file, text)| touches(text) && !may.iter().any(|may| file.starts_with(may)))
        .map(|(file, _)| file)
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nothing_below_the_shells_knows_of_dry_runs_or_tokio() {
    for (file, text) in sources("src") {
        // Two columns of the surrounding application are called so.
        let lower = text
            .to_lowercase()
            .replace("dry_run_report", "")
            .replace("supports_dry_run", "");
        let is_shell = file.starts_with("src/cli/");
        assert!(
            is_shell
                || !["dry_run", "dry run", "dryrun", "dry-run"]
                    .iter()
                    .any(|word| lower.contains(word)),
            "{file}"
        );
        let is_async = [
            "src/base/clock.rs",
            "src/cli/",
            "src/forge/",
            "src/preflight/",
            "src/publish/",
            "src/server/",
            "src/store/sql/",
            "src/worker/",
        ];
        let is_async = is_async.iter().any(|folder| file.starts_with(folder));
        assert!(is_async || !text.contains("tokio"), "{file}");
    }
}

#[test]
fn every_file_says_what_it_is_and_none_is_too_long() {
    for folder in ["src", "tests", "benches"] {
        for (file, text) in sources(folder) {
            assert!(
                text.starts_with("//! "),
                "{file} must open with one `//!` sentence"
            );
            let lines = text.lines().count();
            let limit = if file.ends_with("/mod.rs") && file.starts_with("src/") {
                200
            } else {
                600
            };
            assert!(
                lines <= limit,
                "{file} has {lines} lines, at most {limit} are wanted: name the second subject and give it a file"
            );
        }
    }
}

/// The source files of the crate without their unit tests.
fn sources_without_tests() -> BTreeMap<String, String> {
    let tests = Regex::new(r"\n#\[cfg\(test\)\]\s*mod tests \{").unwrap();
    sources("src")
        .into_iter()
        .map(|(file, text)| {
            let end = tests.find(&text).map_or(text.len(), |found| found.start());
            (file, text[..end].to_owned())
        })
        .collect()
}

/// The lines of all doc comments, each with its file and line, and whether it is the first of its comment.
fn doc_lines() -> Vec<(String, String, bool)> {
    let line = Regex::new(r"^\s*//[/!] ?(.*)$").unwrap();
    let mut found = Vec::new();
    for (file, text) in sources_without_tests() {
        let mut is_first = true;
        for (number, text) in text.lines().enumerate() {
            let comment = line.captures(text);
            if let Some(comment) = &comment {
                let place = format!("{file}:{}", number + 1);
                found.push((place, comment[1].to_owned(), is_first));
            }
            is_first = comment.is_none();
        }
    }
    found
}

#[test]
fn doc_comments_name_their_subject() {
    let question =
        Regex::new(r"^(What|Whether|How|Who|Whom|Whose|Where|Why|When|Which)\b").unwrap();
    let comments = doc_lines();
    let comments = comments.iter().filter(|(.., is_first)| *is_first);
    let questions: Vec<String> = comments
        .clone()
        .filter(|(_, text, _)| question.is_match(text))
        .map(|(place, text, _)| format!("{place} {text}"))
        .collect();
    let count = comments.count();
    assert!(
        questions.len() * 1000 <= count * 25,
        "{} of {count} doc comments start with a question word, at most 2.5 % may: start with a noun or a verb\n{}",
        questions.len(),
        questions.join("\n")
    );
}

#[test]
fn doc_comments_refer_only_to_what_a_reader_can_find() {
    let unknown =
        Regex::new(r"\((R|I)\d+\)|design §|security\.md|contracts\.md|\bR\d{2,3}\b").unwrap();
    let wrong: Vec<String> = doc_lines()
        .into_iter()
        .filter(|(_, text, _)| unknown.is_match(text))
        .map(|(place, text, _)| format!("{place} {text}"))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn few_types_share_a_name() {
    let definition =
        Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|union) (\w+)").unwrap();
    // The arguments, commands and output formats of the command line.
    let exempt = ["Args", "Command", "Format"];
    let mut files_by_type: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources_without_tests() {
        for name in definition
            .captures_iter(&text)
            .map(|found| found[1].to_owned())
        {
            if !exempt.contains(&name.as_str()) {
                files_by_type.entry(name).or_default().push(file.clone());
            }
        }
    }
    let all: usize = files_by_type.values().map(Vec::len).sum();
    files_by_type.retain(|_, files| files.len() > 1);
    let shared: usize = files_by_type.values().map(Vec::len).sum();
    assert!(
        shared * 100 <= all * 5,
        "{shared} of {all} types share their name with another one, at most 5 % may: {files_by_type:#?}"
    );
}

#[test]
fn no_test_file_is_forgotten() {
    let main = fs::read_to_string(root().join("tests/main.rs")).unwrap();
    for file in sources("tests")
        .keys()
        .filter(|file| file.matches('/').count() == 1 && *file != "tests/main.rs")
    {
        let module = file.trim_start_matches("tests/").trim_end_matches(".rs");
        assert!(
            main.contains(&format!("mod {module};")),
            "tests/main.rs does not name {file}"
        );
    }
}

#[test]
fn the_documents_keep_their_length() {
    for (file, limit) in [("README.md", 120), ("ARCHITECTURE.md", 150)] {
        let lines = fs::read_to_string(root().join(file))
            .unwrap()
            .lines()
            .count();
        assert!(
            lines <= limit,
            "{file} has {lines} lines, at most {limit} are wanted"
        );
    }
}

#[test]
fn each_dependency_has_its_reason_beside_it() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest
        .split("[dependencies]")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    let bare: Vec<&str> = section
        .lines()
        .filter(|line| line.contains(" = ") && !line.contains('#'))
        .collect();
    assert_eq!(bare, Vec::<&str>::new());
}

/// What `cargo deny check licenses sources` says, from the same lists, where cargo-deny is not installed.
#[test]
fn every_dependency_has_an_allowed_licence_and_comes_from_the_registry() {
    let deny: toml::Table = fs::read_to_string(root().join("deny.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let allowed: BTreeSet<&str> = deny["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--all-features",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let source = package["source"].as_str();
        if source.is_some_and(|source| !source.starts_with("registry+")) {
            wrong.push(format!("{name} comes from {source:?}"));
        }
        let licence = package["license"]
            .as_str()
            .unwrap_or("none")
            .replace('/', " OR ");
        let is_allowed = spdx::Expression::parse(&licence).is_ok_and(|expression| {
            expression.evaluate(|requirement| allowed.contains(requirement.to_string().as_str()))
        });
        if !is_allowed {
            wrong.push(format!("{name} is licensed {licence}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
