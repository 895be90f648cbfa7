//! Strict JSON with locations: the canonical parser validates the text, the syntax tree has the locations.

use super::node::{Document, KeyValue, MAX_DEPTH, MAX_FINDINGS, MAX_VALUES, Node, NodeValue};
use super::text::Text;
use super::yaml::{duplicate_key, empty, more, too_deep, too_many_values, unsafe_number};
use crate::model::canonical::{self, JsonError, MAX_SAFE_INTEGER};
use crate::model::diagnostic::{Code, Diagnostic};
use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions};
use serde_json::Number;
use std::collections::BTreeMap;
use std::ops::Range;

pub(super) fn read(text: Text) -> Result<Document, Vec<Diagnostic>> {
    let options = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        ..ParseOptions::default()
    };
    let tree = jsonc_parser::parse_to_ast(text.content(), &CollectOptions::default(), &options);
    let value = match tree {
        Ok(result) => result.value,
        Err(error) if error.kind().to_string().contains("nesting depth") => {
            return Err(vec![too_deep(
                &text,
                error.range().start..error.range().start,
            )]);
        }
        Err(error) => {
            let at = error.range().start;
            return Err(vec![syntax(&text, at..at, &error.kind().to_string())]);
        }
    };
    if value.is_none() {
        return Err(vec![empty(&text)]);
    }
    let mut builder = TreeBuilder {
        text: &text,
        findings: Vec::new(),
        values: 0,
    };
    let root = value.as_ref().and_then(|value| builder.node(value, 1));
    let mut findings = builder.findings;
    if findings.len() >= MAX_FINDINGS {
        findings.extend(more(&findings));
    }
    if findings.is_empty()
        && let Err(JsonError {
            message,
            line,
            column,
        }) = canonical::parse(text.content().as_bytes())
    {
        let offset = text.offset(line, column);
        findings.push(syntax(&text, offset..offset, &message));
    }
    match root {
        Some(root) if findings.is_empty() => Ok(Document { text, root }),
        _ => Err(findings),
    }
}

fn syntax(text: &Text, range: Range<usize>, message: &str) -> Diagnostic {
    let mut chars = message.chars();
    let message: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .chain(chars)
        .collect();
    Diagnostic::error(Code::Syntax, message)
        .at("", text.location(range))
        .help("write strict JSON: no comments, no trailing commas, keys in double quotes, line breaks as `\\n`")
}

struct TreeBuilder<'t> {
    text: &'t Text,
    findings: Vec<Diagnostic>,
    values: usize,
}

impl TreeBuilder<'_> {
    /// The node; none after a finding about it.
    fn node(&mut self, value: &ast::Value<'_>, depth: usize) -> Option<Node> {
        let range = value.start()..value.end();
        if depth > MAX_DEPTH {
            if !self
                .findings
                .iter()
                .any(|finding| finding.code == Code::TooDeep)
            {
                self.findings.push(too_deep(self.text, range));
            }
            return None;
        }
        self.values += 1;
        if self.values == MAX_VALUES + 1 {
            self.findings.push(too_many_values(self.text, range));
            return None;
        }
        if self.values > MAX_VALUES || self.findings.len() >= MAX_FINDINGS {
            return None;
        }
        let source = &self.text.content()[range.clone()];
        let value = match value {
            ast::Value::NullKeyword(_) => NodeValue::Null,
            ast::Value::BooleanLit(literal) => NodeValue::Bool(literal.value),
            ast::Value::NumberLit(_) => NodeValue::Number(self.number(source, &range)?),
            ast::Value::StringLit(_) => NodeValue::Text(text_of(source)),
            ast::Value::Array(array) => NodeValue::List(
                array
                    .elements
                    .iter()
                    .filter_map(|element| self.node(element, depth + 1))
                    .collect(),
            ),
            ast::Value::Object(object) => NodeValue::Map(self.entries(object, depth)),
        };
        Some(Node { range, value })
    }

    /// A number that every JSON parser reads exactly.
    fn number(&mut self, source: &str, range: &Range<usize>) -> Option<Number> {
        let number: Option<Number> = serde_json::from_str(source).ok();
        let is_integer = source.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let is_safe = |number: &Number| match number.as_i64() {
            Some(number) => number.unsigned_abs() <= MAX_SAFE_INTEGER,
            None => !is_integer || number.as_f64() == Some(0.0),
        };
        let safe = number.filter(is_safe);
        if safe.is_none() {
            self.findings.push(unsafe_number(self.text, source, range));
        }
        safe
    }

    fn entries(&mut self, object: &ast::Object<'_>, depth: usize) -> Vec<KeyValue> {
        let mut entries = Vec::new();
        let mut seen = BTreeMap::new();
        for property in &object.properties {
            let key_range = property.name.start()..property.name.end();
            let key = text_of(&self.text.content()[key_range.clone()]);
            let value = self.node(&property.value, depth + 1);
            if self.values > MAX_VALUES || self.findings.len() >= MAX_FINDINGS {
                break;
            }
            if let Some(first) = seen.get(&key) {
                self.findings
                    .push(duplicate_key(self.text, &key, &key_range, first));
            } else {
                seen.insert(key.clone(), key_range.clone());
                entries.extend(value.map(|value| KeyValue {
                    key,
                    key_range,
                    value,
                }));
            }
        }
        entries
    }
}

/// The text of a string literal. The canonical parser reports an invalid one, which is empty here.
fn text_of(literal: &str) -> String {
    serde_json::from_str(literal).unwrap_or_default()
}
