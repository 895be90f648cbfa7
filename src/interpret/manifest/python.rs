//! Edits of pyproject.toml.

use std::ops::Range;

use toml_edit::{Array, Item, Table, Value};

use super::comma_list::CommaList;
use super::resolve_range::{VersionChange, resolve_range};
use super::splice::{Splice, first_newline, last_line_lead};
use super::{Dependency, ManifestError, toml};
use crate::model::dependency::{Ecosystem, PackageName, Section};

const GROUPS: &str = "dependency-groups";

const MAIN: &str = "project.dependencies";
const DEV: &str = "dependency-groups.dev";

pub(super) fn change(
    text: &str,
    dependency: &Dependency<'_>,
    section: &str,
) -> Result<VersionChange, ManifestError> {
    let document = toml::read(text)?;
    let project = table(document.as_table(), "project")?;
    let groups = table(document.as_table(), GROUPS)?;
    let main = array(project, "dependencies", MAIN)?;
    let group = groups.and_then(|groups| {
        let dev = |(key, _): &(&str, &Item)| key.eq_ignore_ascii_case("dev");
        groups.iter().find(dev).map(|(key, _)| key)
    });
    let dev = array(groups, group.unwrap_or("dev"), DEV)?;

    let is_dev = dependency.section == Section::DevDependencies;
    let (wanted, other, other_section) = if is_dev {
        (dev, main, MAIN)
    } else {
        (main, dev, DEV)
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
    if let Some(wanted) = wanted {
        return change_array(text, wanted, dependency);
    }
    let newline = first_newline(text).unwrap_or("\n");
    let entry = format!("\"{}{}\"", dependency.name, dependency.range);
    let value = format!("[{newline}    {entry},{newline}]");
    let splice = match (is_dev, project, groups) {
        (true, _, None) => Some(toml::add_table(text, GROUPS, &format!("dev = {value}"))),
        (true, _, Some(groups)) => toml::add_line(text, groups, "dev", &value),
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
        let range = rest.trim_start();
        let gap = &rest[..rest.len() - range.len()];
        Some(Requirement {
            at,
            name,
            gap,
            range,
        })
    })
}
