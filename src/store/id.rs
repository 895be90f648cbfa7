//! Keys of rows: texts that the writer of a row generates.

use crate::error::{Class, Explain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// The longest key that is accepted from outside, in bytes.
const LONGEST: usize = 128;

/// A text that is not a key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("invalid id `{}`: an id has 1 to 128 letters, digits, `_` and `-`", text.escape_debug())]
pub struct IdError {
    /// At most 40 characters of it.
    text: String,
}

impl Explain for IdError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn code(&self) -> &'static str {
        "id_invalid"
    }
}

fn parse(text: &str) -> Result<String, IdError> {
    let is_key = !text.is_empty()
        && text.len() <= LONGEST
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_key {
        return Ok(text.to_owned());
    }
    Err(IdError {
        text: text.chars().take(40).collect(),
    })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses a key from outside.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }

            /// A new key in the form of Prisma's `cuid()`: 25 lower-case letters and digits. Keys of one process sort by
            /// the time of their creation.
            pub fn fresh() -> Self {
                Self(cuid1::cuid())
            }

            /// The text in a row.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A row of `claude_jobs`.
    JobId;
    /// A row of `bootstrap_runs`.
    RunId;
    /// A row of `users`.
    UserId;
    /// A row of `products`.
    ProductId;
    /// A row of `api_tokens`.
    ApiTokenId;
    /// A row of `ideas`.
    IdeaId;
    /// A row of `claude_workers`.
    WorkerRowId;
    /// A row of the tables that describe a catalogue.
    CatalogRowId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_a_cuid_and_sorts_after_the_one_before() {
        let (first, second) = (RunId::fresh(), RunId::fresh());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        for key in [&first, &second] {
            assert_eq!(key.as_str().len(), 25, "{key}");
            assert!(key.as_str().starts_with('c'), "{key}");
            assert!(key.as_str().chars().all(is_plain), "{key}");
        }
        assert!(first < second, "{first} {second}");
        assert_eq!(RunId::parse(first.as_str()), Ok(first));
    }

    #[test]
    fn a_text_that_could_break_out_of_a_row_a_path_or_a_line_is_not_a_key() {
        for text in ["", "a b", "../x", "x\n", "é", &"x".repeat(129)] {
            assert!(RunId::parse(text).is_err(), "{text:?}");
        }
    }
}
