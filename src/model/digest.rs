//! SHA-256 digests and git object ids, written in lower-case hexadecimal.

use crate::base::pattern::pattern;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A SHA-256 digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

/// The SHA-1 id of a git object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitId(String);

/// A text that is not a digest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("invalid id `{}`: write {expected} lower-case hexadecimal digits", text.escape_debug())]
pub struct DigestError {
    text: String,
    expected: usize,
}

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    const LENGTH: usize = 64;
    const PATTERN: &'static str = "^[0-9a-f]{64}$";

    /// Parses 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        if pattern!(Digest::PATTERN).is_match(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DigestError::of(text, Self::LENGTH))
        }
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for output.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl GitId {
    /// The id that gix computed.
    pub fn of(id: &gix::oid) -> Self {
        Self(id.to_hex().to_string())
    }

    const LENGTH: usize = 40;
    const PATTERN: &'static str = "^[0-9a-f]{40}$";

    /// Parses 40 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        if pattern!(GitId::PATTERN).is_match(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DigestError::of(text, Self::LENGTH))
        }
    }

    /// The 40 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DigestError {
    fn of(text: &str, expected: usize) -> Self {
        Self {
            text: text.chars().take(80).collect(),
            expected,
        }
    }
}

text_value!(Digest, error: DigestError, format: "groundplan-sha256", max: Digest::LENGTH, pattern: Digest::PATTERN,
    doc: "A SHA-256 digest in lower-case hexadecimal.");
text_value!(GitId, error: DigestError, format: "groundplan-git-id", max: GitId::LENGTH, pattern: GitId::PATTERN,
    doc: "The SHA-1 id of a git object in lower-case hexadecimal.");
