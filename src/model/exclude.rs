//! Patterns in the syntax of .gitignore that exclude files of a template.

use crate::base::sanitize::is_unsafe;
use gix::bstr::ByteSlice as _;
use gix::glob::pattern::Case;
use gix::glob::{Pattern, wildmatch};
use thiserror::Error;

/// One line of .gitignore: `docs/`, `*.md`, `/ci/**/test.yml`. A matching folder is excluded with its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExcludePattern {
    text: String,
    pattern: Pattern,
}

/// The reasons to refuse a pattern.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ExcludePatternError {
    #[error("an exclude pattern must not be empty or a comment")]
    Empty,
    #[error("an exclude pattern must not start with `!`: narrow the other patterns instead")]
    Negative,
    #[error("an exclude pattern is longer than {limit} bytes", limit = ExcludePattern::MAX)]
    TooLong,
    #[error("an exclude pattern contains an invalid character `{}`", found.escape_debug())]
    Character { found: char },
}

impl ExcludePattern {
    /// The longest pattern, in bytes.
    pub const MAX: usize = 256;

    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, ExcludePatternError> {
        if text.len() > Self::MAX {
            return Err(ExcludePatternError::TooLong);
        }
        if let Some(found) = text.chars().find(|c| is_unsafe(*c)) {
            return Err(ExcludePatternError::Character { found });
        }
        let pattern = Pattern::from_bytes(without_trailing_spaces(text).as_bytes())
            .ok_or(ExcludePatternError::Empty)?;
        if text.starts_with('#') {
            return Err(ExcludePatternError::Empty);
        }
        if pattern.is_negative() {
            return Err(ExcludePatternError::Negative);
        }
        Ok(Self {
            text: text.to_owned(),
            pattern,
        })
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if the pattern matches this file or folder.
    pub fn matches(&self, path: &str, is_folder: bool) -> bool {
        self.pattern.matches_repo_relative_path(
            path.as_bytes().as_bstr(),
            path.rfind('/').map(|at| at + 1),
            Some(is_folder),
            Case::Sensitive,
            wildmatch::Mode::NO_MATCH_SLASH_LITERAL,
        )
    }
}

/// The pattern without trailing spaces, except one escaped by a backslash (gitignore(5)).
fn without_trailing_spaces(text: &str) -> &str {
    let bare = text.trim_end_matches(' ');
    let backslashes = bare.len() - bare.trim_end_matches('\\').len();
    let kept = (backslashes % 2).min(text.len() - bare.len());
    &text[..bare.len() + kept]
}

text_value!(ExcludePattern, error: ExcludePatternError, format: "groundplan-exclude", max: ExcludePattern::MAX, pattern: "^[^!#]",
    doc: "A pattern in the syntax of .gitignore, without `!`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn matches(pattern: &str, path: &str, is_folder: bool) -> bool {
        ExcludePattern::parse(pattern)
            .expect("a valid pattern")
            .matches(path, is_folder)
    }

    #[test]
    fn patterns_match_as_in_git() {
        assert!(matches("docs/", "docs", true));
        assert!(matches("docs/", "a/docs", true));
        assert!(!matches("docs/", "docs", false));
        assert!(matches("/docs", "docs", true));
        assert!(!matches("/docs", "a/docs", true));
        assert!(matches("*.md", "a/b/README.md", false));
        assert!(matches("a/**/x", "a/b/c/x", false));
        assert!(!matches("a/*/x", "a/b/c/x", false));
        assert!(matches("a  ", "a", false));
        assert!(matches("a\\  ", "a ", false));
    }

    #[test]
    fn an_invalid_pattern_is_refused_with_its_reason() {
        for (text, why) in [
            ("", ExcludePatternError::Empty),
            ("# note", ExcludePatternError::Empty),
            ("!keep", ExcludePatternError::Negative),
            ("a\nb", ExcludePatternError::Character { found: '\n' }),
        ] {
            assert_eq!(ExcludePattern::parse(text), Err(why), "{text:?}");
        }
        assert_eq!(
            ExcludePattern::parse(&"x".repeat(300)),
            Err(ExcludePatternError::TooLong)
        );
    }
}
