//! Edits of manifests: the questions that the tables of each ecosystem ask.

mod cargo;
mod npm;
mod python;

use super::{Dependency, Edit, ManifestError, edit};
use crate::model::dependency::{Ecosystem, PackageName, Section, VersionRange};

#[track_caller]
fn run(
    ecosystem: Ecosystem,
    text: &str,
    wanted: (Section, &str, &str),
) -> Result<Edit, ManifestError> {
    let (section, name, range) = wanted;
    edit(
        ecosystem,
        text,
        &Dependency {
            name: &PackageName::parse(ecosystem, name).unwrap(),
            range: &VersionRange::parse(ecosystem, range).unwrap(),
            section,
            group: None,
        },
    )
}

/// Checks the new text, in plain, with CRLF and behind a byte order mark, and that a second edit changes nothing.
#[track_caller]
fn check(ecosystem: Ecosystem, wanted: (Section, &str, &str), before: &str, after: &str) {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let marked = |text: &str| format!("\u{feff}{text}");
    for (before, after) in [
        (before.to_owned(), after.to_owned()),
        (crlf(before), crlf(after)),
        (marked(before), marked(after)),
    ] {
        match run(ecosystem, &before, wanted).unwrap() {
            Edit::Added(text) | Edit::Replaced { text, .. } => assert_eq!(text, after),
            Edit::Unchanged { kept } => panic!("kept {kept}"),
            Edit::Present { reason } => panic!("{reason}"),
        }
        check_kept(ecosystem, wanted, &after, wanted.2);
    }
}

#[track_caller]
fn check_kept(ecosystem: Ecosystem, wanted: (Section, &str, &str), text: &str, kept: &str) {
    let kept = kept.to_owned();
    assert_eq!(
        run(ecosystem, text, wanted).unwrap(),
        Edit::Unchanged { kept }
    );
}

#[track_caller]
fn check_error(ecosystem: Ecosystem, wanted: (Section, &str, &str), text: &str, message: &str) {
    assert_eq!(
        run(ecosystem, text, wanted).unwrap_err().to_string(),
        message
    );
}
