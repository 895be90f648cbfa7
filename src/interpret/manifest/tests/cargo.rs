//! Edits of Cargo.toml, as texts before and after.

use super::run;
use crate::interpret::manifest::{Edit, ManifestError};
use crate::model::dependency::Ecosystem;
use crate::model::dependency::Section::{self, Dependencies, DevDependencies, PeerDependencies};

const SERDE: (Section, &str, &str) = (Dependencies, "serde", "1.0.200");

#[track_caller]
fn check(before: &str, after: &str) {
    super::check(Ecosystem::Cargo, SERDE, before, after);
}

#[track_caller]
fn check_error(text: &str, message: &str) {
    super::check_error(Ecosystem::Cargo, SERDE, text, message);
}

#[test]
fn an_entry_goes_into_a_sorted_table_in_order_and_otherwise_last() {
    check(
        "[dependencies] # all\na = \"1\" # one\n# about z\nz = { version = \"1\" }\n\n[x]\n",
        "[dependencies] # all\na = \"1\" # one\nserde = \"1.0.200\"\n# about z\nz = { version = \"1\" }\n\n[x]\n",
    );
    check(
        "[dependencies]\nz = \"1\"\na = [\n  1,\n]\n\n[x]\n",
        "[dependencies]\nz = \"1\"\na = [\n  1,\n]\nserde = \"1.0.200\"\n\n[x]\n",
    );
    check(
        "[dependencies]\nz = \"1\"",
        "[dependencies]\nserde = \"1.0.200\"\nz = \"1\"",
    );
    check(
        "[dependencies]\n[dependencies.z]\nversion = \"1\"\n",
        "[dependencies]\nserde = \"1.0.200\"\n[dependencies.z]\nversion = \"1\"\n",
    );
    check(
        "  [dependencies]\n  a.version = \"1\"\n  a.features = [\"x\"]\n  z = \"1\"\n",
        "  [dependencies]\n  a.version = \"1\"\n  a.features = [\"x\"]\n  serde = \"1.0.200\"\n  z = \"1\"\n",
    );
    check(
        "dependencies = { a = \"1\", z = \"1\" }\n",
        "dependencies = { a = \"1\", serde = \"1.0.200\", z = \"1\" }\n",
    );
    check(
        "dependencies = {}\n",
        "dependencies = { serde = \"1.0.200\" }\n",
    );
}

#[test]
fn a_new_table_stands_at_the_end_after_an_empty_line() {
    check(
        "[package]\nname = \"x\"\n",
        "[package]\nname = \"x\"\n\n[dependencies]\nserde = \"1.0.200\"\n",
    );
    check(
        "[package]\nname = \"x\"",
        "[package]\nname = \"x\"\n\n[dependencies]\nserde = \"1.0.200\"",
    );
    check(
        "[package]\nname = \"x\"\n\n",
        "[package]\nname = \"x\"\n\n[dependencies]\nserde = \"1.0.200\"\n",
    );
    check(
        "[dependencies.z]\nversion = \"1\"\n",
        "[dependencies.z]\nversion = \"1\"\n\n[dependencies]\nserde = \"1.0.200\"\n",
    );
    let edited = run(Ecosystem::Cargo, "[dependencies]", SERDE).unwrap();
    assert_eq!(
        edited,
        Edit::Added("[dependencies]\nserde = \"1.0.200\"".to_owned())
    );
    let edited = run(Ecosystem::Cargo, "", SERDE).unwrap();
    assert_eq!(
        edited,
        Edit::Added("[dependencies]\nserde = \"1.0.200\"\n".to_owned())
    );
    super::check(
        Ecosystem::Cargo,
        (DevDependencies, "insta", "1"),
        "[dependencies]\na = \"1\"\n",
        "[dependencies]\na = \"1\"\n\n[dev-dependencies]\ninsta = \"1\"\n",
    );
}

#[test]
fn only_the_version_of_an_entry_is_replaced() {
    for (before, after) in [
        ("serde = '1'", "serde = '1.0.200'"),
        (
            "serde = { version = \"1\", features = [ \"derive\" ] } # d",
            "serde = { version = \"1.0.200\", features = [ \"derive\" ] } # d",
        ),
        ("serde.version = \"*\"", "serde.version = \"1.0.200\""),
        (
            "[dependencies.serde]\nversion = \"1\"\noptional = true",
            "[dependencies.serde]\nversion = \"1.0.200\"\noptional = true",
        ),
    ] {
        check(
            &format!("[dependencies]\n{before}\n"),
            &format!("[dependencies]\n{after}\n"),
        );
    }
}

#[test]
fn every_line_keeps_its_own_ending() {
    let edited = run(
        Ecosystem::Cargo,
        "[a]\r\nb = 1\n[dependencies]\nz = \"1\"\r\n",
        SERDE,
    );
    assert_eq!(
        edited.unwrap(),
        Edit::Added("[a]\r\nb = 1\n[dependencies]\nserde = \"1.0.200\"\nz = \"1\"\r\n".to_owned())
    );
}

#[test]
fn what_is_not_a_plain_requirement_is_refused() {
    let with = |entry: &str| format!("[dependencies]\n{entry}\n");
    let refused = "the version of `serde` in the manifest is not a plain range: ";
    for (entry, reason) in [
        ("serde = { workspace = false }", "it names no version"),
        (
            "serde = { git = \"https://e.example\" }",
            "it is set by `git`",
        ),
        ("serde = { features = [] }", "it names no version"),
        ("serde = 1", "it names no version"),
        (
            "s = { package = \"serde\", version = \"1\" }",
            "`s` is an alias of `serde`",
        ),
        (
            "serde = { package = \"other\", version = \"1\" }",
            "`serde` is an alias of `other`",
        ),
    ] {
        check_error(&with(entry), &format!("{refused}{reason}"));
    }
    check_error(
        &with("serde = \"0.9\""),
        "`serde` is requested as 1.0.200, but the manifest has 0.9; neither range contains the other",
    );
    super::check_error(
        Ecosystem::Cargo,
        (Dependencies, "serde_json", "1"),
        &with("serde-json = \"1\""),
        "`serde_json` is already present as `serde-json`; use that spelling",
    );
    check_error(
        "[dev-dependencies]\nserde = \"1\"\n",
        "`serde` is already in [dev-dependencies] and cannot be in [dependencies] too",
    );
    check_error(
        "dependencies.a = \"1\"\n",
        "`dependencies` has a form that cannot be edited; write it as a table with a [header]",
    );
    check_error("dependencies = []\n", "[dependencies] must be a table");
    check_error(
        "[workspace]\nmembers = []\n",
        "[package] (a workspace without one takes no dependencies) is missing; add it to the template first",
    );
    super::check_error(
        Ecosystem::Cargo,
        (PeerDependencies, "serde", "1"),
        "",
        "Cargo.toml has no section for peerDependencies; use dependencies or devDependencies",
    );
}

#[test]
fn broken_toml_is_refused_with_its_place() {
    check_error(
        "[dependencies]\na = 1\na = 2\n",
        "line 3, column 1: duplicate key",
    );
    for bomb in ["[", "a=[", "a={a=", "a."] {
        let text = format!("x=1\n{}", bomb.repeat(1_000_000));
        let error = run(Ecosystem::Cargo, &text, SERDE).unwrap_err();
        assert!(matches!(error, ManifestError::Syntax { .. }), "{error}");
    }
    let nested = format!("a={}", "[".repeat(1_000_000));
    assert!(matches!(
        run(Ecosystem::Cargo, &nested, SERDE),
        Err(ManifestError::Syntax { .. })
    ));
}

#[test]
fn a_version_that_the_repository_sets_elsewhere_is_kept() {
    let inherited = "its version is inherited from the workspace";
    let local = "it is a package of the repository";
    for (entry, reason) in [
        ("serde.workspace = true", inherited),
        ("serde = { workspace = true }", inherited),
        (
            "serde = { workspace = true, features = [\"x\"] }",
            inherited,
        ),
        ("serde.optional = true\nserde.workspace = true", inherited),
        ("[dependencies.serde]\nworkspace = true", inherited),
        ("serde = { path = \"../serde\" }", local),
        ("serde = { path = \"../serde\", version = \"1\" }", local),
    ] {
        let text = format!("[dependencies]\n{entry}\n");
        let expected = Ok(Edit::Present { reason });
        assert_eq!(run(Ecosystem::Cargo, &text, SERDE), expected, "{entry}");
    }
}

#[test]
fn a_section_is_found_under_each_of_its_names() {
    let insta = (DevDependencies, "insta", "1");
    for (before, after) in [
        (
            "[dev_dependencies]\nz = \"1\"\n",
            "[dev_dependencies]\ninsta = \"1\"\nz = \"1\"\n",
        ),
        (
            "dev_dependencies = { z = \"1\" }\n",
            "dev_dependencies = { insta = \"1\", z = \"1\" }\n",
        ),
        (
            "[dev_dependencies.z]\nversion = \"1\"\n",
            "[dev_dependencies.z]\nversion = \"1\"\n\n[dev_dependencies]\ninsta = \"1\"\n",
        ),
        (
            "[dev_dependencies]\ninsta = \"*\"\n",
            "[dev_dependencies]\ninsta = \"1\"\n",
        ),
        (
            "[target.'cfg(unix)'.dev_dependencies]\nz = \"1\"\n",
            "[target.'cfg(unix)'.dev_dependencies]\nz = \"1\"\n\n[dev-dependencies]\ninsta = \"1\"\n",
        ),
        (
            "[build_dependencies]\ninsta = \"1\"\n",
            "[build_dependencies]\ninsta = \"1\"\n\n[dev-dependencies]\ninsta = \"1\"\n",
        ),
        (
            "[project]\nname = \"x\"\n[workspace]\n",
            "[project]\nname = \"x\"\n[workspace]\n\n[dev-dependencies]\ninsta = \"1\"\n",
        ),
    ] {
        super::check(Ecosystem::Cargo, insta, before, after);
    }
    check_error(
        "[dev_dependencies]\nserde = \"1\"\n",
        "`serde` is already in [dev_dependencies] and cannot be in [dependencies] too",
    );
    let both = "[dev-dependencies]\n[dev_dependencies]\nz = \"1\"\n";
    super::check_error(
        Ecosystem::Cargo,
        insta,
        both,
        "[dev_dependencies] exists beside [dev-dependencies], the only one of the two that cargo reads; move its entries there",
    );
}
