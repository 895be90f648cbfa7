//! Edits of Cargo.toml.

use std::ops::Range;

use toml_edit::{Item, Key, TableLike, Value};

use super::comma_list::CommaList;
use super::resolve_range::{VersionChange, resolve_range};
use super::splice::Splice;
use super::{Dependency, ManifestError, toml};
use crate::model::dependency::{Ecosystem, PackageName, Section};

/// Keys of a dependency that does not come from crates.io.
const ELSEWHERE: [&str; 5] = ["workspace", "path", "git", "registry", "registry-index"];

pub(super) fn change(
    text: &str,
    dependency: &Dependency<'_>,
    wanted_key: &str,
) -> Result<VersionChange, ManifestError> {
    let document = toml::read(text)?;
    if document.contains_key("workspace") && !document.contains_key("package") {
        return Err(ManifestError::Missing {
            what: "[package] (a workspace without one takes no dependencies)",
        });
    }
    let mut wanted = None;
    for section in Section::ALL {
        let Some(key) = section.name_in(Ecosystem::Cargo) else {
            continue;
        };
        let Some(item) = document.get(key) else {
            continue;
        };
        let Some(table) = item.as_table_like() else {
            return Err(ManifestError::WrongShape {
                place: format!("[{key}]"),
                expected: "a table",
            });
        };
        if section == dependency.section {
            wanted = Some((item, table));
        } else if find(table, dependency.name).is_some() {
            return Err(ManifestError::OtherSection {
                name: dependency.name.to_string(),
                existing: format!("[{key}]"),
                wanted: format!("[{wanted_key}]"),
            });
        }
    }
    let new = format!("\"{}\"", dependency.range);
    let line = format!("{} = {new}", dependency.name);
    let Some((section, table)) = wanted else {
        return Ok(VersionChange::Add(vec![toml::add_table(
            text, wanted_key, &line,
        )]));
    };
    if let Some((key, item)) = find(table, dependency.name) {
        let (existing, at) = version(key, item, dependency.name)?;
        return resolve_range(Ecosystem::Cargo, dependency, existing, || Splice {
            new: toml::quoted(text, Some(&at), dependency.range.as_str()),
            at,
        });
    }
    let added = match section {
        Item::Table(table) if toml::has_header(table) => {
            toml::add_line(text, table, dependency.name.as_str(), &new).map(|splice| vec![splice])
        }
        Item::Table(table) if !table.is_dotted() => {
            Some(vec![toml::add_table(text, wanted_key, &line)])
        }
        Item::Value(Value::InlineTable(inline)) => inline
            .span()
            .map(|span| add_inline(text, span, table, dependency.name.as_str(), &line)),
        Item::Table(_) | Item::Value(_) | Item::None | Item::ArrayOfTables(_) => None,
    };
    match added {
        Some(splices) => Ok(VersionChange::Add(splices)),
        None => Err(ManifestError::Layout {
            place: format!("`{wanted_key}`"),
            expected: "a table with a [header]",
        }),
    }
}

/// Finds the entry of a package, under its own or another name.
fn find<'t>(table: &'t dyn TableLike, name: &PackageName) -> Option<(&'t str, &'t Item)> {
    table.iter().find(|(key, item)| {
        let package = item.get("package").and_then(Item::as_str);
        name.is_named_by(key) || package.is_some_and(|package| name.is_named_by(package))
    })
}

/// The version requirement of an entry, and the range of its string.
fn version<'t>(
    key: &str,
    item: &'t Item,
    name: &PackageName,
) -> Result<(&'t str, Range<usize>), ManifestError> {
    let not_a_range = |reason: String| ManifestError::NotARange {
        name: name.to_string(),
        reason,
    };
    if let Some(package) = item.get("package").and_then(Item::as_str)
        && (package, key) != (name.as_str(), name.as_str())
    {
        return Err(not_a_range(format!("`{key}` is an alias of `{package}`")));
    }
    if key != name.as_str() {
        return Err(ManifestError::OtherSpelling {
            name: name.to_string(),
            existing: key.to_owned(),
        });
    }
    if let Some(elsewhere) = ELSEWHERE.iter().find(|key| item.get(**key).is_some()) {
        return Err(not_a_range(format!("it is set by `{elsewhere}`")));
    }
    let version = match item.as_table_like() {
        Some(table) => table.get("version"),
        None => Some(item),
    };
    version
        .and_then(|version| Some((version.as_str()?, version.span()?)))
        .ok_or_else(|| not_a_range("it names no version".to_owned()))
}

fn add_inline(
    text: &str,
    span: Range<usize>,
    table: &dyn TableLike,
    name: &str,
    line: &str,
) -> Vec<Splice> {
    let names: Vec<_> = table.iter().map(|(key, _)| key).collect();
    if names.is_empty() {
        return vec![Splice {
            at: span,
            new: format!("{{ {line} }}"),
        }];
    }
    let items: Vec<_> = table
        .iter()
        .filter_map(|(key, item)| {
            let start = table.key(key).and_then(Key::span)?.start;
            Some(start..toml::end_of(item)?)
        })
        .collect();
    let list = CommaList {
        text,
        inside: span.start + 1..span.end - 1,
        items,
        space: " ",
    };
    list.insert(toml::sorted_place(&names, &name), line)
}
