//! The keys of rows: short texts that whoever writes a row makes itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// The longest key that is taken from outside.
const LONGEST: usize = 128;

/// A text that is no key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{}` is no id: 1 to 128 letters, digits, `_` and `-` are", text.escape_debug())]
pub struct IdError {
    text: String,
}

/// A fresh key in the form that Prisma's `cuid()` has: `c`, the time in milliseconds, random letters and digits.
fn fresh(unix_millis: u64) -> Result<String, getrandom::Error> {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let time = (0..8).rev().map(|place| {
        let digit = unix_millis / 36_u64.pow(place) % 36;
        usize::try_from(digit).expect("below 36")
    });
    let random = random.iter().map(|byte| usize::from(*byte) % 36);
    let digits = time.chain(random).map(|digit| char::from(DIGITS[digit]));
    Ok(std::iter::once('c').chain(digits).collect())
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
            /// Parses a key that somebody typed or another program made.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }

            /// A key that nobody else has, made at a time in milliseconds since 1970.
            pub fn fresh(unix_millis: u64) -> Result<Self, getrandom::Error> {
                fresh(unix_millis).map(Self)
            }

            /// As it stands in a row.
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
    /// A row of `claude_workers`.
    WorkerRowId;
    /// A row of the tables that describe a catalogue.
    CatalogRowId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_looks_like_a_cuid_and_sorts_by_its_time() {
        let early = RunId::fresh(1_795_000_000_000).expect("random bytes");
        let late = RunId::fresh(1_795_000_000_001).expect("random bytes");
        assert_eq!(early.as_str().len(), 25);
        assert!(early < late && early.as_str().starts_with('c'));
        assert_eq!(RunId::parse(early.as_str()), Ok(early));
    }

    #[test]
    fn what_could_break_out_of_a_row_a_path_or_a_line_is_no_key() {
        for text in ["", "a b", "../x", "x\n", "é", &"x".repeat(129)] {
            assert!(RunId::parse(text).is_err(), "{text:?}");
        }
    }
}
