//! Values whose objects keep the order of their keys.

use super::value_pointer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The order of keys in the objects of a value, by the object's JSON pointer; alphabetical for the other objects.
///
/// Beside the value, because canonical JSON and databases sort the keys of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct KeyOrder(BTreeMap<String, Vec<String>>);

/// A JSON value whose objects have an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderedValue {
    /// A text, number, boolean or null.
    Scalar(Value),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl KeyOrder {
    /// True if all keys are in alphabetical order.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records the keys of the object below some keys.
    pub fn record(&mut self, tokens: &[String], keys: Vec<String>) {
        if !keys.is_sorted() {
            self.0.insert(value_pointer::of_tokens(tokens), keys);
        }
    }

    /// The entries of an object in their order. Keys that are not recorded come last.
    fn of<'v>(
        &self,
        tokens: &[String],
        object: &'v Map<String, Value>,
    ) -> Vec<(&'v String, &'v Value)> {
        let recorded = self.0.get(&value_pointer::of_tokens(tokens));
        let position =
            |key: &String| recorded.and_then(|keys| keys.iter().position(|one| one == key));
        let mut entries: Vec<_> = object.iter().collect();
        entries.sort_by_key(|(key, _)| position(key).unwrap_or(usize::MAX));
        entries
    }
}

impl OrderedValue {
    /// A value with the order of its objects.
    pub fn of(value: &Value, order: &KeyOrder) -> Self {
        Self::below(value, order, &mut Vec::new())
    }

    fn below(value: &Value, order: &KeyOrder, tokens: &mut Vec<String>) -> Self {
        let child = |token: &str, value: &Value, tokens: &mut Vec<String>| {
            tokens.push(token.to_owned());
            let child = Self::below(value, order, tokens);
            tokens.pop();
            child
        };
        match value {
            Value::Array(items) => {
                let numbered = items.iter().enumerate();
                Self::List(
                    numbered
                        .map(|(index, item)| child(&index.to_string(), item, tokens))
                        .collect(),
                )
            }
            Value::Object(object) => {
                let entries = order.of(tokens, object).into_iter();
                Self::Object(
                    entries
                        .map(|(key, value)| (key.clone(), child(key, value, tokens)))
                        .collect(),
                )
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Self::Scalar(value.clone())
            }
        }
    }

    /// The value without an order.
    pub fn plain(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::List(items) => items.iter().map(Self::plain).collect(),
            Self::Object(entries) => {
                let plain = entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.plain()));
                Value::Object(plain.collect())
            }
        }
    }

    /// The value with all its texts and keys replaced.
    ///
    /// # Errors
    /// A key that an object would have twice.
    pub fn with_texts(&self, replace: &impl Fn(&str) -> String) -> Result<Self, String> {
        Ok(match self {
            Self::Scalar(Value::String(text)) => Self::Scalar(Value::String(replace(text))),
            Self::Scalar(value) => Self::Scalar(value.clone()),
            Self::List(items) => {
                let replaced = items.iter().map(|item| item.with_texts(replace));
                Self::List(replaced.collect::<Result<_, _>>()?)
            }
            Self::Object(entries) => {
                let mut replaced: Vec<(String, Self)> = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = replace(key);
                    if replaced.iter().any(|(other, _)| *other == key) {
                        return Err(key);
                    }
                    replaced.push((key, value.with_texts(replace)?));
                }
                Self::Object(replaced)
            }
        })
    }
}

impl Serialize for OrderedValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_have_the_recorded_order() {
        let value = json!({ "b": { "d": 1, "c": 2 }, "a": [{ "f": 1, "e": 2 }] });
        let mut order = KeyOrder::default();
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        order.record(&[], keys(&["b", "a"]));
        order.record(&keys(&["b"]), keys(&["d", "c"]));
        order.record(&keys(&["a", "0"]), keys(&["e", "f"]));
        assert_eq!(json!(order), json!({ "": ["b", "a"], "/b": ["d", "c"] }));
        let ordered = OrderedValue::of(&value, &order);
        assert_eq!(ordered.plain(), value);
        let OrderedValue::Object(entries) = &ordered else {
            panic!("{ordered:?}")
        };
        let OrderedValue::Object(below) = &entries[0].1 else {
            panic!("{ordered:?}")
        };
        let names = |entries: &[(String, OrderedValue)]| {
            entries
                .iter()
                .map(|(key, _)| key.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (names(entries), names(below)),
            (keys(&["b", "a"]), keys(&["d", "c"]))
        );
    }

    #[test]
    fn keys_that_become_equal_are_refused() {
        let value = OrderedValue::of(&json!({ "a": 1, "b": "a" }), &KeyOrder::default());
        let same = value.with_texts(&|_| "x".to_owned());
        assert_eq!(same, Err("x".to_owned()));
        let upper = value.with_texts(&|text| text.to_uppercase());
        assert_eq!(
            upper.map(|value| value.plain()),
            Ok(json!({ "A": 1, "B": "A" }))
        );
    }
}
