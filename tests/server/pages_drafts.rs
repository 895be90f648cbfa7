//! The editor of drafts and the playground, as a browser without script uses them.

use super::pages::Browser;
use super::pages_board::part;
use super::support::{TestServer, preview};
use crate::support::Sandbox;
use serde_json::{Value, json};

const EDITOR: &str = "/catalogs/demo/draft";
const RECIPE: &str = "recipes/demo/auth/session.yaml";
const EDIT_RECIPE: &str = "/catalogs/demo/draft?file=recipes/demo/auth/session.yaml";

/// A recipe that writes a file with this text, as a browser sends it.
fn recipe(text: &str) -> String {
    format!(
        "actions:\r\n  - {{ kind: WRITE_FILE, path: lib/session.ts, content: \"{text}\\n\" }}\r\n"
    )
}

/// The digest of the file that an editor has loaded.
fn loaded(page: &str) -> String {
    part(page, "name=\"loaded\" value=\"", "\"").to_owned()
}

/// Saves a recipe by the form of the editor, and returns the page after it.
#[track_caller]
fn save(admin: &mut Browser<'_>, text: &str) -> String {
    let loaded = loaded(&admin.page(EDIT_RECIPE));
    let fields = [
        ("file", RECIPE),
        ("loaded", loaded.as_str()),
        ("text", text),
        ("do", "save"),
    ];
    admin.follow(EDITOR, &fields)
}

#[test]
fn an_administrator_edits_checks_and_publishes_a_draft() {
    let server = TestServer::start(&["--no-worker"]);
    let mut member = Browser::signed_in(&server, &server.token("ada", &[]));
    assert!(!member.page("/catalogs/demo").contains("/draft"));
    let mut admin = Browser::signed_in(&server, &server.token("root", &["--admin"]));
    assert!(admin.page("/catalogs/demo").contains(EDITOR));
    let page = admin.page(EDITOR);
    assert!(
        page.contains("catalog: demo") && page.contains(RECIPE),
        "{page}"
    );
    assert!(page.contains("There is no draft yet"), "{page}");

    // A check stores nothing and shows the place of each finding.
    let broken = recipe("one").replace("WRITE_FILE", "WRITE");
    let fields = [("file", RECIPE), ("loaded", "x"), ("text", broken.as_str())];
    let page = admin
        .post("/catalogs/demo/draft/check", &fields)
        .is(200)
        .text();
    assert!(page.contains("line 2, column 13"), "{page}");
    assert!(page.contains("<mark>WRITE</mark>"), "{page}");
    assert!(
        page.contains("1 error") && page.contains("There is no draft yet"),
        "{page}"
    );

    let page = save(&mut admin, &recipe("one"));
    assert!(
        page.contains("The draft was saved.") && page.contains("Saved by root"),
        "{page}"
    );
    assert!(
        page.contains("2 warnings") && page.contains(">changed<"),
        "{page}"
    );
    let token = server.token("root", &["--admin"]);
    let draft = server
        .get("/api/v1/catalogs/demo/draft", &token)
        .is(200)
        .json();
    let stored = draft["files"].as_array().unwrap().iter();
    let stored: Vec<&Value> = stored.filter(|file| file["path"] == RECIPE).collect();
    assert_eq!(stored[0]["text"], recipe("one").replace("\r\n", "\n"));

    let publication = "/catalogs/demo/draft/publish";
    let page = admin.page(publication);
    assert!(
        page.contains("lib/session.ts") && page.contains("with auth/session"),
        "{page}"
    );
    assert!(page.contains("No product was created from it."), "{page}");
    let hash = part(&page, "name=\"expect\" value=\"", "\"").to_owned();
    // The draft changes while the administrator reads its impact.
    save(&mut admin, &recipe("two"));
    let late = admin.post(publication, &[("expect", &hash)]).is(412).text();
    assert!(
        late.contains("was changed while you read its impact"),
        "{late}"
    );
    let hash = part(&late, "name=\"expect\" value=\"", "\"").to_owned();
    let page = admin.follow(publication, &[("expect", &hash)]);
    assert!(page.contains(">offered<"), "{page}");
    let report = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    let file = server.get(
        &format!("/api/v1/previews/{tree}/files/lib/session.ts"),
        &token,
    );
    assert_eq!(file.is(200).json()["content"], "two\n");
    assert!(admin.page(EDITOR).contains("There is no draft yet"));
}

#[test]
fn an_edit_never_replaces_a_change_that_its_author_has_not_seen() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("root", &["--admin"]);
    let mut first = Browser::signed_in(&server, &token);
    let mut second = Browser::signed_in(&server, &token);
    let seen = loaded(&first.page(EDIT_RECIPE));
    save(&mut second, &recipe("second"));
    let text = recipe("first");
    let fields = [
        ("file", RECIPE),
        ("loaded", &seen),
        ("text", &text),
        ("do", "save"),
    ];
    let page = first.post(EDITOR, &fields).is(409).text();
    assert!(
        page.contains("was changed by root while you edited it"),
        "{page}"
    );
    assert!(page.contains("content: &#34;first"), "{page}");
    let now = loaded(&page);
    let fields = [
        ("file", RECIPE),
        ("loaded", &now),
        ("text", &text),
        ("do", "save"),
    ];
    first.follow(EDITOR, &fields);

    // Rows that were changed behind the draft.
    server
        .post("/api/v1/catalogs/demo/publish", &token, &json!({}))
        .is(201);
    let page = first.page(EDIT_RECIPE);
    assert!(page.contains("so that it cannot be published"), "{page}");
    let now = loaded(&page);
    let fields = [
        ("file", RECIPE),
        ("loaded", &now),
        ("text", "x"),
        ("do", "save"),
    ];
    let page = first.post(EDITOR, &fields).is(409).text();
    assert!(page.contains("Discard the draft"), "{page}");
    assert!(
        first
            .page("/catalogs/demo/draft/discard")
            .contains("All changes of the draft are lost")
    );
    first.follow("/catalogs/demo/draft/discard", &[]);
    assert!(first.page(EDITOR).contains("There is no draft yet"));
}

#[test]
fn a_draft_adds_and_removes_files_of_its_catalogue_alone() {
    let server = TestServer::start(&["--no-worker"]);
    let mut admin = Browser::signed_in(&server, &server.token("root", &["--admin"]));
    let path = "recipes/demo/auth/session/files/extra.txt";
    let page = admin.page(&format!("{EDITOR}?file={path}"));
    assert!(page.contains(">new<") && loaded(&page).is_empty(), "{page}");
    let fields = [
        ("file", path),
        ("loaded", ""),
        ("text", "extra\r\n"),
        ("do", "save"),
    ];
    let page = admin.follow(EDITOR, &fields);
    assert!(page.contains(">added<"), "{page}");
    let now = loaded(&page);
    let fields = [("file", path), ("loaded", &now), ("do", "remove")];
    let page = admin.follow(EDITOR, &fields);
    assert!(
        page.contains("The file was removed") && page.contains(">new<"),
        "{page}"
    );
    for (path, status) in [
        ("recipes/other/auth/session.yaml", 422),
        ("catalog/demo", 422),
        ("../secret", 400),
        ("/etc/passwd", 400),
    ] {
        admin.get(&format!("{EDITOR}?file={path}")).is(status);
    }
    // A draft with errors is saved, and not published.
    let fields = [
        ("file", "catalog/demo/catalog.yaml"),
        ("loaded", &loaded(&admin.page(EDITOR))),
        ("text", "catalog: demo"),
        ("do", "save"),
    ];
    admin.follow(EDITOR, &fields);
    let page = admin.page("/catalogs/demo/draft/publish");
    assert!(
        page.contains("has errors and cannot be published"),
        "{page}"
    );
    assert!(!page.contains("name=\"expect\""), "{page}");
}

#[test]
fn a_binary_file_keeps_its_bytes() {
    let sandbox = Sandbox::with_demo();
    let path = "catalog/demo/template/logo.png";
    sandbox.write(path, b"\x89PNG\0\xff");
    let server = TestServer::start_in(sandbox, &["--no-worker"], &[], " ready ");
    let mut admin = Browser::signed_in(&server, &server.token("root", &["--admin"]));
    let page = admin.page(&format!("{EDITOR}?file={path}"));
    assert!(page.contains("binary"), "{page}");
    for text in [None, Some(("text", "x"))] {
        let fields = [("file", path), ("loaded", ""), ("do", "save")];
        let fields: Vec<_> = fields.into_iter().chain(text).collect();
        let refused = admin.post(EDITOR, &fields).is(400).text();
        assert!(
            refused.contains("a binary file is edited in a folder"),
            "{refused}"
        );
    }
}

#[test]
fn an_author_tries_a_recipe_in_the_playground() {
    let server = TestServer::start(&["--no-worker"]);
    let mut author = Browser::signed_in(&server, &server.token("ada", &[]));
    let page = author.page("/playground?catalog=demo&option=auth/session");
    assert!(page.contains("from: files/session.ts"), "{page}");
    let mut build = |option: &str, text: &str| {
        let fields = [("catalog", "demo"), ("option", option), ("text", text)];
        author.post("/playground", &fields).is(200).text()
    };
    let page = build("addons/docs", &recipe("one").replace("lib/", "docs/"));
    for text in [
        "No findings",
        "docs/session.ts",
        "+one",
        "Sessions (Authentication)",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let page = build("auth/session", "actions:\r\n  - { kind: NOTHING }\r\n");
    assert!(
        page.contains("line 2, column 13") && !page.contains("Files of this option"),
        "{page}"
    );
    // Two options that write one file.
    let page = build("addons/docs", &recipe("other"));
    assert!(
        page.contains("alert") && page.contains("lib/session.ts"),
        "{page}"
    );
    let fields = [
        ("catalog", "demo"),
        ("option", "auth/session"),
        ("text", "x"),
    ];
    let mut demo = Browser::signed_in(&server, &server.token("demo", &["--demo"]));
    assert!(!demo.page("/playground").contains(">Build<"));
    demo.post("/playground", &fields).is(403);
    author.get("/playground?catalog=nothing").is(404);
}
