//! The built-in catalogues are checked here instead of at each start of the program.

use crate::support::matches_or_updates;
use groundplan::catalog::builtin::{self, Embedded};
use groundplan::catalog::load;
use std::path::Path;

#[test]
fn the_recorded_versions_are_those_of_catalogues_without_findings() {
    let files = builtin::files();
    let line = |embedded: &Embedded| {
        let loaded = load(&files, embedded.name);
        assert_eq!(loaded.findings, [], "{}", embedded.name);
        let catalog = loaded.catalog.expect("a catalogue without findings");
        let Embedded { name, checksum, .. } = embedded;
        format!("{name} {checksum} {}\n", catalog.version())
    };
    let lines: String = builtin::CATALOGS.iter().map(line).collect();
    matches_or_updates(Path::new("src/catalog/builtin.versions"), &lines);
}

#[test]
fn a_recipe_that_is_read_alone_is_the_one_of_the_whole_catalogue() {
    let files = builtin::files();
    for embedded in builtin::CATALOGS {
        let whole = load(&files, embedded.name).catalog.expect("no findings");
        let lazy = builtin::catalog(embedded.name).expect("no findings");
        assert_eq!(lazy.version(), whole.version(), "{}", embedded.name);
        assert_eq!(lazy.file(), whole.file(), "{}", embedded.name);
        for option in whole.options() {
            let reference = option.reference();
            let recipes =
                [&whole, &lazy].map(|catalog| format!("{:?}", catalog.recipe(&reference)));
            assert_eq!(recipes[0], recipes[1], "{}/{reference}", embedded.name);
        }
    }
}
