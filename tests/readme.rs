//! The README: its commands run, and its example output is the real output.

use crate::support::Sandbox;
use regex::Regex;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The lines of the first block after a heading.
fn block(heading: &str) -> Vec<String> {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let section = readme
        .split(&format!("## {heading}\n"))
        .nth(1)
        .unwrap_or_else(|| panic!("README.md has no section {heading}"));
    section
        .lines()
        .skip_while(|line| !line.starts_with("```"))
        .skip(1)
        .take_while(|line| *line != "```")
        .map(str::to_owned)
        .collect()
}

/// The words of a command line; only double quotes are supported.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn the_first_command_creates_a_repository() {
    let command = block("Quick start").join(" ");
    let args = words(
        command
            .strip_prefix("cargo run --release -- ")
            .expect("a cargo command"),
    );
    let sandbox = Sandbox::new();
    sandbox.write("clone/here", "");
    let args: Vec<String> = args.iter().map(|word| word.replace("../", "")).collect();
    let ran = sandbox.groundplan(&args).exits(0);
    let _scope = sandbox.snapshot_scope();
    insta::assert_snapshot!("readme_quick_start", ran.transcript());
    assert_eq!(
        sandbox.git("acme-web", &["log", "--format=%s"]),
        "Bootstrap Acme Web\n"
    );
}

#[test]
fn the_preview_example_shows_the_real_output() {
    let shown = block("Preview");
    let args = words(shown[0].strip_prefix("$ groundplan ").expect("a command"));
    let sandbox = Sandbox::new();
    let printed = sandbox.groundplan(&args).exits(0).stdout;
    let _scope = sandbox.snapshot_scope();
    insta::assert_snapshot!("readme_preview", printed);
    // `…` in the example stands for any text, and the example may omit lines.
    let mut lines = printed.lines();
    for line in &shown[1..] {
        let pattern = format!("^{}$", regex::escape(line).replace('…', ".*"));
        let pattern = Regex::new(&pattern).unwrap();
        assert!(
            lines.any(|line| pattern.is_match(line)),
            "{line:?} is not in\n{printed}"
        );
    }
}

#[test]
fn every_command_is_listed() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let help = Sandbox::new().groundplan(["--help"]).exits(0).stdout;
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    for command in commands
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
    {
        assert!(
            readme.contains(&format!("`{command}")),
            "README.md does not list `{command}`"
        );
    }
}

#[test]
fn the_commands_for_a_catalogue_run() {
    let sandbox = Sandbox::new();
    let mut session = String::new();
    for line in block("Your own catalogue") {
        let args = words(line.strip_prefix("groundplan ").expect("a command"));
        let ran = sandbox.groundplan(&args).exits(0);
        session.extend(["$ ", line.as_str(), "\n", &ran.transcript()]);
    }
    let _scope = sandbox.snapshot_scope();
    insta::assert_snapshot!("readme_catalogue", session);
}

#[test]
fn the_service_example_creates_a_repository() {
    let sandbox = Sandbox::new();
    let program = Path::new(env!("CARGO_BIN_EXE_groundplan"));
    let folder = program.parent().unwrap().display();
    let script = block("Service").join("\n");
    let script = format!("set -e\nPATH={folder}:$PATH\n{script}\n");
    let ran = sandbox
        .run(Command::new("sh").args(["-c", &script]))
        .exits(0);
    let _scope = sandbox.snapshot_scope();
    // The standard error is the worker's log.
    insta::assert_snapshot!("readme_service", ran.stdout);
    assert_eq!(
        sandbox.git(
            "repositories/acme/acme-web.git",
            &["log", "--format=%s", "main"]
        ),
        "Bootstrap Acme Web\n"
    );
}

#[test]
fn a_help_heading_contains_only_its_own_flags() {
    for command in [
        "new",
        "doctor",
        "runs submit",
        "runs approve",
        "runs cleanup",
    ] {
        let mut args: Vec<&str> = command.split(' ').collect();
        args.push("-h");
        let help = Sandbox::new().groundplan(&args).exits(0).stdout;
        for (heading, first) in [
            ("Database", &["--database-", "--direct-"][..]),
            ("Forge", &["--forge", "--push-", "--allow-http"][..]),
        ] {
            let below = help.split(&format!("\n{heading}:\n")).nth(1);
            let flags = below.into_iter().flat_map(|below| {
                let lines = below.lines().take_while(|line| !line.is_empty());
                lines.filter_map(|line| line.trim().split(' ').next())
            });
            for flag in flags.filter(|word| word.starts_with("--")) {
                let is_its_own = first.iter().any(|start| flag.starts_with(start));
                assert!(is_its_own, "{command}: {flag} is below {heading}");
            }
        }
    }
}
