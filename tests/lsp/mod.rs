//! `groundplan lsp`, driven by a scripted editor.

mod completion;
mod diagnostics;
pub(crate) mod editor;
mod mistakes;
mod navigation;
mod protocol;
mod rename;

/// The demo's catalogue with a licence, conditions, an input and a shared piece.
const CATALOG: &str = "catalog: demo
title: Demo
template:
  path: template
  version: v1
  files:
    - { path: package.json, when: { auth: session } }
placeholders: [PRODUCT_NAME, PRODUCT_SLUG, GITHUB_OWNER]
inputs:
  - { name: PORT, title: Port, type: integer, default: 8080 }
  - { name: PACKAGE, title: Package, type: text, default: { from: PRODUCT_SLUG, case: snake } }
categories:
  - slug: auth
    title: Authentication
    selection: SINGLE
    required: true
    options:
      - slug: session
        title: Sessions
        default: true
      - slug: none
        title: No sign-in
        description: All pages are public.
  - slug: addons
    title: Add-ons
    selection: MULTI
    options:
      - slug: docs
        title: Documentation
        requires: [auth/none]
        conflicts: [auth/session]
";

const PATH: &str = "catalog/demo/catalog.yaml";
const NONE: &str = "recipes/demo/auth/none.yaml";

/// A sandbox with that catalogue and its recipes.
fn sandbox() -> crate::support::Sandbox {
    let sandbox = crate::support::Sandbox::with_demo();
    sandbox
        .write(PATH, CATALOG)
        .write(
            "recipes/demo/addons/docs.yaml",
            "include: [shared/lint.yaml]
actions:
  - kind: COPY_FILE
    from: files/guide.md
    to: docs/guide.md
    when: { auth: none }
  - kind: APPEND_TO_FILE
    path: README.md
    content: Listens on __PORT__.
",
        )
        .write("recipes/demo/addons/docs/files/guide.md", "# Guide\n")
        .write(
            "recipes/demo/shared/lint.yaml",
            "actions:
  - kind: WRITE_FILE
    path: .lint
    content: strict
    unless: { auth: [session, none] }
",
        );
    sandbox
}
