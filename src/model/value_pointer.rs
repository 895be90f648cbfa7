//! Pointers to values inside documents.

use crate::base::pattern::pattern;
use crate::base::sanitize::is_unsafe;
use thiserror::Error;

/// A JSON pointer (RFC 6901) to a value inside a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValuePointer(String);

/// A text that is not a pointer to a value inside a document.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("invalid pointer `{}`: write `/` before each key, as in `/scripts/test`; in a key `~1` is `/` and `~0` is `~`", text.escape_debug())]
pub struct ValuePointerError {
    text: String,
}

impl ValuePointer {
    /// The longest pointer, in characters.
    pub const MAX: usize = 500;
    const PATTERN: &'static str = r"^(/([^/~]|~[01])*)+$";

    /// Parses a pointer.
    pub fn parse(text: &str) -> Result<Self, ValuePointerError> {
        let is_short = text.chars().count() <= Self::MAX;
        let is_printable = !text.chars().any(is_unsafe);
        if is_short && is_printable && pattern!(ValuePointer::PATTERN).is_match(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(ValuePointerError {
            text: text.chars().take(80).collect(),
        })
    }

    /// The pointer's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pointer with its keys and numbers replaced.
    #[must_use]
    pub fn with_tokens(&self, replace: impl Fn(&str) -> String) -> Self {
        let tokens: Vec<String> = self.tokens().iter().map(|token| replace(token)).collect();
        Self(of_tokens(&tokens))
    }

    /// The keys and numbers of entries.
    pub fn tokens(&self) -> Vec<String> {
        let tokens = self.0.split('/').skip(1);
        tokens
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
            .collect()
    }
}

/// The text of a pointer to the value below some keys.
pub fn of_tokens(tokens: &[String]) -> String {
    let escaped = tokens
        .iter()
        .map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1")));
    escaped.collect()
}

text_value!(ValuePointer, error: ValuePointerError, format: "groundplan-pointer", max: ValuePointer::MAX, pattern: ValuePointer::PATTERN,
    doc: "A JSON pointer, as in `/scripts/test`.");
