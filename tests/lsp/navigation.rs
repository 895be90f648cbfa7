//! Hover and go to definition.

use super::editor::Editor;
use super::{CATALOG, NONE, PATH, sandbox};
use serde_json::Value;

const DOCS: &str = "recipes/demo/addons/docs.yaml";

fn hover(path: &str, text: &str) -> String {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let result = editor.ask_at("textDocument/hover", path, text);
    let text = result["contents"]["value"].as_str();
    text.unwrap_or_default().to_owned()
}

/// The file and the line, from 1, of a definition.
fn definition(path: &str, text: &str) -> Option<(String, u64)> {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let result = editor.ask_at("textDocument/definition", path, text);
    let uri = result["uri"].as_str()?;
    let root = editor.uri("");
    let file = uri.strip_prefix(root.as_str()).unwrap_or(uri);
    let line = result["range"]["start"]["line"].as_u64()?;
    Some((file.to_owned(), line + 1))
}

/// A text with a cursor before the first occurrence of a word.
fn at(text: &str, word: &str) -> String {
    text.replacen(word, &format!("‸{word}"), 1)
}

#[test]
fn kinds_and_fields_show_the_documentation_of_the_schema() {
    let text =
        "actions:\n  - kind: SET_V‸ALUE\n    path: package.json\n    pointer: /a\n    value: 1\n";
    let shown = hover(NONE, text);
    assert!(
        shown.contains("Sets one value of a JSON, TOML or YAML file"),
        "{shown}"
    );
    assert!(
        shown.contains("- `pointer` (required): The place of the value"),
        "{shown}"
    );
    let shown = hover(NONE, &text.replace('‸', "").replace("pointer", "po‸inter"));
    assert!(
        shown.starts_with("`pointer` (required)\n\nThe place"),
        "{shown}"
    );
    let shown = hover(PATH, &at(CATALOG, "selection: S"));
    assert!(shown.contains("- `MULTI`: Any number."), "{shown}");
    let shown = hover(PATH, &at(CATALOG, "SINGLE"));
    assert_eq!(shown, "`SINGLE`\n\nAt most one.");
}

#[test]
fn an_option_shows_what_it_changes() {
    let shown = hover(PATH, &at(CATALOG, "none\n"));
    assert!(shown.contains("**No sign-in** (`auth/none`)"), "{shown}");
    assert!(shown.contains("All pages are public."), "{shown}");
    assert!(shown.contains("Changes no file."), "{shown}");
    let shown = hover(PATH, &at(CATALOG, "docs\n"));
    assert!(shown.contains("Requires `auth/none`."), "{shown}");
    assert!(shown.contains("- `docs/guide.md`"), "{shown}");
    assert!(
        shown.contains("Changes 1 file:\n\n- `README.md`"),
        "{shown}"
    );
    // The same where it is named.
    let text =
        "actions:\n  - kind: REMOVE_FILE\n    path: package.json\n    when: { addons: do‸cs }\n";
    assert!(hover(NONE, text).contains("`docs/guide.md`"));
}

#[test]
fn a_catalogue_with_errors_still_has_hovers() {
    let text = at(CATALOG, "none\n").replace("title: Demo", "titel: Demo");
    let shown = hover(PATH, &text);
    assert!(shown.contains("**No sign-in**"), "{shown}");
    assert!(shown.contains("have no errors"), "{shown}");
}

#[test]
fn placeholders_show_their_meaning() {
    let shown = hover("catalog/demo/template/README.md", "# __PRODUCT‸_NAME__\n");
    assert!(shown.contains("The fact PRODUCT_NAME"), "{shown}");
    let shown = hover("catalog/demo/template/README.md", "# __PACK‸AGE_PASCAL__\n");
    assert!(
        shown.contains("The input “Package”, written as in `AcmeWeb`"),
        "{shown}"
    );
    let shown = hover("catalog/demo/template/README.md", "# __NO‸THING__\n");
    assert!(shown.contains("Nothing replaces"), "{shown}");
}

#[test]
fn an_ordinary_text_has_no_hover() {
    assert_eq!(hover(PATH, &at(CATALOG, "Demo\n")), "");
}

#[test]
fn references_lead_to_the_option() {
    let at_none = Some((PATH.to_owned(), 21));
    assert_eq!(definition(PATH, &at(CATALOG, "none]")), at_none);
    let session = Some((PATH.to_owned(), 18));
    assert_eq!(definition(PATH, &at(CATALOG, "session]")), session);
    assert_eq!(definition(PATH, &at(CATALOG, "session }")), session);
    let text =
        "actions:\n  - kind: REMOVE_FILE\n    path: a\n    unless: { auth: [session, no‸ne] }\n";
    assert_eq!(definition(NONE, text), at_none);
    // The category part, and the key of a condition.
    assert_eq!(
        definition(PATH, &at(CATALOG, "auth/none")),
        Some((PATH.to_owned(), 13))
    );
    assert_eq!(
        definition(NONE, &at(text, "auth:").replacen("no‸ne", "none", 1)),
        Some((PATH.to_owned(), 13))
    );
}

#[test]
fn an_option_leads_to_its_recipe() {
    let recipe = Some((NONE.to_owned(), 1));
    assert_eq!(definition(PATH, &at(CATALOG, "none\n")), recipe);
}

#[test]
fn files_lead_to_themselves() {
    let sandbox = sandbox();
    let docs = sandbox.read(DOCS);
    let copied = "recipes/demo/addons/docs/files/guide.md".to_owned();
    assert_eq!(
        definition(DOCS, &at(&docs, "files/guide.md")),
        Some((copied, 1))
    );
    let template = "catalog/demo/template/README.md".to_owned();
    assert_eq!(
        definition(DOCS, &at(&docs, "README.md")),
        Some((template, 1))
    );
    let piece = "recipes/demo/shared/lint.yaml".to_owned();
    assert_eq!(
        definition(DOCS, &at(&docs, "shared/lint")),
        Some((piece, 1))
    );
    let template = "catalog/demo/template/package.json".to_owned();
    assert_eq!(
        definition(PATH, &at(CATALOG, "package.json")),
        Some((template, 1))
    );
    assert_eq!(
        definition(DOCS, &at(&docs, "docs/guide.md")),
        None,
        "a result is no file"
    );
}

#[test]
fn a_placeholder_leads_to_its_input() {
    let docs = "actions:\n  - kind: WRITE_FILE\n    path: a\n    content: __PACKAGE_SN‸AKE__\n";
    assert_eq!(definition(DOCS, docs), Some((PATH.to_owned(), 11)));
}

#[test]
fn a_document_outside_of_all_catalogues_has_no_answers() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let result = editor.ask_at(
        "textDocument/hover",
        "notes.yaml",
        "actions:\n  - ki‸nd: X\n",
    );
    assert_eq!(result, Value::Null);
}
