//! The next step for a value of another type than its schema says.

use super::node::{Node, NodeValue};
use crate::model::slug::OptionRef;
use crate::model::suggest;
use serde_json::Value;

/// The longest text that an example repeats, in characters.
const MAX_EXAMPLE: usize = 60;
/// The maximum number of fields that a help lists.
const MAX_FIELDS: usize = 8;

/// A value of another type.
pub(super) struct TypeMismatch<'n> {
    pub(super) node: &'n Node,
    /// The value as the document writes it.
    pub(super) source: &'n str,
    /// The names of the types of JSON Schema.
    pub(super) wanted: &'n [String],
    /// The part of the schema that the value breaks.
    pub(super) schema: Option<&'n Value>,
}

impl TypeMismatch<'_> {
    /// The next step. `expected` are the types in words.
    pub(super) fn help(&self, expected: &str) -> String {
        let wants = |name: &str| self.wanted.iter().any(|wanted| wanted == name);
        let specific = match &self.node.value {
            NodeValue::Number(_) | NodeValue::Bool(_) if wants("string") => {
                Some(format!("quote it: \"{}\"", self.source))
            }
            NodeValue::Text(text) if wants("boolean") => boolean_of(text)
                .map(|value| format!("write `{value}`, without quotes: `{text}` is a text")),
            _ if wants("array") => self.list(),
            _ if wants("object") => Some(self.mapping()),
            NodeValue::Map(_) | NodeValue::List(_) if wants("string") => {
                Some("write a text; one of several lines comes indented after `|`".to_owned())
            }
            _ => None,
        };
        specific.unwrap_or_else(|| format!("write {expected} here"))
    }

    fn list(&self) -> Option<String> {
        Some(match &self.node.value {
            NodeValue::Null => "write a list; an empty one is `[]`".to_owned(),
            NodeValue::Text(text) if text.trim().contains('\n') => {
                "write a list: each line is an entry after `- `".to_owned()
            }
            NodeValue::Map(_) => "write a list: each entry begins with `- `".to_owned(),
            NodeValue::Text(_) | NodeValue::Number(_) | NodeValue::Bool(_)
                if self.source.chars().count() <= MAX_EXAMPLE =>
            {
                format!("write a list, as in `[{}]`", self.source)
            }
            _ => return None,
        })
    }

    fn mapping(&self) -> String {
        let keyword = |name| self.schema.and_then(|schema| schema.get(name));
        if keyword("propertyNames").is_some() {
            let example = match option_in(self.node) {
                Some(option) => format!("{}: {}", option.category(), option.option()),
                None => "category: option".to_owned(),
            };
            return format!("write a mapping, as in `{{ {example} }}`");
        }
        let listed = keyword("required").and_then(Value::as_array);
        let required: Vec<&str> = listed
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let described = keyword("properties").and_then(Value::as_object);
        let fields: Vec<&str> = described
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        match (required.as_slice(), fields.as_slice()) {
            ([], []) => "write a mapping here".to_owned(),
            ([], fields) if fields.len() <= MAX_FIELDS => {
                format!("write a mapping with some of {}", suggest::list(fields))
            }
            ([], _) => "write a mapping here".to_owned(),
            (required, _) => format!("write a mapping with {}", suggest::list(required)),
        }
    }
}

/// The boolean that other languages write so.
fn boolean_of(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The option that a text, or the first entry of a list, names.
fn option_in(node: &Node) -> Option<OptionRef> {
    match &node.value {
        NodeValue::Text(text) => OptionRef::parse(text).ok(),
        NodeValue::List(items) => items.first().and_then(option_in),
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number(_) | NodeValue::Map(_) => None,
    }
}
