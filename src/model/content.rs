//! Files: bytes and git mode.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The character at the start of some UTF-8 files, which is no part of their text.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The mode of a file in git.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// 100644.
    Regular,
    /// 100755.
    Executable,
    /// 120000; the bytes are the link's target. No action reads, writes or follows a link.
    Symlink,
}

/// A file's bytes and mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub mode: Mode,
    pub bytes: Bytes,
}

impl Mode {
    /// The mode as git prints it.
    pub fn octal(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
        }
    }
}

impl File {
    /// A regular file.
    pub fn regular(bytes: impl Into<Bytes>) -> Self {
        Self {
            mode: Mode::Regular,
            bytes: bytes.into(),
        }
    }

    /// The bytes as text. None for a link, for bytes that are not UTF-8 and for text with a NUL.
    pub fn text(&self) -> Option<&str> {
        if self.mode == Mode::Symlink || self.bytes.contains(&0) {
            return None;
        }
        std::str::from_utf8(&self.bytes).ok()
    }
}

/// Path → file, as read from a folder or embedded in the program. The paths are not validated.
pub type Files = BTreeMap<String, File>;

/// A file in a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoredFile {
    pub mode: Mode,
    #[serde(with = "StoredBytes")]
    #[schemars(with = "StoredBytes")]
    pub content: Bytes,
}

/// Bytes in a JSON document, readable if they are text.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum StoredBytes {
    /// UTF-8 text.
    Text(String),
    /// Any other bytes, in padded base64.
    Base64(String),
}

impl StoredBytes {
    fn serialize<S: serde::Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = match std::str::from_utf8(bytes) {
            // Postgres refuses a NUL in a JSON document.
            Ok(text) if !text.contains('\0') => Self::Text(text.to_owned()),
            _ => Self::Base64(STANDARD.encode(bytes)),
        };
        Serialize::serialize(&stored, serializer)
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        Ok(match <Self as Deserialize>::deserialize(deserializer)? {
            Self::Text(text) => text.into(),
            Self::Base64(code) => STANDARD
                .decode(code)
                .map_err(serde::de::Error::custom)?
                .into(),
        })
    }
}

impl From<&File> for StoredFile {
    fn from(file: &File) -> Self {
        Self {
            mode: file.mode,
            content: file.bytes.clone(),
        }
    }
}

impl From<&StoredFile> for File {
    fn from(stored: &StoredFile) -> Self {
        Self {
            mode: stored.mode,
            bytes: stored.content.clone(),
        }
    }
}
