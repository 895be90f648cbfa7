//! Regular expressions for the values of inputs.

use regex::{Regex, RegexBuilder};
use thiserror::Error;

/// A regular expression that a whole text must match. Its size is bounded, and matching takes linear time.
#[derive(Clone, Debug)]
pub struct InputPattern {
    text: String,
    regex: Regex,
}

/// The reasons to refuse a pattern.
#[derive(Debug, Error)]
pub enum InputPatternError {
    #[error("pattern is empty")]
    Empty,
    #[error("pattern has {length} characters, the maximum is {max}", max = InputPattern::MAX)]
    TooLong { length: usize },
    #[error("invalid pattern: {}", last_line(.0))]
    Syntax(#[from] regex::Error),
}

/// The reason alone: the lines before it point into the pattern.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl InputPattern {
    /// The longest pattern, in characters.
    pub const MAX: usize = 500;

    /// The largest compiled pattern, in bytes.
    const MAX_COMPILED: usize = 1 << 20;

    /// Parses a regular expression.
    pub fn parse(text: &str) -> Result<Self, InputPatternError> {
        let length = text.chars().count();
        if length == 0 {
            return Err(InputPatternError::Empty);
        }
        if length > Self::MAX {
            return Err(InputPatternError::TooLong { length });
        }
        let bounded = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(Self::MAX_COMPILED)
                .build()
        };
        // Alone first: parentheses that do not match could close the ones around it.
        bounded(text)?;
        let regex = bounded(&format!("^(?:{text})$"))?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    /// True if the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for InputPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for InputPattern {}

text_value!(InputPattern, error: InputPatternError, format: "groundplan-pattern", max: InputPattern::MAX, pattern: ".",
    doc: "A regular expression that the whole value must match.");
