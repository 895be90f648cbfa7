//! What of a template is left out, in the patterns of .gitignore.

use gix::bstr::{BStr, ByteSlice as _};
use gix::glob::pattern::Case;
use gix::glob::{Pattern, wildmatch};
use thiserror::Error;

/// One pattern as a line of .gitignore: `docs/`, `*.md`, `/ci/**/test.yml`. A folder that matches is left out whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exclude {
    text: String,
    pattern: Pattern,
}

/// Why a text is no pattern.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ExcludeError {
    #[error("an exclude pattern must not be empty or a comment")]
    Empty,
    #[error(
        "an exclude pattern cannot take files back in with `!`: leave them out of the other patterns"
    )]
    Negative,
    #[error("an exclude pattern has at most {limit} bytes", limit = Exclude::MAX)]
    TooLong,
    #[error("an exclude pattern must not hold the control character `{}`", found.escape_debug())]
    Control { found: char },
}

impl Exclude {
    /// The longest pattern, in bytes.
    pub const MAX: usize = 256;

    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, ExcludeError> {
        if text.len() > Self::MAX {
            return Err(ExcludeError::TooLong);
        }
        if let Some(found) = text.chars().find(|c| c.is_control()) {
            return Err(ExcludeError::Control { found });
        }
        let pattern = without_final_blanks(text).as_bytes();
        let pattern = Pattern::from_bytes(pattern).ok_or(ExcludeError::Empty)?;
        if text.starts_with('#') {
            return Err(ExcludeError::Empty);
        }
        if pattern.is_negative() {
            return Err(ExcludeError::Negative);
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

    /// Whether it names this file or folder.
    pub fn matches(&self, path: &str, is_folder: bool) -> bool {
        let path: &BStr = path.as_bytes().as_bstr();
        self.pattern.matches_repo_relative_path(
            path,
            path.rfind_byte(b'/').map(|at| at + 1),
            Some(is_folder),
            Case::Sensitive,
            wildmatch::Mode::NO_MATCH_SLASH_LITERAL,
        )
    }
}

/// As git does it: blanks at the end count only behind a backslash.
fn without_final_blanks(text: &str) -> &str {
    let bare = text.trim_end_matches(' ');
    let backslashes = bare.len() - bare.trim_end_matches('\\').len();
    let kept = (backslashes % 2).min(text.len() - bare.len());
    &text[..bare.len() + kept]
}

text_value!(Exclude, error: ExcludeError, format: "groundplan-exclude", max: Exclude::MAX, pattern: "^[^!#]",
    doc: "A pattern as in .gitignore, without `!`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn matches(pattern: &str, path: &str, is_folder: bool) -> bool {
        Exclude::parse(pattern)
            .expect("a sound pattern")
            .matches(path, is_folder)
    }

    #[test]
    fn patterns_mean_what_they_mean_to_git() {
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
    fn what_is_no_pattern_says_why() {
        for (text, why) in [
            ("", ExcludeError::Empty),
            ("# note", ExcludeError::Empty),
            ("!keep", ExcludeError::Negative),
            ("a\nb", ExcludeError::Control { found: '\n' }),
        ] {
            assert_eq!(Exclude::parse(text), Err(why), "{text:?}");
        }
        assert_eq!(Exclude::parse(&"x".repeat(300)), Err(ExcludeError::TooLong));
    }
}
