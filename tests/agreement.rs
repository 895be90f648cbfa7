//! What `check` lets through can be previewed, what is previewed can be made, and what differs has another hash.

use crate::support::{Ran, Sandbox};

const SESSION: &str = "recipes/demo/auth/session.yaml";
const DOCS: &str = "recipes/demo/addons/docs.yaml";

/// The demo catalogue in which `auth/session` and `addons/docs` do this.
fn with(session: &str, docs: &str) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    std::fs::remove_dir_all(sandbox.join("recipes/demo/auth/session")).unwrap();
    sandbox.write(SESSION, format!("actions:\n{session}"));
    sandbox.write(DOCS, format!("actions:\n{docs}"));
    sandbox
}

#[track_caller]
fn preview(sandbox: &Sandbox) -> Ran {
    sandbox.preview(&["--defaults", "--select", "addons=docs", "--format", "json"])
}

/// Both options can be checked, previewed and made, and `path` holds `text` then.
#[track_caller]
fn agree(session: &str, docs: &str, path: &str, text: &str) {
    let sandbox = with(session, docs);
    sandbox.groundplan(["check"]).exits(0);
    preview(&sandbox).exits(0);
    sandbox
        .make(&["--defaults", "--select", "addons=docs", "--into", "out"])
        .exits(0);
    assert_eq!(sandbox.read(&format!("out/{path}")), text);
}

fn write(path: &str, text: &str, more: &str) -> String {
    format!("  - {{ kind: WRITE_FILE, path: {path}, content: {text}{more} }}\n")
}

#[test]
fn a_later_action_may_overwrite_or_keep_what_an_earlier_one_wrote() {
    agree(
        &write("f", "one", ""),
        &write("f", "two", ", if_exists: overwrite"),
        "f",
        "two",
    );
    agree(
        &write("f", "one", ""),
        &write("f", "two", ", if_exists: keep"),
        "f",
        "one",
    );
    let (later, earlier) = (", execution_order: 10, if_exists: keep", "");
    agree(
        &write("f", "one", later),
        &write("f", "two", earlier),
        "f",
        "two",
    );
}

#[test]
fn who_comes_later_is_decided_by_the_running_order() {
    let sandbox = with(
        &write("f", "one", ", execution_order: 10"),
        &write("f", "two", ", if_exists: keep"),
    );
    let ran = sandbox.groundplan(["check", "--format", "json"]).exits(1);
    assert_eq!(ran.json()["diagnostics"][0]["code"], "GP401");
}

#[test]
fn equal_text_with_another_mode_is_a_conflict_for_check_and_preview_alike() {
    let sandbox = with(
        &write("f.sh", "one", ""),
        &write("f.sh", "one", ", executable: true"),
    );
    let ran = sandbox.groundplan(["check", "--format", "json"]).exits(1);
    assert_eq!(ran.json()["diagnostics"][0]["code"], "GP401");
}

#[test]
fn a_folder_of_the_template_can_be_copied_and_added_to() {
    let sandbox = with(
        "  - { kind: COPY_FILE, template: skel, to: src }\n",
        &write("src/b.ts", "b", ""),
    );
    sandbox.write("catalog/demo/template/skel/a.ts", "a");
    sandbox.groundplan(["check"]).exits(0);
    preview(&sandbox).exits(0);
}

#[test]
fn the_provenance_file_collides_like_any_other() {
    for (template, recipe) in [
        (".Scrum4Me/notes.md", ""),
        ("notes.md", ".scrum4me/Bootstrap.json"),
    ] {
        let recipe = if recipe.is_empty() {
            write("x", "x", "")
        } else {
            write(recipe, "x", "")
        };
        let sandbox = with(&recipe, &write("y", "y", ""));
        sandbox.write(&format!("catalog/demo/template/{template}"), "x");
        let report = preview(&sandbox).exits(1).json();
        assert_eq!(report["collisions"][0]["code"], "GP402", "{template}");
    }
}

#[test]
fn a_link_that_git_refuses_is_refused_by_the_preview() {
    let sandbox = Sandbox::with_demo();
    let catalog = sandbox
        .read("catalog/demo/catalog.yaml")
        .replace("title: Demo", "title: Demo\nsymlinks: ALLOW");
    sandbox.write("catalog/demo/catalog.yaml", catalog);
    sandbox.symlink("README.md", "catalog/demo/template/.gitmodules");
    let ran = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(1);
    assert_eq!(
        ran.findings(),
        ["GP601 ./catalog/demo/template/.gitmodules:1:1"].map(|line| line.replace("./", ""))
    );
}

#[test]
fn a_repository_inside_a_template_is_refused() {
    let sandbox = Sandbox::with_demo();
    for file in ["HEAD", "config", "objects/x", "refs/heads/main"] {
        sandbox.write(&format!("t/vendor/{file}"), "x");
    }
    let ran = sandbox
        .preview(&["--defaults", "--template", "t", "--format", "json"])
        .exits(1);
    assert_eq!(ran.json()["diagnostics"][0]["code"], "GP601");
}

#[test]
fn the_recipe_hash_knows_whose_file_is_copied() {
    let copy = |to: &str, order: u8| {
        format!("  - {{ kind: COPY_FILE, from: f/l, to: {to}, execution_order: {order} }}\n")
    };
    let hash = |session: (&str, u8), docs: (&str, u8)| {
        let sandbox = with(&copy(session.0, session.1), &copy(docs.0, docs.1));
        sandbox
            .write("recipes/demo/auth/session/f/l", "1")
            .write("recipes/demo/addons/docs/f/l", "2");
        preview(&sandbox).exits(0).json()["recipeHash"].clone()
    };
    assert_ne!(hash(("p", 1), ("q", 2)), hash(("q", 2), ("p", 1)));
}

#[test]
fn a_removal_is_no_reason_to_warn_and_a_find_that_is_not_there_is() {
    let replace = |find: &str, replace: &str| {
        format!(
            "  - {{ kind: REPLACE_STRING, path: README.md, find: {find:?}, replace: {replace:?} }}\n"
        )
    };
    let sandbox = with(&replace("Of acme.\n", ""), &write("y", "y", ""));
    assert_eq!(
        preview(&sandbox).exits(0).json()["warnings"],
        serde_json::json!([])
    );
    let sandbox = with(&replace("misspelt", "acme"), &write("y", "y", ""));
    assert_eq!(
        preview(&sandbox).exits(0).json()["warnings"][0]["code"],
        "GP703"
    );
}

#[test]
fn a_name_with_quotes_keeps_every_kind_of_json_whole() {
    let sandbox = Sandbox::with_demo();
    for file in ["tsconfig.jsonc", "site.webmanifest"] {
        sandbox.write(
            &format!("catalog/demo/template/{file}"),
            "{\"n\":\"__PRODUCT_NAME__\"}",
        );
    }
    let args = [
        "new",
        "--catalog",
        ".",
        "--defaults",
        "--owner",
        "a",
        "--repo",
        "a",
        "--into",
        "out",
        "--name",
    ];
    sandbox.groundplan(args.iter().chain(&["A \"X\""])).exits(0);
    for file in ["tsconfig.jsonc", "site.webmanifest"] {
        assert_eq!(
            sandbox.read(&format!("out/{file}")),
            "{\"n\":\"A \\\"X\\\"\"}"
        );
    }
}

#[test]
fn git_applies_the_diffs_to_the_template_and_gets_the_result() {
    let edit = "  - { kind: REPLACE_STRING, path: odd.txt, find: c, replace: Z }
  - { kind: APPEND_TO_FILE, path: open.txt, content: more }
  - { kind: WRITE_FILE, path: run.sh, content: 'echo', executable: true }
  - { kind: WRITE_FILE, path: empty, content: '' }
";
    let sandbox = with(edit, &write("y", "y", ""));
    let template = "catalog/demo/template";
    sandbox
        .write(&format!("{template}/odd.txt"), "a\rb\nc\nd\n")
        .write(&format!("{template}/open.txt"), "no expiry date");
    let report = preview(&sandbox).exits(0).json();
    let diffs: String = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["diff"].as_str().unwrap())
        .collect();
    sandbox.write(&format!("{template}/all.patch"), diffs);
    sandbox.git(template, &["init", "-q", "-b", "main"]);
    sandbox.git(template, &["apply", "--whitespace=nowarn", "all.patch"]);
    std::fs::remove_file(sandbox.join(&format!("{template}/all.patch"))).unwrap();
    sandbox.git(template, &["add", "-A"]);
    assert_eq!(
        sandbox.git(template, &["write-tree"]).trim(),
        report["treeId"].as_str().unwrap()
    );
}
