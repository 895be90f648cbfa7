//! SHA-256 digests and git object ids, written in lower-case hexadecimal.

use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A SHA-256 digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

/// The SHA-1 id of a git object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitId(String);

/// A text that is not a digest.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{}` is not an id: expected {expected} lower-case hexadecimal digits", text.escape_debug())]
pub struct DigestError {
    text: String,
    expected: usize,
}

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// Parses 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        parse_hex(text, 64).map(Self)
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

    /// Parses 40 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        parse_hex(text, 40).map(Self)
    }

    /// The 40 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn parse_hex(text: &str, expected: usize) -> Result<String, DigestError> {
    if text.len() == expected
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    {
        Ok(text.to_owned())
    } else {
        Err(DigestError {
            text: text.chars().take(80).collect(),
            expected,
        })
    }
}

text_value!(Digest, error: DigestError, format: "groundplan-sha256", max: 64, pattern: "^[0-9a-f]{64}$",
    doc: "A SHA-256 digest in lower-case hexadecimal.");
text_value!(GitId, error: DigestError, format: "groundplan-git-id", max: 40, pattern: "^[0-9a-f]{40}$",
    doc: "The SHA-1 id of a git object in lower-case hexadecimal.");
