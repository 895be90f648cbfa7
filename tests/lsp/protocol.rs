//! The protocol itself: its phases, errors, and messages that no editor should send.

use super::editor::Editor;
use super::{NONE, sandbox};
use crate::support::Sandbox;
use serde_json::{Value, json};

const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const INVALID_REQUEST: i64 = -32600;
const NOT_INITIALIZED: i64 = -32002;

#[test]
fn a_session_ends_with_0_after_a_shutdown_and_with_1_without() {
    let sandbox = sandbox();
    assert_eq!(Editor::start(&sandbox).quit(), Some(0));
    let editor = Editor::start(&sandbox);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.exit_code(), Some(1));
    let editor = Editor::start(&sandbox);
    assert_eq!(editor.exit_code(), Some(1), "the input ends");
}

#[test]
fn the_phases_of_a_session_are_kept() {
    let sandbox = sandbox();
    let editor = Editor::connect(&sandbox);
    assert_eq!(
        editor.refused("textDocument/hover", json!({})).0,
        NOT_INITIALIZED
    );
    editor.initialize(sandbox.path(), json!({}));
    assert_eq!(editor.refused("initialize", json!({})).0, INVALID_REQUEST);
    editor.ask("shutdown", Value::Null);
    assert_eq!(
        editor.refused("textDocument/hover", json!({})).0,
        INVALID_REQUEST
    );
}

#[test]
fn unknown_requests_are_refused_and_unknown_notifications_ignored() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    editor.tell("workspace/didDance", json!({}));
    editor.tell("$/setTrace", json!({ "value": "off" }));
    editor.tell("$/cancelRequest", json!({ "id": 99 }));
    let (code, message) = editor.refused("textDocument/dance", json!({}));
    assert_eq!(code, METHOD_NOT_FOUND);
    assert!(message.contains("textDocument/dance"));
    let (code, _) = editor.refused("textDocument/hover", json!({ "position": "here" }));
    assert_eq!(code, INVALID_PARAMS);
    assert_eq!(editor.quit(), Some(0));
}

#[test]
fn messages_that_are_not_valid_do_not_end_the_session() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    editor.send_text("{ this is no JSON");
    editor.send_text(&"[".repeat(100_000));
    editor.send_text("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"a\"}");
    editor.tell("textDocument/didOpen", json!({ "textDocument": 7 }));
    let logged = editor.wait("a log", |message| message["method"] == "window/logMessage");
    assert_eq!(logged["params"]["type"], 2);
    assert_eq!(editor.quit(), Some(0));
}

#[test]
fn headers_without_a_length_end_the_session_with_an_error() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    editor.send_bytes(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(editor.exit_code(), Some(3));
}

#[test]
fn a_message_beyond_the_limit_is_skipped() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    editor.send_text(&" ".repeat(17 * 1024 * 1024));
    let logged = editor.wait("a log", |message| message["method"] == "window/logMessage");
    let text = logged["params"]["message"].as_str().unwrap();
    assert!(text.contains("the maximum is"), "{text}");
    assert_eq!(editor.quit(), Some(0));
}

#[test]
fn a_document_beyond_the_limit_is_a_finding() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let text = format!("actions: []\n#{}", " ".repeat(1024 * 1024));
    let shown = editor.open(NONE, &text);
    assert_eq!(shown[0].code, "GP101");
    let end = json!({ "line": 1, "character": 4_000_000_000_u32 });
    let start = json!({ "line": 1, "character": 0 });
    let change = json!([{ "range": { "start": start, "end": end }, "text": "" }]);
    assert_eq!(editor.change(NONE, change), []);
}

#[test]
fn deep_and_long_documents_are_answered() {
    let sandbox = sandbox();
    let editor = Editor::start(&sandbox);
    let deep = format!("actions: {}", "[".repeat(50_000));
    assert_eq!(editor.open(NONE, &deep)[0].code, "GP106");
    let items = editor.ask_at("textDocument/completion", NONE, &format!("{deep}‸"));
    assert!(items.is_array());
    let many = format!("actions:\n{}", "  - kind: NOTHING\n".repeat(30_000));
    let shown = editor.open(NONE, &many);
    assert!((1..=200).contains(&shown.len()), "{}", shown.len());
}

#[test]
fn documents_outside_of_all_catalogues_are_ignored() {
    let sandbox = Sandbox::new();
    let editor = Editor::start(&sandbox);
    editor.open_unchecked("notes.yaml", "actions: [\n");
    let untitled =
        json!({ "uri": "untitled:Untitled-1", "languageId": "yaml", "version": 1, "text": "a: [" });
    editor.tell("textDocument/didOpen", json!({ "textDocument": untitled }));
    let at = json!({ "textDocument": { "uri": "untitled:Untitled-1" }, "position": { "line": 0, "character": 1 } });
    for method in [
        "textDocument/hover",
        "textDocument/definition",
        "textDocument/completion",
    ] {
        assert_eq!(editor.ask(method, at.clone()), Value::Null, "{method}");
    }
    assert_eq!(editor.quit(), Some(0));
}

#[test]
fn a_new_catalogue_that_was_never_saved_has_diagnostics() {
    let sandbox = Sandbox::new();
    let editor = Editor::start(&sandbox);
    let shown = editor.open("catalog/new/catalog.yaml", "catalog: new\ntitle: New\n");
    assert!(shown.iter().all(|one| one.code == "GP203"), "{shown:?}");
    assert_eq!(shown.len(), 2);
}

#[test]
fn nothing_is_written_to_the_folder() {
    let sandbox = sandbox();
    let before = sandbox.files();
    let editor = Editor::start(&sandbox);
    editor.open(
        NONE,
        "actions:\n  - kind: WRITE_FILE\n    path: a\n    content: b\n",
    );
    assert_eq!(editor.quit(), Some(0));
    assert_eq!(sandbox.files(), before);
}

#[test]
fn files_are_watched_if_the_editor_can_do_that() {
    let sandbox = sandbox();
    let watching =
        json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let editor = Editor::with(&sandbox, watching);
    let request = editor.wait("a registration", |message| {
        message["method"] == "client/registerCapability"
    });
    let registered = &request["params"]["registrations"][0];
    assert_eq!(registered["method"], "workspace/didChangeWatchedFiles");
}
