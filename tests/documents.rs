//! The documents: links lead to files and headings that exist, commands to real commands, and decisions have one form.

use crate::support::Sandbox;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    fs::canonicalize(env!("CARGO_MANIFEST_DIR")).unwrap()
}

/// The Markdown files of this repository's own documentation, by path.
fn documents() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![(root(), false), (root().join("docs"), true)];
    while let Some((folder, is_deep)) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if is_deep {
                    open.push((path, true));
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path, text);
            }
        }
    }
    found
}

/// The text without blocks of code.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The anchors of a document's headings, as forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    for heading in headings {
        let title = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        anchors.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
    }
    anchors
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let link = Regex::new(r"\[[^\]\[]*\]\(([^)\s]+)\)").unwrap();
    let code = Regex::new(r"`[^`\n]*`").unwrap();
    let documents = documents();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, text) in &documents {
        let text = prose(text);
        // A link may have code as its text, but no code is a link.
        let text = code.replace_all(&text, "code");
        for target in link.captures_iter(&text).map(|found| found[1].to_owned()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let is_there = fs::canonicalize(&file).is_ok_and(|file| {
                anchor.is_empty()
                    || documents
                        .get(&file)
                        .is_some_and(|text| anchors(text).contains(anchor))
            });
            if !is_there {
                let path = path.strip_prefix(root()).unwrap();
                wrong.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(count > 100, "{count} links");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_document_can_be_reached_from_the_start_page() {
    let documents = documents();
    let start = fs::read_to_string(root().join("docs/README.md")).unwrap();
    let docs = root().join("docs");
    for path in documents
        .keys()
        .filter(|path| path.parent() == Some(&*docs))
    {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "README.md" || start.contains(&format!("]({name})")),
            "docs/README.md does not name {name}"
        );
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains("](docs/README.md)"));
}

#[test]
fn every_decision_has_the_form_of_a_record_and_is_in_the_index() {
    let folder = root().join("docs/adr");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    assert_eq!(
        index.lines().filter(|line| line.starts_with("| [")).count(),
        names.len()
    );
    for (number, name) in (1..).zip(&names) {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let number = format!("{number:04}");
        let title = text.lines().next().unwrap();
        let title = title
            .strip_prefix(&format!("# {number}. "))
            .unwrap_or_else(|| panic!("{name}: {title}"));
        assert!(
            index.contains(&format!("| [{number}]({name}) | {title} | accepted |")),
            "{name} is not in the index"
        );
        let headings: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(
            headings,
            ["## Status", "## Context", "## Decision", "## Consequences"],
            "{name}"
        );
        assert!(
            text.contains("\nDate: 20") && text.contains("## Status\n\nAccepted\n"),
            "{name}"
        );
    }
}

#[test]
fn the_commands_of_the_runbook_exist() {
    let sandbox = Sandbox::new();
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let command = Regex::new(r"(?m)(?:`|^)groundplan ([^`\n]+)").unwrap();
    let mut count = 0;
    for file in ["runbook.md", "upgrading.md", "signing.md"] {
        let text = fs::read_to_string(root().join("docs").join(file)).unwrap();
        for line in command
            .captures_iter(&text)
            .map(|found| found[1].to_owned())
        {
            let mut words = line.split_whitespace().peekable();
            let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let mut names: Vec<&str> = Vec::new();
            while let Some(word) = words.next_if(is_name) {
                if word.starts_with('-') {
                    break;
                }
                names.push(word);
            }
            if names.is_empty() {
                continue;
            }
            let key = names.join(" ");
            let help = helps.entry(key).or_insert_with(|| {
                let args = names.iter().copied().chain(["--help"]);
                sandbox.groundplan(args).exits(0).stdout
            });
            for flag in line
                .split_whitespace()
                .filter(|word| word.starts_with("--"))
            {
                assert!(
                    help.contains(flag),
                    "{file}: `{line}` has the unknown flag {flag}"
                );
            }
            count += 1;
        }
    }
    assert!(count > 30, "{count} commands");
}
