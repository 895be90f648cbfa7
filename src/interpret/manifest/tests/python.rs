//! Edits of pyproject.toml, as texts before and after.

use super::run;
use crate::interpret::manifest::{Edit, ManifestError};
use crate::model::dependency::Ecosystem;
use crate::model::dependency::Section::{self, Dependencies, DevDependencies};

const HTTPX: (Section, &str, &str) = (Dependencies, "httpx", ">=0.27,<1");
const PYTEST: (Section, &str, &str) = (DevDependencies, "pytest", "==8.*");

#[track_caller]
fn check(before: &str, after: &str) {
    super::check(Ecosystem::Python, HTTPX, before, after);
}

#[track_caller]
fn check_error(text: &str, message: &str) {
    super::check_error(Ecosystem::Python, HTTPX, text, message);
}

#[test]
fn the_array_keeps_its_layout() {
    let with = |array: &str| format!("[project]\nname = \"x\"\ndependencies = {array}\n\n[y]\n");
    for (before, after) in [
        (
            "[\n    \"anyio>=4\",  # a\n    # about rich\n    \"rich>=13\",\n]",
            "[\n    \"anyio>=4\",  # a\n    \"httpx>=0.27,<1\",\n    # about rich\n    \"rich>=13\",\n]",
        ),
        (
            "[\n  \"anyio>=4\"  # a, b\n]",
            "[\n  \"anyio>=4\",  # a, b\n  \"httpx>=0.27,<1\"\n]",
        ),
        (
            "[\n  \"anyio>=4\",\n  # end\n]",
            "[\n  \"anyio>=4\",\n  \"httpx>=0.27,<1\",\n  # end\n]",
        ),
        (
            "[ # c\n  \"rich>=4\" ]",
            "[ # c\n  \"httpx>=0.27,<1\",\n  \"rich>=4\" ]",
        ),
        (
            "[\n    \"anyio>=4\" # a, b\n  , \"rich>=13\"\n]",
            "[\n    \"anyio>=4\" # a, b\n  , \"httpx>=0.27,<1\"\n  , \"rich>=13\"\n]",
        ),
        (
            "[ 'anyio>=4'\n, 'e>=13' # e\n]",
            "[ 'anyio>=4'\n, 'e>=13' # e\n, 'httpx>=0.27,<1'\n]",
        ),
        ("['a>=1', 'z>=1']", "['a>=1', 'httpx>=0.27,<1', 'z>=1']"),
        (
            "[\"z>=1\",\"a>=1\"]",
            "[\"z>=1\",\"a>=1\",\"httpx>=0.27,<1\"]",
        ),
        ("[\"a>=1\", ]", "[\"a>=1\", \"httpx>=0.27,<1\", ]"),
        ("[]", "[\"httpx>=0.27,<1\"]"),
        ("[\n]", "[\n    \"httpx>=0.27,<1\",\n]"),
        (
            "[\n    # none\n]",
            "[\n    # none\n    \"httpx>=0.27,<1\",\n]",
        ),
    ] {
        let (before, after) = (with(before), with(after));
        match run(Ecosystem::Python, &before, HTTPX).unwrap() {
            Edit::Added(text) => assert_eq!(text, after),
            other @ (Edit::Unchanged { .. } | Edit::Present { .. } | Edit::Replaced { .. }) => {
                panic!("{other:?}")
            }
        }
        check(&before, &after);
    }
}

#[test]
fn missing_arrays_are_made_and_a_missing_project_is_not() {
    check(
        "[project]\nname = \"x\"\n\n[project.urls]\na = \"b\"\n",
        "[project]\nname = \"x\"\ndependencies = [\n    \"httpx>=0.27,<1\",\n]\n\n[project.urls]\na = \"b\"\n",
    );
    super::check(
        Ecosystem::Python,
        PYTEST,
        "[project]\nname = \"x\"\n",
        "[project]\nname = \"x\"\n\n[dependency-groups]\ndev = [\n    \"pytest==8.*\",\n]\n",
    );
    super::check(
        Ecosystem::Python,
        PYTEST,
        "[dependency-groups]\ntest = []\n",
        "[dependency-groups]\ndev = [\n    \"pytest==8.*\",\n]\ntest = []\n",
    );
    check_error(
        "[tool.poetry]\nname = \"x\"\n",
        "the table [project] is missing; add it to the template first",
    );
    check_error(
        "[project]\ndynamic = [\"dependencies\"]\n",
        "`project.dependencies`, named in `project.dynamic`, has a form that cannot be edited; \
         write it as an array",
    );
    check_error(
        "[project]\ndependencies = {}\n",
        "`project.dependencies` must be an array",
    );
}

#[test]
fn the_narrower_of_nested_ranges_stays() {
    let with = |item: &str| format!("[project]\ndependencies = [{item}]\n");
    check(&with("'HTTPX >= 0.20'"), &with("'HTTPX >=0.27,<1'"));
    check(&with("\"httpx\""), &with("\"httpx>=0.27,<1\""));
    check(
        &with("\"httpx[http2]>=0.27\""),
        &with("\"httpx[http2]>=0.27,<1\""),
    );
    super::check_kept(
        Ecosystem::Python,
        HTTPX,
        &with("\"httpx==0.28.0\""),
        "==0.28.0",
    );
    for refused in [
        "\"httpx>=0.27; python_version<'3'\"",
        "\"httpx @ https://e.example/x\"",
        "\"httpx>=0.1\", \"httpx>=0.2\"",
        "\"httpx!=0.5\"",
    ] {
        assert!(matches!(
            run(Ecosystem::Python, &with(refused), HTTPX),
            Err(ManifestError::NotARange { .. })
        ));
    }
    check_error(
        &with("\"httpx>=1\""),
        "`httpx` is requested as >=0.27,<1, but the manifest has >=1; neither range contains the other",
    );
    check_error(
        "[project]\n[dependency-groups]\ndev = [{ include-group = \"x\" }, \"HttpX\"]\n",
        "`httpx` is already in dependency-groups.dev and cannot be in project.dependencies too",
    );
}

#[test]
fn an_array_with_included_groups_takes_the_new_one_last() {
    super::check(
        Ecosystem::Python,
        PYTEST,
        "[dependency-groups]\ndev = [{ include-group = \"x\" }, \"z\"]\n",
        "[dependency-groups]\ndev = [{ include-group = \"x\" }, \"z\", \"pytest==8.*\"]\n",
    );
}

#[test]
fn a_package_of_an_included_group_is_present() {
    let with = |dev: &str, test: &str| {
        format!(
            "[dependency-groups]\n\"t-e.st\" = [{test}]\nmore = [{{ include-group = \"T_E_st\" }}]\ndev = [{dev}]\n"
        )
    };
    let include = "{ include-group = \"More\" }";
    super::check_kept(
        Ecosystem::Python,
        PYTEST,
        &with(include, "\"PyTest==8.1\""),
        "==8.1",
    );
    super::check(
        Ecosystem::Python,
        PYTEST,
        &with(include, "\"pytest\""),
        &with(&format!("{include}, \"pytest==8.*\""), "\"pytest\""),
    );
    super::check_error(
        Ecosystem::Python,
        PYTEST,
        &with(include, "\"pytest>=9\""),
        "`pytest` is requested as ==8.*, but the manifest has >=9; neither range contains the other",
    );
    let cycle = "[dependency-groups]\ndev = [{ include-group = \"dev\" }, \"z\"]\n";
    run(Ecosystem::Python, cycle, PYTEST).expect("a group that includes itself is read once");
}

#[test]
fn a_package_with_a_source_of_uv_is_present() {
    let with = |entry: &str, source: &str| {
        format!("[project]\ndependencies = [\"{entry}\"]\n\n[tool.uv.sources]\n{source}\n")
    };
    for source in [
        "HTTPX = { workspace = true }",
        "httpx.path = \"../httpx\"",
        "httpx = { git = \"https://e.example/x\", rev = \"1\" }",
        "httpx = { url = \"https://e.example/x.whl\" }",
        "httpx = [{ index = \"i\" }, { git = \"https://e.example/x\", marker = \"x\" }]",
        "[tool.uv.sources.httpx]\nworkspace = true",
    ] {
        let edit = run(Ecosystem::Python, &with("httpx", source), HTTPX);
        assert!(
            matches!(edit, Ok(Edit::Present { .. })),
            "{source}: {edit:?}"
        );
    }
    let source = "httpx = { index = \"internal\" }";
    check(&with("httpx", source), &with("httpx>=0.27,<1", source));
}
