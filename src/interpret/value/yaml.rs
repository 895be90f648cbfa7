//! Values of YAML texts: one document of YAML 1.2.

use super::{SetValueError, entry, nested, no_container, place};
use crate::interpret::format::is_no_text;
use crate::model::ordered_value::OrderedValue;
use oneyaml::{Document, EditError, NodeKind, NodeMut};
use serde_json::{Map, Number, Value};

/// The value of a whole text; null if it has none.
pub(super) fn value(text: &str) -> Result<Value, SetValueError> {
    plain(&read(text)?.to_value()?)
}

/// The text with a value at some keys; `None` if it has the value already.
pub(super) fn set(
    text: &str,
    tokens: &[String],
    value: &OrderedValue,
) -> Result<Option<String>, SetValueError> {
    let mut document = read(text)?;
    if document.root().is_none() {
        let joint = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        let new = oneyaml::to_string(&nested(tokens, value))?;
        return Ok(Some(format!("{text}{joint}{new}")));
    }
    let edit = YamlEdit { tokens, value };
    let Some(place) = edit.apply(&mut document)? else {
        return Ok(None);
    };
    quote(
        &mut document,
        &place,
        &nested(&tokens[place.len()..], value),
    )
    .map_err(|_| edit.layout(tokens.len()))?;
    Ok(Some(document.to_string()))
}

fn read(text: &str) -> Result<Document, SetValueError> {
    Ok(Document::parse(text)?)
}

impl From<oneyaml::Error> for SetValueError {
    fn from(error: oneyaml::Error) -> Self {
        Self::Syntax {
            format: "YAML",
            reason: error.to_string(),
        }
    }
}

/// The value in JSON. A tagged value is an object that no action can set.
fn plain(value: &oneyaml::Value) -> Result<Value, SetValueError> {
    use oneyaml::Value as Yaml;
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(boolean) => Value::Bool(*boolean),
        Yaml::String(text) => Value::String(text.clone()),
        Yaml::Number(number) => {
            let whole = number.as_i64().map(Number::from);
            let whole = whole.or_else(|| number.as_u64().map(Number::from));
            let found = whole.or_else(|| Number::from_f64(number.as_f64()?));
            found.map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
        Yaml::Sequence(items) => items.iter().map(plain).collect::<Result<_, _>>()?,
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match plain(key)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                if object.insert(key.clone(), plain(value)?).is_some() {
                    return Err(SetValueError::Syntax {
                        format: "YAML",
                        reason: format!("the key `{key}` occurs twice"),
                    });
                }
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            serde_json::json!({ "$tag": tagged.tag.to_string(), "$value": plain(&tagged.value)? })
        }
        other => {
            return Err(SetValueError::Syntax {
                format: "YAML",
                reason: format!("`{other:?}` is a value of an unknown type"),
            });
        }
    })
}

struct YamlEdit<'e> {
    tokens: &'e [String],
    value: &'e OrderedValue,
}

impl YamlEdit<'_> {
    /// Sets the value, and gives the keys of the node that is new or replaced; `None` if the value is there already.
    fn apply(&self, document: &mut Document) -> Result<Option<Vec<String>>, SetValueError> {
        let whole = plain(&document.to_value()?)?;
        let mut current = &whole;
        let mut node = document.root_mut().map_err(|_| self.layout(0))?;
        for (depth, token) in self.tokens.iter().enumerate() {
            let layout = |_: EditError| self.layout(depth);
            let kind = node.get().map_err(layout)?.kind();
            (node, current) = match (kind, current) {
                (NodeKind::Mapping, Value::Object(entries)) => {
                    let Some(value) = entries.get(token) else {
                        let below = nested(&self.tokens[depth + 1..], self.value);
                        node.insert(token.as_str(), with_stand_ins(&below))
                            .map_err(layout)?;
                        return Ok(Some(self.tokens[..=depth].to_vec()));
                    };
                    (node.get_mut(token.as_str()).map_err(layout)?, value)
                }
                (NodeKind::Sequence, Value::Array(items)) => {
                    let index = entry(self.tokens, depth, items.len())?;
                    match items.get(index) {
                        Some(value) => (node.get_index_mut(index).map_err(layout)?, value),
                        None if token == "-" && items.contains(&self.value.plain()) => {
                            return Ok(None);
                        }
                        None => {
                            node.push(with_stand_ins(self.value)).map_err(layout)?;
                            return Ok(Some(below(&self.tokens[..depth], &index.to_string())));
                        }
                    }
                }
                (NodeKind::Scalar, Value::Null) => {
                    return Err(no_container(self.tokens, depth, "null"));
                }
                (NodeKind::Scalar, _) => return Err(no_container(self.tokens, depth, "a scalar")),
                (NodeKind::Alias, _) => return Err(no_container(self.tokens, depth, "an alias")),
                _ => return Err(self.layout(depth)),
            };
        }
        if *current == self.value.plain() {
            return Ok(None);
        }
        let set = node.set(with_stand_ins(self.value));
        set.map_err(|_| self.layout(self.tokens.len()))?;
        Ok(Some(self.tokens.to_vec()))
    }

    fn layout(&self, depth: usize) -> SetValueError {
        SetValueError::Layout {
            place: place(&self.tokens[..depth]),
        }
    }
}

/// A value whose texts that YAML 1.1 reads as something else, such as `no`, are longer texts that need quotes.
fn with_stand_ins(value: &OrderedValue) -> OrderedValue {
    match value {
        OrderedValue::Scalar(Value::String(text)) if is_no_text(text) => {
            OrderedValue::Scalar(Value::String(format!("{text}: -")))
        }
        OrderedValue::Scalar(_) => value.clone(),
        OrderedValue::List(items) => OrderedValue::List(items.iter().map(with_stand_ins).collect()),
        OrderedValue::Object(entries) => {
            let entries = entries.iter();
            OrderedValue::Object(
                entries
                    .map(|(key, value)| (key.clone(), with_stand_ins(value)))
                    .collect(),
            )
        }
    }
}

/// Puts the texts in the place of their stand-ins, in the quotes of these.
fn quote(document: &mut Document, keys: &[String], value: &OrderedValue) -> Result<(), EditError> {
    match value {
        OrderedValue::Scalar(Value::String(text)) if is_no_text(text) => {
            node_at(document, keys)?.set_scalar(text)?;
        }
        OrderedValue::Scalar(_) => {}
        OrderedValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                quote(document, &below(keys, &index.to_string()), item)?;
            }
        }
        OrderedValue::Object(entries) => {
            for (key, value) in entries {
                quote(document, &below(keys, key), value)?;
            }
        }
    }
    Ok(())
}

fn below(keys: &[String], key: &str) -> Vec<String> {
    keys.iter()
        .map(String::as_str)
        .chain([key])
        .map(str::to_owned)
        .collect()
}

fn node_at<'d>(document: &'d mut Document, keys: &[String]) -> Result<NodeMut<'d>, EditError> {
    let mut node = document.root_mut()?;
    for key in keys {
        let is_list = node.get()?.kind() == NodeKind::Sequence;
        node = match key.parse() {
            Ok(index) if is_list => node.get_index_mut(index)?,
            _ => node.get_mut(key.as_str())?,
        };
    }
    Ok(node)
}
