//! Puts one dependency into the text of a manifest and leaves every other byte as it is.

mod cargo;
mod comma_list;
mod error;
mod listed;
mod npm;
mod npm_order;
mod python;
mod resolve_range;
mod splice;
#[cfg(test)]
mod tests;
mod toml;

use crate::model::dependency::{Ecosystem, PackageName, Section, VersionRange};

pub use error::ManifestError;
pub use listed::listed;
use resolve_range::VersionChange;

/// What a manifest is asked to hold.
pub struct Dependency<'a> {
    pub name: &'a PackageName,
    pub range: &'a VersionRange,
    pub section: Section,
}

/// What became of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The manifest already asks for the same or less; `kept` is the range it holds.
    Unchanged { kept: String },
    /// The whole new text.
    Added(String),
    /// The whole new text, and the wider range that stood in the old one; empty when none was written.
    Replaced { text: String, previous: String },
}

/// Edits the text of `ecosystem`'s manifest; an edit of an edited text is `Unchanged`.
pub fn edit(
    ecosystem: Ecosystem,
    text: &str,
    dependency: &Dependency<'_>,
) -> Result<Edit, ManifestError> {
    let Some(section) = dependency.section.name_in(ecosystem) else {
        return Err(ManifestError::NoSuchSection {
            section: dependency.section,
            manifest: ecosystem.manifest(),
        });
    };
    let (mark, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    };
    let change = match ecosystem {
        Ecosystem::Npm => npm::change(body, dependency)?,
        Ecosystem::Cargo => cargo::change(body, dependency, section)?,
        Ecosystem::Python => python::change(body, dependency, section)?,
    };
    let apply = |splices| format!("{mark}{}", splice::apply(body, splices));
    Ok(match change {
        VersionChange::Keep { existing } => Edit::Unchanged { kept: existing },
        VersionChange::Add(splices) => Edit::Added(apply(splices)),
        VersionChange::Replace { splice, existing } => Edit::Replaced {
            text: apply(vec![splice]),
            previous: existing,
        },
    })
}
