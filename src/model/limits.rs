//! Limits of the values in documents, held by their types as by their JSON Schema.
//!
//! The functions are for `#[serde(deserialize_with = …)]`, beside the `#[schemars(…)]` attribute with the same numbers.

use serde::de::{Deserialize, Deserializer, Error};

/// A value with a length as JSON Schema counts it: characters of a text, entries of a list.
pub trait Measured {
    fn length(&self) -> usize;
}

impl Measured for String {
    fn length(&self) -> usize {
        self.chars().count()
    }
}

impl<T> Measured for Vec<T> {
    fn length(&self) -> usize {
        self.len()
    }
}

/// A value that may be a number.
pub trait Numeric {
    fn number(&self) -> Option<i64>;
}

impl Numeric for u8 {
    fn number(&self) -> Option<i64> {
        Some(i64::from(*self))
    }
}

impl Numeric for u16 {
    fn number(&self) -> Option<i64> {
        Some(i64::from(*self))
    }
}

impl Numeric for Option<i32> {
    fn number(&self) -> Option<i64> {
        self.map(i64::from)
    }
}

/// Deserializes a text or list of `MIN` to `MAX` characters or entries.
pub fn length<'de, const MIN: usize, const MAX: usize, T, D>(from: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Measured,
    D: Deserializer<'de>,
{
    let value = T::deserialize(from)?;
    let length = value.length();
    if (MIN..=MAX).contains(&length) {
        Ok(value)
    } else {
        let message = format_args!("length {length} is not between {MIN} and {MAX}");
        Err(D::Error::custom(message))
    }
}

/// Deserializes a number from `MIN` to `MAX`, or its absence.
pub fn range<'de, const MIN: i64, const MAX: i64, T, D>(from: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Numeric,
    D: Deserializer<'de>,
{
    let value = T::deserialize(from)?;
    match value.number() {
        Some(number) if !(MIN..=MAX).contains(&number) => {
            let message = format_args!("{number} is not between {MIN} and {MAX}");
            Err(D::Error::custom(message))
        }
        Some(_) | None => Ok(value),
    }
}
