//! Renaming of options and categories: the edits of the server, applied to the files.

use super::editor::{Editor, cursor};
use super::{CATALOG, NONE, PATH, sandbox};
use crate::support::Sandbox;
use serde_json::{Value, json};
use std::fs;

const DOCS: &str = "recipes/demo/addons/docs.yaml";

/// A text with a cursor before the first occurrence of a word.
fn at(text: &str, word: &str) -> String {
    text.replacen(word, &format!("‸{word}"), 1)
}

fn rename(editor: &Editor, path: &str, text: &str, name: &str) -> Value {
    let (text, position) = cursor(text);
    editor.open(path, &text);
    editor.response(
        "textDocument/rename",
        json!({ "textDocument": { "uri": editor.uri(path) }, "position": position, "newName": name }),
    )
}

/// The title and the edit of the code action at a cursor.
#[track_caller]
fn action(editor: &Editor, path: &str, text: &str) -> (String, Value) {
    let (text, position) = cursor(text);
    editor.open(path, &text);
    let actions = editor.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": editor.uri(path) },
            "range": { "start": position, "end": position },
            "context": { "diagnostics": [] },
        }),
    );
    let [action] = actions.as_array().unwrap().as_slice() else {
        panic!("one action is expected: {actions:#?}");
    };
    (
        action["title"].as_str().unwrap().to_owned(),
        action["edit"].clone(),
    )
}

/// Does with the files what an editor does with an edit.
fn apply(sandbox: &Sandbox, editor: &Editor, edit: &Value) {
    let root = editor.uri("");
    let path = |uri: &Value| {
        let uri = uri.as_str().unwrap();
        uri.strip_prefix(root.as_str()).unwrap().to_owned()
    };
    for change in edit["documentChanges"].as_array().unwrap() {
        if change["kind"] == "rename" {
            let (old, new) = (path(&change["oldUri"]), path(&change["newUri"]));
            fs::rename(sandbox.join(&old), sandbox.join(&new)).unwrap();
            continue;
        }
        let file = path(&change["textDocument"]["uri"]);
        let mut text = sandbox.read(&file);
        let mut edits: Vec<&Value> = change["edits"].as_array().unwrap().iter().collect();
        edits.sort_by_key(|edit| offset(&text, &edit["range"]["start"]));
        for edit in edits.iter().rev() {
            let range = &edit["range"];
            let range = offset(&text, &range["start"])..offset(&text, &range["end"]);
            text.replace_range(range, edit["newText"].as_str().unwrap());
        }
        sandbox.write(&file, text);
    }
}

fn offset(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap().try_into().unwrap();
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    let start = std::iter::once(0).chain(starts).nth(line).unwrap();
    start + usize::try_from(position["character"].as_u64().unwrap()).unwrap()
}

fn check(sandbox: &Sandbox) -> String {
    sandbox.groundplan(["check"]).exits(0).stderr
}

#[test]
fn an_option_is_renamed_with_its_references_and_its_files() {
    let sandbox = sandbox();
    sandbox.write(
        "catalog/demo/cases/docs.yaml",
        "selection: { auth: none, addons: [docs] }\nupdate: { select: { addons: docs }, drop: { addons: [docs] } }\n",
    );
    let editor = Editor::start(&sandbox);
    let response = rename(&editor, PATH, &at(CATALOG, "docs\n"), "guide");
    apply(&sandbox, &editor, &response["result"]);
    assert_eq!(
        sandbox.read(PATH),
        CATALOG.replace("slug: docs", "slug: guide")
    );
    assert!(
        sandbox
            .files()
            .contains(&"recipes/demo/addons/guide/files/guide.md".to_owned())
    );
    assert!(!sandbox.files().contains(&DOCS.to_owned()));
    let case = sandbox.read("catalog/demo/cases/docs.yaml");
    assert_eq!(
        case,
        "selection: { auth: none, addons: [guide] }\nupdate: { select: { addons: guide }, drop: { addons: [guide] } }\n"
    );
    assert!(check(&sandbox).contains("no findings"));
}

#[test]
fn a_rename_can_start_at_a_reference_and_reaches_every_document() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = sandbox.read(DOCS);
    let response = rename(&editor, DOCS, &at(&text, "none }"), "public");
    apply(&sandbox, &editor, &response["result"]);
    let catalog = sandbox.read(PATH);
    assert!(catalog.contains("slug: public\n"), "{catalog}");
    assert!(catalog.contains("requires: [auth/public]"), "{catalog}");
    assert!(sandbox.read(DOCS).contains("when: { auth: public }"));
    let piece = sandbox.read("recipes/demo/shared/lint.yaml");
    assert!(
        piece.contains("unless: { auth: [session, public] }"),
        "{piece}"
    );
    assert!(check(&sandbox).contains("no findings"));
}

#[test]
fn a_category_is_renamed_too() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let response = rename(&editor, PATH, &at(CATALOG, "auth\n"), "sign-in");
    apply(&sandbox, &editor, &response["result"]);
    let catalog = sandbox.read(PATH);
    assert!(catalog.contains("requires: [sign-in/none]"), "{catalog}");
    assert!(catalog.contains("when: { sign-in: session }"), "{catalog}");
    assert!(sandbox.read(DOCS).contains("when: { sign-in: none }"));
    assert!(check(&sandbox).contains("no findings"));
}

#[test]
fn the_range_of_a_rename_is_the_slug_alone() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = at(CATALOG, "none]");
    let range = editor.ask_at("textDocument/prepareRename", PATH, &text);
    assert_eq!(range["placeholder"], "none");
    assert_eq!(range["range"]["start"], cursor(&text).1);
    let nothing = editor.ask_at("textDocument/prepareRename", PATH, &at(CATALOG, "Demo\n"));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn a_slug_that_is_not_valid_or_taken_is_refused() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = at(CATALOG, "none\n");
    let message = |name| {
        let response = rename(&editor, PATH, &text, name);
        response["error"]["message"].as_str().unwrap().to_owned()
    };
    assert!(message("No Sign-In").contains("invalid slug"));
    assert!(message("session").contains("used already"));
    sandbox.write("recipes/demo/auth/session.yaml", "actions: [\n");
    let changes = json!([{ "uri": editor.uri("recipes/demo/auth/session.yaml"), "type": 2 }]);
    editor.tell(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": changes }),
    );
    editor.diagnostics("recipes/demo/auth/session.yaml", None);
    assert!(message("public").contains("has a syntax error: correct it first"));
}

#[test]
fn an_editor_that_cannot_rename_files_gets_the_texts_alone() {
    let sandbox = sandbox();
    let editor = Editor::with(&sandbox, json!({}));
    let response = rename(&editor, PATH, &at(CATALOG, "none\n"), "public");
    let changes = response["result"]["changes"].as_object().unwrap();
    assert_eq!(changes.len(), 3, "{changes:#?}");
    assert_eq!(response["result"].get("documentChanges"), None);
}

#[test]
fn a_code_action_renames_and_keeps_the_old_slug() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let (title, edit) = action(&editor, PATH, &at(CATALOG, "none\n"));
    assert_eq!(title, "Rename `none` to `none-2` with `formerly: [none]`");
    apply(&sandbox, &editor, &edit);
    let catalog = sandbox.read(PATH);
    assert!(
        catalog.contains("slug: none-2\n        formerly: [none]\n"),
        "{catalog}"
    );
    assert!(catalog.contains("requires: [auth/none-2]"), "{catalog}");
    assert!(check(&sandbox).contains("no findings"));
    sandbox.preview(&["--select", "auth=none"]).exits(0);
}

#[test]
fn a_slug_that_was_edited_by_hand_is_renamed_everywhere() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let edited = CATALOG
        .replace("slug: docs\n", "slug: guide # better\n")
        .replace(
            "title: Documentation",
            "formerly:\n          - manual\n        title: Documentation",
        );
    sandbox.write(PATH, &edited);
    let (title, edit) = action(&editor, PATH, &at(&edited, "guide #"));
    assert_eq!(
        title,
        "Complete the renaming of `docs` to `guide` with `formerly: [docs]`"
    );
    apply(&sandbox, &editor, &edit);
    let catalog = sandbox.read(PATH);
    assert!(
        catalog.contains("formerly:\n          - manual\n          - docs\n"),
        "{catalog}"
    );
    assert!(check(&sandbox).contains("no findings"));
    let select = ["--select", "auth=none", "--select", "addons=docs"];
    sandbox.preview(&select).exits(0);
}

#[test]
fn open_documents_are_named_with_their_version() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let response = rename(&editor, PATH, &at(CATALOG, "none\n"), "public");
    let changes = response["result"]["documentChanges"].as_array().unwrap();
    let of = |path: &str| {
        let document = changes
            .iter()
            .find(|change| change["textDocument"]["uri"] == editor.uri(path));
        document.unwrap()["textDocument"]["version"].clone()
    };
    assert_eq!(of(PATH), 1);
    assert_eq!(of(DOCS), Value::Null);
    let renamed = changes.last().unwrap();
    assert_eq!(renamed["oldUri"], editor.uri(NONE));
}
