//! Templates and catalogues with links, odd names, odd sizes and whole repositories in them.

use super::{SECRET, bounded, documents::make, over, refused, with_template};
use crate::support::{PRODUCT, Sandbox};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

#[test]
fn a_template_with_a_link_is_refused_wherever_it_leads() {
    for links in [
        [("README.md", "link"), ("link", "chain")],
        [("../secret", "link"), ("/etc/passwd", "absolute")],
        [("b", "a"), ("a", "b")],
        [("nowhere", "dangling"), (".", "folder")],
        [(".git/config", "config"), ("../../..", "up")],
    ] {
        let sandbox = with_template();
        sandbox.write("secret", SECRET);
        for (target, link) in links {
            sandbox.symlink(target, &format!("t/{link}"));
        }
        refused(
            &sandbox,
            "GP601",
            &format!("`{}` is a symbolic link to `{}`", links[0].1, links[0].0),
        );
    }
}

#[test]
fn a_link_that_is_allowed_is_kept_and_never_followed() {
    let sandbox = with_template();
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    sandbox.write(
        "catalog/demo/catalog.yaml",
        format!("{catalog}symlinks: ALLOW\n"),
    );
    sandbox.write("secret/file", SECRET);
    sandbox.symlink("../secret/file", "t/file");
    sandbox.symlink("../secret", "t/folder");
    sandbox.symlink("loop", "t/loop");
    over(&sandbox, "preview", &["--full"]).exits(0);
    over(&sandbox, "new", &["--into", "out"]).exits(0);
    assert_eq!(
        fs::read_link(sandbox.join("out/file")).unwrap(),
        Path::new("../secret/file")
    );
    sandbox.git("out", &["fsck", "--strict"]);
    for (action, code) in [
        ("{kind: APPEND_TO_FILE, path: file, content: x}", "GP704"),
        (
            "{kind: REPLACE_STRING, path: file, find: canary, replace: x}",
            "GP704",
        ),
        ("{kind: WRITE_FILE, path: file, content: x}", "GP701"),
        (
            "{kind: WRITE_FILE, path: file, content: x, if_exists: overwrite}",
            "GP701",
        ),
        ("{kind: WRITE_FILE, path: folder/file, content: x}", "GP402"),
        ("{kind: COPY_FILE, template: file, to: copy}", "GP704"),
        (
            "{kind: COPY_FILE, template: folder/file, to: copy}",
            "GP702",
        ),
    ] {
        sandbox.write(
            "recipes/demo/auth/session.yaml",
            format!("actions: [{action}]\n"),
        );
        let report = over(&sandbox, "preview", &["--format", "json"])
            .exits(1)
            .json();
        let found = |list: &str| report[list][0]["code"].as_str().map(str::to_owned);
        assert_eq!(
            found("errors").or(found("collisions")).as_deref(),
            Some(code),
            "{action}"
        );
    }
    assert_eq!(sandbox.read("secret/file"), SECRET);
}

#[test]
fn a_template_holds_files_and_folders_only() {
    let sandbox = with_template();
    make(&sandbox, "mkfifo", "t/pipe");
    refused(&sandbox, "GP601", "t/pipe");
    let sandbox = with_template();
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.join("t/socket")).unwrap();
    refused(&sandbox, "GP601", "t/socket");
}

#[test]
fn git_itself_is_not_part_of_a_template() {
    for path in [
        "sub/.git",
        "sub/.git/config",
        ".GIT/config",
        "a/.Git",
        "git~1",
        ".g\u{200c}it",
    ] {
        let sandbox = with_template();
        sandbox.write(&format!("t/{path}"), "gitdir: ../.git/modules/sub\n");
        refused(&sandbox, "GP601", "is reserved by git");
    }
    let sandbox = with_template();
    sandbox.write("t/.git/config", SECRET);
    over(&sandbox, "preview", &["--full"]).exits(0);
}

#[test]
fn names_that_are_one_on_other_systems_are_refused() {
    for (one, other) in [
        ("A.md", "a.md"),
        ("Docs/x", "docs/y"),
        ("caf\u{e9}", "cafe\u{301}"),
        ("\u{c9}", "e\u{301}"),
        ("K.md", "\u{212a}.md"),
    ] {
        let sandbox = with_template();
        sandbox
            .write(&format!("t/{one}"), "1")
            .write(&format!("t/{other}"), "2");
        refused(&sandbox, "GP601", "are the same name on many file systems");
    }
}

#[test]
fn names_that_steer_a_terminal_are_shown_escaped() {
    for (name, shown) in [
        ("a\u{1b}[2Jb", "\\u{1b}[2J"),
        ("a\nerror: all is well", "a\\nerror"),
        ("a\rb", "a\\u{d}b"),
        ("a\u{9b}31mb", "\\u{9b}"),
        ("a\u{202e}b", "\\u{202e}"),
        ("a\u{7f}", "\\u{7f}"),
    ] {
        let sandbox = with_template();
        sandbox.write(&format!("t/{name}"), "x");
        refused(&sandbox, "GP601", shown);
        // As a catalogue's name, a recipe's and a literal's.
        let sandbox = Sandbox::with_demo();
        sandbox.write(&format!("catalog/{name}/catalog.yaml"), "x");
        sandbox.write(&format!("recipes/demo/auth/{name}.yaml"), "x");
        sandbox.write(&format!("recipes/{name}/auth/a.yaml"), "x");
        sandbox.write(&format!("recipes/demo/auth/session/files/{name}"), "x");
        for format in ["text", "json", "sarif", "github"] {
            bounded(&sandbox, &["check", ".", "--format", format]).exits(1);
        }
        bounded(&sandbox, &["list", "--catalog", "."]).exits(0);
        bounded(&sandbox, &["show", "."]).exits(2);
        bounded(&sandbox, &["show", &format!("catalog/{name}")]).exits(1);
        bounded(&sandbox, &["check", name]).exits(3);
    }
    let sandbox = with_template();
    fs::write(
        sandbox
            .join("t")
            .join(std::ffi::OsStr::from_bytes(b"a\xff\x1b")),
        "x",
    )
    .unwrap();
    refused(&sandbox, "GP601", "is not UTF-8");
}

#[test]
fn contents_that_steer_a_terminal_are_shown_escaped() {
    let sandbox = with_template();
    let hostile = "\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{8}\r__PRODUCT_NAME__";
    sandbox.write("t/a.txt", format!("{hostile}\n"));
    sandbox.write(
        "t/package.json",
        "{\"scripts\": {\"a\\u001b[2J\\nb\": \"x\", \"install\": \"__PRODUCT_NAME__\"}}\n",
    );
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions:\n- {kind: WRITE_FILE, path: b, content: \"\\e[2J\\x9b2J\"}\n\
         - {kind: REPLACE_STRING, path: package.json, find: '\\u001b[2J', replace: '\\u009b2J\\u0007'}\n",
    );
    for more in [["--full"], ["--summary"], ["--format=json"]] {
        over(&sandbox, "preview", &more).exits(0);
    }
    over(&sandbox, "new", &["--into", "out\u{1b}[2J"]).exits(0);
    assert!(
        sandbox
            .read("out\u{1b}[2J/a.txt")
            .starts_with("\u{1b}[2J\u{9b}2J")
    );
}

#[test]
fn long_names_are_made_as_they_are() {
    let sandbox = with_template();
    let name = "n".repeat(255);
    sandbox.write(&format!("t/{name}"), "__PRODUCT_NAME__");
    over(&sandbox, "new", &["--into", "out"]).exits(0);
    assert_eq!(sandbox.read(&format!("out/{name}")), "Acme Web");
}

#[test]
fn folders_are_64_deep_at_most() {
    let sandbox = with_template();
    sandbox.write(&format!("t/{}f", "d/".repeat(64)), "x");
    over(&sandbox, "preview", &[]).exits(0);
    sandbox.write(&format!("t/{}f", "d/".repeat(70)), "x");
    refused(&sandbox, "GP602", "more than 64 folders deep");
}

#[test]
fn files_have_5_mib_at_most() {
    let sandbox = with_template();
    sandbox.write("t/large", vec![b'x'; 5 * 1024 * 1024]);
    over(&sandbox, "preview", &[]).exits(0);
    sandbox.write("t/large", vec![b'x'; 5 * 1024 * 1024 + 1]);
    refused(&sandbox, "GP602", "is 5242881 bytes");
}

#[test]
fn all_files_have_100_mib_at_most() {
    let sandbox = with_template();
    sandbox.write("t/0", vec![b'x'; 5 * 1024 * 1024]);
    for number in 1..19 {
        fs::hard_link(sandbox.join("t/0"), sandbox.join(&format!("t/{number}"))).unwrap();
    }
    over(&sandbox, "preview", &[]).exits(0);
    for number in 19..25 {
        fs::hard_link(sandbox.join("t/0"), sandbox.join(&format!("t/{number}"))).unwrap();
    }
    refused(&sandbox, "GP602", "more than 104857600 bytes");
}

#[test]
fn a_template_has_50_000_entries_at_most() {
    let sandbox = with_template();
    for number in 0..50_000 {
        fs::hard_link(
            sandbox.join("t/README.md"),
            sandbox.join(&format!("t/{number}")),
        )
        .unwrap();
    }
    refused(&sandbox, "GP602", "more than 50000 files and folders");
}

#[test]
fn many_folders_need_few_handles() {
    let sandbox = with_template();
    for number in 0..300 {
        sandbox.write(&format!("t/{number}/a"), "x");
    }
    let script = format!(
        "ulimit -n 32; exec '{}' new --catalog . --template t --defaults --name A --owner a --repo b --into out",
        env!("CARGO_BIN_EXE_groundplan")
    );
    sandbox
        .run(Command::new("sh").args(["-c", &script]))
        .exits(0);
}

#[test]
fn what_grows_is_measured_before_it_is_made() {
    let sandbox = with_template();
    let name = format!("a{}", "🚀".repeat(99));
    let tokens = "__PRODUCT_NAME__".repeat(300_000);
    for number in 0..5 {
        sandbox.write(&format!("t/{number}"), &tokens);
    }
    let mut args = vec!["preview", "--catalog", ".", "--template", "t", "--defaults"];
    args.extend([
        "--name", &name, "--owner", "a", "--repo", "b", "--format", "json",
    ]);
    let report = bounded(&sandbox, &args).exits(1).json();
    assert_eq!(report["errors"][0]["code"], "GP708");

    let sandbox = with_template();
    sandbox.write("t/a", "a".repeat(5 * 1024 * 1024));
    let replace = "b".repeat(500_000);
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        format!("actions:\n- {{kind: REPLACE_STRING, path: a, find: a, replace: {replace}, count: all}}\n"),
    );
    let report = over(&sandbox, "preview", &["--format", "json"])
        .exits(1)
        .json();
    assert_eq!(report["errors"][0]["code"], "GP708");

    let sandbox = with_template();
    sandbox.write("t/a/b", vec![b'x'; 4 * 1024 * 1024]);
    let copies = (0..20).map(|n| format!("- {{kind: COPY_FILE, template: a, to: c{n}}}\n"));
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        format!("actions:\n{}", copies.collect::<String>()),
    );
    let report = over(&sandbox, "preview", &["--format", "json"])
        .exits(1)
        .json();
    assert_eq!(report["errors"][0]["code"], "GP708");
}

#[test]
fn a_bare_repository_is_no_template() {
    let sandbox = with_template();
    sandbox.git(".", &["init", "-q", "--bare", "bare.git"]);
    // The ones left out take long to build, and from outside they look like all the others.
    let script = include_str!("../data/make_hostile_templates.sh");
    let left_out = ["deep-tree", "tree-bomb", "big-blob", "blob-fanout"];
    let lines = script.lines().filter(|line| {
        !left_out
            .iter()
            .any(|name| line.starts_with(&format!("new {name}")))
    });
    let script = lines.collect::<Vec<_>>().join("\n");
    sandbox
        .run(Command::new("sh").args(["-c", &script, "sh", "bad"]))
        .exits(0);
    let repositories: Vec<_> = fs::read_dir(sandbox.join("bad"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(repositories.len(), 30);
    for repository in repositories {
        fs::rename(sandbox.join("t"), sandbox.join("last")).unwrap();
        fs::rename(&repository, sandbox.join("t")).unwrap();
        refused(&sandbox, "GP60", "is a bare git repository");
        fs::rename(sandbox.join("last"), repository).unwrap();
    }
}

#[test]
fn links_of_a_catalogue_are_not_followed() {
    for (link, target) in [
        ("recipes/demo/auth/session.yaml", "/etc/passwd"),
        ("recipes/demo/auth/session.yaml", "/proc/self/environ"),
        ("recipes/demo/auth/session.yaml", "../../../secret.yaml"),
        ("recipes/demo/auth/session/files/session.ts", "/etc/passwd"),
        (
            "recipes/demo/auth/session/files/session.ts",
            "/proc/self/environ",
        ),
        ("recipes/demo/auth/session/files", "/etc"),
        ("recipes/demo/auth/session", "../../../elsewhere"),
        ("recipes/demo/auth", "/etc"),
        ("recipes", "elsewhere"),
        ("catalog/demo/catalog.yaml", "/etc/passwd"),
        ("catalog/demo/catalog.yaml", "../../secret.yaml"),
        ("catalog/demo/template/README.md", "/etc/passwd"),
        ("catalog/demo/template", "../../elsewhere"),
        ("catalog", "elsewhere"),
    ] {
        let sandbox = Sandbox::with_demo();
        sandbox.write(
            "secret.yaml",
            format!("actions: [{SECRET}]\n{SECRET}: {SECRET}\n"),
        );
        sandbox.write("elsewhere/demo/auth/session.yaml", format!("{SECRET}: 1\n"));
        sandbox.write("elsewhere/demo/catalog.yaml", format!("{SECRET}: 1\n"));
        sandbox.write("elsewhere/files/session.ts", SECRET);
        fs::rename(sandbox.join(link), sandbox.join("old")).unwrap();
        sandbox.symlink(target, link);
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let first = passwd.lines().next().unwrap();
        for format in ["text", "json", "sarif", "github"] {
            let ran = bounded(&sandbox, &["check", ".", "--format", format]).exits(1);
            assert!(!ran.stdout.contains(first), "{link}: {}", ran.stdout);
        }
        for more in [&["--full"][..], &["--format", "json"]] {
            let mut args = vec!["preview", "--catalog", ".", "--defaults"];
            args.extend(PRODUCT);
            args.extend(more);
            let ran = bounded(&sandbox, &args);
            assert_ne!(ran.code, 0, "{link}: {}", ran.stdout);
            assert!(!ran.stdout.contains(first) && !ran.stderr.contains(first));
        }
        let ran = bounded(&sandbox, &["check", link]);
        assert!(!ran.stdout.contains(first), "{link}: {}", ran.stdout);
    }
}
