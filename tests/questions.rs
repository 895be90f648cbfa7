//! Questions on a terminal: category by category, with the default marked.

use crate::support::Sandbox;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read as _, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// A program on a terminal of its own, and everything it has shown so far.
struct Screen {
    /// What the program writes, as it comes.
    written: Receiver<Vec<u8>>,
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    shown: String,
    /// The length of what was waited for.
    seen: usize,
}

/// The longest time that a program on a busy machine needs for the next text.
const PATIENCE: Duration = Duration::from_mins(1);

impl Screen {
    fn of(sandbox: &Sandbox, args: &[&str]) -> Self {
        Self::with(sandbox, args, &[])
    }

    /// As [`Self::of`], with variables.
    fn with(sandbox: &Sandbox, args: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start(sandbox, args, variables, 40, 200)
    }

    /// As [`Self::of`], with a size in rows and columns.
    fn sized(sandbox: &Sandbox, args: &[&str], rows: u16, cols: u16) -> Self {
        Self::start(sandbox, args, &[], rows, cols)
    }

    fn start(
        sandbox: &Sandbox,
        args: &[&str],
        variables: &[(&str, &str)],
        rows: u16,
        cols: u16,
    ) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let terminal = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_groundplan"));
        command.args(args);
        command.cwd(sandbox.path());
        command.env("NO_COLOR", "1");
        command.env("TERM", "xterm");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = terminal.slave.spawn_command(command).unwrap();
        drop(terminal.slave);
        let mut reader = terminal.master.try_clone_reader().unwrap();
        let (sender, written) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal whose program is gone reads as an error on Linux.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            written,
            writer: terminal.master.take_writer().unwrap(),
            child,
            shown: String::new(),
            seen: 0,
        }
    }

    /// Reads until a text is shown after the one that was waited for before.
    #[track_caller]
    fn waits_for(&mut self, text: &str) -> &mut Self {
        loop {
            if let Some(at) = self.shown[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            let Ok(more) = self.written.recv_timeout(PATIENCE) else {
                self.child.kill().unwrap_or_default();
                panic!("`{text}` was never shown:\n{}", self.shown);
            };
            self.shown.push_str(&String::from_utf8_lossy(&more));
        }
    }

    fn types(&mut self, keys: &str) -> &mut Self {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Everything that a program shows that succeeds.
    #[track_caller]
    fn text(mut self) -> String {
        assert_eq!(self.exit_code(), 0, "{}", self.shown);
        self.shown
    }

    #[track_caller]
    fn exit_code(&mut self) -> u32 {
        loop {
            match self.written.recv_timeout(PATIENCE) {
                Ok(more) => self.shown.push_str(&String::from_utf8_lossy(&more)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.child.kill().unwrap_or_default();
                    panic!("the program does not end:\n{}", self.shown);
                }
            }
        }
        self.child.wait().unwrap().exit_code()
    }
}

const NEW: [&str; 13] = [
    "new",
    "--catalog",
    ".",
    "--name",
    "Acme Web",
    "--owner",
    "acme",
    "--repo",
    "acme-web",
    "--date",
    "2026-11-21",
    "--into",
    "out",
];
const DOWN: &str = "\u{1b}[B";

#[test]
fn the_enter_key_takes_the_marked_default() {
    let sandbox = Sandbox::with_demo();
    let mut screen = Screen::of(&sandbox, &NEW);
    screen
        .waits_for("Authentication")
        .types("\r")
        .waits_for("Add-ons")
        .types("\r")
        .waits_for("Create? [Y/n/diff]")
        .types("\r");
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    assert!(sandbox.join("out/lib/session.ts").is_file());
}

#[test]
fn all_that_no_flag_says_is_asked_and_shown_before_it_is_created() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("settings", "[github]\n\tuser = acme\n");
    let settings = sandbox.join("settings").display().to_string();
    let mut screen = Screen::with(
        &sandbox,
        &["new", "--catalog", "."],
        &[("GIT_CONFIG_GLOBAL", &settings)],
    );
    screen
        .waits_for("Name of the product")
        .types("Acme Web\r")
        .waits_for("owns it [acme]")
        .types("\r")
        .waits_for("Name of the repository [acme-web]")
        .types("not a name\r")
        .waits_for("repository name")
        .types("\u{15}web\r")
        .waits_for("Folder [web]")
        .types("\r")
        .waits_for("Authentication")
        .types("\r")
        .waits_for("Add-ons")
        .types("\r")
        .waits_for("Plan:")
        .waits_for("Create? [Y/n/diff]")
        .types("maybe\r")
        .waits_for("expected `y`, `n` or `diff`")
        .types("\u{15}diff\r")
        .waits_for("+ lib/session.ts")
        .waits_for("Create? [Y/n/diff]")
        .types("y\r");
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    let record = sandbox.read("web/.scrum4me/bootstrap.json");
    assert!(record.contains("\"owner\": \"acme\""), "{record}");
    // The report is not shown again.
    let reports = screen.shown.matches("Plan: 5 files").count();
    assert_eq!(reports, 2, "{}", screen.shown);
}

#[test]
fn a_repository_that_is_not_wanted_after_all_leaves_no_trace() {
    let sandbox = Sandbox::with_demo();
    let mut screen = Screen::of(
        &sandbox,
        &["new", "--catalog", ".", "--defaults", "--into", "acme-tool"],
    );
    screen
        .waits_for("Name of the product [Acme Tool]")
        .types("\r")
        .waits_for("owns it")
        .types("acme\r")
        .waits_for("Name of the repository [acme-tool]")
        .types("\r")
        .waits_for("Create?")
        .types("n\r");
    assert_eq!(screen.exit_code(), 130, "{}", screen.shown);
    assert!(!sandbox.join("acme-tool").exists());
}

#[test]
fn options_that_no_longer_fit_are_shown_with_the_reason() {
    let sandbox = Sandbox::with_demo();
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    let start = catalog.find("categories:").unwrap();
    let categories = "categories:
  - slug: data
    title: Data
    selection: SINGLE
    required: true
    options:
      - { slug: none, title: No database, default: true }
      - { slug: sql, title: SQL, requires: [host/cloud] }
  - slug: auth
    title: Sign-in
    selection: SINGLE
    options:
      - { slug: session, title: Sessions, requires: [data/sql] }
      - { slug: none, title: No sign-in }
  - slug: host
    title: Host
    selection: SINGLE
    required: true
    options:
      - { slug: own, title: Own machine, default: true }
      - { slug: cloud, title: Cloud }
  - slug: addons
    title: Extras
    selection: MULTI
    options:
      - { slug: one, title: One, conflicts: [addons/two] }
      - { slug: two, title: Two }
      - { slug: three, title: Three, conflicts: [host/cloud] }
      - { slug: four, title: Four, requires: [addons/two] }
";
    sandbox.write(
        "catalog/demo/catalog.yaml",
        format!("{}{categories}", &catalog[..start]),
    );
    std::fs::remove_dir_all(sandbox.join("recipes/demo")).unwrap();
    let mut screen = Screen::of(&sandbox, &NEW);
    screen
        .waits_for("Data")
        .types("\r")
        .waits_for("not available: Sessions (requires SQL (Data))")
        .waits_for("Sign-in")
        .types("\u{1b}");
    assert_eq!(screen.exit_code(), 130, "{}", screen.shown);

    let mut screen = Screen::of(&sandbox, &NEW);
    screen
        .waits_for("Data")
        .types(DOWN)
        .types("\r")
        .waits_for("Sign-in")
        .types("\r")
        .waits_for("Host: Cloud, which SQL (Data) requires")
        .waits_for("not available: Three (cannot be combined with Cloud (Host))")
        .waits_for("Extras")
        .types(" ")
        .types(DOWN)
        .types(" ")
        .types("\r")
        .waits_for("cannot be combined with One (Extras); choose again")
        .types(DOWN)
        .types(DOWN)
        .types(" ")
        .types("\r")
        .waits_for("Two (Extras) is selected too: it is required")
        .waits_for("Create?")
        .types("\r");
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    let record = sandbox.read("out/.scrum4me/bootstrap.json");
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(
        record["selected_options"],
        serde_json::json!({ "data": ["sql"], "host": ["cloud"], "addons": ["four", "two"] })
    );
}

#[test]
fn long_lines_are_cut_to_the_width_of_the_terminal() {
    let sandbox = Sandbox::with_demo();
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    let long = format!(
        "No sign-in, {}",
        "which needs a long explanation ".repeat(5)
    );
    let catalog = catalog.replace("title: No sign-in", &format!("title: '{}'", long.trim()));
    sandbox.write("catalog/demo/catalog.yaml", catalog);
    let mut screen = Screen::sized(&sandbox, &NEW, 24, 80);
    screen
        .waits_for("Authentication")
        .types(DOWN)
        .types("\u{1b}");
    screen.exit_code();
    assert!(screen.shown.contains('…'), "{}", screen.shown);
    let plain = anstream::adapter::strip_str(&screen.shown).to_string();
    let longest = plain
        .lines()
        .map(|line| line.trim_end().chars().count())
        .max();
    assert!(longest <= Some(80), "{longest:?}: {plain}");
}

#[test]
fn the_arrow_keys_choose_another_option_and_space_marks_several() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/addons/docs.yaml",
        "actions:\n  - kind: WRITE_FILE\n    path: docs/guide.md\n    content: x\n",
    );
    let mut screen = Screen::of(&sandbox, &NEW);
    screen
        .waits_for("Authentication")
        .types(DOWN)
        .types("\r")
        .waits_for("Add-ons")
        .types(" ")
        .types("\r")
        .waits_for("Create?")
        .types("\r");
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    assert!(!sandbox.join("out/lib/session.ts").exists());
    assert!(sandbox.join("out/docs/guide.md").is_file());
}

#[test]
fn the_escape_key_leaves_without_a_trace() {
    let sandbox = Sandbox::with_demo();
    let mut screen = Screen::of(&sandbox, &NEW);
    screen.waits_for("Authentication").types("\u{1b}");
    assert_eq!(screen.exit_code(), 130, "{}", screen.shown);
    assert!(!sandbox.join("out").exists());
}

#[test]
fn an_interrupted_question_gives_the_cursor_back() {
    let sandbox = Sandbox::with_demo();
    let mut screen = Screen::of(&sandbox, &NEW);
    screen.waits_for("Authentication").types("\u{3}");
    assert_eq!(screen.exit_code(), 130, "{}", screen.shown);
    let (hidden, shown) = (
        screen.shown.rfind("\u{1b}[?25l"),
        screen.shown.rfind("\u{1b}[?25h"),
    );
    assert!(hidden < shown, "{:?}", screen.shown);
    assert!(!sandbox.join("out").exists());
}

/// `groundplan add` over a repository `old` with one file.
fn adding(sandbox: &Sandbox) -> Screen {
    sandbox.write("old/README.md", "# Ours\n");
    sandbox.commit("old");
    let mut args = ["add", "--defaults", "--into", "old"].to_vec();
    args.extend(&NEW[1..11]);
    Screen::of(sandbox, &args)
}

#[test]
fn what_would_be_added_is_shown_before_the_question() {
    let sandbox = Sandbox::with_demo();
    let mut screen = adding(&sandbox);
    let question = "Add 3 files and commit them to `main`?";
    screen.waits_for(question).types("y");
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    let at = |text: &str| screen.shown.find(text).unwrap();
    assert!(at("+ package.json") < at(question), "{}", screen.shown);
    assert!(sandbox.join("old/lib/session.ts").is_file());
    assert_eq!(sandbox.git("old", &["rev-list", "--count", "HEAD"]), "2\n");
}

#[test]
fn the_enter_key_alone_adds_nothing() {
    let sandbox = Sandbox::with_demo();
    let mut screen = adding(&sandbox);
    screen.waits_for("commit them to `main`?").types("\r");
    assert_eq!(screen.exit_code(), 130, "{}", screen.shown);
    assert_eq!(sandbox.git("old", &["rev-list", "--count", "HEAD"]), "1\n");
    assert_eq!(sandbox.git("old", &["status", "--porcelain"]), "");
}

/// `groundplan preview` over the demo catalogue, all files.
const PREVIEW: [&str; 13] = [
    "preview",
    "--catalog",
    ".",
    "--defaults",
    "--full",
    "--name",
    "Acme Web",
    "--owner",
    "acme",
    "--repo",
    "acme-web",
    "--date",
    "2026-11-21",
];

#[test]
fn a_preview_on_a_terminal_goes_through_the_pager() {
    let sandbox = Sandbox::with_demo();
    sandbox
        .write("pager", "#!/bin/sh\ncat > \"$1\"\n")
        .make_executable("pager");
    let pager = format!("'{}' paged", sandbox.join("pager").display());
    let mut screen = Screen::with(&sandbox, &PREVIEW, &[("PAGER", &pager)]);
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    let paged = std::fs::read_to_string(sandbox.join("paged")).unwrap();
    // Warnings go the same way, so that they do not cover the text.
    let piped = sandbox.groundplan(PREVIEW).exits(0);
    for line in piped.stdout.lines().chain(piped.stderr.lines()) {
        assert!(paged.contains(line), "{line}: {paged}");
    }
    let last = "Create exactly this";
    assert!(!screen.shown.contains(last), "{}", screen.shown);
}

#[test]
fn every_report_and_list_on_a_terminal_goes_through_the_pager() {
    let sandbox = Sandbox::with_demo();
    sandbox
        .write("pager", "#!/bin/sh\ncat > \"$1\"\n")
        .make_executable("pager");
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    let database = ["--database-url", "sqlite:jobs.db"];
    let submit = ["runs", "submit", "--catalog", ".", "--defaults"];
    let product = crate::support::PRODUCT;
    sandbox
        .groundplan([&submit[..], &product, &database].concat())
        .exits(0);
    let pager = format!("'{}' paged", sandbox.join("pager").display());
    let variables = [("PAGER", &*pager)];
    let mut args: Vec<Vec<&str>> = vec![
        vec!["list"],
        vec!["show", "."],
        vec!["verify", "out", "--catalog", "."],
        vec!["explain", "README.md", "--in", "out", "--catalog", "."],
    ];
    for command in [&["runs", "list"][..], &["runs", "show", "latest"]] {
        args.push([command, &database].concat());
    }
    for args in &args {
        let mut screen = Screen::with(&sandbox, args, &variables);
        assert_eq!(screen.exit_code(), 0, "{args:?}: {}", screen.shown);
        let paged = std::fs::read_to_string(sandbox.join("paged")).unwrap();
        let piped = sandbox.groundplan(args).exits(0);
        for line in piped.stdout.lines().chain(piped.stderr.lines()) {
            assert!(paged.contains(line), "{args:?}: {line}: {paged}");
            let is_shown = !line.trim().is_empty() && screen.shown.contains(line);
            assert!(!is_shown, "{args:?}: {}", screen.shown);
        }
        std::fs::remove_file(sandbox.join("paged")).unwrap();
        let plain = [args, &["--no-pager"][..]].concat();
        let mut screen = Screen::with(&sandbox, &plain, &variables);
        assert_eq!(screen.exit_code(), 0, "{args:?}: {}", screen.shown);
        assert!(!sandbox.join("paged").exists(), "{args:?}");
    }
    // Documents for programs, and errors before any result, need no pager.
    for (args, code) in [
        (&["show", ".", "--format", "json"][..], 0),
        (&["show", "nope"], 2),
    ] {
        let mut screen = Screen::with(&sandbox, args, &variables);
        assert_eq!(screen.exit_code(), code, "{}", screen.shown);
        assert!(!screen.shown.is_empty() && !sandbox.join("paged").exists());
    }
}

#[test]
fn without_a_pager_a_preview_is_printed() {
    let sandbox = Sandbox::with_demo();
    let args = [&PREVIEW[..], &["--no-pager"]].concat();
    for (args, pager) in [
        (&args[..], "false"),
        (&PREVIEW[..], ""),
        (&PREVIEW[..], "cat"),
        (&PREVIEW[..], "/nonexistent/pager"),
    ] {
        let mut screen = Screen::with(&sandbox, args, &[("PAGER", pager)]);
        assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
        assert!(
            screen.shown.contains("Create exactly this"),
            "{pager}: {}",
            screen.shown
        );
    }
}

#[test]
fn a_pager_that_is_left_early_is_no_failure() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "catalog/demo/template/long.txt",
        "0123456789\n".repeat(50_000),
    );
    let mut screen = Screen::with(&sandbox, &PREVIEW, &[("PAGER", "true")]);
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    assert!(!screen.shown.contains("error"), "{}", screen.shown);
}

#[test]
fn a_manual_page_on_a_terminal_is_shown_by_man_or_as_help() {
    let sandbox = Sandbox::new();
    sandbox
        .write(
            "bin/man",
            "#!/bin/sh\necho \"$@\" > args\n/bin/cat > page\n",
        )
        .make_executable("bin/man");
    let bin = sandbox.join("bin");
    let path = [("PATH", bin.to_str().unwrap())];
    let mut screen = Screen::with(&sandbox, &["man", "preview"], &path);
    assert_eq!(screen.exit_code(), 0, "{}", screen.shown);
    let read = |file: &str| std::fs::read_to_string(sandbox.join(file)).unwrap();
    assert_eq!(read("args"), "-l -\n");
    assert!(read("page").contains(".TH"), "{}", read("page"));

    sandbox.write("bin/man", "#!/bin/sh\nexit 1\n");
    let without = Screen::with(&sandbox, &["man", "preview", "--no-pager"], &path).text();
    assert!(without.contains("--owner"), "{without}");
    let none = [("PATH", "/nonexistent")];
    let without = Screen::with(&sandbox, &["man", "preview", "--no-pager"], &none).text();
    assert!(
        without.contains("--owner") && !without.contains(".TH"),
        "{without}"
    );
}

#[test]
fn without_a_terminal_the_missing_flags_are_named() {
    let ran = Sandbox::with_demo().preview(&[]).exits(2);
    assert!(
        ran.stderr.contains("--select auth=session|none"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("--defaults"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}
