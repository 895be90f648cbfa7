//! What tests of the worker share: the demo catalogue on a shelf, and its accepted plan.

use crate::support::Sandbox;
use groundplan::catalog::{self, Catalog};
use groundplan::git::mirror::Mirrors;
use groundplan::git::{Git, GitSettings};
use groundplan::model::content::Files;
use groundplan::resolve::Request;
use groundplan::template::{Shelf, Template};
use groundplan::tree::disk;
use groundplan::tree::remembered::Remembered;
use std::time::Duration;

/// The git of this machine, which may read folders.
pub(crate) fn git() -> Git {
    Git::new(GitSettings {
        path: std::env::var_os("PATH").unwrap(),
        passed: Vec::new(),
        allow_file: true,
        timeout: Duration::from_mins(1),
        max_bytes: GitSettings::MAX_BYTES,
    })
}

/// The catalogues of a sandbox.
pub(crate) fn shelf(sandbox: &Sandbox) -> Shelf {
    let mut files = Files::new();
    for name in ["catalog", "recipes"] {
        let scan = disk::scan(&sandbox.join(name)).unwrap();
        let below = scan
            .files
            .into_iter()
            .map(|(path, file)| (format!("{name}/{path}"), file));
        files.extend(below);
    }
    let names = catalog::names(&files);
    let catalogs: Vec<Catalog> = names
        .iter()
        .map(|name| catalog::load(&files, name).catalog.unwrap())
        .collect();
    let cache = sandbox.join(".cache");
    let trees = Remembered::at(&cache.join("trees"));
    Shelf::new(catalogs, files, Mirrors::at(&cache), trees, git(), None)
}

pub(crate) fn demo_shelf() -> Shelf {
    shelf(&Sandbox::with_demo())
}

/// The template beside the demo catalogue.
pub(crate) fn demo_template(shelf: &Shelf) -> Template {
    let catalog = shelf.catalogs().next().unwrap();
    let path = catalog.written().template.path.as_ref().unwrap();
    Template::of_catalog(catalog, shelf.files(), path).unwrap()
}

/// The defaults of the demo catalogue over its own template.
pub(crate) fn demo_request(catalog: &Catalog, template: &Template) -> Request {
    Request {
        template: template.pin.clone(),
        ..crate::support::request(catalog)
    }
}
