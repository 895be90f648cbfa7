//! Documents, streams and disks that are too large, too deep, not text or full.

use super::{bounded, document, with_template};
use crate::support::Sandbox;
use std::fmt::Write as _;
use std::process::Command;

#[test]
fn a_document_of_ten_megabytes_is_refused() {
    document("a.yaml", vec![b'x'; 10_000_000], "GP101");
    document("a.json", vec![b'['; 10_000_000], "GP101");
}

#[test]
fn deep_nesting_is_refused_in_every_notation() {
    for depth in [1_000, 1_000_000] {
        document("a.yaml", "[".repeat(depth), "GP106");
        document("a.json", "[".repeat(depth), "GP106");
    }
    document("a.yaml", "{a: ".repeat(200_000), "GP106");
    document("a.json", "{\"a\":".repeat(200_000), "GP106");
    document("a.yaml", "- ".repeat(500_000), "GP106");
    let block = |line: usize| format!("{}a:\n", " ".repeat(line));
    document("a.yaml", (0..1_000).map(block).collect::<String>(), "GP106");
}

#[test]
fn aliases_are_refused_before_they_expand() {
    let lines = (1..10).map(|line| {
        let above = format!("*a{}, ", line - 1).repeat(9);
        format!("a{line}: &a{line} [{above}]\n")
    });
    let bomb = format!("a0: &a0 [x]\n{}", lines.collect::<String>());
    document("a.yaml", bomb, "GP105");
}

#[test]
fn a_hundred_thousand_errors_end_quickly() {
    document("a.yaml", "a: 1\n".repeat(150_000), "GP104");
    document(
        "a.yaml",
        format!("a: [{}]", "&a x,".repeat(150_000)),
        "GP105",
    );
    document(
        "a.yaml",
        format!("a: [{}]", "!a ä,".repeat(140_000)),
        "GP105",
    );
    let keys = (0..45_000).map(|key| format!("\"{key}\":1,"));
    let keys = keys.collect::<String>();
    document(
        "a.json",
        format!("{{{}}}", keys.trim_end_matches(',')),
        "GP202",
    );
    let list = |item: &str, count| format!("actions: [{}]", format!("{item}, ").repeat(count));
    document("a.yaml", list("{}", 45_000), "GP408");
    document("a.yaml", list("{kind: X, a: 1}", 100), "GP204");
    document("a.yaml", list("1", 300_000), "GP107");
    document("a.yaml", list("{a: {}}", 100_000), "GP107");
    let maps = "{\"\":0},".repeat(149_000);
    document(
        "a.json",
        format!("[{}]", maps.trim_end_matches(',')),
        "GP107",
    );
}

/// A catalogue file of `categories` times `options`, each with these further fields.
fn catalog_file(categories: usize, options: usize, fields: impl Fn(usize) -> String) -> String {
    let mut text =
        "catalog: a\ntitle: A\ntemplate: {path: t, version: v}\ncategories:\n".to_owned();
    for category in 0..categories {
        writeln!(
            text,
            "- slug: c{category}\n  title: C\n  selection: MULTI\n  options:"
        )
        .unwrap();
        for option in 0..options {
            let fields = fields(category * options + option);
            writeln!(text, "  - {{slug: o{option}, title: O{fields}}}").unwrap();
        }
    }
    text
}

#[test]
fn ten_thousand_options_are_too_many() {
    document(
        "catalog.yaml",
        catalog_file(1, 10_000, |_| String::new()),
        "GP309",
    );
}

#[test]
fn long_chains_and_cycles_of_options_end_quickly() {
    let name = |option: usize| format!("c{}/o{}", option / 100, option % 100);
    let chain = |option: usize| format!(", requires: [{}]", name((option + 1).min(2_999)));
    document("catalog.yaml", catalog_file(30, 100, chain), "GP30");
    let circles = |option: usize| format!(", requires: [{}, c0/o0]", name((option + 1) % 3_000));
    document("catalog.yaml", catalog_file(30, 100, circles), "GP303");
    let wrong = |_| format!(", requires: [{}]", "c0/oo, ".repeat(40));
    document("catalog.yaml", catalog_file(10, 100, wrong), "GP302");
}

#[test]
fn conditions_of_an_action_are_limited() {
    let when: Vec<_> = (0..200).map(|key| format!("k{key}: v")).collect();
    let when = when.join(", ");
    let actions = (0..200).map(|number| {
        format!(
            "- {{kind: WRITE_FILE, path: a, content: c{number}, when: {{z: v{number}, {when}}}}}\n"
        )
    });
    document(
        "a.yaml",
        format!("actions:\n{}", actions.collect::<String>()),
        "GP205",
    );
}

#[test]
fn only_utf_8_text_is_accepted() {
    document("a.yaml", "actions: []\n\0", "GP102");
    document("a.yaml", "\u{feff}actions: []\n", "GP102");
    document("a.json", "\u{feff}{\"actions\":[]}", "GP102");
    document("a.yaml", b"actions: [] # caf\xe9\n", "GP102");
    document("a.yaml", b"\xff\xfea\0c\0", "GP102");
    document("a.yaml", "actions: [] # \u{1b}[2J\n", "GP102");
    document("a.yaml", "\"\\e[2J\u{202e}\": 1\n", "GP202");
}

#[test]
fn windows_line_ends_are_accepted() {
    let sandbox = Sandbox::new();
    let recipe = "actions:\r\n  - kind: WRITE_FILE\r\n    path: a\r\n    content: b\r\n";
    sandbox.write("a.yaml", recipe);
    bounded(&sandbox, &["check", "a.yaml"]).exits(0);
    sandbox.write("a.yaml", recipe.replace("path: a", "path: ../a"));
    let ran = bounded(&sandbox, &["check", "a.yaml", "--format", "json"]).exits(1);
    assert_eq!(ran.findings(), ["GP206 a.yaml:3:11"]);
}

#[test]
fn special_files_are_refused_without_waiting() {
    let sandbox = Sandbox::with_demo();
    make(&sandbox, "mkfifo", "pipe");
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.join("socket")).unwrap();
    sandbox.symlink("nowhere", "dangling");
    for path in ["pipe", "socket", "dangling", "missing", "/dev/zero"] {
        for args in [
            vec!["check", path],
            vec!["canonical", path],
            vec!["hash", "--catalog", ".", "--selection", path],
        ] {
            let ran = bounded(&sandbox, &args).exits(3);
            assert!(ran.stderr.contains(path), "{}", ran.stderr);
        }
    }
    bounded(&sandbox, &["canonical", "catalog"]).exits(3);
    bounded(
        &sandbox,
        &["hash", "--catalog", ".", "--selection", "catalog"],
    )
    .exits(3);
}

#[track_caller]
pub(super) fn make(sandbox: &Sandbox, program: &str, path: &str) {
    assert_eq!(sandbox.run(Command::new(program).arg(path)).code, 0);
}

#[test]
fn canonical_takes_no_more_memory_than_its_limits_allow() {
    let sandbox = Sandbox::new();
    let list = |item: &str, count: usize| format!("[{}{item}]", format!("{item},").repeat(count));
    sandbox.write("maps.json", list("{\"\":0}", 99_000));
    sandbox.write("many.json", list("1", 3_000_000));
    sandbox.write("long.json", format!("\"{}\"", "\\u009b".repeat(2_000_000)));
    sandbox.write("large.json", vec![b' '; 17 * 1024 * 1024]);
    sandbox.write("deep.json", "[".repeat(1_000_000));
    for (file, code) in [
        ("maps", 0),
        ("many", 1),
        ("long", 0),
        ("large", 3),
        ("deep", 1),
    ] {
        let file = format!("{file}.json");
        bounded(&sandbox, &["canonical", &file, "--format", "json"]).exits(code);
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let sandbox = Sandbox::with_demo();
    for command in [
        "--help",
        "list",
        "show nextjs",
        "schema plan",
        "completions bash",
        "man",
        "check",
        "check --format sarif",
        "canonical recipes/demo/auth/none.yaml",
        "preview --catalog . --defaults --name A --owner a --repo b",
    ] {
        sandbox.write("recipes/demo/auth/none.yaml", "{\"actions\": []}");
        let script = format!(
            "exec '{}' {command} >/dev/full",
            env!("CARGO_BIN_EXE_groundplan")
        );
        let ran = sandbox
            .run(Command::new("sh").args(["-c", &script]))
            .exits(3);
        assert!(
            ran.stderr.starts_with("error: cannot write the output"),
            "{command}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_closed_output_is_not_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", format!("\"{}\"", "x".repeat(1_000_000)));
    let script = format!(
        "{{ '{}' canonical a.json; echo \"code $?\" >&2; }} | head -c 1",
        env!("CARGO_BIN_EXE_groundplan")
    );
    let ran = sandbox.run(Command::new("sh").args(["-c", &script]));
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("\"", "code 0\n")
    );
}

#[test]
fn a_disk_that_fills_up_leaves_no_repository() {
    let sandbox = with_template();
    sandbox.write("t/large.txt", vec![b'x'; 1024 * 1024]);
    let before = sandbox.files();
    // A limit on file sizes, told by an error rather than by a signal, stands for a full disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec '{}' new --catalog . --template t --defaults --name A --owner a --repo b --into out",
        env!("CARGO_BIN_EXE_groundplan")
    );
    let ran = sandbox
        .run(Command::new("sh").args(["-c", &script]))
        .exits(3);
    assert!(ran.stderr.contains("large.txt"), "{}", ran.stderr);
    assert_eq!(sandbox.files(), before);
    assert!(!sandbox.join("out").exists());
}
