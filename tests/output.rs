//! Snapshots of output: help, error messages, findings and JSON documents.

use crate::support::{PRODUCT, Sandbox};

/// Calls `check` with each command and subcommand of the program, and its help.
fn for_each_command(sandbox: &Sandbox, command: &[&str], check: &mut impl FnMut(&[&str], &str)) {
    let help = sandbox.groundplan([command, &["--help"]].concat()).exits(0);
    check(command, &help.stdout);
    let subcommands = help
        .stdout
        .split("\nCommands:\n")
        .nth(1)
        .unwrap_or_default();
    let names = subcommands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help");
    for name in names {
        for_each_command(sandbox, &[command, &[name]].concat(), check);
    }
}

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    let _scope = sandbox.snapshot_scope();
    let mut count = 0;
    for_each_command(&sandbox, &[], &mut |command, help| {
        let name = [&["help"], command].concat().join("_");
        insta::assert_snapshot!(name, help);
        count += 1;
    });
    assert!(count > 40, "{count}");
}

/// The transcript of a command that fails.
fn failure(sandbox: &Sandbox, args: &[&str]) -> String {
    let ran = sandbox.groundplan(args);
    assert_ne!(ran.code, 0, "{args:?}: {}", ran.stdout);
    format!("$ groundplan {}\n{}", args.join(" "), ran.transcript())
}

#[test]
fn errors_of_new_and_preview() {
    let sandbox = Sandbox::with_demo();
    let _scope = sandbox.snapshot_scope();
    sandbox.write("full/file.txt", "x\n");
    let new: Vec<&str> = ["new", "--catalog", ".", "--defaults"]
        .iter()
        .chain(&PRODUCT)
        .copied()
        .collect();
    let preview: Vec<&str> = ["preview", "--catalog", "."]
        .iter()
        .chain(&PRODUCT)
        .copied()
        .collect();
    let failures = [
        failure(
            &sandbox,
            &[&["preview", "--catalog", "nowhere"][..], &PRODUCT].concat(),
        ),
        failure(&sandbox, &["preview", "--catalog", ".", "--defaults"]),
        failure(
            &sandbox,
            &[&preview[..], &["--select", "auth=sessions"]].concat(),
        ),
        failure(
            &sandbox,
            &[&preview[..], &["--select", "login=none"]].concat(),
        ),
        failure(&sandbox, &preview),
        failure(&sandbox, &[&new[..], &["--into", "full"]].concat()),
        failure(
            &sandbox,
            &[&new[..], &["--into", "no/such/folder"]].concat(),
        ),
        failure(
            &sandbox,
            &[&new[..], &["--into", "made", "--expect", &"0".repeat(40)]].concat(),
        ),
        failure(
            &sandbox,
            &["new", "--catalog", ".", "--owner", "a b", "--into", "made"],
        ),
        failure(&sandbox, &["verify", "full"]),
        failure(&sandbox, &["explain", "README.md"]),
        failure(
            &sandbox,
            &[
                &["add", "--catalog", ".", "--defaults", "--into", "full"][..],
                &PRODUCT,
            ]
            .concat(),
        ),
    ];
    insta::assert_snapshot!(failures.join("\n"));
}

#[test]
fn errors_of_forge_and_database_commands() {
    let sandbox = Sandbox::with_demo();
    let _scope = sandbox.snapshot_scope();
    let failures = [
        failure(&sandbox, &["owners"]),
        failure(&sandbox, &["owners", "--forge", "github"]),
        failure(&sandbox, &["pat", "test", "--forge", "github"]),
        failure(&sandbox, &["pat", "encrypt"]),
        failure(&sandbox, &["resume", "nowhere.json"]),
        failure(&sandbox, &["cleanup", "nowhere.json"]),
        failure(&sandbox, &["migrate"]),
        failure(&sandbox, &["runs", "list"]),
        failure(
            &sandbox,
            &[
                "runs",
                "show",
                "unknown",
                "--database-url",
                "sqlite:nowhere.db",
            ],
        ),
        failure(
            &sandbox,
            &[
                "mirror",
                "sync",
                "https://example.invalid/x.git",
                "--offline",
            ],
        ),
    ];
    insta::assert_snapshot!(failures.join("\n"));
}

#[test]
fn findings_in_every_format() {
    let sandbox = Sandbox::with_demo();
    let _scope = sandbox.snapshot_scope();
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions:\n  - kind: COPY_FILES\n    from: files/session.ts\n    to: ../session.ts\n",
    );
    for format in ["text", "json", "sarif", "github"] {
        let ran = sandbox.groundplan(["check", "--format", format]).exits(1);
        insta::assert_snapshot!(format!("findings_{format}"), ran.transcript());
    }
}

#[test]
fn json_documents() {
    let sandbox = Sandbox::with_demo();
    let _scope = sandbox.snapshot_scope();
    let product: Vec<&str> = ["--defaults"].iter().chain(&PRODUCT).copied().collect();
    let in_demo = ["--catalog", "."];
    for (name, args) in [
        ("list", [&["list"][..], &in_demo].concat()),
        ("show", vec!["show", "."]),
        ("preview", [&["preview"][..], &in_demo, &product].concat()),
        (
            "new",
            [&["new", "--into", "made"][..], &in_demo, &product].concat(),
        ),
        ("verify", vec!["verify", "made", "--catalog", "."]),
        ("sweep", vec!["sweep", "."]),
        ("hash", vec!["hash"]),
    ] {
        let ran = sandbox.groundplan(args.iter().chain(&["--format", "json"]));
        insta::assert_snapshot!(format!("json_{name}"), ran.transcript());
    }
}

#[test]
fn texts_of_list_and_show() {
    let sandbox = Sandbox::new();
    let _scope = sandbox.snapshot_scope();
    for name in [
        "nextjs",
        "ops-repo",
        "python-package",
        "rust-cli",
        "rust-service",
    ] {
        let ran = sandbox.groundplan(["show", name]).exits(0);
        insta::assert_snapshot!(format!("show_{name}"), ran.stdout);
    }
    insta::assert_snapshot!("list", sandbox.groundplan(["list"]).exits(0).stdout);
}
