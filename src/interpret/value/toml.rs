//! Values of TOML texts.

use super::{SetValueError, entry, no_container, place};
use serde_json::Value;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Key, Table, TableLike, Value as TomlValue};

/// The value of a whole text.
pub(super) fn value(text: &str) -> Result<Value, SetValueError> {
    Ok(table_value(read(text)?.as_table()))
}

/// The text with a value at some keys; `None` if it has the value already.
pub(super) fn set(
    text: &str,
    tokens: &[String],
    value: &Value,
) -> Result<Option<String>, SetValueError> {
    let mut document = read(text)?;
    if document.to_string() != text {
        let place = place(&[]);
        return Err(SetValueError::Layout { place });
    }
    let edit = TomlEdit { tokens, value };
    let changed = edit.in_table(document.as_table_mut(), 0)?;
    Ok(changed.then(|| document.to_string()))
}

fn read(text: &str) -> Result<DocumentMut, SetValueError> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| SetValueError::Syntax {
            format: "TOML",
            reason: error.message().to_owned(),
        })
}

fn table_value(table: &dyn TableLike) -> Value {
    let entries = table
        .iter()
        .map(|(key, item)| (key.to_owned(), item_value(item)));
    Value::Object(entries.collect())
}

fn item_value(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => plain(value),
        Item::Table(table) => table_value(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table_value(table)).collect(),
    }
}

/// The value in JSON. A date, which JSON does not have, is an object that no action can set.
fn plain(value: &TomlValue) -> Value {
    match value {
        TomlValue::String(text) => Value::String(text.value().clone()),
        TomlValue::Integer(number) => Value::from(*number.value()),
        TomlValue::Float(number) => serde_json::Number::from_f64(*number.value())
            .map_or_else(|| Value::String(number.value().to_string()), Value::Number),
        TomlValue::Boolean(boolean) => Value::Bool(*boolean.value()),
        TomlValue::Datetime(date) => serde_json::json!({ "$date": date.value().to_string() }),
        TomlValue::Array(array) => array.iter().map(plain).collect(),
        TomlValue::InlineTable(table) => table_value(table),
    }
}

struct TomlEdit<'e> {
    tokens: &'e [String],
    value: &'e Value,
}

impl TomlEdit<'_> {
    /// Sets the value below a table; false if it is there already.
    fn in_table(&self, table: &mut Table, depth: usize) -> Result<bool, SetValueError> {
        let token = &self.tokens[depth];
        let is_last = depth + 1 == self.tokens.len();
        if table.get(token).is_some_and(|item| !item.is_none()) {
            let item = table.get_mut(token).expect("the key exists");
            return self.in_item(item, depth + 1);
        }
        if is_last {
            let item = match self.value {
                Value::Object(entries) => Item::Table(new_table(entries)?),
                other => Item::Value(toml_value(other)?),
            };
            insert(table, token, item);
            return Ok(true);
        }
        let mut below = Table::new();
        // A table that only contains tables needs no header.
        below.set_implicit(depth + 2 != self.tokens.len() || self.value.is_object());
        self.in_table(&mut below, depth + 1)?;
        insert(table, token, Item::Table(below));
        Ok(true)
    }

    fn in_item(&self, item: &mut Item, depth: usize) -> Result<bool, SetValueError> {
        if depth == self.tokens.len() {
            return self.replace(item);
        }
        match item {
            Item::Table(table) => self.in_table(table, depth),
            Item::Value(value) => self.in_value(value, depth),
            Item::ArrayOfTables(tables) => {
                let length = tables.len();
                let index = entry(self.tokens, depth, length)?;
                match tables.get_mut(index) {
                    Some(table) if depth + 1 < self.tokens.len() => self.in_table(table, depth + 1),
                    _ => Err(SetValueError::Layout {
                        place: place(&self.tokens[..=depth]),
                    }),
                }
            }
            Item::None => Err(no_container(self.tokens, depth, "nothing")),
        }
    }

    fn in_value(&self, value: &mut TomlValue, depth: usize) -> Result<bool, SetValueError> {
        if depth == self.tokens.len() {
            return self.replace_value(value);
        }
        match value {
            TomlValue::InlineTable(table) => self.in_inline(table, depth),
            TomlValue::Array(array) => self.in_array(array, depth),
            TomlValue::String(_) => Err(no_container(self.tokens, depth, "a text")),
            TomlValue::Integer(_) | TomlValue::Float(_) => {
                Err(no_container(self.tokens, depth, "a number"))
            }
            TomlValue::Boolean(_) => Err(no_container(self.tokens, depth, "a boolean")),
            TomlValue::Datetime(_) => Err(no_container(self.tokens, depth, "a date")),
        }
    }

    fn in_inline(&self, table: &mut InlineTable, depth: usize) -> Result<bool, SetValueError> {
        let token = &self.tokens[depth];
        if let Some(value) = table.get_mut(token) {
            return self.in_value(value, depth + 1);
        }
        let below = super::nested(&self.tokens[depth + 1..], self.value);
        let mut new = toml_value(&below)?;
        // The space before the bracket stays there.
        if let Some((_, last)) = table.iter_mut().last() {
            let suffix = last.decor().suffix().cloned().unwrap_or_default();
            last.decor_mut().set_suffix("");
            new.decor_mut().set_suffix(suffix);
        }
        table.insert(token, new);
        Ok(true)
    }

    fn in_array(&self, array: &mut Array, depth: usize) -> Result<bool, SetValueError> {
        let index = entry(self.tokens, depth, array.len())?;
        if let Some(value) = array.get_mut(index) {
            return self.in_value(value, depth + 1);
        }
        let is_new = |value: &TomlValue| plain(value) != *self.value;
        if self.tokens[depth] == "-" && !array.iter().all(is_new) {
            return Ok(false);
        }
        let mut value = toml_value(self.value)?;
        if let Some(last) = array.len().checked_sub(1).and_then(|last| array.get(last)) {
            let prefix = last
                .decor()
                .prefix()
                .and_then(|prefix| prefix.as_str())
                .filter(|prefix| prefix.trim().is_empty() && !prefix.is_empty());
            value.decor_mut().set_prefix(prefix.unwrap_or(" "));
        }
        array.push_formatted(value);
        Ok(true)
    }

    fn replace(&self, item: &mut Item) -> Result<bool, SetValueError> {
        if item_value(item) == *self.value {
            return Ok(false);
        }
        match (&mut *item, self.value) {
            (Item::Value(value), _) => return self.replace_value(value),
            (Item::Table(table), Value::Object(entries)) if !table.is_dotted() => {
                let mut new = new_table(entries)?;
                *new.decor_mut() = table.decor().clone();
                new.set_position(table.position());
                *table = new;
            }
            _ => {
                return Err(SetValueError::Layout {
                    place: place(self.tokens),
                });
            }
        }
        Ok(true)
    }

    fn replace_value(&self, value: &mut TomlValue) -> Result<bool, SetValueError> {
        if plain(value) == *self.value {
            return Ok(false);
        }
        let mut new = toml_value(self.value)?;
        *new.decor_mut() = value.decor().clone();
        *value = new;
        Ok(true)
    }
}

/// Adds a key after the last one of its table, with the same indentation.
fn insert(table: &mut Table, key: &str, item: Item) {
    let is_value = item.is_value();
    let lead = table
        .iter()
        .filter(|(_, item)| item.is_value())
        .last()
        .and_then(|(name, _)| table.key(name))
        .and_then(|key| key.leaf_decor().prefix()?.as_str().map(str::to_owned))
        .map(|prefix| match prefix.rsplit_once('\n') {
            Some((_, lead)) => lead.to_owned(),
            None => prefix,
        })
        .filter(|lead| is_value && lead.chars().all(|c| matches!(c, ' ' | '\t')));
    let mut key = Key::new(key);
    if let Some(lead) = lead {
        key.leaf_decor_mut().set_prefix(lead);
    }
    table.insert_formatted(&key, item);
}

fn new_table(entries: &serde_json::Map<String, Value>) -> Result<Table, SetValueError> {
    let mut table = Table::new();
    for (key, value) in entries {
        let item = match value {
            Value::Object(entries) => Item::Table(new_table(entries)?),
            other => Item::Value(toml_value(other)?),
        };
        table.insert(key, item);
    }
    Ok(table)
}

fn toml_value(value: &Value) -> Result<TomlValue, SetValueError> {
    Ok(match value {
        Value::Null => return Err(SetValueError::NoToml { what: "null" }),
        Value::Bool(boolean) => (*boolean).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.into(),
            (None, Some(float)) if number.is_f64() => float.into(),
            _ => {
                return Err(SetValueError::NoToml {
                    what: "a number of that size",
                });
            }
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => {
            let items: Vec<TomlValue> = items.iter().map(toml_value).collect::<Result<_, _>>()?;
            TomlValue::Array(items.into_iter().collect())
        }
        Value::Object(entries) => {
            let mut table = InlineTable::new();
            for (key, value) in entries {
                table.insert(key, toml_value(value)?);
            }
            TomlValue::InlineTable(table)
        }
    })
}
