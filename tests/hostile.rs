//! What a hostile or broken world hands to the program: it refuses in words, quickly, in little memory.

use crate::support::{PRODUCT, Ran, Sandbox};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The one place where limits are asserted: 256 MB and a second of processor time, of which an unoptimized build gets
/// more. Waiting is cut off after half a minute. No output may hold a raw control character.
#[track_caller]
fn bounded(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let seconds = if cfg!(debug_assertions) { 3 } else { 1 };
    let script = format!("ulimit -v 262144; ulimit -t {seconds}; exec timeout -s KILL 30 \"$@\"");
    let ran = sandbox.run(
        Command::new("sh")
            .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_groundplan")])
            .args(args)
            .env("CANARY", SECRET),
    );
    let shown = format!("{}\n{}", ran.stdout, ran.stderr);
    assert!(
        (0..=3).contains(&ran.code),
        "{args:?} ended with {}: {}",
        ran.code,
        shown.chars().take(2000).collect::<String>()
    );
    let raw = shown
        .chars()
        .find(|c| c.is_control() && !"\n\t".contains(*c));
    assert_eq!(raw, None, "a raw control character in {shown:?}");
    assert!(!shown.contains("panicked"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
    ran
}

/// What stands in places that no output may show.
const SECRET: &str = "canary-5f2c91d7";

/// Previews the demo catalogue over the folder `t`.
#[track_caller]
fn over(sandbox: &Sandbox, command: &str, more: &[&str]) -> Ran {
    let mut args = vec![command, "--catalog", ".", "--template", "t", "--defaults"];
    args.extend(PRODUCT);
    args.extend(more);
    bounded(sandbox, &args)
}

/// The demo catalogue, whose options do nothing, and the folder `t` as a template of one file.
fn with_template() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write("recipes/demo/auth/session.yaml", "actions: []\n");
    fs::remove_file(sandbox.join("recipes/demo/auth/session/files/session.ts")).unwrap();
    sandbox.write("t/README.md", "# __PRODUCT_NAME__\n");
    sandbox
}

/// The template `t` is refused with this code, by preview and by new, and nothing is made.
#[track_caller]
fn refused(sandbox: &Sandbox, code: &str, shown: &str) {
    let before = sandbox.files();
    let json = over(sandbox, "preview", &["--format", "json"]).exits(1);
    let findings = json.findings();
    assert!(
        !findings.is_empty() && findings.iter().all(|finding| finding.starts_with(code)),
        "{findings:?}"
    );
    let text = over(sandbox, "new", &["--into", "out"]).exits(1);
    assert!(text.stderr.contains(shown), "{}", text.stderr);
    assert_eq!(sandbox.files(), before);
}

/// A document that `check` refuses, in every format, with this code among its findings.
#[track_caller]
fn document(name: &str, content: impl AsRef<[u8]>, code: &str) {
    let sandbox = Sandbox::new();
    sandbox.write(name, content);
    for format in ["text", "sarif", "github"] {
        bounded(&sandbox, &["check", name, "--format", format]).exits(1);
    }
    let json = bounded(&sandbox, &["check", name, "--format", "json"]).exits(1);
    let findings = json.findings();
    assert!(
        findings.iter().any(|finding| finding.starts_with(code)),
        "{findings:?}"
    );
    assert!(findings.len() <= 200, "{} findings", findings.len());
}

#[test]
fn a_document_of_ten_megabytes_is_not_read_to_its_end() {
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
fn aliases_are_refused_before_they_multiply() {
    let lines = (1..10).map(|line| {
        let above = format!("*a{}, ", line - 1).repeat(9);
        format!("a{line}: &a{line} [{above}]\n")
    });
    let bomb = format!("a0: &a0 [x]\n{}", lines.collect::<String>());
    document("a.yaml", bomb, "GP105");
}

#[test]
fn a_hundred_thousand_faults_are_as_quick_as_one() {
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
fn long_chains_and_circles_of_options_are_cut_short() {
    let name = |option: usize| format!("c{}/o{}", option / 100, option % 100);
    let chain = |option: usize| format!(", requires: [{}]", name((option + 1).min(2_999)));
    document("catalog.yaml", catalog_file(30, 100, chain), "GP30");
    let circles = |option: usize| format!(", requires: [{}, c0/o0]", name((option + 1) % 3_000));
    document("catalog.yaml", catalog_file(30, 100, circles), "GP303");
    let wrong = |_| format!(", requires: [{}]", "c0/oo, ".repeat(40));
    document("catalog.yaml", catalog_file(10, 100, wrong), "GP302");
}

#[test]
fn conditions_of_an_action_are_counted() {
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
fn only_plain_utf_8_is_read() {
    document("a.yaml", "actions: []\n\0", "GP102");
    document("a.yaml", "\u{feff}actions: []\n", "GP102");
    document("a.json", "\u{feff}{\"actions\":[]}", "GP102");
    document("a.yaml", b"actions: [] # caf\xe9\n", "GP102");
    document("a.yaml", b"\xff\xfea\0c\0", "GP102");
    document("a.yaml", "actions: [] # \u{1b}[2J\n", "GP102");
    document("a.yaml", "\"\\e[2J\u{202e}\": 1\n", "GP202");
}

#[test]
fn windows_line_ends_are_fine() {
    let sandbox = Sandbox::new();
    let recipe = "actions:\r\n  - kind: WRITE_FILE\r\n    path: a\r\n    content: b\r\n";
    sandbox.write("a.yaml", recipe);
    bounded(&sandbox, &["check", "a.yaml"]).exits(0);
    sandbox.write("a.yaml", recipe.replace("path: a", "path: ../a"));
    let ran = bounded(&sandbox, &["check", "a.yaml", "--format", "json"]).exits(1);
    assert_eq!(ran.findings(), ["GP206 a.yaml:3:11"]);
}

#[test]
fn what_is_no_plain_file_is_named_and_not_waited_for() {
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
fn make(sandbox: &Sandbox, program: &str, path: &str) {
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
fn a_full_disk_is_an_error_and_no_panic() {
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
fn a_reader_that_goes_away_is_no_panic() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", format!("\"{}\"", "x".repeat(1_000_000)));
    let script = format!(
        "{{ '{}' canonical a.json; echo \"code $?\" >&2; }} | head -c 1",
        env!("CARGO_BIN_EXE_groundplan")
    );
    let ran = sandbox.run(Command::new("sh").args(["-c", &script]));
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("\"", "code 3\n")
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
    refused(&sandbox, "GP601", "`pipe` is neither a file nor a folder");
    let sandbox = with_template();
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.join("t/socket")).unwrap();
    refused(&sandbox, "GP601", "`socket` is neither a file nor a folder");
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
        refused(&sandbox, "GP601", "belongs to git itself");
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
        refused(&sandbox, "GP601", "are one name on many systems");
    }
}

#[test]
fn names_that_steer_a_terminal_are_shown_escaped() {
    for (name, shown) in [
        ("a\u{1b}[2Jb", "\\u{1b}[2J"),
        ("a\nerror: all is well", "a\\nerror"),
        ("a\rb", "a\\rb"),
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
    refused(&sandbox, "GP602", "`large` has 5242881 bytes");
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
    let script = include_str!("data/make_hostile_templates.sh");
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

#[test]
fn only_an_absent_or_empty_folder_becomes_a_repository() {
    let sandbox = with_template();
    sandbox
        .write("file", "x")
        .write("full/a", "x")
        .write("empty/a", "x");
    fs::remove_file(sandbox.join("empty/a")).unwrap();
    sandbox
        .symlink("empty", "link")
        .symlink("nowhere", "dangling");
    make(&sandbox, "mkfifo", "pipe");
    let before = sandbox.files();
    for into in [
        "file",
        "full",
        "link",
        "dangling",
        "pipe",
        "missing/out",
        "file/out",
        ".",
        "..",
        "/",
        "/proc/out",
        "",
    ] {
        let ran = over(&sandbox, "new", &["--into", into]);
        assert!(
            ran.code == 3 || into.is_empty() && ran.code == 2,
            "{into}: {}",
            ran.stderr
        );
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert_eq!(sandbox.files(), before, "{into}");
    }
    over(&sandbox, "new", &["--into", "empty"]).exits(0);
    over(&sandbox, "new", &["--into", "empty"]).exits(3);
}

#[test]
fn a_killed_process_leaves_the_target_whole_or_absent() {
    let sandbox = with_template();
    for number in 0..100 {
        sandbox.write(
            &format!("t/{}/{number}", number % 7),
            format!("__PRODUCT_NAME__ {number}\n"),
        );
    }
    let report = over(&sandbox, "preview", &["--format", "json"])
        .exits(0)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    let mut args = vec!["new", "--catalog", ".", "--template", "t", "--defaults"];
    args.extend(PRODUCT);
    let (mut absent, rounds) = (0, 16);
    for round in 0..rounds {
        let into = format!("{round}/out");
        fs::create_dir(sandbox.join(&round.to_string())).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_groundplan"))
            .args(&args)
            .args(["--into", &into])
            .current_dir(sandbox.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed once so many entries stand beside the target, from none at all to more than there will be.
        let enough = round * 25;
        while entries(&sandbox.join(&round.to_string())) < enough
            && child.try_wait().unwrap().is_none()
        {}
        child.kill().unwrap();
        child.wait().unwrap();
        let out = sandbox.join(&into);
        if out.exists() && fs::read_dir(&out).unwrap().next().is_some() {
            assert_eq!(
                sandbox.git(&into, &["rev-parse", "HEAD^{tree}"]).trim(),
                tree
            );
            assert_eq!(sandbox.git(&into, &["status", "--porcelain"]), "");
        } else {
            absent += 1;
            over(&sandbox, "new", &["--into", &into, "--expect", tree]).exits(0);
        }
    }
    assert!(absent > 0, "no round was killed in the middle");
}

/// How many entries stand below a folder, while others are working there.
fn entries(folder: &Path) -> usize {
    let Ok(entries_here) = fs::read_dir(folder) else {
        return 0;
    };
    let below = |entry: fs::DirEntry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        1 + if is_folder { entries(&entry.path()) } else { 0 }
    };
    entries_here.flatten().map(below).sum()
}
