//! Sets one value of a JSON, TOML or YAML text. Every other byte stays as it is.

pub(super) mod json;
mod toml;
mod yaml;

use crate::model::ordered_value::OrderedValue;
use crate::model::value_pointer::{self, ValuePointer};
use serde_json::Value;
use thiserror::Error;

/// The format of a text in which values can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueFormat {
    /// With comments and trailing commas where the text has them.
    Json,
    Toml,
    Yaml,
}

/// The reasons why a value cannot be set.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum SetValueError {
    #[error("not valid {format}: {reason}")]
    Syntax {
        format: &'static str,
        reason: String,
    },
    #[error("{place} is {found}, which has no `{token}`")]
    NoContainer {
        place: String,
        found: &'static str,
        token: String,
    },
    #[error("{place} has {length} entries, and no entry `{token}`")]
    NoEntry {
        place: String,
        length: usize,
        token: String,
    },
    #[error("TOML has no value for {what}")]
    NoToml { what: &'static str },
    #[error("the layout of {place} is not one that can be edited")]
    Layout { place: String },
}

/// The text with a value at a pointer, or `None` if it has the value already. Objects on the way are created.
pub(super) fn set(
    format: ValueFormat,
    text: &str,
    pointer: &ValuePointer,
    value: &OrderedValue,
) -> Result<Option<String>, SetValueError> {
    let tokens = pointer.tokens();
    let (before, after) = match format {
        ValueFormat::Json => {
            let Some(after) = json::set(text, &tokens, value)? else {
                return Ok(None);
            };
            (json::value(text)?, (json::value(&after), after))
        }
        ValueFormat::Toml => {
            let Some(after) = toml::set(text, &tokens, value)? else {
                return Ok(None);
            };
            (toml::value(text)?, (toml::value(&after), after))
        }
        ValueFormat::Yaml => {
            let Some(after) = yaml::set(text, &tokens, value)? else {
                return Ok(None);
            };
            (yaml::value(text)?, (yaml::value(&after), after))
        }
    };
    // A layout that the edit does not expect could change another value.
    let mut expected = match before {
        // A YAML file without a value.
        Value::Null => Value::Object(serde_json::Map::new()),
        before => before,
    };
    insert(&mut expected, &tokens, &value.plain());
    match after {
        (Ok(found), text) if found == expected => Ok(Some(text)),
        _ => Err(SetValueError::Layout {
            place: place(&tokens),
        }),
    }
}

/// Sets a value in a parsed document.
fn insert(document: &mut Value, tokens: &[String], value: &Value) {
    let Some((token, rest)) = tokens.split_first() else {
        *document = value.clone();
        return;
    };
    match document {
        Value::Array(items) => {
            let index = token.parse().unwrap_or(items.len());
            if index >= items.len() {
                items.push(Value::Null);
            }
            if let Some(item) = items.get_mut(index) {
                insert(item, rest, value);
            }
        }
        Value::Object(entries) => {
            let entry = entries
                .entry(token.clone())
                .or_insert_with(|| Value::Object(serde_json::Map::new()));
            insert(entry, rest, value);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The value below some keys that do not exist.
fn nested(tokens: &[String], value: &OrderedValue) -> OrderedValue {
    tokens.iter().rev().fold(value.clone(), |value, token| {
        OrderedValue::Object(vec![(token.clone(), value)])
    })
}

/// The position of an entry of a list; its length for a new entry.
fn entry(tokens: &[String], at: usize, length: usize) -> Result<usize, SetValueError> {
    let token = &tokens[at];
    let is_last = at + 1 == tokens.len();
    let index = match token.as_str() {
        "-" => Some(length),
        digits if digits == "0" || !digits.starts_with('0') => digits.parse::<usize>().ok(),
        _ => None,
    };
    match index {
        Some(index) if index < length || index == length && is_last => Ok(index),
        _ => Err(SetValueError::NoEntry {
            place: place(&tokens[..at]),
            length,
            token: token.clone(),
        }),
    }
}

/// The place of some tokens, for messages.
fn place(tokens: &[String]) -> String {
    if tokens.is_empty() {
        return "the top level".to_owned();
    }
    format!("`{}`", value_pointer::of_tokens(tokens))
}

fn no_container(tokens: &[String], at: usize, found: &'static str) -> SetValueError {
    SetValueError::NoContainer {
        place: place(&tokens[..at]),
        found,
        token: tokens[at].clone(),
    }
}

#[cfg(test)]
mod tests;
