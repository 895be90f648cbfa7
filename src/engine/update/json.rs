//! JSON and JSON with comments, read by key and edited in the layout that the author chose.

use super::value::{KeyEdit, Value};
use crate::interpret::{JSON_WITH_COMMENTS, json_nesting};
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstRootNode};
use std::collections::BTreeSet;

/// The deepest nesting that is merged by key.
const DEPTH: usize = 100;

/// The value of a text; none if it cannot be read, or has a key twice.
pub(super) fn value(text: &str) -> Option<Value> {
    value_of(&root(text)?.value()?)
}

/// The repository's text with the edits, whose values are those of the plan's text.
pub(super) fn edited(ours: &str, theirs: &str, edits: &[KeyEdit]) -> Option<String> {
    let document = root(ours)?;
    let source = root(theirs)?.object_value()?;
    let target = document.object_value()?;
    for edit in edits {
        match edit {
            KeyEdit::Set { path, after } => {
                let (key, folders) = path.split_last()?;
                let new = input_of(&find(&source, folders)?.get(key)?.value()?)?;
                let object = find(&target, folders)?;
                match object.get(key) {
                    Some(property) => property.set_value(new),
                    None => insert(&object, key, after.as_deref(), new),
                }
            }
            KeyEdit::Remove { path } => {
                let (key, folders) = path.split_last()?;
                find(&target, folders)?.get(key)?.remove();
            }
        }
    }
    Some(document.to_string())
}

/// Adds a key after another one; without one in the object at its end, or first if the plan has it first.
fn insert(object: &CstObject, key: &str, after: Option<&str>, new: CstInputValue) {
    let Some(after) = after else {
        object.insert(0, key, new);
        return;
    };
    match object.get(after) {
        Some(property) => object.insert(property.property_index() + 1, key, new),
        None => object.append(key, new),
    };
}

fn root(text: &str) -> Option<CstRootNode> {
    if json_nesting(text) > DEPTH {
        return None;
    }
    CstRootNode::parse(text, &JSON_WITH_COMMENTS).ok()
}

fn find(object: &CstObject, keys: &[String]) -> Option<CstObject> {
    let mut found = object.clone();
    for key in keys {
        found = found.get(key)?.object_value()?;
    }
    Some(found)
}

fn value_of(node: &CstNode) -> Option<Value> {
    if let Some(object) = node.as_object() {
        let mut seen = BTreeSet::new();
        let members = object.properties().into_iter().map(|property| {
            let name = property.decoded_name()?;
            let value = value_of(&property.value()?)?;
            seen.insert(name.clone()).then_some((name, value))
        });
        return members.collect::<Option<_>>().map(Value::Object);
    }
    if let Some(array) = node.as_array() {
        let items = array.elements().into_iter().map(|item| value_of(&item));
        return items.collect::<Option<_>>().map(Value::Array);
    }
    let text = match node.as_string_lit() {
        Some(text) => serde_json::to_string(&text.decoded_value().ok()?).ok()?,
        None => node.to_string(),
    };
    Some(Value::Scalar(text))
}

fn input_of(node: &CstNode) -> Option<CstInputValue> {
    if let Some(object) = node.as_object() {
        let members = object
            .properties()
            .into_iter()
            .map(|property| Some((property.decoded_name()?, input_of(&property.value()?)?)));
        return members.collect::<Option<_>>().map(CstInputValue::Object);
    }
    if let Some(array) = node.as_array() {
        let items = array.elements().into_iter().map(|item| input_of(&item));
        return items.collect::<Option<_>>().map(CstInputValue::Array);
    }
    if let Some(text) = node.as_string_lit() {
        return Some(CstInputValue::String(text.decoded_value().ok()?));
    }
    if let Some(value) = node.as_boolean_lit() {
        return Some(CstInputValue::Bool(value.value()));
    }
    if node.as_null_keyword().is_some() {
        return Some(CstInputValue::Null);
    }
    Some(CstInputValue::Number(node.as_number_lit()?.to_string()))
}
