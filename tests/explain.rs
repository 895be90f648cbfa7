//! `groundplan explain`: where each line of a file of a made repository comes from.

use crate::support::{Ran, Sandbox};
use serde_json::Value;
use std::fs;

/// Where each line of a file comes from, as `LINE text ← origin`.
#[track_caller]
fn origins(ran: Ran) -> Vec<String> {
    let json = ran.exits(0).json();
    let line = |line: &Value| {
        let origin = &line["origin"];
        let by = match origin["by"].as_str().unwrap_or("action") {
            "template" => format!("template {}", origin["line"]),
            "placeholders" => format!("placeholders {}", origin["placeholders"]),
            "provenance" => "provenance".to_owned(),
            _ => format!(
                "{} {}:{}",
                origin["kind"].as_str().unwrap(),
                origin["file"].as_str().unwrap(),
                origin["line"]
            ),
        };
        format!(
            "{} {} ← {by}",
            line["line"],
            line["text"].as_str().unwrap().trim_end()
        )
    };
    json["lines"].as_array().unwrap().iter().map(line).collect()
}

#[track_caller]
fn explain(sandbox: &Sandbox, path: &str) -> Vec<String> {
    let made = sandbox.groundplan([
        "explain",
        path,
        "--in",
        "out",
        "--catalog",
        ".",
        "--format",
        "json",
    ]);
    let made = origins(made);
    let previewed = sandbox.preview(&["--defaults", "--explain", path, "--format", "json"]);
    assert_eq!(made, origins(previewed));
    made
}

#[test]
fn a_comma_that_a_later_key_needs_is_no_change_of_the_line_before() {
    let sandbox = Sandbox::with_demo();
    let recipe = sandbox.read("recipes/demo/auth/session.yaml");
    let recipe = recipe.replace("iron-session", "zod");
    sandbox.write("recipes/demo/auth/session.yaml", recipe);
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    assert_eq!(
        explain(&sandbox, "package.json")[3..5],
        [
            "4     \"next\": \"^16.0.0\", ← template 4",
            "5     \"zod\": \"^8.0.4\" ← ADD_DEPENDENCY recipes/demo/auth/session.yaml:2",
        ]
    );
}

#[test]
fn each_line_of_a_file_is_explained() {
    let sandbox = Sandbox::with_demo();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    assert_eq!(
        explain(&sandbox, "package.json"),
        [
            "1 { ← template 1",
            "2   \"name\": \"acme-web\", ← placeholders [\"PRODUCT_SLUG\"]",
            "3   \"dependencies\": { ← template 3",
            "4     \"iron-session\": \"^8.0.4\", ← ADD_DEPENDENCY recipes/demo/auth/session.yaml:2",
            "5     \"next\": \"^16.0.0\" ← template 4",
            "6   } ← template 5",
            "7 } ← template 6",
        ]
    );
    assert_eq!(
        explain(&sandbox, "lib/session.ts"),
        ["1 export const cookie = \"acme-web\"; ← COPY_FILE recipes/demo/auth/session.yaml:6"]
    );
    assert_eq!(
        explain(&sandbox, "app/[id]/page.tsx"),
        ["1 export default () => null; ← template 1"]
    );
    assert!(
        explain(&sandbox, ".scrum4me/bootstrap.json")
            .iter()
            .all(|line| line.ends_with("← provenance"))
    );
    let text = sandbox
        .groundplan(["explain", "package.json", "--in", "out", "--catalog", "."])
        .exits(0)
        .stdout;
    assert!(
        text.starts_with(
            "package.json\ntemplate\n  1  {\ntemplate, __PRODUCT_SLUG__ replaced\n  2  "
        ),
        "{text}"
    );
    assert!(
        text.contains("auth/session · ADD_DEPENDENCY · recipes/demo/auth/session.yaml:2:11\n  4  "),
        "{text}"
    );
}

#[test]
fn a_line_belongs_to_the_last_action_that_changed_it_and_line_ends_stay() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "catalog/demo/template/crlf.txt",
        "one\r\ntwo cats\r\nthree\r\n",
    );
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions:
  - {kind: REPLACE_STRING, path: crlf.txt, find: two, replace: zwei}
  - {kind: REPLACE_STRING, path: crlf.txt, find: cats, replace: Katzen}
  - {kind: APPEND_TO_FILE, path: crlf.txt, content: \"four\\nfive\"}
",
    );
    fs::remove_dir_all(sandbox.join("recipes/demo/auth/session")).unwrap();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    let lines = explain(&sandbox, "crlf.txt");
    assert_eq!(
        lines[..3],
        [
            "1 one ← template 1",
            "2 zwei Katzen ← REPLACE_STRING recipes/demo/auth/session.yaml:3",
            "3 three ← template 3",
        ]
    );
    assert!(
        lines[3..]
            .iter()
            .all(|line| line.ends_with("APPEND_TO_FILE recipes/demo/auth/session.yaml:4")),
        "{lines:?}"
    );
    let made = sandbox.read("out/crlf.txt");
    assert_eq!(made.lines().count(), lines.len());
}

#[test]
fn what_is_no_text_of_the_result_is_not_explained() {
    let sandbox = Sandbox::with_demo();
    sandbox
        .write("catalog/demo/template/binary", b"\0\xff")
        .write("catalog/demo/template/empty", "");
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    for path in ["missing", "binary", "app", "app/[id]", "README.md/x"] {
        let ran = sandbox
            .groundplan(["explain", path, "--in", "out", "--catalog", "."])
            .exits(1);
        assert!(
            ran.stderr.contains(&format!("has no text file `{path}`")),
            "{}",
            ran.stderr
        );
        sandbox.preview(&["--defaults", "--explain", path]).exits(1);
    }
    for path in ["../x", "/etc/passwd", "", ".git/config"] {
        sandbox
            .groundplan(["explain", "--in", "out", "--catalog", ".", "--", path])
            .exits(2);
    }
    assert_eq!(explain(&sandbox, "empty"), Vec::<String>::new());
}

#[test]
fn a_file_that_changed_since_is_explained_as_it_was_made() {
    let sandbox = Sandbox::with_demo();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    sandbox.write("out/README.md", "changed\n");
    sandbox.commit("out");
    let args = ["explain", "--in", "out", "--catalog", "."];
    let ran = sandbox
        .groundplan(args.iter().chain(&["README.md"]))
        .exits(0);
    assert!(
        ran.stdout.contains("# Acme Web") && ran.stderr.contains("it has changed since"),
        "{}",
        ran.stderr
    );
    let ran = sandbox
        .groundplan(args.iter().chain(&["package.json"]))
        .exits(0);
    assert_eq!(ran.stderr, "");
    // A folder in its place is a change too.
    std::fs::remove_file(sandbox.join("out/README.md")).unwrap();
    sandbox.write("out/README.md/now.txt", "a folder\n");
    sandbox.commit("out");
    let ran = sandbox
        .groundplan(args.iter().chain(&["README.md"]))
        .exits(0);
    assert!(
        ran.stderr.contains("it has changed since"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_path_is_relative_to_the_current_folder() {
    let sandbox = Sandbox::with_demo();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    std::fs::create_dir(sandbox.join("out/lib/deep")).unwrap();
    let explain = |folder: &str, path: &str, code: i32| {
        let script = format!(
            "cd {folder} && '{}' explain {path} --catalog '{}'",
            env!("CARGO_BIN_EXE_groundplan"),
            sandbox.path().display()
        );
        let mut command = std::process::Command::new("sh");
        sandbox.run(command.args(["-c", &script])).exits(code)
    };
    let absolute = sandbox.join("out/lib/session.ts").canonicalize().unwrap();
    for (folder, path) in [
        ("out", "lib/session.ts"),
        ("out", "./lib/session.ts"),
        ("out/lib", "session.ts"),
        ("out/lib/deep", "../session.ts"),
        ("out/app", "../lib/session.ts"),
    ] {
        let ran = explain(folder, path, 0);
        assert!(
            ran.stdout.starts_with("lib/session.ts"),
            "{folder} {path}: {}",
            ran.stdout
        );
    }
    explain("out/lib", "lib/session.ts", 1);
    explain("out", "../README.md", 2);
    explain("out", absolute.to_str().unwrap(), 0);
}
