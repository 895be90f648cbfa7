//! Lines of text.

use crate::base::sanitize::is_unsafe;
use thiserror::Error;

/// One line of printable text, 1 to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SingleLine(String);

/// The reasons to refuse a line of text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SingleLineError {
    #[error("text must not be empty")]
    Empty,
    #[error("text has {length} characters, the maximum is {max}", max = SingleLine::MAX)]
    TooLong { length: usize },
    #[error("text contains an invalid character `{}`: write one line of printable text", found.escape_debug())]
    Character { found: char },
}

impl SingleLine {
    /// The longest line, in characters.
    pub const MAX: usize = 200;

    /// Parses a line of text.
    pub fn parse(text: &str) -> Result<Self, SingleLineError> {
        let length = text.chars().count();
        if text.trim().is_empty() {
            return Err(SingleLineError::Empty);
        }
        if length > Self::MAX {
            return Err(SingleLineError::TooLong { length });
        }
        match text.chars().find(|c| is_unsafe(*c)) {
            Some(found) => Err(SingleLineError::Character { found }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(SingleLine, error: SingleLineError, format: "groundplan-line", max: SingleLine::MAX, pattern: "\\S", doc: "One line of text.");
