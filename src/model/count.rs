//! Numbers of occurrences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The number of occurrences that a replacement expects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Exactly one.
    #[default]
    One,
    /// One or more.
    All,
    /// Exactly this many.
    Exactly(u32),
}

impl Serialize for Count {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One => serializer.serialize_str("one"),
            Self::All => serializer.serialize_str("all"),
            Self::Exactly(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum ActionDocument {
            Word(String),
            Number(u32),
        }
        match ActionDocument::deserialize(deserializer)? {
            ActionDocument::Word(word) if word == "one" => Ok(Self::One),
            ActionDocument::Word(word) if word == "all" => Ok(Self::All),
            ActionDocument::Number(count) if count > 0 => Ok(Self::Exactly(count)),
            ActionDocument::Word(_) | ActionDocument::Number(_) => Err(serde::de::Error::custom(
                "expected `one`, `all` or a number from 1",
            )),
        }
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "`one`, `all` or a number from 1",
            "anyOf": [{ "enum": ["one", "all"] }, { "type": "integer", "minimum": 1, "maximum": u32::MAX }],
        })
    }
}
