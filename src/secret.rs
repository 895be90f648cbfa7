//! Secrets that are never printed and are wiped on drop.

use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// A token or password, without `Display`, serialisation or equality. Its `Debug` does not contain it.
pub struct Secret(Zeroizing<String>);

/// The reasons to refuse a secret. None contains the text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    #[error("secret is empty")]
    Empty,
    #[error("secret is longer than {limit} bytes", limit = Secret::MAX)]
    TooLong,
    #[error(
        "secret contains a space, a line end or a character that is not ASCII: paste only the secret"
    )]
    Character,
}

impl Secret {
    /// The longest secret, in bytes.
    pub const MAX: usize = 4096;

    /// Parses a secret: printable ASCII without spaces, because it is sent in headers and in a line protocol.
    pub fn parse(text: String) -> Result<Self, SecretError> {
        let text = Zeroizing::new(text);
        match text.as_bytes() {
            [] => Err(SecretError::Empty),
            bytes if bytes.len() > Self::MAX => Err(SecretError::TooLong),
            bytes if !bytes.iter().all(u8::is_ascii_graphic) => Err(SecretError::Character),
            _ => Ok(Self(text)),
        }
    }

    /// A second copy.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// The secret. Reviews check every call.
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
    fn debug_does_not_show_a_secret() {
        let secret = Secret::parse("ghp_canary".to_owned()).expect("a plain token");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "ghp_canary");
    }

    #[test]
    fn a_secret_that_breaks_a_header_is_refused() {
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
