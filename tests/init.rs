//! `init catalog`: what it makes is green at once, and where it may be made.

use crate::support::{Sandbox, files_below, is_updating, matches_or_updates};
use std::path::Path;

const STARTER: &str = "src/cli/commands/init/starter";

/// A sandbox with the starter, made under its own name.
fn starter() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.groundplan(["init", "catalog", "starter"]).exits(0);
    sandbox
}

#[test]
fn the_starter_checks_previews_tests_and_sweeps_at_once() {
    let sandbox = starter();
    let ran = sandbox.groundplan(["check", "starter"]).exits(0);
    assert_eq!(ran.stderr, "checked 1 catalogue: no findings\n");
    if is_updating() {
        sandbox.groundplan(["test", "starter", "--accept"]).exits(0);
        for case in ["default", "edited", "everything"] {
            let path = format!("catalog/starter/cases/{case}.files");
            let file = format!("{STARTER}/{path}");
            matches_or_updates(Path::new(&file), &sandbox.read(&format!("starter/{path}")));
        }
    }
    let ran = sandbox.groundplan(["test", "starter"]).exits(0);
    assert_eq!(
        ran.stdout,
        "ok        starter/default  6 files\nok        starter/edited  6 files\nok        starter/everything  9 files\n3 cases, 0 changed or new\n"
    );
    let ran = sandbox.groundplan(["sweep", "starter"]).exits(0);
    assert!(
        ran.stdout
            .contains("the minimum; each built twice, 0 failed")
    );
    let product = ["--name", "A", "--owner", "a", "--repo", "a", "--defaults"];
    for command in [&["preview"][..], &["new", "--into", "made"]] {
        let args = command
            .iter()
            .chain(&["--catalog", "starter"])
            .chain(&product);
        sandbox.groundplan(args).exits(0);
    }
    assert!(
        sandbox
            .read("made/README.md")
            .contains("npx prettier --write")
    );
}

#[test]
fn what_the_starter_gives_passes_its_own_tests() {
    let sandbox = starter();
    let ran = sandbox
        .groundplan(["sweep", "starter", "--exec", "npm test"])
        .exits(0);
    assert!(
        ran.stdout.ends_with("command: 0 of 4 failed\n"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
}

#[test]
fn the_starter_is_made_of_exactly_its_files_and_the_newest_schemas() {
    let sandbox = starter();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(STARTER);
    let mut made = files_below(&sandbox.join("starter"));
    made.retain(|path| !path.starts_with("schema/"));
    assert_eq!(made, files_below(&folder));
    for document in ["catalog", "recipe", "case"] {
        let schema = sandbox.groundplan(["schema", document]).exits(0).stdout;
        assert_eq!(
            sandbox.read(&format!("starter/schema/{document}.schema.json")),
            schema
        );
    }
}

#[test]
fn every_document_of_the_starter_names_its_schema() {
    let sandbox = starter();
    for path in files_below(&sandbox.join("starter")) {
        if Path::new(&path).extension() != Some("yaml".as_ref()) {
            continue;
        }
        let text = sandbox.read(&format!("starter/{path}"));
        let schema = text
            .lines()
            .next()
            .unwrap()
            .strip_prefix("# yaml-language-server: $schema=");
        let schema = schema.unwrap_or_else(|| panic!("{path} names no schema"));
        let file = sandbox
            .join("starter")
            .join(&path)
            .parent()
            .unwrap()
            .join(schema);
        assert!(file.is_file(), "{path}: {schema}");
    }
}

#[test]
fn the_starter_shows_every_kind_of_action() {
    let sandbox = starter();
    let files = files_below(&sandbox.join("starter/recipes"));
    let recipes: String = files
        .iter()
        .map(|path| sandbox.read(&format!("starter/recipes/{path}")))
        .collect();
    for kind in [
        "COPY_FILE",
        "WRITE_FILE",
        "APPEND_TO_FILE",
        "REPLACE_STRING",
        "CREATE_ADR_STUB",
        "ADD_DEPENDENCY",
    ] {
        assert!(recipes.contains(&format!("- kind: {kind}\n")), "{kind}");
    }
}

#[test]
fn the_catalogue_is_called_like_its_folder_or_as_it_is_told() {
    let sandbox = Sandbox::new();
    sandbox
        .groundplan(["init", "catalog", "Acme Services"])
        .exits(0);
    assert!(
        sandbox
            .join("Acme Services/catalog/acme-services/catalog.yaml")
            .is_file()
    );
    sandbox.groundplan(["test", "Acme Services"]).exits(0);
    sandbox
        .groundplan(["init", "catalog", "here", "--name", "other"])
        .exits(0);
    for path in files_below(&sandbox.join("here")) {
        assert!(
            !path.contains("starter") && !sandbox.read(&format!("here/{path}")).contains("starter"),
            "{path}"
        );
    }
    sandbox.groundplan(["test", "here"]).exits(0);
}

#[test]
fn nothing_is_written_where_something_is() {
    let sandbox = Sandbox::new();
    sandbox.write("full/mine.txt", "mine\n");
    let ran = sandbox.groundplan(["init", "catalog", "full"]).exits(3);
    assert!(
        ran.stderr
            .contains("name an empty folder, or one that does not exist yet"),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.files(), ["full/mine.txt"]);
    let ran = sandbox.groundplan(["init", "catalog", "no/where"]).exits(3);
    assert!(
        ran.stderr
            .contains("error: parent folder `no` does not exist\nhint: create it first, or name another folder"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.groundplan(["init", "catalog", "---"]).exits(2);
    assert!(
        ran.stderr.contains("unexpected argument")
            || ran.stderr.contains("cannot derive a catalogue name"),
        "{}",
        ran.stderr
    );
    let ran = sandbox.groundplan(["init", "catalog", "…"]).exits(2);
    assert_eq!(
        ran.stderr,
        "error: cannot derive a catalogue name from `…`\nhint: set one with `--name`, in lower-case letters and digits\n"
    );
    let empty = Sandbox::new();
    let ran = empty
        .groundplan(["init", "catalog", ".", "--name", "here"])
        .exits(0);
    assert!(ran.stdout.contains("catalogue `here`"), "{}", ran.stdout);
    empty.groundplan(["check", "."]).exits(0);
}

#[test]
fn a_name_that_no_file_can_have_everywhere_is_refused() {
    let sandbox = Sandbox::new();
    let ran = sandbox.groundplan(["init", "catalog", "con"]).exits(2);
    assert!(
        ran.stderr
            .contains("cannot derive a catalogue name from `con`"),
        "{}",
        ran.stderr
    );
    let ran = sandbox
        .groundplan(["init", "catalog", "made", "--name", "nul"])
        .exits(2);
    assert!(
        ran.stderr.contains("`nul` is a device name on Windows"),
        "{}",
        ran.stderr
    );
    assert_eq!(sandbox.files(), Vec::<String>::new());
}
