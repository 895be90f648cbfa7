//! Completion: what is offered at a `‸`, also in documents that do not parse.

use super::editor::{Editor, cursor};
use super::{CATALOG, NONE, PATH, sandbox};
use serde_json::Value;

/// The labels that are offered.
fn labels(editor: &Editor, path: &str, text: &str) -> Vec<String> {
    let items = editor.ask_at("textDocument/completion", path, text);
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| item["label"].as_str().unwrap().to_owned())
        .collect()
}

/// The text after the item with a label was accepted.
#[track_caller]
fn accepted(editor: &Editor, path: &str, text: &str, label: &str) -> String {
    let items = editor.ask_at("textDocument/completion", path, text);
    let items = items.as_array().unwrap();
    let item = items.iter().find(|item| item["label"] == label);
    let item = item.unwrap_or_else(|| panic!("no {label} in {items:#?}"));
    apply(&cursor(text).0, &item["textEdit"])
}

/// A text of ASCII after one edit.
fn apply(text: &str, edit: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap().try_into().unwrap();
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        let start = std::iter::once(0).chain(starts).nth(line).unwrap();
        start + usize::try_from(position["character"].as_u64().unwrap()).unwrap()
    };
    let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
    let mut text = text.to_owned();
    text.replace_range(range, edit["newText"].as_str().unwrap());
    text
}

#[track_caller]
fn check(path: &str, before: &str, label: &str, after: &str) {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    assert_eq!(accepted(&editor, path, before, label), after);
}

/// The catalogue with another end.
fn catalog(end: &str) -> String {
    format!("{CATALOG}{end}")
}

#[test]
fn kinds_are_offered_with_their_documentation() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = "actions:\n  - kind: ‸\n    path: a\n";
    let items = editor.ask_at("textDocument/completion", NONE, text);
    let items = items.as_array().unwrap();
    assert_eq!(items.len(), 9);
    let write = items
        .iter()
        .find(|item| item["label"] == "WRITE_FILE")
        .unwrap();
    let shown = &write["documentation"]["value"];
    assert_eq!(shown, "Writes literal text, or the text of a licence.");
    let half = "actions:\n  - kind: WRI‸TE\n";
    assert_eq!(
        accepted(&editor, NONE, half, "WRITE_FILE"),
        "actions:\n  - kind: WRITE_FILE\n"
    );
}

#[test]
fn the_first_line_of_an_action_offers_its_kind() {
    check(
        NONE,
        "actions:\n  - ‸",
        "kind: COPY_FILE",
        "actions:\n  - kind: COPY_FILE",
    );
    check(
        NONE,
        "actions:\n  ‸",
        "kind: COPY_FILE",
        "actions:\n  - kind: COPY_FILE",
    );
}

#[test]
fn fields_are_those_of_the_kind_that_are_not_there_yet() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text =
        "actions:\n  - kind: WRITE_FILE\n    path: a\n    ‸\n  - kind: REMOVE_FILE\n    path: b\n";
    let offered = labels(&editor, NONE, text);
    for field in ["content", "executable", "if_exists", "when"] {
        assert!(offered.contains(&field.to_owned()), "{offered:?}");
    }
    for field in ["path", "kind", "find", "manifest"] {
        assert!(!offered.contains(&field.to_owned()), "{offered:?}");
    }
    assert_eq!(
        accepted(&editor, NONE, text, "content"),
        text.replace('‸', "content: ")
    );
}

#[test]
fn a_key_that_has_its_colon_gets_no_second_one() {
    check(
        NONE,
        "actions:\n  - kind: WRITE_FILE\n    con‸: a\n",
        "content",
        "actions:\n  - kind: WRITE_FILE\n    content: a\n",
    );
}

#[test]
fn words_of_a_field_are_offered() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = "actions:\n  - kind: WRITE_FILE\n    if_exists: ‸\n";
    assert_eq!(labels(&editor, NONE, text), ["fail", "overwrite", "keep"]);
    let text = "actions:\n  - kind: WRITE_FILE\n    licence: ‸\n";
    let licences = labels(&editor, NONE, text);
    assert!(licences.contains(&"MPL-2.0".to_owned()), "{licences:?}");
    let text = CATALOG.replace("selection: MULTI", "selection: ‸");
    assert_eq!(labels(&editor, PATH, &text), ["SINGLE", "MULTI"]);
    let text = CATALOG.replace("default: true", "default: ‸");
    assert_eq!(labels(&editor, PATH, &text), ["true", "false"]);
}

#[test]
fn fields_of_the_catalogue_are_offered() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let offered = labels(&editor, PATH, &catalog("‸"));
    assert!(offered.contains(&"next_steps".to_owned()), "{offered:?}");
    assert!(!offered.contains(&"title".to_owned()), "{offered:?}");
    let offered = labels(&editor, PATH, &catalog("        ‸"));
    assert!(offered.contains(&"formerly".to_owned()), "{offered:?}");
}

#[test]
fn options_are_offered_where_options_are_named() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let all = CATALOG.replace("requires: [auth/none]", "requires: [‸]");
    assert_eq!(labels(&editor, PATH, &all), ["auth/session", "auth/none"]);
    let open = CATALOG.replace("requires: [auth/none]", "requires: [auth/n‸");
    assert_eq!(labels(&editor, PATH, &open), ["auth/session", "auth/none"]);
    let first = CATALOG.replace("requires: [auth/none]", "requires: ‸");
    assert_eq!(
        accepted(&editor, PATH, &first, "auth/none"),
        first.replace('‸', "[auth/none]")
    );
    let line = CATALOG.replace("requires: [auth/none]", "requires:\n          - ‸");
    assert_eq!(
        accepted(&editor, PATH, &line, "auth/none"),
        line.replace('‸', "auth/none")
    );
}

#[test]
fn conditions_offer_categories_options_and_inputs() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let action = |when: &str| {
        format!("actions:\n  - kind: REMOVE_FILE\n    path: package.json\n    when: {when}\n")
    };
    let categories = ["auth", "addons", "inputs"];
    assert_eq!(labels(&editor, NONE, &action("{ ‸ }")), categories);
    assert_eq!(labels(&editor, NONE, &action("{ ‸")), categories);
    assert_eq!(labels(&editor, NONE, &action("\n      ‸")), categories);
    assert_eq!(
        labels(&editor, NONE, &action("{ auth: ‸ }")),
        ["session", "none"]
    );
    assert_eq!(
        labels(&editor, NONE, &action("{ auth: [none, ‸")),
        ["session", "none"]
    );
    let inputs = action("{ inputs: { ‸ } }");
    assert_eq!(labels(&editor, NONE, &inputs), ["PORT", "PACKAGE"]);
    let changed = CATALOG.replace(
        "type: integer, default: 8080",
        "type: boolean, default: true",
    );
    editor.open(PATH, &changed);
    let values = action("{ inputs: { PORT: ‸ } }");
    assert_eq!(labels(&editor, NONE, &values), ["true", "false"]);
    let of_template = CATALOG.replace("when: { auth: session }", "when: { auth: s‸ }");
    assert_eq!(labels(&editor, PATH, &of_template), ["session", "none"]);
}

#[test]
fn placeholders_are_offered_in_texts_paths_and_templates() {
    let text = "actions:\n  - kind: WRITE_FILE\n    path: docs/__PR‸\n    content: a\n";
    let after = text.replace("__PR‸", "__PRODUCT_SLUG__");
    check(NONE, text, "__PRODUCT_SLUG__", &after);
    let text = "actions:\n  - kind: WRITE_FILE\n    path: a\n    content: |\n      For __‸\n      and more\n";
    check(
        NONE,
        text,
        "__PACKAGE_PASCAL__",
        &text.replace("__‸", "__PACKAGE_PASCAL__"),
    );
    let text = "# __PRODUCT_NAME__ __PO‸";
    let after = "# __PRODUCT_NAME__ __PORT__";
    check("catalog/demo/template/README.md", text, "__PORT__", after);
}

#[test]
fn prose_in_a_template_offers_nothing() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = "An ordinary sentence ‸";
    let path = "catalog/demo/template/README.md";
    assert_eq!(labels(&editor, path, text), Vec::<String>::new());
}

#[test]
fn paths_of_the_template_are_offered() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = "actions:\n  - kind: REMOVE_FILE\n    path: pack‸\n";
    let offered = labels(&editor, NONE, text);
    for path in ["package.json", "README.md", "app/[id]", "app/[id]/page.tsx"] {
        assert!(offered.contains(&path.to_owned()), "{offered:?}");
    }
    let after = "actions:\n  - kind: REMOVE_FILE\n    path: package.json\n";
    assert_eq!(accepted(&editor, NONE, text, "package.json"), after);
    let quoted = "actions:\n  - kind: REMOVE_FILE\n    path: \"app/‸\n";
    let after = "actions:\n  - kind: REMOVE_FILE\n    path: \"app/[id]\n";
    assert_eq!(accepted(&editor, NONE, quoted, "app/[id]"), after);
}

#[test]
fn a_copy_offers_the_files_beside_its_recipe() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let path = "recipes/demo/addons/docs.yaml";
    let text = "actions:\n  - kind: COPY_FILE\n    from: ‸\n    to: a\n";
    assert_eq!(labels(&editor, path, text), ["files/guide.md", "files"]);
}

#[test]
fn shared_pieces_are_offered_where_they_are_included() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = "include: [‸]\nactions: []\n";
    assert_eq!(labels(&editor, NONE, text), ["shared/lint.yaml"]);
}

#[test]
fn a_document_with_an_error_elsewhere_keeps_its_completions() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = "actions:\n  - kind: ‸\n  - [broken\n} here: \"\n";
    assert_eq!(labels(&editor, NONE, text).len(), 9);
    // The catalogue has an error: its last good state has the names.
    editor.open(PATH, CATALOG);
    editor.write(PATH, "categories: [\n");
    let text = "actions:\n  - kind: REMOVE_FILE\n    path: a\n    when: { ‸ }\n";
    assert_eq!(labels(&editor, NONE, text), ["auth", "addons", "inputs"]);
}

#[test]
fn an_empty_recipe_offers_its_fields() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    assert_eq!(labels(&editor, NONE, "‸"), ["actions", "include"]);
}
