//! Traits of text newtypes, all implemented by their `parse`: serde, JSON Schema, `FromStr`.

/// Implements `Display`, `AsRef<str>`, serde and `JsonSchema` for a newtype with `parse` and `as_str`.
///
/// `format` is the JSON Schema format under which the source layer calls `parse` again, so that a document gets the
/// newtype's message at the exact location. `pattern` is the part of the rule that editors can check; it is the same
/// constant that `parse` uses, if the rule is a pattern.
macro_rules! text_value {
    ($type:ty, error: $error:ty, format: $format:literal, max: $max:expr, pattern: $pattern:expr, doc: $doc:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": $doc,
                    "format": $format,
                    "pattern": $pattern,
                    "maxLength": $max,
                })
            }
        }
    };
}
