//! Names of references in a git repository.

use super::digest::GitId;
use crate::base::pattern::pattern;
use thiserror::Error;

/// A branch, a tag, a full `refs/…` name, `HEAD`, or the full id of a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(String);

/// The reasons to refuse a reference.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RefNameError {
    #[error("reference is empty: name a tag, a branch, HEAD, or a commit by its 40 digits")]
    Empty,
    #[error("reference has {length} bytes, the maximum is {max}", max = RefName::MAX)]
    TooLong { length: usize },
    #[error("reference starts with `{start}`, which git reads as an option or a refspec")]
    Start { start: char },
    #[error("write the id of a commit in lower-case letters")]
    UpperCase,
    #[error("invalid reference `{}`: name a tag, a branch, HEAD, or a commit by its 40 digits", text.escape_debug())]
    Malformed { text: String },
}

impl RefName {
    /// The longest name, in bytes.
    pub const MAX: usize = 255;

    /// The default branch of the repository.
    pub fn head() -> Self {
        Self("HEAD".to_owned())
    }

    /// A commit by its full id.
    pub fn of_commit(id: &GitId) -> Self {
        Self(id.as_str().to_owned())
    }

    /// None of the characters that git refuses in names, and no option or refspec at the start.
    const PATTERN: &'static str = r"^[^-+:*^~?\[\\\s][^:*^~?\[\\\s]*$";

    /// Parses a name by the rules of `git check-ref-format`. Revision expressions are refused.
    pub fn parse(text: &str) -> Result<Self, RefNameError> {
        let Some(start) = text.chars().next() else {
            return Err(RefNameError::Empty);
        };
        if text.len() > Self::MAX {
            return Err(RefNameError::TooLong { length: text.len() });
        }
        if matches!(start, '-' | '+') {
            return Err(RefNameError::Start { start });
        }
        if pattern!("^[0-9A-Fa-f]{40}$").is_match(text) && GitId::parse(text).is_err() {
            return Err(RefNameError::UpperCase);
        }
        if !pattern!(RefName::PATTERN).is_match(text)
            || !text.is_ascii()
            || text == "@"
            || gix::validate::reference::name_partial(text.into()).is_err()
        {
            return Err(RefNameError::Malformed {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if this is the full id of a commit, which always points to the same content.
    pub fn is_commit(&self) -> bool {
        GitId::parse(&self.0).is_ok()
    }
}

text_value!(RefName, error: RefNameError, format: "groundplan-ref", max: RefName::MAX,
    pattern: RefName::PATTERN,
    doc: "A tag, a branch, a full name that starts with refs/, HEAD, or the full id of a commit.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_name_and_no_expression() {
        for text in [
            "v1.0.0",
            "v1.0.0+build",
            "main",
            "feature/x",
            "HEAD",
            "refs/tags/v1",
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        ] {
            assert_eq!(
                RefName::parse(text).map(|name| name.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "-x",
            "--upload-pack=touch X",
            "+main",
            "a..b",
            "a:b",
            "a*",
            "a^",
            "a^{}",
            "a~1",
            "a@{1}",
            "a b",
            "a\n",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.",
            "@",
            "[a",
            "a?",
            "a\\b",
            "\u{fc}",
            "4B825DC642CB6EB9A060E54BF8D69288FBEE4904",
        ] {
            assert_eq!(RefName::parse(text).ok(), None, "{text:?}");
        }
        assert!(
            RefName::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
                .is_ok_and(|name| name.is_commit())
        );
    }
}
