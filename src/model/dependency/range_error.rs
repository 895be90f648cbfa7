//! Why a version range is refused, by what its author must write instead.

use thiserror::Error;

use super::Ecosystem;

/// What is wrong with a version range.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VersionRangeError {
    #[error("no version is written; write {expected}")]
    Empty { expected: &'static str },
    /// `length` and `limit` are in bytes.
    #[error("a version range has at most {limit} bytes, this one has {length}")]
    TooLong { length: usize, limit: usize },
    #[error("a version range is printable ASCII text, this one holds {found:?}")]
    Character { found: char },
    #[error("`{text}` starts or ends with a blank; remove it")]
    Blank { text: String },
    #[error("`{text}` allows every version; write {expected}")]
    PinsNothing {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` allows no version at all; write {expected}")]
    NeverMatches {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` is a tag; write {expected}")]
    Tag {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` points at a place or another package instead of a version; write {expected}")]
    Elsewhere {
        text: String,
        expected: &'static str,
    },
    #[error("`{text}` uses {part}, which is not supported; write {expected}")]
    Unsupported {
        text: String,
        part: &'static str,
        expected: &'static str,
    },
    #[error("`{text}` is not a version range; write {expected}")]
    Malformed {
        text: String,
        expected: &'static str,
    },
}

/// Says what to write, in the words of `ecosystem`.
pub(super) fn expected(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Npm => "an exact version (1.2.3) or a range (^1.2.3)",
        Ecosystem::Cargo => "an exact version (=1.2.3) or a range (1.2.3)",
        Ecosystem::Python => "an exact version (==1.2.3) or a range (>=1.2,<2)",
    }
}

/// Tells why a text that no parser took is not a range.
pub(super) fn why_malformed(ecosystem: Ecosystem, text: &str) -> VersionRangeError {
    let expected = expected(ecosystem);
    let text = text.to_owned();
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
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
    } else if is_word && ecosystem == Ecosystem::Npm {
        VersionRangeError::Tag { text, expected }
    } else {
        VersionRangeError::Malformed { text, expected }
    }
}
