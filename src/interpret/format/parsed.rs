//! Texts as their parsers read them, to see that a change leaves a file valid and a value as it is.

use super::Unwritable;
use super::json;
use super::regions::{Find, Regions, fill_plainly};
use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use saphyr_parser::{Parser, ScalarStyle};
use std::collections::BTreeSet;
use toml_edit::{Document, Item};

/// The deepest nesting of brackets that is parsed, as in `serde_json`.
const DEPTH: usize = 127;

/// A place where a text is not valid. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxProblem {
    pub(crate) line: usize,
    pub(crate) reason: String,
}

/// A part of a parsed text, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A text, be it a key or a value.
    Text(String),
    /// Anything else.
    Other(String),
}

/// Compares the parsed texts before and after the values were filled in: only the placeholders may differ.
///
/// A text that could not be parsed before is not compared.
pub(super) fn compare(
    events: fn(&str) -> Option<Vec<Event>>,
    before: &str,
    after: &str,
    finds: &[Find<'_>],
) -> Result<(), Unwritable> {
    let Some(expected) = events(before) else {
        return Ok(());
    };
    // By name, since the parsed texts have no positions.
    let mut named: Vec<(&str, &str)> = finds
        .iter()
        .map(|find| (&before[find.range.clone()], find.value))
        .collect();
    named.sort_unstable();
    named.dedup();
    let has_name = |text: &str| named.iter().any(|(token, _)| text.contains(token));
    let expected = expected.into_iter().map(|event| match event {
        Event::Text(text) => Event::Text(replaced(&text, &named)),
        // A plain scalar that only looks like a number, such as `1 __PRODUCT_NAME__`.
        Event::Other(text) if has_name(&text) => Event::Text(replaced(&text, &named)),
        Event::Other(text) => Event::Other(text),
    });
    let found = events(after);
    if found.is_some_and(|found| expected.eq(found)) {
        return Ok(());
    }
    let is_special = |find: &Find<'_>| find.value.chars().any(|c| !c.is_alphanumeric() && c != '-');
    Err(Unwritable(finds.iter().position(is_special).unwrap_or(0)))
}

/// A text with each placeholder replaced, in one pass.
fn replaced(text: &str, named: &[(&str, &str)]) -> String {
    let mut finds = Vec::new();
    let mut at = 0;
    while let Some(length) = text[at..].find("__") {
        at += length;
        match named
            .iter()
            .find(|(token, _)| text[at..].starts_with(token))
        {
            Some((token, value)) => {
                finds.push(Find {
                    range: at..at + token.len(),
                    value,
                });
                at += token.len();
            }
            None => at += 1,
        }
    }
    fill_plainly(text, &finds)
}

const WITH_COMMENTS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: true,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: true,
    allow_hexadecimal_numbers: true,
    allow_unary_plus_numbers: true,
    allow_bare_decimal_point_numbers: true,
    allow_non_finite_numbers: true,
    allow_extended_string_escapes: true,
};

pub(super) fn check_json(text: &str) -> Result<(), SyntaxProblem> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(|_| ())
        .map_err(|error| SyntaxProblem {
            line: error.line(),
            reason: reason_of(&error),
        })
}

pub(super) fn check_json_lines(text: &str) -> Result<(), SyntaxProblem> {
    let documents = (1..).zip(text.lines());
    for (line, document) in documents.filter(|(_, document)| !document.trim().is_empty()) {
        check_json(document).map_err(|problem| SyntaxProblem { line, ..problem })?;
    }
    Ok(())
}

/// Entities of a document type are expanded within the parser's limits; nothing outside the text is read.
pub(super) fn check_xml(text: &str) -> Result<(), SyntaxProblem> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    roxmltree::Document::parse_with_options(text, options)
        .map(|_| ())
        .map_err(|error| SyntaxProblem {
            line: match error {
                // The parser has no position for it: the end tag is missing at the end.
                roxmltree::Error::UnclosedRootNode => text.lines().count().max(1),
                _ => error.pos().row as usize,
            },
            reason: xml_reason(&error),
        })
}

/// The reason without its place, which is shown apart.
fn xml_reason(error: &roxmltree::Error) -> String {
    let reason = error.to_string();
    let end = reason.rfind(" at ").unwrap_or(reason.len());
    reason[..end].to_owned()
}

/// The reason without its place, which is shown apart.
fn reason_of(error: &serde_json::Error) -> String {
    let reason = error.to_string();
    let end = reason.rfind(" at line ").unwrap_or(reason.len());
    reason[..end].to_owned()
}

pub(super) fn check_json_with_comments(text: &str) -> Result<(), SyntaxProblem> {
    check_json_depth(text)?;
    parse_to_ast(text, &CollectOptions::default(), &WITH_COMMENTS)
        .map(|_| ())
        .map_err(|error| SyntaxProblem {
            line: line_of(text, error.range().start),
            reason: error.kind().to_string(),
        })
}

fn check_json_depth(text: &str) -> Result<(), SyntaxProblem> {
    if json::scan(text, &mut Regions::of(&[])) > DEPTH {
        return Err(SyntaxProblem {
            line: 1,
            reason: format!("nested deeper than {DEPTH} levels"),
        });
    }
    Ok(())
}

pub(super) fn check_toml(text: &str) -> Result<(), SyntaxProblem> {
    Document::parse(text)
        .map(|_| ())
        .map_err(|error| SyntaxProblem {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })
}

pub(super) fn check_yaml(text: &str) -> Result<(), SyntaxProblem> {
    let mut keys = YamlKeys::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxProblem {
            line: error.marker().line(),
            reason: error.info().to_owned(),
        })?;
        if let Some(key) = keys.duplicate(&event) {
            return Err(SyntaxProblem {
                line: span.start.line(),
                reason: format!("the key `{}` is there twice", key.escape_debug()),
            });
        }
    }
    Ok(())
}

/// The keys of the open mappings, which the parser does not compare.
#[derive(Default)]
struct YamlKeys {
    open: Vec<YamlCollection>,
}

enum YamlCollection {
    Sequence,
    /// The keys so far, and true if the next node is a value.
    Mapping(BTreeSet<String>, bool),
}

impl YamlKeys {
    /// Follows an event; gives the key that its mapping has already.
    fn duplicate(&mut self, event: &saphyr_parser::Event<'_>) -> Option<String> {
        use saphyr_parser::Event as Yaml;
        match event {
            Yaml::SequenceStart(..) => self.open.push(YamlCollection::Sequence),
            Yaml::MappingStart(..) => {
                self.open
                    .push(YamlCollection::Mapping(BTreeSet::new(), false));
            }
            Yaml::SequenceEnd | Yaml::MappingEnd => {
                self.open.pop();
                self.node(None);
            }
            Yaml::Scalar(key, ..) => return self.node(Some(key)),
            Yaml::Alias(_) => return self.node(None),
            Yaml::DocumentStart(_)
            | Yaml::DocumentEnd
            | Yaml::StreamStart
            | Yaml::StreamEnd
            | Yaml::Nothing => {}
        }
        None
    }

    /// Counts a node of the innermost mapping, `key` for a scalar. A merge key may be there several times.
    fn node(&mut self, key: Option<&str>) -> Option<String> {
        let Some(YamlCollection::Mapping(keys, is_value)) = self.open.last_mut() else {
            return None;
        };
        *is_value = !*is_value;
        let key = key.filter(|key| *is_value && *key != "<<")?;
        (!keys.insert(key.to_owned())).then(|| key.to_owned())
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let end = text.floor_char_boundary(offset.min(text.len()));
    text[..end].matches('\n').count() + 1
}

pub(super) fn json_events(text: &str) -> Option<Vec<Event>> {
    check_json_depth(text).ok()?;
    let parsed = parse_to_ast(text, &CollectOptions::default(), &WITH_COMMENTS).ok()?;
    let mut events = Vec::new();
    push_json(&parsed.value?, &mut events);
    Some(events)
}

fn push_json(value: &Value<'_>, events: &mut Vec<Event>) {
    let other = |text: &str| Event::Other(text.to_owned());
    match value {
        Value::StringLit(text) => events.push(Event::Text(text.value.to_string())),
        Value::NumberLit(number) => events.push(other(number.value)),
        Value::BooleanLit(value) => events.push(Event::Other(value.value.to_string())),
        Value::NullKeyword(_) => events.push(other("null")),
        Value::Array(array) => {
            events.push(other("["));
            for element in &array.elements {
                push_json(element, events);
            }
            events.push(other("]"));
        }
        Value::Object(object) => {
            events.push(other("{"));
            for property in &object.properties {
                let name = match &property.name {
                    ObjectPropName::String(name) => name.value.to_string(),
                    ObjectPropName::Word(name) => name.value.to_owned(),
                };
                events.push(Event::Text(name));
                push_json(&property.value, events);
            }
            events.push(other("}"));
        }
    }
}

pub(super) fn toml_events(text: &str) -> Option<Vec<Event>> {
    let document = Document::parse(text).ok()?;
    let mut events = Vec::new();
    push_toml(document.as_item(), &mut events);
    Some(events)
}

fn push_toml(item: &Item, events: &mut Vec<Event>) {
    if let Some(table) = item.as_table_like() {
        events.push(Event::Other("{".to_owned()));
        for (key, item) in table.iter() {
            events.push(Event::Text(key.to_owned()));
            push_toml(item, events);
        }
        events.push(Event::Other("}".to_owned()));
    } else if let Some(array) = item.as_array() {
        events.push(Event::Other("[".to_owned()));
        for value in array {
            push_toml(&Item::Value(value.clone()), events);
        }
        events.push(Event::Other("]".to_owned()));
    } else if let Some(tables) = item.as_array_of_tables() {
        events.push(Event::Other("[".to_owned()));
        for table in tables {
            push_toml(&Item::Table(table.clone()), events);
        }
        events.push(Event::Other("]".to_owned()));
    } else if let Some(text) = item.as_str() {
        events.push(Event::Text(text.to_owned()));
    } else {
        events.push(Event::Other(item.to_string().trim().to_owned()));
    }
}

pub(super) fn yaml_events(text: &str) -> Option<Vec<Event>> {
    use saphyr_parser::Event as Yaml;
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        events.push(match event {
            Yaml::Scalar(value, ScalarStyle::Plain, ..) if is_no_text(&value) => {
                Event::Other(value.into_owned())
            }
            Yaml::Scalar(value, ..) => Event::Text(value.into_owned()),
            Yaml::SequenceStart(..) => Event::Other("[".to_owned()),
            Yaml::SequenceEnd => Event::Other("]".to_owned()),
            Yaml::MappingStart(..) => Event::Other("{".to_owned()),
            Yaml::MappingEnd => Event::Other("}".to_owned()),
            Yaml::Alias(_) => Event::Other("*".to_owned()),
            Yaml::DocumentStart(_) => Event::Other("---".to_owned()),
            Yaml::StreamStart | Yaml::StreamEnd | Yaml::DocumentEnd | Yaml::Nothing => continue,
        });
    }
    Some(events)
}

/// True for a plain scalar that YAML 1.1 or 1.2 reads as something else than a text.
pub(in crate::interpret) fn is_no_text(scalar: &str) -> bool {
    use crate::base::pattern::pattern;
    pattern!(
        r"^(?i:~|null|true|false|yes|no|on|off|y|n|[-+]?\.inf|\.nan|<<|=|)$|^[-+]?(\.[0-9]|[0-9])[0-9_:,.xXoOeE+-]*[a-fA-F0-9_.]*([ tT].*)?$"
    )
    .is_match(scalar)
}
