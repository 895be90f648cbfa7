//! Edits of package.json.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::comma_list::{CommaFirst, CommaList};
use super::resolve_range::{VersionChange, resolve_range};
use super::splice::{Splice, first_newline, last_line_lead, place};
use super::{Dependency, ManifestError, npm_order};
use crate::interpret::value::json::WITH_COMMENTS;
use crate::model::dependency::{Ecosystem, Section};

/// The deepest nesting of brackets, as in `serde_json`.
const DEPTH: usize = 127;

/// The key of comments, which npm accepts several times; in a section it would be the name of a package.
const COMMENT: &str = "//";

const TOP_LEVEL: &str = "the top level";

/// The protocols of a version that the repository sets elsewhere, or of a package inside the repository.
const IN_REPOSITORY: [(&str, &str); 5] = [
    (
        "workspace:",
        "its version is that of a package of the workspace",
    ),
    ("catalog:", "its version is in the catalog of the workspace"),
    ("file:", "it is a package of the repository"),
    ("link:", "it is a package of the repository"),
    ("portal:", "it is a package of the repository"),
];

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_trailing_commas: false,
    ..WITH_COMMENTS
};

pub(super) fn change(
    text: &str,
    dependency: &Dependency<'_>,
) -> Result<VersionChange, ManifestError> {
    let top = read(text)?;
    no_duplicates(text, &top, TOP_LEVEL)?;
    let mut wanted = None;
    for section in Section::ALL {
        let key = section.to_string();
        let Some(property) = property(&top, &key) else {
            continue;
        };
        let Value::Object(entries) = &property.value else {
            return Err(ManifestError::WrongShape {
                place: format!("`{key}`"),
                expected: "an object",
            });
        };
        no_duplicates(text, entries, &format!("`{key}`"))?;
        if section == dependency.section {
            wanted = Some((property, entries));
        } else if self::property(entries, dependency.name.as_str()).is_some()
            && !may_share(section, dependency.section)
        {
            return Err(ManifestError::OtherSection {
                name: dependency.name.to_string(),
                existing: key,
                wanted: dependency.section.to_string(),
            });
        }
    }
    let layout = ManifestLayout::new(text, &top);
    let Some((section, entries)) = wanted else {
        return Ok(VersionChange::Add(layout.add_section(&top, dependency)));
    };
    let Some(present) = property(entries, dependency.name.as_str()) else {
        return Ok(VersionChange::Add(
            layout.add_entry(section, entries, dependency),
        ));
    };
    let Value::StringLit(existing) = &present.value else {
        return Err(ManifestError::NotARange {
            name: dependency.name.to_string(),
            reason: "it is not a string".to_owned(),
        });
    };
    let range = existing.value.trim();
    if let Some((_, reason)) = IN_REPOSITORY
        .iter()
        .find(|(start, _)| range.starts_with(start))
    {
        return Ok(VersionChange::Present { reason });
    }
    // An alias of the package itself has a range like others.
    let itself = format!("npm:{}@", dependency.name);
    let (alias, range) = match range.strip_prefix(&itself) {
        Some(range) => (itself.as_str(), range),
        None => ("", existing.value.as_ref()),
    };
    resolve_range(Ecosystem::Npm, dependency, range, || Splice {
        at: existing.range.start..existing.range.end,
        new: format!("\"{alias}{}\"", dependency.range),
    })
}

/// A package may have the same dependency as a peer and for development.
fn may_share(a: Section, b: Section) -> bool {
    matches!(
        (a, b),
        (Section::PeerDependencies, Section::DevDependencies)
            | (Section::DevDependencies, Section::PeerDependencies)
    )
}

fn read(text: &str) -> Result<Object<'_>, ManifestError> {
    check_depth(text)?;
    let syntax = |line, column, reason| ManifestError::Syntax {
        line,
        column,
        reason,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        let (line, column) = place(text, error.range().start);
        syntax(line, column, error.kind().to_string())
    })?;
    // The parser with positions accepts some control characters and spaces that JSON does not.
    serde_json::from_str::<serde_json::Value>(text).map_err(|error| {
        let reason = error.to_string();
        let end = reason.rfind(" at line ").unwrap_or(reason.len());
        let line = text.lines().nth(error.line().saturating_sub(1));
        let (_, column) = place(line.unwrap_or(""), error.column().saturating_sub(1));
        syntax(error.line(), column, reason[..end].to_owned())
    })?;
    match parsed.value {
        Some(Value::Object(top)) => Ok(top),
        Some(_) | None => Err(ManifestError::WrongShape {
            place: TOP_LEVEL.to_owned(),
            expected: "an object",
        }),
    }
}

/// Counts brackets outside strings before anything recurses over them.
fn check_depth(text: &str) -> Result<(), ManifestError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            let (line, column) = place(text, offset);
            return Err(ManifestError::TooDeep {
                line,
                column,
                limit: DEPTH,
            });
        }
    }
    Ok(())
}

fn no_duplicates(text: &str, object: &Object<'_>, place_name: &str) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for property in &object.properties {
        if property.name.as_str() == COMMENT && place_name == TOP_LEVEL {
            continue;
        }
        if !seen.insert(property.name.as_str()) {
            let (line, column) = place(text, property.range.start);
            return Err(ManifestError::Duplicate {
                key: property.name.as_str().to_owned(),
                place: place_name.to_owned(),
                line,
                column,
            });
        }
    }
    Ok(())
}

fn property<'o, 't>(object: &'o Object<'t>, key: &str) -> Option<&'o ObjectProp<'t>> {
    object
        .properties
        .iter()
        .find(|property| property.name.as_str() == key)
}

/// The layout of the file, derived from its first property.
struct ManifestLayout<'a> {
    text: &'a str,
    /// The indentation of the top level; `None` when the file is one line.
    unit: Option<&'a str>,
    newline: &'a str,
    colon: &'a str,
    /// The space after a comma and inside the braces of a list on one line.
    space: &'static str,
    comma_first: Option<CommaFirst<'a>>,
}

impl<'a> ManifestLayout<'a> {
    fn new(text: &'a str, top: &Object<'_>) -> Self {
        let colon = top
            .properties
            .first()
            .map_or(": ", |first| colon_of(text, first));
        let space = if colon == ":" { "" } else { " " };
        let list = comma_list(text, top, space, None);
        let lead = match list.items.first() {
            Some(_) => last_line_lead(list.before(0)),
            None => Some("\n  "),
        };
        Self {
            text,
            unit: lead.map(|lead| lead.trim_start_matches(['\r', '\n'])),
            newline: first_newline(text).unwrap_or("\n"),
            colon,
            space,
            comma_first: list.comma_first(list.items.len()),
        }
    }

    /// Adds a section at the end, as npm does.
    fn add_section(&self, top: &Object<'_>, dependency: &Dependency<'_>) -> Vec<Splice> {
        let unit = self.unit.unwrap_or("");
        let entry = entry_text(self.colon, dependency);
        let list = comma_list(self.text, top, self.space, None);
        if let Some(CommaFirst { lead, .. }) = self.comma_first {
            let step = if self.text.contains("\n\t") {
                "\t"
            } else {
                "  "
            };
            let object = format!("{lead}{step}{{ {entry}{lead}{step}}}");
            let section = format!("\"{}\":{object}", dependency.section);
            return list.insert(list.items.len(), &section);
        }
        let section = format!(
            "\"{}\"{}{}",
            dependency.section,
            self.colon,
            self.object(&entry, unit)
        );
        if list.items.is_empty() {
            return vec![Splice {
                at: top.range.start..top.range.end,
                new: self.object(&section, ""),
            }];
        }
        list.insert(list.items.len(), &section)
    }

    fn add_entry(
        &self,
        section: &ObjectProp<'_>,
        entries: &Object<'_>,
        dependency: &Dependency<'_>,
    ) -> Vec<Splice> {
        let list = comma_list(self.text, entries, self.space, self.comma_first);
        let Some(neighbour) = entries.properties.first() else {
            let line = last_line_lead(&self.text[..section.range.start]).unwrap_or("");
            let indent = line.trim_start_matches(['\r', '\n']);
            return vec![Splice {
                at: entries.range.start..entries.range.end,
                new: self.object(&entry_text(self.colon, dependency), indent),
            }];
        };
        let colon = colon_of(self.text, neighbour);
        let index = entries
            .properties
            .iter()
            .position(|property| {
                npm_order::compare(property.name.as_str(), dependency.name.as_str())
                    == Ordering::Greater
            })
            .unwrap_or(entries.properties.len());
        list.insert(index, &entry_text(colon, dependency))
    }

    /// Writes an object of one entry whose closing brace is indented by `indent`.
    fn object(&self, entry: &str, indent: &str) -> String {
        match self.unit {
            Some(unit) => {
                let newline = self.newline;
                format!("{{{newline}{indent}{unit}{entry}{newline}{indent}}}")
            }
            None => format!("{{{0}{entry}{0}}}", self.space),
        }
    }
}

/// The text between the name and the value of a property; `: ` where it contains a line break.
fn colon_of<'a>(text: &'a str, property: &ObjectProp<'_>) -> &'a str {
    let colon = &text[property.name.end()..property.value.range().start];
    if colon.contains('\n') { ": " } else { colon }
}

fn entry_text(colon: &str, dependency: &Dependency<'_>) -> String {
    format!("\"{}\"{colon}\"{}\"", dependency.name, dependency.range)
}

fn comma_list<'a>(
    text: &'a str,
    object: &Object<'_>,
    space: &'a str,
    outer: Option<CommaFirst<'a>>,
) -> CommaList<'a> {
    CommaList {
        text,
        inside: object.range.start + 1..object.range.end - 1,
        items: object
            .properties
            .iter()
            .map(|property| property.range.start..property.range.end)
            .collect(),
        space,
        outer,
    }
}
