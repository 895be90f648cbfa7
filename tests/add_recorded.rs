//! `groundplan add` to a repository that groundplan created: catalogue, template, selection and names are the recorded ones.

use crate::support::{Ran, Sandbox};

fn add(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let base = ["add", "--into", "out", "--author", "Bo <bo@example.org>"];
    sandbox.groundplan(base.iter().chain(more))
}

/// A repository `out` of the built-in catalogue `rust-cli` without a file that somebody deleted.
fn made() -> Sandbox {
    let sandbox = Sandbox::new();
    let product = crate::support::PRODUCT;
    let new = [
        "new",
        "--catalog",
        "rust-cli",
        "--defaults",
        "--into",
        "out",
    ];
    sandbox.groundplan(new.iter().chain(&product)).exits(0);
    sandbox.git("out", &["rm", "-q", "src/main.rs"]);
    sandbox.commit("out");
    sandbox
}

#[test]
fn a_deleted_file_comes_back_without_any_flag() {
    let sandbox = made();
    let shown = add(&sandbox, &[]).exits(0).stdout;
    let command = shown.lines().last().unwrap().trim();
    assert!(command.starts_with("groundplan add --select "), "{shown}");
    assert!(!command.contains("--catalog"), "{shown}");
    assert!(
        command.contains("--author 'Bo <bo@example.org>'"),
        "{shown}"
    );
    let script = command.replacen("groundplan", env!("CARGO_BIN_EXE_groundplan"), 1);
    let mut printed = std::process::Command::new("sh");
    sandbox.run(printed.args(["-c", &script])).exits(0);
    let author = sandbox.git("out", &["log", "-1", "--format=%an <%ae>"]);
    assert_eq!(author, "Bo <bo@example.org>\n");
    assert!(sandbox.join("out/src/main.rs").is_file());
    let again = add(&sandbox, &["--yes"]).exits(0).stdout;
    assert!(again.contains("up to date"), "{again}");
}

#[test]
fn flags_change_what_was_recorded() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/addons/docs.yaml",
        "actions: [{ kind: WRITE_FILE, path: docs/guide.md, content: __PRODUCT_NAME__ }]\n",
    );
    sandbox.git(".", &["init", "-q", "-b", "main"]);
    sandbox.git(".", &["add", "catalog", "recipes"]);
    sandbox.commit(".");
    let catalog = format!("{}@main", sandbox.path().display());
    let new = ["new", "--catalog", &catalog, "--defaults", "--into", "out"];
    sandbox
        .groundplan(new.iter().chain(&crate::support::PRODUCT))
        .exits(0);
    let lost = add(&sandbox, &["--yes"]).exits(1).stderr;
    assert!(lost.contains("of a repository on a disk"), "{lost}");
    let named = ["--catalog", &catalog, "--defaults"];
    let incomplete = add(&sandbox, &named).exits(2).stderr;
    assert!(
        incomplete.contains("the names of product and repository are incomplete: `--name NAME`, `--owner OWNER`, `--repo REPO`"),
        "{incomplete}"
    );
    // The recorded commit, in the repository itself.
    sandbox.git("out", &["fetch", "-q", "..", "main"]);
    add(&sandbox, &["--select", "addons=docs", "--yes"]).exits(0);
    assert_eq!(sandbox.read("out/docs/guide.md"), "Acme Web");
}
