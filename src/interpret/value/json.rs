//! Values of JSON texts, with and without comments.

use super::{SetValueError, entry, nested, no_container};
use crate::interpret::manifest::comma_list::CommaList;
use crate::interpret::manifest::splice::{Splice, apply, last_line_lead};
use crate::model::ordered_value::OrderedValue;
use jsonc_parser::ast::{Array, Object, Value as Node};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;
use std::collections::BTreeSet;

/// The deepest nesting of brackets, as in `serde_json`.
const DEPTH: usize = 127;

/// JSON with comments and trailing commas.
pub(crate) const WITH_COMMENTS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The value of a whole text.
pub(super) fn value(text: &str) -> Result<Value, SetValueError> {
    to_value(&read(text)?)
}

/// The text with a value at some keys; `None` if it has the value already.
pub(super) fn set(
    text: &str,
    tokens: &[String],
    value: &OrderedValue,
) -> Result<Option<String>, SetValueError> {
    let root = read(text)?;
    let edit = JsonEdit {
        text,
        unit: indentation(text),
        tokens,
        value,
        plain: &value.plain(),
    };
    let splices = edit.at(&root, 0)?;
    Ok(splices.map(|splices| apply(text, splices)))
}

fn read(text: &str) -> Result<Node<'_>, SetValueError> {
    let syntax = |reason: String| SetValueError::Syntax {
        format: "JSON",
        reason,
    };
    if nesting(text) > DEPTH {
        return Err(syntax(format!("more than {DEPTH} levels")));
    }
    let parsed = parse_to_ast(text, &CollectOptions::default(), &WITH_COMMENTS)
        .map_err(|error| syntax(error.to_string()))?;
    parsed
        .value
        .ok_or_else(|| syntax("the file is empty".to_owned()))
}

/// An upper bound of the nesting, before a parser that calls itself for each level: brackets in strings count too.
pub(crate) fn nesting(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

fn to_value(node: &Node<'_>) -> Result<Value, SetValueError> {
    let syntax = |reason: String| SetValueError::Syntax {
        format: "JSON",
        reason,
    };
    Ok(match node {
        Node::StringLit(text) => Value::String(text.value.to_string()),
        Node::NumberLit(number) => serde_json::from_str(number.value)
            .map_err(|error| syntax(format!("{}: {error}", number.value)))?,
        Node::BooleanLit(boolean) => Value::Bool(boolean.value),
        Node::NullKeyword(_) => Value::Null,
        Node::Array(array) => array
            .elements
            .iter()
            .map(to_value)
            .collect::<Result<_, _>>()?,
        Node::Object(object) => {
            let mut seen = BTreeSet::new();
            let mut entries = serde_json::Map::new();
            for property in &object.properties {
                let key = property.name.as_str();
                if !seen.insert(key) {
                    return Err(syntax(format!("the key `{key}` occurs twice")));
                }
                entries.insert(key.to_owned(), to_value(&property.value)?);
            }
            Value::Object(entries)
        }
    })
}

/// One level of indentation: the first indented line has it.
fn indentation(text: &str) -> &str {
    text.lines()
        .map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()])
        .find(|lead| !lead.is_empty())
        .unwrap_or("  ")
}

struct JsonEdit<'e> {
    text: &'e str,
    unit: &'e str,
    tokens: &'e [String],
    value: &'e OrderedValue,
    /// The value without its order.
    plain: &'e Value,
}

impl JsonEdit<'_> {
    /// The changes at or below a node that has the first tokens.
    fn at(&self, node: &Node<'_>, depth: usize) -> Result<Option<Vec<Splice>>, SetValueError> {
        let Some(token) = self.tokens.get(depth) else {
            if to_value(node)? == *self.plain {
                return Ok(None);
            }
            let range = node.range();
            let is_open = self.text.contains('\n');
            let new = self.written(self.value, self.indent_at(range.start), is_open);
            return Ok(Some(vec![Splice {
                at: range.start..range.end,
                new,
            }]));
        };
        match node {
            Node::Object(object) => {
                let mut properties = object.properties.iter();
                match properties.find(|property| property.name.as_str() == token) {
                    Some(property) => self.at(&property.value, depth + 1),
                    None => Ok(Some(self.add_property(object, depth))),
                }
            }
            Node::Array(array) => self.in_array(array, depth),
            Node::StringLit(_) => Err(no_container(self.tokens, depth, "a text")),
            Node::NumberLit(_) => Err(no_container(self.tokens, depth, "a number")),
            Node::BooleanLit(_) => Err(no_container(self.tokens, depth, "a boolean")),
            Node::NullKeyword(_) => Err(no_container(self.tokens, depth, "null")),
        }
    }

    fn in_array(
        &self,
        array: &Array<'_>,
        depth: usize,
    ) -> Result<Option<Vec<Splice>>, SetValueError> {
        let length = array.elements.len();
        let index = entry(self.tokens, depth, length)?;
        if let Some(element) = array.elements.get(index) {
            return self.at(element, depth + 1);
        }
        if self.tokens[depth] == "-" {
            for element in &array.elements {
                if to_value(element)? == *self.plain {
                    return Ok(None);
                }
            }
        }
        let items = array.elements.iter().map(|element| {
            let range = element.range();
            range.start..range.end
        });
        let range = array.range.start..array.range.end;
        Ok(Some(self.append(
            range,
            items.collect(),
            |edit, indent, is_open| edit.written(edit.value, indent, is_open),
        )))
    }

    /// Adds the key of the token as the last one, with all that is below it.
    fn add_property(&self, object: &Object<'_>, depth: usize) -> Vec<Splice> {
        let items = object
            .properties
            .iter()
            .map(|property| property.range.start..property.range.end);
        let range = object.range.start..object.range.end;
        let value = nested(&self.tokens[depth + 1..], self.value);
        let key = Value::String(self.tokens[depth].clone());
        self.append(range, items.collect(), |edit, indent, is_open| {
            format!("{key}: {}", edit.written(&value, indent, is_open))
        })
    }

    /// Adds an item after the last one, in the layout of the list.
    fn append(
        &self,
        range: std::ops::Range<usize>,
        items: Vec<std::ops::Range<usize>>,
        item: impl Fn(&Self, &str, bool) -> String,
    ) -> Vec<Splice> {
        let inside = range.start + 1..range.end - 1;
        let outer = self.indent_at(range.start);
        let list = CommaList {
            text: self.text,
            inside: inside.clone(),
            items,
            space: " ",
            outer: None,
        };
        if list.items.is_empty() {
            let is_open = self.text.contains('\n') || list.inside_text().contains("//");
            if !is_open {
                return vec![Splice::insert(inside.end, item(self, outer, false))];
            }
            let inner = format!("{outer}{}", self.unit);
            let start = inside.start + list.inside_text().trim_end().len();
            return vec![Splice {
                at: start..inside.end,
                new: format!("\n{inner}{}\n{outer}", item(self, &inner, true)),
            }];
        }
        let lead = last_line_lead(list.before(list.items.len() - 1));
        let indent = lead.map_or("", |lead| lead.trim_start_matches(['\r', '\n']));
        list.insert(list.items.len(), &item(self, indent, lead.is_some()))
    }

    /// The indentation of the line of an offset.
    fn indent_at(&self, offset: usize) -> &str {
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.text[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// A value whose further lines are indented; on one line where its surroundings are.
    fn written(&self, value: &OrderedValue, indent: &str, is_open: bool) -> String {
        let is_flat = |items: &[OrderedValue]| {
            let lengths = items.iter().map(|item| match item {
                OrderedValue::Scalar(value) => Some(value.to_string().len() + 2),
                OrderedValue::List(_) | OrderedValue::Object(_) => None,
            });
            lengths
                .sum::<Option<usize>>()
                .is_some_and(|text| text <= 60)
        };
        let inner = format!("{indent}{}", self.unit);
        let item = |value: &OrderedValue| self.written(value, &inner, is_open);
        let (open, close, items): (_, _, Vec<String>) = match value {
            OrderedValue::List(items) => {
                let written: Vec<String> = items.iter().map(item).collect();
                if !is_open || is_flat(items) {
                    return format!("[{}]", written.join(", "));
                }
                ('[', ']', written)
            }
            OrderedValue::Object(entries) => {
                let written: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", Value::String(key.clone()), item(value)))
                    .collect();
                if written.is_empty() {
                    return "{}".to_owned();
                }
                if !is_open {
                    return format!("{{ {} }}", written.join(", "));
                }
                ('{', '}', written)
            }
            OrderedValue::Scalar(value) => return value.to_string(),
        };
        let lines = items.join(&format!(",\n{inner}"));
        format!("{open}\n{inner}{lines}\n{indent}{close}")
    }
}
