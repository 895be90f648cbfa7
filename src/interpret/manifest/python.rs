//! Edits of pyproject.toml.

use std::collections::BTreeSet;
use std::ops::Range;

use toml_edit::{Array, Item, Table, TableLike, Value};

use super::comma_list::CommaList;
use super::resolve_range::{VersionChange, resolve_range};
use super::splice::{Splice, first_newline, last_line_lead};
use super::{Dependency, ManifestError, toml};
use crate::base::pattern::pattern;
use crate::model::dependency::{Ecosystem, PackageName, Section};

const GROUPS: &str = "dependency-groups";

const MAIN: &str = "project.dependencies";

pub(super) fn change(
    text: &str,
    dependency: &Dependency<'_>,
    section: &str,
) -> Result<VersionChange, ManifestError> {
    let document = toml::read(text)?;
    let project = table(document.as_table(), "project")?;
    let groups = table(document.as_table(), GROUPS)?;
    let main = array(project, "dependencies", MAIN)?;
    let wanted_group = dependency.group.unwrap_or("dev");
    let group = groups
        .and_then(|groups| {
            let is_it = |(key, _): &(&str, &Item)| normalized(key) == normalized(wanted_group);
            groups.iter().find(is_it).map(|(key, _)| key)
        })
        .unwrap_or(wanted_group);
    let place = format!("{GROUPS}.{wanted_group}");
    let dev = array(groups, group, &place)?;

    let is_dev = dependency.section == Section::DevDependencies || dependency.group.is_some();
    let section = if is_dev { place.as_str() } else { section };
    let (wanted, other, other_section) = if is_dev {
        (dev, main, MAIN)
    } else {
        (main, dev, place.as_str())
    };
    if let Some(other) = other
        && requirements(other).any(|found| dependency.name.is_named_by(found.name))
    {
        return Err(ManifestError::OtherSection {
            name: dependency.name.to_string(),
            existing: other_section.to_owned(),
            wanted: section.to_owned(),
        });
    }
    if is_sourced(&document, dependency.name)
        && let Some(wanted) = wanted
        && requirements(wanted).any(|found| dependency.name.is_named_by(found.name))
    {
        return Ok(VersionChange::Present {
            reason: "[tool.uv.sources] says where it comes from",
        });
    }
    if is_dev
        && let Some(groups) = groups
        && let Some(change) = included(groups, group, dependency)?
    {
        return Ok(change);
    }
    if let Some(wanted) = wanted {
        return change_array(text, wanted, dependency);
    }
    let newline = first_newline(text).unwrap_or("\n");
    let entry = format!("\"{}{}\"", dependency.name, dependency.range);
    let value = format!("[{newline}    {entry},{newline}]");
    let splice = match (is_dev, project, groups) {
        (true, _, None) => Some(toml::add_table(text, GROUPS, &format!("{group} = {value}"))),
        (true, _, Some(groups)) => toml::add_line(text, groups, group, &value),
        (false, Some(project), _) => {
            let dynamic = project.get("dynamic").and_then(Item::as_array);
            if dynamic.is_some_and(|names| {
                names
                    .iter()
                    .any(|name| name.as_str() == Some("dependencies"))
            }) {
                return Err(ManifestError::Layout {
                    place: "`project.dependencies`, named in `project.dynamic`,".to_owned(),
                    expected: "an array",
                });
            }
            toml::add_last_line(text, project, "dependencies", &value)
        }
        (false, None, _) => {
            return Err(ManifestError::Missing {
                what: "the table [project]",
            });
        }
    };
    match splice {
        Some(splice) => Ok(VersionChange::Add(vec![splice])),
        None => Err(layout(if is_dev { GROUPS } else { "project" })),
    }
}

/// True if uv takes the package from the workspace, a folder, a repository or an address.
/// Source: <https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources>
fn is_sourced(document: &Table, name: &PackageName) -> bool {
    let sources = ["tool", "uv", "sources"]
        .iter()
        .try_fold(document as &dyn TableLike, |table, key| {
            table.get(key)?.as_table_like()
        });
    let is_elsewhere = |source: &dyn TableLike| {
        let keys = ["workspace", "path", "git", "url"];
        keys.iter().any(|key| source.contains_key(key))
    };
    sources.is_some_and(|sources| {
        sources
            .iter()
            .filter(|(key, _)| name.is_named_by(key))
            .any(|(_, item)| match item {
                Item::Value(Value::Array(all)) => all
                    .iter()
                    .filter_map(Value::as_inline_table)
                    .any(|source| is_elsewhere(source)),
                item => item.as_table_like().is_some_and(is_elsewhere),
            })
    })
}

/// The outcome for a package that a group includes from another one; `None` if it does not, or with a wider range.
fn included(
    groups: &Table,
    group: &str,
    dependency: &Dependency<'_>,
) -> Result<Option<VersionChange>, ManifestError> {
    let mut open = vec![group.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        let key = normalized(&name);
        if !seen.insert(key.clone()) {
            continue;
        }
        let arrays = groups.iter().filter(|(name, _)| normalized(name) == key);
        for array in arrays.filter_map(|(_, item)| item.as_array()) {
            if seen.len() > 1 {
                for found in requirements(array) {
                    if dependency.name.is_named_by(found.name)
                        && let VersionChange::Keep { existing } =
                            resolve_range(Ecosystem::Python, dependency, found.range, || {
                                Splice::insert(0, String::new())
                            })?
                    {
                        return Ok(Some(VersionChange::Keep { existing }));
                    }
                }
            }
            let names = array
                .iter()
                .filter_map(|value| value.as_inline_table()?.get("include-group")?.as_str());
            open.extend(names.map(str::to_owned));
        }
    }
    Ok(None)
}

/// The form by which the names of groups are compared.
/// Source: <https://peps.python.org/pep-0735/#specification>
fn normalized(group: &str) -> String {
    pattern!("[-_.]+")
        .replace_all(group, "-")
        .to_ascii_lowercase()
}

fn table<'d>(document: &'d Table, key: &str) -> Result<Option<&'d Table>, ManifestError> {
    match document.get(key) {
        None => Ok(None),
        Some(Item::Table(table)) if toml::has_header(table) => Ok(Some(table)),
        Some(_) => Err(layout(key)),
    }
}

fn layout(key: &str) -> ManifestError {
    ManifestError::Layout {
        place: format!("`{key}`"),
        expected: "a table with a [header]",
    }
}

fn array<'d>(
    table: Option<&'d Table>,
    key: &str,
    place: &str,
) -> Result<Option<&'d Array>, ManifestError> {
    match table.and_then(|table| table.get(key)) {
        None => Ok(None),
        Some(Item::Value(Value::Array(array))) => Ok(Some(array)),
        Some(_) => Err(ManifestError::WrongShape {
            place: format!("`{place}`"),
            expected: "an array",
        }),
    }
}

fn change_array(
    text: &str,
    array: &Array,
    dependency: &Dependency<'_>,
) -> Result<VersionChange, ManifestError> {
    let mut present = requirements(array).filter(|found| dependency.name.is_named_by(found.name));
    let Some(found) = present.next() else {
        return match insert(text, array, dependency) {
            Some(splices) => Ok(VersionChange::Add(splices)),
            None => Err(layout(MAIN)),
        };
    };
    if present.next().is_some() {
        return Err(ManifestError::NotARange {
            name: dependency.name.to_string(),
            reason: "it is listed more than once".to_owned(),
        });
    }
    let written = format!("{}{}{}", found.name, found.gap, dependency.range);
    resolve_range(Ecosystem::Python, dependency, found.range, || Splice {
        new: toml::quoted(text, Some(&found.at), &written),
        at: found.at,
    })
}

fn insert(text: &str, array: &Array, dependency: &Dependency<'_>) -> Option<Vec<Splice>> {
    let items: Vec<Range<usize>> = array.iter().filter_map(Value::span).collect();
    let span = array.span()?;
    let entry = format!("{}{}", dependency.name, dependency.range);
    let entry = toml::quoted(text, items.first(), &entry);
    let list = CommaList {
        text,
        inside: span.start + 1..span.end - 1,
        items,
        space: " ",
        outer: None,
    };
    if list.items.is_empty() {
        let inside = list.inside_text();
        let Some(lead) = last_line_lead(inside) else {
            return Some(vec![Splice {
                at: list.inside,
                new: entry,
            }]);
        };
        let at = list.inside.start + inside.len() - lead.len();
        return Some(vec![Splice::insert(at, format!("{lead}    {entry},"))]);
    }
    let keys: Vec<_> = requirements(array)
        .filter_map(|found| PackageName::parse(Ecosystem::Python, found.name).ok())
        .collect();
    let index = if keys.len() == list.items.len() {
        toml::sorted_place(&keys, dependency.name)
    } else {
        list.items.len()
    };
    Some(list.insert(index, &entry))
}

/// A PEP 508 requirement, split after its name. The rest should be a range.
struct Requirement<'a> {
    /// The whole string in the document, quotes included.
    at: Range<usize>,
    name: &'a str,
    gap: &'a str,
    range: &'a str,
}

fn requirements(array: &Array) -> impl Iterator<Item = Requirement<'_>> {
    array.iter().filter_map(|value| {
        let at = value.span()?;
        let text = value.as_str()?.trim();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let (name, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
        // Extras stay as they are: `name[extra] >=1`.
        let after = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((_, after)) => after,
            None => rest,
        };
        let range = after.trim_start();
        let gap = &rest[..rest.len() - range.len()];
        Some(Requirement {
            at,
            name,
            gap,
            range,
        })
    })
}
