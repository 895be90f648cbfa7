//! TOML, read by key and edited with its comments and layout.

use super::value::{KeyEdit, Value, is_requirement_list, requirement_name};
use std::collections::BTreeSet;
use toml_edit::{Array, Document, DocumentMut, Item, Key, Table, TableLike};

/// The value of a text; none if it cannot be read. The parser refuses a key or a table that is there twice.
pub(super) fn value(text: &str) -> Option<Value> {
    let document = Document::parse(text).ok()?;
    value_of(document.as_item(), &mut Vec::new())
}

/// The repository's text with the edits, whose values are those of the plan's text.
pub(super) fn edited(ours: &str, theirs: &str, edits: &[KeyEdit]) -> Option<String> {
    let mut document: DocumentMut = ours.parse().ok()?;
    let source: DocumentMut = theirs.parse().ok()?;
    for edit in edits {
        let (path, is_set) = match edit {
            KeyEdit::Set { path, .. } => (path, true),
            KeyEdit::Remove { path } => (path, false),
        };
        let (key, folders) = path.split_last()?;
        let keys: Vec<&str> = folders.iter().map(String::as_str).collect();
        let target = find_mut(document.as_item_mut(), folders)?;
        if is_requirement_list(&keys) && target.is_array() {
            let new = is_set
                .then(|| requirement(find(source.as_item(), folders)?.as_array()?, key))
                .flatten();
            edit_requirement(target.as_array_mut()?, key, new)?;
            continue;
        }
        let table = target.as_table_like_mut()?;
        if is_set {
            let source = find(source.as_item(), folders)?.as_table_like()?;
            let (source_key, item) = source.get_key_value(key)?;
            set(table, source_key, item);
        } else {
            table.remove(key)?;
        }
    }
    Some(document.to_string())
}

/// Sets a value: an existing one keeps its key, its comment and the space around it.
fn set(table: &mut dyn TableLike, key: &Key, new: &Item) {
    let mut item = new.clone();
    clear_positions(&mut item);
    match (table.get_mut(key.get()), &mut item) {
        (Some(Item::Value(old)), Item::Value(new)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new.clone();
        }
        (Some(old), _) => *old = item,
        (None, _) => {
            table.entry_format(key).or_insert(item);
        }
    }
}

/// New tables go to the end of the document: their places in the plan's document mean nothing here.
fn clear_positions(item: &mut Item) {
    match item {
        Item::Table(table) => clear_table(table),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(clear_table),
        Item::None | Item::Value(_) => {}
    }
}

fn clear_table(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        clear_positions(item);
    }
}

fn edit_requirement(array: &mut Array, name: &str, new: Option<toml_edit::Value>) -> Option<()> {
    let is_named = |value: &toml_edit::Value| {
        let text = value.as_str();
        text.and_then(requirement_name).as_deref() == Some(name)
    };
    let at = array.iter().position(is_named);
    match (at, new) {
        (Some(at), Some(new)) => {
            let old = array.get_mut(at)?;
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        (Some(at), None) => {
            array.remove(at);
        }
        (None, Some(mut new)) => match array.iter().last() {
            Some(last) => {
                let prefix = last.decor().prefix().cloned().unwrap_or_default();
                new.decor_mut().set_prefix(prefix);
                new.decor_mut().set_suffix("");
                array.push_formatted(new);
            }
            None => array.push(new),
        },
        (None, None) => return None,
    }
    Some(())
}

/// The requirement of a package in an array.
fn requirement(array: &Array, name: &str) -> Option<toml_edit::Value> {
    array
        .iter()
        .find(|value| value.as_str().and_then(requirement_name).as_deref() == Some(name))
        .cloned()
}

fn find<'i>(item: &'i Item, keys: &[String]) -> Option<&'i Item> {
    keys.iter()
        .try_fold(item, |item, key| item.get(key.as_str()))
}

fn find_mut<'i>(item: &'i mut Item, keys: &[String]) -> Option<&'i mut Item> {
    keys.iter()
        .try_fold(item, |item, key| item.get_mut(key.as_str()))
}

fn value_of(item: &Item, path: &mut Vec<String>) -> Option<Value> {
    if let Some(table) = item.as_table_like() {
        let mut members = Vec::new();
        for (key, item) in table.iter() {
            path.push(key.to_owned());
            members.push((key.to_owned(), value_of(item, path)?));
            path.pop();
        }
        return Some(Value::Object(members));
    }
    if let Some(array) = item.as_array() {
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        if is_requirement_list(&keys)
            && let Some(named) = requirements(array)
        {
            return Some(Value::Requirements(named));
        }
        let items = array
            .iter()
            .map(|value| value_of(&Item::Value(value.clone()), path));
        return items.collect::<Option<_>>().map(Value::Array);
    }
    if let Some(tables) = item.as_array_of_tables() {
        let items = tables
            .iter()
            .map(|table| value_of(&Item::Table(table.clone()), path));
        return items.collect::<Option<_>>().map(Value::Array);
    }
    Some(Value::Scalar(match item.as_str() {
        Some(text) => serde_json::to_string(text).ok()?,
        None => item.to_string().trim().to_owned(),
    }))
}

/// The requirements of an array by package; none if one is no text, or a package is there twice.
fn requirements(array: &Array) -> Option<Vec<(String, Value)>> {
    let mut seen = BTreeSet::new();
    let named = array.iter().map(|value| {
        let text = value.as_str()?;
        let name = requirement_name(text)?;
        let scalar = Value::Scalar(serde_json::to_string(text).ok()?);
        seen.insert(name.clone()).then_some((name, scalar))
    });
    named.collect()
}
