//! The choice between the range a manifest holds and the wanted one.

use super::splice::Splice;
use super::{Dependency, ManifestError};
use crate::model::dependency::{Ecosystem, Relation, VersionRange, VersionRangeError};

/// What has to happen to a text.
pub(super) enum VersionChange {
    Keep { existing: String },
    Add(Vec<Splice>),
    Replace { splice: Splice, existing: String },
}

/// Decides between the range a manifest holds and the wanted one: the narrower of nested ranges stays.
///
/// An existing range that pins nothing is wider than any.
pub(super) fn settle(
    ecosystem: Ecosystem,
    dependency: &Dependency<'_>,
    existing: &str,
    splice: impl FnOnce() -> Splice,
) -> Result<VersionChange, ManifestError> {
    let keep = match VersionRange::parse(ecosystem, existing.trim()) {
        Ok(range) => match range.relation(dependency.range) {
            Relation::Equal | Relation::Narrower => true,
            Relation::Wider => false,
            Relation::Apart => {
                return Err(ManifestError::RangeConflict {
                    name: dependency.name.to_string(),
                    existing: existing.to_owned(),
                    wanted: dependency.range.to_string(),
                });
            }
        },
        Err(VersionRangeError::Empty { .. } | VersionRangeError::PinsNothing { .. }) => false,
        Err(reason) => {
            return Err(ManifestError::NotARange {
                name: dependency.name.to_string(),
                reason: reason.to_string(),
            });
        }
    };
    let existing = existing.to_owned();
    Ok(if keep {
        VersionChange::Keep { existing }
    } else {
        let splice = splice();
        VersionChange::Replace { splice, existing }
    })
}
