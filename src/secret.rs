//! Secrets: shown to nobody, wiped when they are dropped.

use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// A token or password. It has no `Display`, no serialisation and no equality; its `Debug` says nothing.
pub struct Secret(Zeroizing<String>);

/// Why a text is no secret. The text itself is not part of it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    #[error("the secret is empty")]
    Empty,
    #[error("the secret has more than {limit} bytes", limit = Secret::MAX)]
    TooLong,
    #[error(
        "the secret holds a blank, a line end or a character that is not ASCII: paste it again, without anything around it"
    )]
    Character,
}

impl Secret {
    /// The longest secret, in bytes.
    pub const MAX: usize = 4096;

    /// Takes a secret over: printable ASCII without blanks, since it goes into headers and a line protocol.
    pub fn parse(text: String) -> Result<Self, SecretError> {
        let text = Zeroizing::new(text);
        match text.as_bytes() {
            [] => Err(SecretError::Empty),
            bytes if bytes.len() > Self::MAX => Err(SecretError::TooLong),
            bytes if !bytes.iter().all(u8::is_ascii_graphic) => Err(SecretError::Character),
            _ => Ok(Self(text)),
        }
    }

    /// A second copy, wiped by itself.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// The secret itself. Every call of this is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_says_nothing_of_itself() {
        let secret = Secret::parse("ghp_canary".to_owned()).expect("a plain token");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "ghp_canary");
    }

    #[test]
    fn what_would_break_a_header_is_refused() {
        for (text, why) in [
            ("", SecretError::Empty),
            ("two words", SecretError::Character),
            ("line\n", SecretError::Character),
            ("schlüssel", SecretError::Character),
        ] {
            assert_eq!(Secret::parse(text.to_owned()).err(), Some(why), "{text:?}");
        }
    }
}
