//! Edits of Cargo.toml.

use std::ops::Range;

use toml_edit::{Item, Key, Table, TableLike, Value};

use super::comma_list::CommaList;
use super::resolve_range::{VersionChange, resolve_range};
use super::splice::Splice;
use super::{Dependency, ManifestError, toml};
use crate::model::dependency::{Ecosystem, PackageName, Section};

/// Keys of a dependency that does not come from crates.io.
const ELSEWHERE: [&str; 3] = ["git", "registry", "registry-index"];

/// The names of a section; cargo reads the second one if the first is absent.
/// Source: <https://doc.rust-lang.org/edition-guide/rust-2024/cargo-table-key-names.html>
pub(super) fn spellings(section: Section) -> &'static [&'static str] {
    match section {
        Section::Dependencies => &["dependencies"],
        Section::DevDependencies => &["dev-dependencies", "dev_dependencies"],
        Section::PeerDependencies | Section::OptionalDependencies => &[],
    }
}

/// A section of a manifest.
struct SectionTable<'d> {
    /// The name in the manifest.
    key: &'static str,
    item: &'d Item,
    table: &'d dyn TableLike,
}

pub(super) fn change(
    text: &str,
    dependency: &Dependency<'_>,
) -> Result<VersionChange, ManifestError> {
    let document = toml::read(text)?;
    let has_package = ["package", "project"]
        .iter()
        .any(|key| document.contains_key(key));
    if document.contains_key("workspace") && !has_package {
        return Err(ManifestError::Missing {
            what: "[package] (a workspace without one takes no dependencies)",
        });
    }
    let default = spellings(dependency.section).first().copied();
    let wanted = section_table(&document, dependency.section)?;
    let wanted_key = wanted
        .as_ref()
        .map(|wanted| wanted.key)
        .or(default)
        .unwrap_or("");
    for section in Section::ALL {
        if section != dependency.section
            && let Some(other) = section_table(&document, section)?
            && find(other.table, dependency.name).is_some()
        {
            return Err(ManifestError::OtherSection {
                name: dependency.name.to_string(),
                existing: format!("[{}]", other.key),
                wanted: format!("[{wanted_key}]"),
            });
        }
    }
    if let Some(wanted) = wanted {
        return change_section(text, &wanted, dependency);
    }
    let line = format!("{} = \"{}\"", dependency.name, dependency.range);
    let splice = toml::add_table(text, wanted_key, &line);
    Ok(VersionChange::Add(vec![splice]))
}

/// The table of a section, under any of its names. Fails if a second one exists, which cargo ignores.
fn section_table<'d>(
    document: &'d Table,
    section: Section,
) -> Result<Option<SectionTable<'d>>, ManifestError> {
    let mut found: Option<SectionTable<'d>> = None;
    for &key in spellings(section) {
        let Some(item) = document.get(key) else {
            continue;
        };
        let Some(table) = item.as_table_like() else {
            return Err(ManifestError::WrongShape {
                place: format!("[{key}]"),
                expected: "a table",
            });
        };
        if let Some(first) = found {
            return Err(ManifestError::TwoSpellings {
                ignored: key,
                read: first.key,
            });
        }
        found = Some(SectionTable { key, item, table });
    }
    Ok(found)
}

fn change_section(
    text: &str,
    &SectionTable { key, item, table }: &SectionTable<'_>,
    dependency: &Dependency<'_>,
) -> Result<VersionChange, ManifestError> {
    if let Some((name, item)) = find(table, dependency.name) {
        if let Some(reason) = in_repository(item) {
            return Ok(VersionChange::Present { reason });
        }
        let (existing, at) = version(name, item, dependency.name)?;
        return resolve_range(Ecosystem::Cargo, dependency, existing, || Splice {
            new: toml::quoted(text, Some(&at), dependency.range.as_str()),
            at,
        });
    }
    let new = format!("\"{}\"", dependency.range);
    let line = format!("{} = {new}", dependency.name);
    let added = match item {
        Item::Table(table) if toml::has_header(table) => {
            toml::add_line(text, table, dependency.name.as_str(), &new).map(|splice| vec![splice])
        }
        Item::Table(table) if !table.is_dotted() => Some(vec![toml::add_table(text, key, &line)]),
        Item::Value(Value::InlineTable(inline)) => inline
            .span()
            .map(|span| add_inline(text, span, table, dependency.name.as_str(), &line)),
        Item::Table(_) | Item::Value(_) | Item::None | Item::ArrayOfTables(_) => None,
    };
    match added {
        Some(splices) => Ok(VersionChange::Add(splices)),
        None => Err(ManifestError::Layout {
            place: format!("`{key}`"),
            expected: "a table with a [header]",
        }),
    }
}

/// The reason why the version of an entry is not in this manifest, if the repository sets it elsewhere.
fn in_repository(item: &Item) -> Option<&'static str> {
    if item.get("workspace").and_then(Item::as_bool) == Some(true) {
        Some("its version is inherited from the workspace")
    } else if item.get("path").and_then(Item::as_str).is_some() {
        Some("it is a package of the repository")
    } else {
        None
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
        outer: None,
    };
    list.insert(toml::sorted_place(&names, &name), line)
}
