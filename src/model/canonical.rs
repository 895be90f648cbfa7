//! Canonical JSON (RFC 8785), read by a parser that refuses every text that two programs could read differently.

use super::digest::Digest;
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;
use thiserror::Error;

/// The largest integer that every JSON parser reads exactly: 2^53 − 1 (RFC 7493).
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The maximum number of values in a text. A parsed value needs many times the memory of its text.
pub const MAX_VALUES: usize = 200_000;

/// A syntax error or an ambiguity in a JSON text. Line and column count from 1.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{message} at line {line}, column {column}")]
pub struct JsonError {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

/// Reads strict JSON: no duplicate keys, no integer beyond ±(2^53 − 1), no lone surrogates, at most 127 levels and
/// [`MAX_VALUES`] values.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let values = Cell::new(0);
    Strict { values: &values }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| JsonError {
            message: without_position(&error.to_string()),
            line: error.line().max(1),
            column: error.column().max(1),
        })
}

/// The RFC 8785 bytes of a value that [`parse`] returned or of a type of this crate.
///
/// # Panics
/// If the value contains a key that is not text or a number that is not finite, which no type of this crate does.
pub fn to_vec<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value)
        .expect("values of this crate have text keys and finite numbers")
}

/// SHA-256 over the canonical form.
pub fn digest<T: Serialize>(value: &T) -> Digest {
    Digest::of(&to_vec(value))
}

/// The message of serde_json without its position.
fn without_position(message: &str) -> String {
    match message
        .rsplit_once(" at line ")
        .map_or(message, |(text, _)| text)
    {
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            "a surrogate escape lacks its other half".to_owned()
        }
        text => text.to_owned(),
    }
}

#[derive(Clone, Copy)]
struct Strict<'c> {
    values: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(D::Error::custom(format_args!(
                "the text contains more than {MAX_VALUES} values"
            )));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_SAFE_INTEGER {
            return Err(unsafe_integer(&value));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_SAFE_INTEGER {
            return Err(unsafe_integer(&value));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "key `{}` is used twice",
                    key.escape_debug()
                )));
            }
            map.insert(key, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(map))
    }
}

fn unsafe_integer<E: serde::de::Error>(value: &dyn fmt::Display) -> E {
    E::custom(format_args!(
        "{value} is outside ±(2^53 − 1), where JSON parsers disagree: write it as text"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, message: &str, line: usize) {
        let error = parse(text.as_bytes()).expect_err(text);
        assert!(error.message.contains(message), "{error}");
        assert_eq!(error.line, line, "{error}");
    }

    #[test]
    fn an_ambiguous_text_is_refused_with_its_line() {
        refused("{\"a\":1,\n\"\\u0061\":2}", "key `a` is used twice", 2);
        refused("[\n9007199254740992]", "outside ±(2^53 − 1)", 2);
        refused("[-9007199254740992]", "outside ±(2^53 − 1)", 1);
        refused("\"\\ud800\"", "lacks its other half", 1);
        refused("1e400", "number out of range", 1);
        refused("{} {}", "trailing characters", 1);
        refused("\u{feff}{}", "expected value", 1);
        refused(&"[".repeat(1_000_000), "recursion limit", 1);
    }

    #[test]
    fn keys_are_ordered_by_utf_16_code_units() {
        let value = parse("{\"\u{e000}\":1,\"\u{10000}\":2}".as_bytes()).expect("good JSON");
        assert_eq!(
            to_vec(&value),
            "{\"\u{10000}\":2,\"\u{e000}\":1}".as_bytes()
        );
    }
}
