//! Errors of adding a dependency to a manifest, by the remedy.

use thiserror::Error;

use crate::model::dependency::Section;

/// A reason why a dependency cannot be added. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ManifestError {
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        line: usize,
        column: usize,
        reason: String,
    },
    #[error("line {line}, column {column}: nested deeper than {limit} levels")]
    TooDeep {
        line: usize,
        column: usize,
        limit: usize,
    },
    #[error("line {line}, column {column}: `{key}` occurs twice in {place}; keep one")]
    Duplicate {
        key: String,
        place: String,
        line: usize,
        column: usize,
    },
    #[error("{place} must be {expected}")]
    WrongShape {
        place: String,
        expected: &'static str,
    },
    #[error("{what} is missing; add it to the template first")]
    Missing { what: &'static str },
    #[error("{place} has a form that cannot be edited; write it as {expected}")]
    Layout {
        place: String,
        expected: &'static str,
    },
    #[error(
        "[{ignored}] exists beside [{read}], the only one of the two that cargo reads; move its entries there"
    )]
    TwoSpellings {
        ignored: &'static str,
        read: &'static str,
    },
    #[error("{manifest} has no section for {section}; use dependencies or devDependencies")]
    NoSuchSection {
        section: Section,
        manifest: &'static str,
    },
    #[error("`{name}` is already in {existing} and cannot be in {wanted} too")]
    OtherSection {
        name: String,
        existing: String,
        wanted: String,
    },
    #[error("`{name}` is already present as `{existing}`; use that spelling")]
    OtherSpelling { name: String, existing: String },
    #[error(
        "`{name}` is requested as {wanted}, but the manifest has {existing}; neither range contains the other"
    )]
    RangeConflict {
        name: String,
        existing: String,
        wanted: String,
    },
    #[error("the version of `{name}` in the manifest is not a plain range: {reason}")]
    NotARange { name: String, reason: String },
}
