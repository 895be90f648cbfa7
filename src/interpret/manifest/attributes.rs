//! The attributes of a dependency besides its range: features, extras, a group, and a version that the workspace sets.

use super::ManifestError;
use crate::interpret::line_ends::Lines;
use crate::interpret::value::{self, ValueFormat};
use crate::model::action::SingleLine;
use crate::model::dependency::{Ecosystem, PackageName, Section, VersionRange};
use crate::model::value_pointer::ValuePointer;
use serde_json::{Value as JsonValue, json};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// The attributes of a dependency, as an action names them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    /// Features of a Rust crate.
    pub features: &'a [SingleLine],
    /// False for a Rust crate without its default features.
    pub default_features: Option<bool>,
    pub optional: bool,
    /// Extras of a Python package.
    pub extras: &'a [SingleLine],
    /// A group of Python dependencies.
    pub group: Option<&'a str>,
    /// True if the workspace sets the version.
    pub workspace: bool,
}

/// A dependency whose attributes are to be set.
pub struct Described<'a> {
    pub name: &'a PackageName,
    pub range: Option<&'a VersionRange>,
    pub section: Section,
    pub attributes: Attributes<'a>,
}

impl Attributes<'_> {
    /// True if the range is all that there is.
    fn is_empty(&self) -> bool {
        self.features.is_empty()
            && self.default_features.is_none()
            && !self.optional
            && self.extras.is_empty()
            && !self.workspace
    }
}

/// The text with a dependency whose version the workspace sets; `None` if it has one already.
pub fn add_of_workspace(
    ecosystem: Ecosystem,
    text: &str,
    described: &Described<'_>,
) -> Result<Option<String>, ManifestError> {
    let name = described.name.as_str();
    match ecosystem {
        Ecosystem::Npm => {
            let section = described.section.to_string();
            let range = described.range.map_or("*", VersionRange::as_str);
            let version = json!(format!("workspace:{range}"));
            let present = serde_json::from_str::<JsonValue>(text)
                .ok()
                .and_then(|manifest| manifest[&section].get(name).cloned());
            match present {
                Some(JsonValue::String(present)) if present.starts_with("workspace:") => Ok(None),
                Some(_) => Err(has_version(name)),
                None => set(ValueFormat::Json, text, &[&section, name], &version),
            }
        }
        Ecosystem::Cargo => edit_toml(text, |document| {
            let table = cargo_section(document, described.section)?;
            if let Some(item) = table.get(name) {
                let is_of_workspace = item
                    .as_table_like()
                    .and_then(|entry| entry.get("workspace"))
                    .and_then(Item::as_bool);
                return match is_of_workspace {
                    Some(true) => Ok(false),
                    _ => Err(has_version(name)),
                };
            }
            let mut entry = InlineTable::new();
            entry.insert("workspace", true.into());
            table.insert(name, Item::Value(Value::InlineTable(entry)));
            Ok(true)
        }),
        Ecosystem::Python => {
            let place: Vec<&str> = match (described.attributes.group, described.section) {
                (Some(group), _) => vec!["dependency-groups", group, "-"],
                (None, Section::DevDependencies) => vec!["dependency-groups", "dev", "-"],
                (None, _) => vec!["project", "dependencies", "-"],
            };
            let range = described.range.map_or("", VersionRange::as_str);
            let listed = edit_toml(text, |document| {
                let array = python_array(document, &place[..place.len() - 1])?;
                if array.iter().any(|entry| is_named(entry, described.name)) {
                    return Ok(false);
                }
                push(array, &format!("{name}{range}"));
                Ok(true)
            })?;
            let with_entry = listed.as_deref().unwrap_or(text);
            let sourced = edit_toml(with_entry, |document| {
                let sources = table_at(
                    document.as_table_mut(),
                    &["tool", "uv", "sources"],
                    "tool.uv.sources",
                )?;
                if sources.contains_key(name) {
                    return Ok(false);
                }
                let mut entry = InlineTable::new();
                entry.insert("workspace", true.into());
                sources.insert(name, Item::Value(Value::InlineTable(entry)));
                Ok(true)
            })?;
            Ok(sourced.or(listed))
        }
    }
}

/// The text with the attributes of a dependency that it contains; `None` if it has them already.
pub fn describe(
    ecosystem: Ecosystem,
    text: &str,
    described: &Described<'_>,
) -> Result<Option<String>, ManifestError> {
    if described.attributes.is_empty() {
        return Ok(None);
    }
    match ecosystem {
        Ecosystem::Cargo => edit_toml(text, |document| {
            let table = cargo_section(document, described.section)?;
            match table.get_mut(described.name.as_str()) {
                Some(item) => describe_crate(item, described),
                None => Ok(false),
            }
        }),
        Ecosystem::Python => edit_toml(text, |document| describe_python(document, described)),
        Ecosystem::Npm
            if described.attributes.optional && described.section == Section::PeerDependencies =>
        {
            let name = described.name.as_str();
            let place = ["peerDependenciesMeta", name, "optional"];
            set(ValueFormat::Json, text, &place, &json!(true))
        }
        Ecosystem::Npm => Ok(None),
    }
}

fn describe_crate(item: &mut Item, described: &Described<'_>) -> Result<bool, ManifestError> {
    let Attributes {
        features,
        default_features,
        optional,
        ..
    } = described.attributes;
    let mut is_changed = false;
    let needs_table = !features.is_empty() || default_features == Some(false) || optional;
    if let Item::Value(Value::String(_)) = item {
        if !needs_table {
            return Ok(false);
        }
        let Item::Value(mut version) = std::mem::take(item) else {
            return Ok(false);
        };
        let decor = version.decor().clone();
        version.decor_mut().clear();
        let mut entry = InlineTable::new();
        entry.insert("version", version);
        let mut entry = Value::InlineTable(entry);
        *entry.decor_mut() = decor;
        *item = Item::Value(entry);
        is_changed = true;
    }
    let Some(entry) = item.as_table_like_mut() else {
        return Err(layout(described.name.as_str()));
    };
    if let Some(wanted) = default_features {
        let key = if entry.contains_key("default_features") {
            "default_features"
        } else {
            "default-features"
        };
        let present = entry.get(key).and_then(Item::as_bool).unwrap_or(true);
        if present != wanted {
            insert(entry, key, wanted.into());
            is_changed = true;
        }
    }
    if !features.is_empty() {
        if !entry.contains_key("features") {
            insert(entry, "features", Value::Array(Array::new()));
        }
        let Some(array) = entry.get_mut("features").and_then(Item::as_array_mut) else {
            return Err(layout("features"));
        };
        for feature in features.iter().map(SingleLine::as_str) {
            if !array.iter().any(|one| one.as_str() == Some(feature)) {
                push(array, feature);
                is_changed = true;
            }
        }
    }
    if optional && entry.get("optional").and_then(Item::as_bool) != Some(true) {
        insert(entry, "optional", true.into());
        is_changed = true;
    }
    Ok(is_changed)
}

fn insert(entry: &mut dyn TableLike, key: &str, value: Value) {
    entry.insert(key, Item::Value(value));
}

/// Adds the extras to every requirement of the package.
fn describe_python(
    document: &mut DocumentMut,
    described: &Described<'_>,
) -> Result<bool, ManifestError> {
    let extras = described.attributes.extras;
    if extras.is_empty() {
        return Ok(false);
    }
    let place: Vec<&str> = match (described.attributes.group, described.section) {
        (Some(group), _) if described.attributes.optional => {
            vec!["project", "optional-dependencies", group]
        }
        (Some(group), _) => vec!["dependency-groups", group],
        (None, Section::DevDependencies) => vec!["dependency-groups", "dev"],
        (None, _) => vec!["project", "dependencies"],
    };
    let array = python_array(document, &place)?;
    let mut is_changed = false;
    for entry in array.iter_mut() {
        let Some(text) = entry.as_str().map(str::to_owned) else {
            continue;
        };
        if !is_named(entry, described.name) {
            continue;
        }
        let (name, present, rest) = split_requirement(&text);
        let mut all: Vec<&str> = present.clone();
        all.extend(
            extras
                .iter()
                .map(SingleLine::as_str)
                .filter(|extra| !present.contains(extra)),
        );
        if all != present {
            let decor = entry.decor().clone();
            *entry = format!("{name}[{}]{rest}", all.join(",")).into();
            *entry.decor_mut() = decor;
            is_changed = true;
        }
    }
    Ok(is_changed)
}

/// Adds a requirement to an optional group of a Python project.
pub fn add_optional_python(
    text: &str,
    described: &Described<'_>,
    group: &str,
) -> Result<Option<String>, ManifestError> {
    let range = described.range.map_or("", VersionRange::as_str);
    let wanted = format!("{}{range}", described.name);
    edit_toml(text, |document| {
        let place = ["project", "optional-dependencies", group];
        let array = python_array(document, &place)?;
        let present = array
            .iter()
            .find(|entry| is_named(entry, described.name))
            .and_then(Value::as_str);
        match present.map(split_requirement) {
            None => {
                push(array, &wanted);
                Ok(true)
            }
            Some((_, _, rest)) if rest.trim() == range => Ok(false),
            Some((_, _, rest)) => Err(ManifestError::RangeConflict {
                name: described.name.to_string(),
                existing: rest.to_owned(),
                wanted: range.to_owned(),
            }),
        }
    })
}

/// Name, extras and range of a requirement.
fn split_requirement(text: &str) -> (&str, Vec<&str>, &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let (name, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extras, rest)) => {
            let extras = extras.split(',').map(str::trim);
            (
                name,
                extras.filter(|extra| !extra.is_empty()).collect(),
                rest,
            )
        }
        None => (name, Vec::new(), rest),
    }
}

fn is_named(entry: &Value, name: &PackageName) -> bool {
    let text = entry.as_str();
    text.is_some_and(|text| name.is_named_by(split_requirement(text.trim()).0))
}

/// Adds a text to an array, in the layout of the others.
fn push(array: &mut Array, text: &str) {
    let mut value = Value::from(text);
    if let Some(last) = array.len().checked_sub(1).and_then(|last| array.get(last)) {
        let prefix = last
            .decor()
            .prefix()
            .and_then(|prefix| prefix.as_str())
            .filter(|prefix| prefix.trim().is_empty() && !prefix.is_empty());
        value.decor_mut().set_prefix(prefix.unwrap_or(" "));
    }
    array.push_formatted(value);
}

/// The section of a Cargo.toml, created where it is missing.
fn cargo_section(
    document: &mut DocumentMut,
    section: Section,
) -> Result<&mut dyn TableLike, ManifestError> {
    let names = super::cargo::spellings(section);
    let present = names.iter().find(|name| document.contains_key(name));
    let Some(name) = present.or(names.first()).copied() else {
        return Err(layout(&section.to_string()));
    };
    let item = document
        .as_table_mut()
        .entry(name)
        .or_insert_with(|| Item::Table(Table::new()));
    item.as_table_like_mut().ok_or_else(|| layout(name))
}

fn table_at<'d>(
    root: &'d mut Table,
    keys: &[&str],
    shown: &str,
) -> Result<&'d mut Table, ManifestError> {
    let mut table = root;
    for (number, key) in keys.iter().enumerate() {
        let is_last = number + 1 == keys.len();
        let item = table.entry(key).or_insert_with(|| {
            let mut new = Table::new();
            new.set_implicit(!is_last);
            Item::Table(new)
        });
        table = item.as_table_mut().ok_or_else(|| layout(shown))?;
    }
    Ok(table)
}

/// An array of requirements, created where it is missing.
fn python_array<'d>(
    document: &'d mut DocumentMut,
    keys: &[&str],
) -> Result<&'d mut Array, ManifestError> {
    let shown = keys.join(".");
    let (last, tables) = keys.split_last().ok_or_else(|| layout(&shown))?;
    let table = table_at(document.as_table_mut(), tables, &shown)?;
    let item = table
        .entry(last)
        .or_insert_with(|| Item::Value(Value::Array(Array::new())));
    item.as_array_mut().ok_or_else(|| layout(&shown))
}

/// Edits a TOML text; `None` if nothing changed.
fn edit_toml(
    text: &str,
    edit: impl FnOnce(&mut DocumentMut) -> Result<bool, ManifestError>,
) -> Result<Option<String>, ManifestError> {
    let lines = Lines::of(text);
    super::toml::read(lines.text())?;
    let mut document: DocumentMut = lines.text().parse().map_err(|_| layout("the file"))?;
    if document.to_string() != lines.text() {
        return Err(layout("the file"));
    }
    let is_changed = edit(&mut document)?;
    Ok(is_changed.then(|| lines.replaced_by(&document.to_string())))
}

/// Sets a value; `None` if it is set already.
fn set(
    format: ValueFormat,
    text: &str,
    keys: &[&str],
    new: &JsonValue,
) -> Result<Option<String>, ManifestError> {
    let escaped = keys
        .iter()
        .map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")));
    let place = escaped.collect::<String>();
    let pointer = ValuePointer::parse(&place).map_err(|_| layout(&place))?;
    let lines = Lines::of(text);
    let changed = value::set(format, lines.text(), &pointer, new).map_err(|_| layout(&place))?;
    Ok(changed.map(|changed| lines.replaced_by(&changed)))
}

fn layout(place: &str) -> ManifestError {
    ManifestError::Layout {
        place: format!("`{place}`"),
        expected: "a table with a [header], or as a plain list",
    }
}

fn has_version(name: &str) -> ManifestError {
    ManifestError::NotARange {
        name: name.to_owned(),
        reason: "it has another version than the workspace".to_owned(),
    }
}
