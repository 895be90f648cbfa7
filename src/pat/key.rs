//! Encryption keys.

use crate::error::{Class, Explain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// An AES-256 key: 32 random bytes, written in base64, or derived from a longer text. Its `Debug` does not contain it.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; Self::LENGTH]>);

/// The reasons to refuse a key. None contains the text.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    #[error(
        "encryption key has {found} characters, fewer than {}: create one with `{}`",
        Key::SHORTEST,
        Key::HOW_TO_MAKE
    )]
    Short { found: usize },
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
    /// The length of the shortest text that gives a key, in characters.
    pub const SHORTEST: usize = 32;

    /// Parses the output of [`Key::HOW_TO_MAKE`], with or without its line end. Any other text of at least 32 characters
    /// gives the SHA-256 of its UTF-8 bytes, so that a key of the surrounding application can be shared.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_end_matches(['\r', '\n']);
        if let Some(key) = Self::decoded(text) {
            return if is_flat(key.as_slice()) {
                Err(KeyError::NotRandom)
            } else {
                Ok(Self(key))
            };
        }
        let found = text.chars().count();
        if found < Self::SHORTEST {
            return Err(KeyError::Short { found });
        }
        if is_flat(text.as_bytes()) {
            return Err(KeyError::NotRandom);
        }
        Ok(Self(Zeroizing::new(Sha256::digest(text).into())))
    }

    /// The bytes of a key in base64.
    fn decoded(text: &str) -> Option<Zeroizing<[u8; Self::LENGTH]>> {
        let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
        <[u8; Self::LENGTH]>::try_from(bytes.as_slice())
            .ok()
            .map(Zeroizing::new)
    }

    /// True if both are the same key.
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    pub(super) fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

/// True for bytes that are all the same.
fn is_flat(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == bytes[0])
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
            ("", KeyError::Short { found: 0 }),
            (
                "correct horse battery staple",
                KeyError::Short { found: 28 },
            ),
            (&short, KeyError::Short { found: 24 }),
            (&flat, KeyError::NotRandom),
            (&unpadded, KeyError::NotRandom),
        ] {
            let error = Key::parse(text).expect_err("not a key");
            assert!(error.to_string().contains("openssl rand -base64 32"));
            assert_eq!(error, why, "{text:?}");
        }
    }

    #[test]
    fn a_longer_text_gives_its_sha_256() {
        let text = "correct horse battery staple and more";
        let derived = STANDARD.encode(Sha256::digest(text));
        assert!(Key::parse(text).unwrap().is(&Key::parse(&derived).unwrap()));
        assert!(
            Key::parse(&format!("{text}\n"))
                .unwrap()
                .is(&Key::parse(text).unwrap())
        );
    }
}
