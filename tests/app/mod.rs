//! Use cases through the library, where the command line does not reach: above all, authorisation.

mod choices;
mod previews;
mod runs;
mod tokens;

use crate::support::Sandbox;
use groundplan::app::catalogs::{self, CatalogFiles};
use groundplan::app::error::AppError;
use groundplan::app::previews::{Prepared, ProductRequest, prepare};
use groundplan::app::selection::SelectionRequest;
use groundplan::app::templates::{TemplateCache, TemplateRequest};
use groundplan::base::clock::SystemClock;
use groundplan::error::Class;
use groundplan::model::input::{Owner, ProductName, RepoName};

/// The product of the tests.
fn product() -> ProductRequest {
    ProductRequest {
        name: ProductName::parse("Acme Web").unwrap(),
        slug: None,
        owner: Owner::parse("acme").unwrap(),
        repo: RepoName::parse("acme-web").unwrap(),
        date: None,
        author: None,
        repo_url: None,
    }
}

/// The cache of a test that needs no template in git.
fn no_cache() -> Result<TemplateCache<'static>, AppError> {
    panic!("no template in git is needed")
}

/// The demo catalogue with its defaults, over a template that the request names.
fn prepared(template: &TemplateRequest) -> Prepared {
    let sandbox = Sandbox::with_demo();
    let files = CatalogFiles::of_folder(sandbox.path()).unwrap();
    let opened = files.load("demo").unwrap();
    let mut selection = SelectionRequest::default();
    selection.fill_with_defaults(&opened.catalog);
    let prepared = prepare(
        opened,
        selection,
        &product(),
        template,
        &no_cache,
        &SystemClock,
    );
    prepared.unwrap()
}

/// The class and the message of an error that is no finding.
#[track_caller]
fn explained(error: AppError) -> (Class, String) {
    match error {
        AppError::Findings(findings) => panic!("{:?}", findings.findings),
        AppError::Explained(error) => (error.class(), error.to_string()),
    }
}

#[test]
fn a_name_from_a_document_is_never_taken_for_a_folder() {
    let sandbox = Sandbox::with_demo();
    let folder = sandbox.path().to_str().unwrap();
    assert!(catalogs::open(folder, &no_cache).is_ok());
    let (class, message) = explained(catalogs::open_builtin(folder).unwrap_err());
    assert_eq!(class, Class::Usage);
    assert_eq!(message, format!("no built-in catalogue `{folder}`"));
}

#[test]
fn a_list_of_catalogues_names_those_with_errors_too() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("catalog/broken/catalog.yaml", "catalog: broken\n");
    let list = CatalogFiles::of_folder(sandbox.path()).unwrap().list();
    let listed = list.catalogs.iter();
    let listed: Vec<(&str, bool)> = listed
        .map(|catalog| (catalog.catalog.as_str(), catalog.usable))
        .collect();
    assert_eq!(listed, [("broken", false), ("demo", true)]);
}
