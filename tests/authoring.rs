//! `docs/authoring.md`: every command runs in order and has the shown output.
//!
//! `sh` blocks are run, with the exit code that `exits=` says; a block named after a file is that file; a `text shown`
//! block stands in what the last `sh` block printed.

use crate::support::Sandbox;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The word after the language, if any, and the text of each block.
fn blocks() -> Vec<(String, String)> {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/authoring.md");
    let text = fs::read_to_string(document).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push((info.to_owned(), body.join("\n") + "\n"));
    }
    blocks
}

/// Runs a block by the shell and follows it to the folder it ends in.
#[track_caller]
fn run(sandbox: &Sandbox, folder: &mut PathBuf, script: &str, code: i32) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_groundplan"))
        .parent()
        .unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(
        [program.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path)),
    );
    let script = format!(
        "set -e\ncd '{}'\n{script}pwd > \"$HOME/.folder\"\n",
        folder.display()
    );
    let mut command = Command::new("sh");
    let ran = sandbox.run(command.args(["-c", &script]).env("PATH", path.unwrap()));
    let ran = ran.exits(code);
    if code == 0 {
        *folder = PathBuf::from(sandbox.read(".folder").trim_end());
    }
    ran.stdout + &ran.stderr
}

#[test]
fn every_command_of_the_guide_runs() {
    let sandbox = Sandbox::new();
    let mut folder = sandbox.path().to_owned();
    let mut printed = String::new();
    let mut count = 0;
    for (info, text) in blocks() {
        match info.split_once(' ').unwrap_or((&info, "")) {
            ("sh", exits) => {
                let code = exits
                    .strip_prefix("exits=")
                    .map_or(0, |code| code.parse().unwrap());
                printed = run(&sandbox, &mut folder, &text, code);
                count += text.matches("groundplan ").count();
            }
            ("text", "shown") => {
                for line in text.lines() {
                    let is_it = |shown: &str| shown.trim_end() == line;
                    assert!(printed.lines().any(is_it), "{line:?} is not in\n{printed}");
                }
            }
            ("yaml" | "text", path) => {
                let file = folder.join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
            (other, _) => panic!("what is to be done with a block `{other}`?"),
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
#[ignore = "fetches yaml-language-server from the npm registry"]
fn an_editor_completes_every_kind_and_marks_errors() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/editor.sh");
    let mut command = Command::new(script);
    let ran = Sandbox::new().run(command.arg(env!("CARGO_BIN_EXE_groundplan")));
    let ran = ran.exits(0);
    assert!(
        ran.stdout.ends_with("editor: all as it should be\n"),
        "{}",
        ran.stdout
    );
}
