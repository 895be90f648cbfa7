//! Encryption keys.

use crate::error::{Class, Explain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// An AES-256 key: 32 random bytes, written in base64. Its `Debug` does not contain it.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; Self::LENGTH]>);

/// The reasons to refuse a key. None contains the text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("encryption key is not base64: create one with `{}`", Key::HOW_TO_MAKE)]
    NotBase64,
    #[error(
        "encryption key has {found} bytes instead of {}: create one with `{}`",
        Key::LENGTH,
        Key::HOW_TO_MAKE
    )]
    Length { found: usize },
    #[error(
        "encryption key repeats one byte: create a random one with `{}`",
        Key::HOW_TO_MAKE
    )]
    NotRandom,
}

impl Explain for KeyError {
    fn class(&self) -> Class {
        Class::Environment
    }

    fn code(&self) -> &'static str {
        "encryption_key_invalid"
    }
}

impl Key {
    /// The variable of the key.
    pub const VARIABLE: &'static str = "BOOTSTRAP_ENCRYPTION_KEY";
    /// The variable of the previous key, which decrypts older tokens after a rotation.
    pub const PREVIOUS_VARIABLE: &'static str = "BOOTSTRAP_ENCRYPTION_KEY_PREVIOUS";
    /// The command that creates a key.
    pub const HOW_TO_MAKE: &'static str = "openssl rand -base64 32";
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// Parses the output of [`Key::HOW_TO_MAKE`], with or without its line end.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD
            .decode(text.trim_end_matches(['\r', '\n']))
            .map(Zeroizing::new)
            .map_err(|_| KeyError::NotBase64)?;
        let key = <[u8; Self::LENGTH]>::try_from(bytes.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Length { found: bytes.len() })?;
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(KeyError::NotRandom);
        }
        Ok(Self(key))
    }

    /// True if both are the same key.
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    pub(super) fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_in_base64_and_debug_does_not_show_it() {
        let text = STANDARD.encode((0..32).collect::<Vec<u8>>());
        let key = Key::parse(&format!("{text}\n")).expect("what openssl prints");
        assert_eq!(format!("{key:?}"), "Key(…)");
    }

    #[test]
    fn an_invalid_key_is_refused_with_the_command_that_creates_one() {
        let short = STANDARD.encode([1; 16]);
        let flat = STANDARD.encode([0; 32]);
        let unpadded = "A".repeat(43);
        for (text, why) in [
            ("", KeyError::Length { found: 0 }),
            ("correct horse battery staple and more", KeyError::NotBase64),
            (&short, KeyError::Length { found: 16 }),
            (&flat, KeyError::NotRandom),
            (&unpadded, KeyError::NotBase64),
        ] {
            let error = Key::parse(text).expect_err("not a key");
            assert!(error.to_string().contains("openssl rand -base64 32"));
            assert_eq!(error, why, "{text:?}");
        }
    }
}
