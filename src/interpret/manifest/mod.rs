//! Adds one dependency to the text of a manifest. Every other byte stays as it is.

mod attributes;
mod cargo;
pub(super) mod comma_list;
mod error;
mod listed;
mod npm;
mod npm_order;
mod python;
mod resolve_range;
pub(super) mod splice;
#[cfg(test)]
mod tests;
mod toml;

use crate::model::content::BYTE_ORDER_MARK;
use crate::model::dependency::{Ecosystem, PackageName, Section, VersionRange};

pub use attributes::{Attributes, Described, add_of_workspace, add_optional_python, describe};
pub use error::ManifestError;
pub use listed::listed;
use resolve_range::VersionChange;

/// A dependency to add.
pub struct Dependency<'a> {
    pub name: &'a PackageName,
    pub range: &'a VersionRange,
    pub section: Section,
    /// The group of a Python dependency; `dev` by default.
    pub group: Option<&'a str>,
}

/// The result of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The manifest already has the same or a narrower range, `kept`.
    Unchanged { kept: String },
    /// The package is present, and its version is set elsewhere in the repository, for the reason given.
    Present { reason: &'static str },
    /// The whole new text.
    Added(String),
    /// The whole new text, and the wider range of the old one; empty when it had none.
    Replaced { text: String, previous: String },
}

/// Adds a dependency to the text of a manifest. A second edit with the same dependency is `Unchanged`.
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
    let (mark, body) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(body) => (BYTE_ORDER_MARK, body),
        None => ("", text),
    };
    let change = match ecosystem {
        Ecosystem::Npm => npm::change(body, dependency)?,
        Ecosystem::Cargo => cargo::change(body, dependency)?,
        Ecosystem::Python => python::change(body, dependency, section)?,
    };
    let apply = |splices| format!("{mark}{}", splice::apply(body, splices));
    Ok(match change {
        VersionChange::Keep { existing } => Edit::Unchanged { kept: existing },
        VersionChange::Present { reason } => Edit::Present { reason },
        VersionChange::Add(splices) => Edit::Added(apply(splices)),
        VersionChange::Replace { splice, existing } => Edit::Replaced {
            text: apply(vec![splice]),
            previous: existing,
        },
    })
}
