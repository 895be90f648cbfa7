//! The choice between the range in a manifest and the wanted one.

use super::splice::Splice;
use super::{Dependency, ManifestError};
use crate::model::dependency::{Ecosystem, Relation, VersionRange, VersionRangeError};

/// The change to the text of a manifest.
pub(super) enum VersionChange {
    Keep {
        existing: String,
    },
    /// The package is present, and its version is set elsewhere in the repository.
    Present {
        reason: &'static str,
    },
    Add(Vec<Splice>),
    Replace {
        splice: Splice,
        existing: String,
    },
}

/// Chooses the narrower of the existing and the wanted range. Fails if neither contains the other.
///
/// An existing range that pins nothing is wider than any other.
pub(super) fn resolve_range(
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
    Ok(if keep {
        VersionChange::Keep {
            existing: existing.to_owned(),
        }
    } else {
        VersionChange::Replace {
            splice: splice(),
            existing: existing.to_owned(),
        }
    })
}
