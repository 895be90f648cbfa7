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
        let pattern = Pattern::from_bytes(without_trailing_spaces(text.as_bytes()))
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

    /// True if the pattern matches this file or folder. A path need not be UTF-8.
    pub fn matches(&self, path: impl AsRef<[u8]>, is_folder: bool) -> bool {
        is_match(&self.pattern, path.as_ref(), is_folder)
    }

    /// The pattern for the same entries when their paths begin above `folder`.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        let is_anchored = self.text.trim_end_matches('/').contains('/');
        let any = if is_anchored { "" } else { "**/" };
        let text = format!("/{folder}/{any}{}", self.text.trim_start_matches('/'));
        let pattern = Pattern::from_bytes(without_trailing_spaces(text.as_bytes()))
            .expect("a pattern with a folder is neither empty nor a comment");
        Self { text, pattern }
    }
}

/// True if any of the patterns matches this file or folder.
pub fn is_excluded(exclude: &[ExcludePattern], path: impl AsRef<[u8]>, is_folder: bool) -> bool {
    let path = path.as_ref();
    exclude
        .iter()
        .any(|pattern| pattern.matches(path, is_folder))
}

/// True if a file or one of the folders above it is excluded.
pub fn is_file_excluded(exclude: &[ExcludePattern], path: &str) -> bool {
    let mut folders = path.match_indices('/').map(|(end, _)| &path[..end]);
    is_excluded(exclude, path, false) || folders.any(|folder| is_excluded(exclude, folder, true))
}

/// True if a pattern of git matches a path, letter case included.
pub(crate) fn is_match(pattern: &Pattern, path: &[u8], is_folder: bool) -> bool {
    pattern.matches_repo_relative_path(
        path.as_bstr(),
        path.rfind_byte(b'/').map(|at| at + 1),
        Some(is_folder),
        Case::Sensitive,
        wildmatch::Mode::NO_MATCH_SLASH_LITERAL,
    )
}

/// The pattern without trailing spaces, except one escaped by a backslash (gitignore(5)).
pub(crate) fn without_trailing_spaces(text: &[u8]) -> &[u8] {
    let bare = text.trim_end_with(|c| c == ' ');
    let backslashes = bare.len() - bare.trim_end_with(|c| c == '\\').len();
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
    fn a_pattern_below_a_folder_matches_what_it_matched_in_it() {
        let paths = [
            "docs",
            "a/docs",
            "README.md",
            "a/b/README.md",
            "a/b/c/x",
            "#x",
            "a b",
            "docs/x",
        ];
        for pattern in [
            "docs/", "/docs", "*.md", "a/**/x", "a/*/x", "\\#x", "a b  ", "**", "**/x", "/docs/*",
            "docs/**",
        ] {
            let alone = ExcludePattern::parse(pattern).expect("a valid pattern");
            let below = alone.below("demo/t");
            for (path, is_folder) in paths.iter().flat_map(|path| [(path, true), (path, false)]) {
                let (here, other) = (format!("demo/t/{path}"), format!("demo/{path}"));
                assert_eq!(
                    alone.matches(path, is_folder),
                    below.matches(here, is_folder),
                    "{pattern} {path}"
                );
                assert!(!below.matches(other, is_folder), "{pattern} {path}");
            }
        }
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
