//! `docs/diagnostics.md`: every code is explained, its bad example reports it, its good example does not.

use crate::forge::fake::{Dialect, Fake, Fault, State};
use crate::lsp::editor::Editor;
use crate::preflight::{expiry, now, on_forge};
use crate::support::Sandbox;
use groundplan::model::diagnostic::Code;
use serde_json::Value;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../docs/diagnostics.md");

#[test]
fn the_document_explains_every_code_in_order() {
    let headings: Vec<String> = sections()
        .map(|section| section.heading.to_owned())
        .collect();
    let rules: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("{} {}", code.as_str(), code.rule()))
        .collect();
    assert_eq!(headings, rules);
}

#[test]
fn every_bad_example_reports_its_code_with_location_and_help() {
    for section in sections() {
        let findings = section.bad.run();
        let code = section.code();
        let codes: Vec<&str> = findings
            .iter()
            .map(|finding| finding.code.as_str())
            .collect();
        assert!(
            !codes.is_empty() && codes.iter().all(|found| *found == code),
            "the bad example of {code} reports {findings:#?}"
        );
        for finding in &findings {
            assert_eq!(finding.is_warning, section.is_warning, "{finding:#?}");
            assert!(!finding.message.is_empty(), "{finding:#?}");
            assert!(!finding.help.is_empty(), "no way out: {finding:#?}");
            if code.starts_with("GP8") {
                // A forge has no files: the place is named in the sentence.
                assert!(finding.message.contains("127.0.0.1"), "{finding:#?}");
                continue;
            }
            assert!(finding.file.is_some(), "no place: {finding:#?}");
            assert!(finding.line >= 1 && finding.column >= 1, "{finding:#?}");
        }
    }
}

#[test]
fn every_good_example_reports_nothing() {
    for section in sections() {
        let findings = section.good.run();
        assert!(
            findings.is_empty(),
            "the good example of {} reports {findings:#?}",
            section.code()
        );
    }
}

#[test]
fn an_editor_shows_what_check_reports() {
    const CATALOG: &str = "catalog/demo/catalog.yaml";
    for section in sections() {
        let Layout {
            sandbox, command, ..
        } = section.bad.laid_out();
        let is_text = section
            .bad
            .blocks
            .iter()
            .all(|(info, _)| !info.starts_with("hex"));
        if command != "groundplan check" || !is_text {
            continue;
        }
        let editor = Editor::start(&sandbox);
        editor.open(CATALOG, &sandbox.read(CATALOG));
        let shown = editor.all_shown().into_iter();
        let shown: BTreeSet<_> = shown
            .map(|(file, one)| (file, one.line, one.column, one.code))
            .collect();
        let report = sandbox.groundplan(["check", "--format", "json"]).json();
        let reported: BTreeSet<_> = findings(&report)
            .into_iter()
            .map(|one| (one.file.unwrap_or_default(), one.line, one.column, one.code))
            .collect();
        assert_eq!(shown, reported, "{}", section.heading);
    }
}

/// What the document says about one code.
struct Section {
    heading: &'static str,
    is_warning: bool,
    bad: Example,
    good: Example,
}

/// The blocks of one example: info string and body.
struct Example {
    blocks: Vec<(&'static str, &'static str)>,
    counts_missing_recipes: bool,
}

/// The files of an example, its command and the forge that it asks.
struct Layout {
    sandbox: Sandbox,
    command: &'static str,
    forge: Option<Fake>,
}

#[derive(Debug)]
struct Finding {
    code: String,
    is_warning: bool,
    message: String,
    help: String,
    file: Option<String>,
    line: u64,
    column: u64,
}

impl Section {
    fn code(&self) -> &'static str {
        &self.heading[..5]
    }
}

impl Example {
    fn of(text: &'static str, heading: &str) -> Self {
        let blocks = text.split("```").skip(1).step_by(2);
        Self {
            blocks: blocks
                .map(|block| block.split_once('\n').expect("a block has lines"))
                .collect(),
            counts_missing_recipes: heading.starts_with("GP308"),
        }
    }

    /// Lays the files over the demo catalogue.
    fn laid_out(&self) -> Layout {
        let sandbox = Sandbox::with_demo();
        let mut command = "groundplan check";
        let mut forge = None;
        for (info, body) in &self.blocks {
            let words: Vec<&str> = info.split_whitespace().collect();
            match words.as_slice() {
                ["sh"] => command = body.trim(),
                ["forge"] => forge = Some(forge_with(body)),
                ["symlink"] => {
                    for (path, target) in body.lines().filter_map(|line| line.split_once(" -> ")) {
                        sandbox.symlink(target, path);
                    }
                }
                ["hex", path] => {
                    let bytes = body
                        .split_whitespace()
                        .map(|byte| u8::from_str_radix(byte, 16).expect("two digits"));
                    sandbox.write(path, bytes.collect::<Vec<_>>());
                }
                [_, path, options @ ..] => {
                    let before = if options.contains(&"append") {
                        sandbox.read(path)
                    } else {
                        String::new()
                    };
                    sandbox.write(path, format!("{before}{}", repeated(body, options)));
                }
                _ => panic!("what is the block `{info}`?"),
            }
        }
        Layout {
            sandbox,
            command,
            forge,
        }
    }

    /// Runs the command over the files and gives its findings.
    fn run(&self) -> Vec<Finding> {
        let Layout {
            sandbox,
            command,
            forge,
        } = self.laid_out();
        let args = command
            .strip_prefix("groundplan ")
            .expect("our own command");
        let args = args.split_whitespace().chain(["--format", "json"]);
        let ran = match &forge {
            Some(forge) => on_forge(&sandbox, forge, args),
            None => sandbox.groundplan(args),
        };
        let findings = findings(&ran.json());
        let has_error = findings.iter().any(|finding| !finding.is_warning);
        ran.exits(i32::from(has_error));
        findings
            .into_iter()
            .filter(|finding| finding.code != "GP308" || self.counts_missing_recipes)
            .collect()
    }
}

/// The fake GitHub, with a token that has everything but what the lines say.
fn forge_with(lines: &'static str) -> Fake {
    let fake = Fake::start(Dialect::GitHub);
    let mut state = fake.state();
    state.expires = None;
    for line in lines.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["holds", name] => drop(add(&mut state, name)),
            ["renamed", old, "to", new] => {
                let id = add(&mut state, new);
                state.redirects.insert((*old).to_owned(), id);
            }
            ["scopes", ..] => state.scopes = line.strip_prefix("scopes ").unwrap(),
            ["ends", "in", days, "days"] => {
                let end = now() + days.parse::<i64>().unwrap() * 86_400 + 3600;
                state.expires = Some(expiry(end));
            }
            ["answers", left, "requests"] => state.left = left.parse().unwrap(),
            ["revoked"] => state.fault = Some((0, Fault::Unauthorized, usize::MAX)),
            ["busy"] => state.fault = Some((0, Fault::TooMany, usize::MAX)),
            _ => panic!("what is the forge that `{line}`?"),
        }
    }
    drop(state);
    fake
}

fn add(state: &mut State, full_name: &str) -> u64 {
    let (owner, name) = full_name.split_once('/').expect("owner/name");
    state.add(owner, name, "somebody's")
}

/// The sections of the document, in its order.
fn sections() -> impl Iterator<Item = Section> {
    DOCUMENT.split("\n### ").skip(1).map(|text| {
        let (heading, text) = text.split_once('\n').expect("a section has lines");
        let (explanation, text) = text.split_once("**Bad**").expect(heading);
        let (bad, good) = text.split_once("**Good**").expect(heading);
        assert!(!explanation.trim().is_empty(), "{heading} is not explained");
        Section {
            heading,
            is_warning: bad.starts_with(" (a warning)"),
            bad: Example::of(bad, heading),
            good: Example::of(good, heading),
        }
    })
}

/// The body with each line that holds `{n}` as often as the option `repeat=N` says.
fn repeated(body: &str, options: &[&str]) -> String {
    let times = options
        .iter()
        .find_map(|option| option.strip_prefix("repeat="));
    let Some(times) = times else {
        return body.to_owned();
    };
    let times: usize = times.parse().expect("a number");
    let mut text = String::new();
    for line in body.split_inclusive('\n') {
        if line.contains("{n}") {
            text.extend((1..=times).map(|n| line.replace("{n}", &n.to_string())));
        } else {
            text.push_str(line);
        }
    }
    text
}

/// The findings of a check, of a preview's report or of cases.
fn findings(json: &Value) -> Vec<Finding> {
    let lists = ["diagnostics", "errors", "collisions", "warnings"];
    let cases = json["cases"].as_array().into_iter().flatten();
    let of_cases = cases.filter_map(|case| case["findings"].as_array());
    let all = lists
        .iter()
        .filter_map(|list| json[list].as_array())
        .chain(of_cases)
        .flatten();
    let finding = |finding: &Value| {
        let place = finding.get("place").unwrap_or(finding);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Finding {
            code: text(&finding["code"]),
            is_warning: finding["severity"] == "warning",
            message: text(&finding["message"]),
            help: text(&finding["help"]),
            file: place["file"].as_str().map(str::to_owned),
            line: place["line"].as_u64().unwrap_or(0),
            column: place["column"].as_u64().unwrap_or(0),
        }
    };
    all.map(finding).collect()
}
