//! Diagnostics while someone types.

use super::editor::{Editor, Shown};
use super::{CATALOG, NONE, PATH, sandbox};
use crate::support::Sandbox;
use serde_json::json;

const MISSPELT: &str = "actions:\n  - kind: WRITE_FLE\n    path: a.md\n    content: a\n";
const RIGHT: &str = "actions:\n  - kind: WRITE_FILE\n    path: a.md\n    content: a\n";

fn codes(shown: &[Shown]) -> Vec<&str> {
    shown.iter().map(|one| one.code.as_str()).collect()
}

#[test]
fn a_mistake_is_shown_at_its_place_and_disappears_when_it_is_corrected() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let shown = editor.open(NONE, MISSPELT);
    assert_eq!((shown[0].line, shown[0].column), (2, 11), "{shown:?}");
    assert_eq!(shown[0].code, "GP204");
    assert!(
        shown[0]
            .message
            .contains("help: did you mean `WRITE_FILE`?")
    );
    let letter = json!([{ "range": { "start": { "line": 1, "character": 17 }, "end": { "line": 1, "character": 17 } }, "text": "I" }]);
    assert_eq!(editor.change(NONE, letter), []);
    // Nothing was saved.
    assert_eq!(sandbox.read(NONE), "actions: []\n");
}

#[test]
fn a_mistake_in_one_document_is_shown_in_another_one() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    editor.open(PATH, CATALOG);
    editor.write(PATH, &CATALOG.replace("slug: docs", "slug: guide"));
    let shown = editor.diagnostics("recipes/demo/addons/docs.yaml", None);
    assert_eq!(codes(&shown), ["GP307"], "{shown:?}");
    editor.write(PATH, CATALOG);
    assert_eq!(
        editor.diagnostics("recipes/demo/addons/docs.yaml", None),
        []
    );
}

#[test]
fn a_shared_piece_and_a_template_have_diagnostics_too() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let piece = "actions:\n  - kind: WRITE_FILE\n    path: ../up\n    content: a\n";
    let shown = editor.open("recipes/demo/shared/lint.yaml", piece);
    assert_eq!(codes(&shown), ["GP206"]);
    assert_eq!((shown[0].line, shown[0].column), (3, 11));
    let readme = "catalog/demo/template/README.md";
    let shown = editor.open(readme, "# Über __PRODUCT_NAM__\n");
    assert_eq!(codes(&shown), ["GP410"]);
    assert_eq!((shown[0].line, shown[0].column), (1, 8));
}

#[test]
fn mistakes_that_only_trial_plans_find_are_shown() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = "actions:\n  - kind: REPLACE_STRING\n    path: README.md\n    find: Nowhere\n    replace: Somewhere\n";
    let shown = editor.open(NONE, text);
    assert_eq!(codes(&shown), ["GP703"], "{shown:?}");
    assert_eq!(shown[0].line, 2);
}

#[test]
fn a_finding_about_two_places_names_the_other_one() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = CATALOG.replace("slug: none", "slug: session");
    editor.open_unchecked(PATH, &text);
    let published = editor.published(PATH, None);
    let all = published["diagnostics"].as_array().unwrap();
    let twice = all.iter().find(|one| one["code"] == "GP301").unwrap();
    let related = &twice["relatedInformation"][0];
    assert_eq!(related["message"], "first used here");
    assert_eq!(related["location"]["uri"], editor.uri(PATH));
    assert_eq!(related["location"]["range"]["start"]["line"], 17);
    assert_eq!(twice["severity"], 1);
    assert_eq!(twice["source"], "groundplan");
}

#[test]
fn columns_count_utf_16_units_or_the_bytes_that_the_client_prefers() {
    let text = "actions:\n  - { content: \"𝒳ü\", kind: WRITE_FLE, path: a }\n";
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    assert_eq!(editor.open(NONE, text)[0].column, 29);
    let editor = Editor::connect(&sandbox);
    let utf8 = json!({ "general": { "positionEncodings": ["utf-16", "utf-8"] } });
    let capabilities = editor.initialize(sandbox.path(), utf8);
    assert_eq!(capabilities["positionEncoding"], "utf-8");
    assert_eq!(editor.open(NONE, text)[0].column, 32);
}

#[test]
fn mistakes_on_disk_are_shown_without_an_open_document() {
    let sandbox = sandbox();
    sandbox.write(NONE, MISSPELT);
    let editor = Editor::start(&sandbox);
    assert_eq!(codes(&editor.diagnostics(NONE, None)), ["GP204"]);
    sandbox.write(NONE, RIGHT);
    let changes = json!([{ "uri": editor.uri(NONE), "type": 2 }]);
    editor.tell(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": changes }),
    );
    assert_eq!(editor.diagnostics(NONE, None), []);
}

#[test]
fn closing_a_document_without_saving_brings_back_the_file_on_disk() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    assert_eq!(codes(&editor.open(NONE, MISSPELT)), ["GP204"]);
    let document = json!({ "uri": editor.uri(NONE) });
    editor.tell("textDocument/didClose", json!({ "textDocument": document }));
    assert_eq!(editor.diagnostics(NONE, None), []);
}

#[test]
fn a_folder_in_the_middle_of_a_catalogue_has_its_root() {
    let sandbox = sandbox();
    sandbox.write(NONE, MISSPELT);
    for folder in ["recipes", "catalog", "recipes/demo/auth", "catalog/demo"] {
        let editor = Editor::connect(&sandbox);
        editor.initialize(&sandbox.join(folder), json!({}));
        assert_eq!(
            codes(&editor.diagnostics(NONE, None)),
            ["GP204"],
            "{folder}"
        );
    }
}

#[test]
fn two_roots_have_their_own_findings() {
    let sandbox = Sandbox::new();
    let demo = super::sandbox();
    for root in ["one", "two"] {
        for path in demo.files() {
            sandbox.write(&format!("{root}/{path}"), demo.read(&path));
        }
    }
    let editor = Editor::start(&sandbox);
    let one = editor.open(&format!("one/{NONE}"), MISSPELT);
    let two = editor.open(&format!("two/{NONE}"), RIGHT);
    assert_eq!((codes(&one), codes(&two)), (vec!["GP204"], vec![]));
}

#[test]
fn a_document_that_git_ignores_is_not_part_of_the_template() {
    let sandbox = sandbox();
    sandbox.write(".gitignore", "notes.md\n");
    sandbox.commit(".");
    sandbox.write("catalog/demo/template/notes.md", "__NOTHING__\n");
    let editor = Editor::start(&sandbox);
    let shown = editor.open("catalog/demo/template/notes.md", "__NOTHING__\n");
    assert_eq!(codes(&shown), Vec::<&str>::new());
}
