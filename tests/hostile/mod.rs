//! What a hostile or broken world hands to the program: it refuses in words, quickly, in little memory.

mod documents;
mod git_folders;
mod repositories;
mod targets;
mod templates;

use crate::support::{PRODUCT, Ran, Sandbox};
use std::fs;
use std::process::Command;

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
            // The limit counts addresses, and glibc reserves 64 MiB of them, without memory, for each thread.
            .env("MALLOC_ARENA_MAX", "1")
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
