//! The dependencies of a manifest, for the comparison of two versions of it.

use super::toml;
use crate::model::content::BYTE_ORDER_MARK;
use crate::model::dependency::{Ecosystem, Section};
use std::collections::BTreeMap;
use toml_edit::{Item, TableLike};

/// Section and name → version, as written. A manifest that cannot be parsed has none; an edit of it reports the reason.
pub fn listed(ecosystem: Ecosystem, text: &str) -> BTreeMap<(String, String), String> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    match ecosystem {
        Ecosystem::Npm => npm(text),
        Ecosystem::Cargo => cargo(text),
        Ecosystem::Python => python(text),
    }
}

fn npm(text: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(text) else {
        return found;
    };
    for section in Section::ALL.map(|section| section.to_string()) {
        for (name, version) in manifest[&section].as_object().into_iter().flatten() {
            let text = version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned);
            found.insert((section.clone(), name.clone()), text);
        }
    }
    found
}

fn cargo(text: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    let Ok(document) = toml::read(text) else {
        return found;
    };
    list_cargo_tables(document.as_table(), "", &mut found);
    let targets = document.get("target").and_then(Item::as_table_like);
    for (target, item) in targets.into_iter().flat_map(TableLike::iter) {
        if let Some(table) = item.as_table_like() {
            list_cargo_tables(table, &format!("target.{target}."), &mut found);
        }
    }
    found
}

/// The sections of a manifest or of one of its targets, under both of their spellings.
fn list_cargo_tables(
    table: &dyn TableLike,
    prefix: &str,
    found: &mut BTreeMap<(String, String), String>,
) {
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let other = section.replace('-', "_");
        let item = table.get(section).or_else(|| table.get(&other));
        let entries = item.and_then(Item::as_table_like);
        for (name, item) in entries.into_iter().flat_map(TableLike::iter) {
            let version = match item.as_table_like() {
                Some(entry) if entry.contains_key("workspace") => "workspace".to_owned(),
                Some(entry) => entry
                    .get("version")
                    .and_then(Item::as_str)
                    .map_or_else(|| item.to_string().trim().to_owned(), str::to_owned),
                None => item
                    .as_str()
                    .map_or_else(|| item.to_string().trim().to_owned(), str::to_owned),
            };
            found.insert((format!("{prefix}{section}"), name.to_owned()), version);
        }
    }
}

fn python(text: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    let Ok(document) = toml::read(text) else {
        return found;
    };
    let project = document.get("project").and_then(Item::as_table_like);
    let main = project.and_then(|project| project.get("dependencies"));
    let groups = document
        .get("dependency-groups")
        .and_then(Item::as_table_like)
        .into_iter()
        .flat_map(TableLike::iter)
        .map(|(name, item)| (format!("dependency-groups.{name}"), item));
    let lists = main
        .map(|item| ("project.dependencies".to_owned(), item))
        .into_iter()
        .chain(groups);
    for (section, item) in lists {
        let entries = item.as_array().into_iter().flatten();
        for entry in entries.filter_map(toml_edit::Value::as_str) {
            let end = entry.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
            let (name, version) = entry.split_at(end.unwrap_or(entry.len()));
            found.insert(
                (section.clone(), name.to_owned()),
                version.trim().to_owned(),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ecosystem: Ecosystem, text: &str, expected: &[&str]) {
        let lines: Vec<String> = listed(ecosystem, text)
            .into_iter()
            .map(|((section, name), version)| format!("{section} {name} {version}"))
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn every_section_is_listed() {
        check(
            Ecosystem::Npm,
            "\u{feff}{\"devDependencies\": {\"a\": \"^1\"}, \"dependencies\": {\"b\": \"2\", \"c\": 3}}",
            &[
                "dependencies b 2",
                "dependencies c 3",
                "devDependencies a ^1",
            ],
        );
        check(
            Ecosystem::Cargo,
            "[dependencies]\na = \"1\"\nb = { version = \"2\", features = [] }\nc = { path = \"../c\" }\n[dev-dependencies.d]\nversion = \"4\"\n",
            &[
                "dependencies a 1",
                "dependencies b 2",
                "dependencies c { path = \"../c\" }",
                "dev-dependencies d 4",
            ],
        );
        check(
            Ecosystem::Cargo,
            "[dev_dependencies]\na.workspace = true\n[target.'cfg(unix)'.build_dependencies]\nb = \"1\"\n",
            &[
                "dev-dependencies a workspace",
                "target.cfg(unix).build-dependencies b 1",
            ],
        );
        check(
            Ecosystem::Python,
            "[project]\ndependencies = [\"a>=1\", \"b[x] ~= 2.0\", \"c\"]\n[dependency-groups]\ndev = [\"d ==4\"]\n",
            &[
                "dependency-groups.dev d ==4",
                "project.dependencies a >=1",
                "project.dependencies b [x] ~= 2.0",
                "project.dependencies c ",
            ],
        );
    }

    #[test]
    fn what_cannot_be_read_lists_nothing() {
        for ecosystem in [Ecosystem::Npm, Ecosystem::Cargo, Ecosystem::Python] {
            check(ecosystem, "{ not ] a manifest", &[]);
            check(ecosystem, "", &[]);
        }
    }
}
