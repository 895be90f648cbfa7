//! The list of authors' mistakes, through the command line and through the language server.

use super::editor::Editor;
use crate::support::Sandbox;
use std::collections::{BTreeMap, BTreeSet};

const LIST: &str = include_str!("../data/author_mistakes.txt");

/// A mistake: the files with it, and its findings.
struct Mistake {
    title: &'static str,
    findings: Vec<Expected>,
    changes: Vec<Change>,
}

/// A place and a word of the help.
#[derive(Debug)]
struct Expected {
    /// `FILE:LINE:COLUMN CODE`.
    place: String,
    help: &'static str,
}

/// A new text of a file, or lines of it that are replaced.
struct Change {
    path: &'static str,
    body: &'static str,
    is_whole: bool,
}

impl Mistake {
    fn of(section: &'static str) -> Self {
        let (title, rest) = section.split_once('\n').unwrap();
        let at = ["\n--- ", "\n~~~ "]
            .iter()
            .filter_map(|mark| rest.find(mark))
            .min();
        let (findings, mut rest) = rest.split_at(at.unwrap() + 1);
        let mut changes = Vec::new();
        while !rest.is_empty() {
            let (heading, body) = rest.split_once('\n').unwrap();
            let end = ["\n--- ", "\n~~~ "]
                .iter()
                .filter_map(|mark| body.find(mark))
                .min();
            let (body, more) = body.split_at(end.map_or(body.len(), |end| end + 1));
            changes.push(Change {
                path: &heading[4..],
                body,
                is_whole: heading.starts_with("---"),
            });
            rest = more;
        }
        Self {
            title,
            findings: findings.lines().map(Expected::of).collect(),
            changes,
        }
    }

    /// The texts with the mistake, by path.
    fn texts(&self, sandbox: &Sandbox) -> BTreeMap<&'static str, String> {
        let mut texts = BTreeMap::new();
        for change in &self.changes {
            let text = if change.is_whole {
                format!("{}\n", change.body.trim_end())
            } else {
                let old = lines_with(change.body, "< ");
                let before = sandbox.read(change.path);
                assert!(before.contains(&old), "{}: {old}", self.title);
                before.replacen(&old, &lines_with(change.body, "> "), 1)
            };
            texts.insert(change.path, text);
        }
        texts
    }

    fn places(&self) -> BTreeSet<&str> {
        self.findings.iter().map(|one| one.place.as_str()).collect()
    }

    /// Compares places, and the words of each help.
    #[track_caller]
    fn check(&self, by: &str, found: &[(String, String)]) {
        let places: BTreeSet<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, self.places(), "{by}: {}\n{found:#?}", self.title);
        for expected in &self.findings {
            let is_met = |(place, help): &(String, String)| {
                *place == expected.place && help.contains(expected.help)
            };
            assert!(
                found.iter().any(is_met),
                "{by}: {}: {expected:?} in {found:#?}",
                self.title
            );
        }
    }
}

impl Expected {
    fn of(line: &'static str) -> Self {
        let mut words = line.splitn(3, ' ');
        let (place, code) = (words.next().unwrap(), words.next().unwrap());
        Self {
            place: format!("{place} {code}"),
            help: words.next().unwrap_or_default(),
        }
    }
}

fn lines_with(body: &str, mark: &str) -> String {
    let lines = body.lines().filter_map(|line| line.strip_prefix(mark));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn mistakes() -> Vec<Mistake> {
    LIST.split("\n## ").skip(1).map(Mistake::of).collect()
}

#[test]
fn the_list_is_long() {
    assert!(mistakes().len() >= 90);
}

/// What `check` reports of saved files: places, and the texts with their severity as an editor shows them.
fn checked(mistake: &Mistake) -> Vec<(String, String)> {
    let sandbox = super::sandbox();
    for (path, text) in mistake.texts(&sandbox) {
        sandbox.write(path, text);
    }
    let report = sandbox.groundplan(["check", "--format", "json"]).json();
    let findings = report["diagnostics"].as_array().unwrap().iter();
    let found = findings.map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let (line, column) = (&finding["line"], &finding["column"]);
        let place = format!("{}:{line}:{column} {}", text("file"), text("code"));
        let help = match finding["help"].as_str() {
            Some(help) => format!("\nhelp: {help}"),
            None => String::new(),
        };
        (
            place,
            format!("{}: {}{help}", text("severity"), text("message")),
        )
    });
    found.collect()
}

/// What an editor shows of the same files before they are saved.
fn shown(mistake: &Mistake) -> Vec<(String, String)> {
    let sandbox = super::sandbox();
    let texts = mistake.texts(&sandbox);
    let editor = Editor::start(&sandbox);
    for (path, text) in &texts {
        editor.open(path, text);
    }
    let found = editor.all_shown().into_iter().map(|(file, one)| {
        let place = format!("{file}:{}:{} {}", one.line, one.column, one.code);
        (place, format!("{}: {}", one.severity, one.message))
    });
    found.collect()
}

#[test]
fn check_and_an_editor_report_the_same_of_each_mistake_at_its_place_with_help() {
    for mistake in mistakes() {
        let mut reported = checked(&mistake);
        mistake.check("check", &reported);
        let mut edited = shown(&mistake);
        reported.sort();
        edited.sort();
        assert_eq!(reported, edited, "{}", mistake.title);
    }
}
