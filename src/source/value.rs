//! Validation of values without a text, such as those of a database, by the JSON Schema of their type.

use super::formats::FORMATS;
use super::schema::Schema;
use jsonschema::error::ValidationErrorKind;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

/// The first violation of the schema in a value.
#[derive(Debug, Error)]
#[error("{message}{}", place(.pointer))]
pub struct ValueError {
    /// A JSON pointer; empty for the whole value.
    pub pointer: String,
    pub message: String,
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() {
        return String::new();
    }
    format!(" at `{pointer}`")
}

impl<T: JsonSchema + DeserializeOwned> Schema<T> {
    /// Validates and converts a value without a text. Reports the first violation only.
    pub fn take(&self, value: Value) -> Result<T, ValueError> {
        if let Some(error) = self.validator().iter_errors(&value).next() {
            let pointer = error.instance_path().as_str().to_owned();
            let text = value.pointer(&pointer).and_then(Value::as_str);
            let format = match error.kind() {
                ValidationErrorKind::Format { format } => {
                    FORMATS.iter().find(|known| known.name == format)
                }
                _ => None,
            };
            let message = format
                .zip(text)
                .and_then(|(format, text)| (format.refuse)(text))
                .unwrap_or_else(|| error.masked().to_string());
            return Err(ValueError { pointer, message });
        }
        serde_json::from_value(value).map_err(|error| ValueError {
            pointer: String::new(),
            message: error.to_string(),
        })
    }
}
