//! The syntax tree of a document: values with their byte ranges.

use super::text::Text;
use crate::model::diagnostic::Location;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::ops::Range;

/// The deepest nesting of a document.
pub(super) const MAX_DEPTH: usize = 64;
/// The maximum number of values of a document. A tree needs many times the memory of its text.
pub(super) const MAX_VALUES: usize = 50_000;
/// The maximum number of findings of a document. The location of each one costs time.
pub const MAX_FINDINGS: usize = 100;

/// A text and its syntax tree.
#[derive(Clone, Debug)]
pub struct Document {
    pub text: Text,
    pub root: Node,
}

/// A value and its byte range.
#[derive(Clone, Debug)]
pub struct Node {
    pub range: Range<usize>,
    pub value: NodeValue,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub enum NodeValue {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<KeyValue>),
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub struct KeyValue {
    pub key: String,
    pub key_range: Range<usize>,
    pub value: Node,
}

impl Document {
    /// The location of the value at a JSON pointer, or of its nearest existing ancestor.
    pub fn location(&self, pointer: &str) -> Location {
        self.text.location(self.root.nearest(pointer).range.clone())
    }

    /// The location of the last key of a JSON pointer, or else of the mapping.
    pub fn key_location(&self, pointer: &str) -> Location {
        let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        let key = unescape(key);
        let entry = self
            .root
            .at(parent)
            .and_then(|map| map.entries().iter().find(|entry| entry.key == key));
        entry.map_or_else(
            || self.location(parent),
            |entry| self.text.location(entry.key_range.clone()),
        )
    }

    /// The location that represents a mapping: its `kind`, its slug or its first key.
    pub fn mapping_location(&self, pointer: &str) -> Location {
        let node = self.root.nearest(pointer);
        let name = ["kind", "slug", "catalog"]
            .iter()
            .find_map(|key| Some(node.get(key)?.range.clone()));
        let first = || node.entries().first().map(|entry| entry.key_range.clone());
        self.text
            .location(name.or_else(first).unwrap_or_else(|| node.range.clone()))
    }

    /// The source text of a node.
    pub fn source_of(&self, node: &Node) -> &str {
        &self.text.content()[node.range.clone()]
    }
}

impl Node {
    /// The node at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        pointer
            .split('/')
            .skip(1)
            .try_fold(self, |node, step| node.step(&unescape(step)))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The entries of a mapping; empty for other values.
    pub fn entries(&self) -> &[KeyValue] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Number(_)
            | NodeValue::Text(_)
            | NodeValue::List(_) => &[],
        }
    }

    /// The value without ranges.
    pub fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number(number) => Value::Number(number.clone()),
            NodeValue::Text(text) => Value::String(text.clone()),
            NodeValue::List(items) => items.iter().map(Self::to_value).collect(),
            NodeValue::Map(entries) => {
                let pairs = entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// The type of the value, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "nothing",
            NodeValue::Bool(_) => "true or false",
            NodeValue::Number(_) => "a number",
            NodeValue::Text(_) => "text",
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a mapping",
        }
    }

    fn nearest(&self, pointer: &str) -> &Self {
        pointer
            .split('/')
            .skip(1)
            .try_fold(self, |node, step| node.step(&unescape(step)).ok_or(node))
            .unwrap_or_else(|node| node)
    }

    fn step(&self, step: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::List(items) => items.get(step.parse::<usize>().ok()?),
            NodeValue::Map(_) => self.get(step),
            NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) | NodeValue::Text(_) => {
                None
            }
        }
    }
}

/// The key as a segment of a JSON pointer (RFC 6901).
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescape(step: &str) -> Cow<'_, str> {
    if step.contains('~') {
        step.replace("~1", "/").replace("~0", "~").into()
    } else {
        step.into()
    }
}
