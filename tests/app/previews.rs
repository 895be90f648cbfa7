//! Previews: completeness of a selection, and the expected tree.

use super::{explained, prepared};
use crate::support::Sandbox;
use groundplan::app::catalogs::CatalogFiles;
use groundplan::app::error::AppError;
use groundplan::app::previews::{self, Prevented};
use groundplan::app::selection::{self, SelectionRequest};
use groundplan::app::templates::TemplateRequest;
use groundplan::error::Class;
use groundplan::model::digest::GitId;

#[test]
fn a_tree_other_than_the_expected_one_is_a_conflict() {
    let prepared = prepared(&TemplateRequest::default());
    let preview = prepared.preview().unwrap();
    let tree = previews::accepted_tree(&preview.report).unwrap();
    assert!(previews::check_expected(None, tree, Prevented::Write).is_ok());
    assert!(previews::check_expected(Some(tree), tree, Prevented::Write).is_ok());
    let other = GitId::parse(&"a".repeat(40)).unwrap();
    let unexpected = previews::check_expected(Some(&other), tree, Prevented::Submission);
    let (class, message) = explained(unexpected.unwrap_err().into());
    assert_eq!(class, Class::Conflict);
    assert_eq!(
        message,
        format!("the result is tree {tree}, expected {other}; nothing was submitted")
    );
}

#[test]
fn an_open_category_is_named_with_its_options() {
    let sandbox = Sandbox::with_demo();
    let files = CatalogFiles::of_folder(sandbox.path()).unwrap();
    let opened = files.load("demo").unwrap();
    let open = SelectionRequest::default().check_complete(&opened.catalog);
    let (class, message) = explained(open.unwrap_err().into());
    assert_eq!(class, Class::Usage);
    assert!(message.contains("--select auth="), "{message}");
}

#[test]
fn a_selection_that_does_not_fit_is_findings_at_their_place_in_its_document() {
    let sandbox = Sandbox::with_demo();
    let files = CatalogFiles::of_folder(sandbox.path()).unwrap();
    let opened = files.load("demo").unwrap();
    let request = SelectionRequest::read("selection.yaml", b"auth: nothing-like-it\n").unwrap();
    let error = selection::hashes(&opened, Some(request)).unwrap_err();
    let AppError::Findings(findings) = error else {
        panic!("{error:?}");
    };
    let location = findings.findings[0].location.as_ref().unwrap();
    assert_eq!(
        (location.file.as_str(), location.line),
        ("selection.yaml", 1)
    );
    assert!(findings.files.contains_key("selection.yaml"));
}
