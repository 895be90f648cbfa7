//! Errors of version ranges.

use crate::base::pattern::pattern;
use thiserror::Error;

use super::Ecosystem;

/// The reasons to refuse a version range.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VersionRangeError {
    #[error("version is empty: write {expected}")]
    Empty { expected: &'static str },
    /// `length` and `limit` are in bytes.
    #[error("version range has {length} bytes, the maximum is {limit}")]
    TooLong { length: usize, limit: usize },
    #[error("version range contains {found:?}, which is not printable ASCII")]
    Character { found: char },
    #[error("`{text}` starts or ends with a space: remove it")]
    Space { text: String },
    #[error("`{text}` allows every version: write {expected}")]
    PinsNothing {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` allows no version: write {expected}")]
    NeverMatches {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` is a tag: write {expected}")]
    Tag {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` is an address or another package, not a version: write {expected}")]
    Elsewhere {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` uses {part}, which is not supported: write {expected}")]
    Unsupported {
        text: String,
        part: &'static str,
        expected: &'static str,
    },
    #[error("`{text}` is not a version range: write {expected}")]
    Malformed {
        text: String,
        expected: &'static str,
    },
}

/// The expected form in the syntax of `ecosystem`.
pub(super) fn expected_form(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Npm => "an exact version (1.2.3) or a range (^1.2.3)",
        Ecosystem::Cargo => "an exact version (=1.2.3) or a range (1.2.3)",
        Ecosystem::Python => "an exact version (==1.2.3) or a range (>=1.2,<2)",
    }
}

/// The error for a text that the ecosystem's parser refuses.
pub(super) fn malformed(ecosystem: Ecosystem, text: &str) -> VersionRangeError {
    let expected = expected_form(ecosystem);
    let text = text.to_owned();
    let is_tag = pattern!("^[A-Za-z][A-Za-z0-9._-]*$").is_match(&text);
    let python_only = match ecosystem {
        Ecosystem::Python if text.contains(';') => Some("an environment marker (`;`)"),
        Ecosystem::Python if text.contains('[') => Some("extras (`[…]`)"),
        Ecosystem::Python | Ecosystem::Npm | Ecosystem::Cargo => None,
    };
    if let Some(part) = python_only {
        VersionRangeError::Unsupported {
            text,
            part,
            expected,
        }
    } else if text.contains([':', '/', '@', '#']) {
        VersionRangeError::Elsewhere { text, expected }
    } else if is_tag && ecosystem == Ecosystem::Npm {
        VersionRangeError::Tag { text, expected }
    } else {
        VersionRangeError::Malformed { text, expected }
    }
}
