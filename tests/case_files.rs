//! `groundplan test`: cases of a catalogue and their accepted files.

use crate::support::Sandbox;

const CASE: &str = "catalog/demo/cases/default.yaml";
const FILES: &str = "catalog/demo/cases/default.files";

/// The demo catalogue with one accepted case.
fn with_case() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write(CASE, "defaults: true\n");
    sandbox.groundplan(["test", "--accept"]).exits(0);
    sandbox
}

#[test]
fn a_case_is_new_until_it_is_accepted() {
    let sandbox = Sandbox::with_demo();
    sandbox.write(CASE, "defaults: true\n");
    let ran = sandbox.groundplan(["test"]).exits(1);
    assert_eq!(
        ran.stdout,
        "new       demo/default  nothing accepted yet: check it with `groundplan preview`, then run `groundplan test --accept`\n1 case, 1 changed or new\n"
    );
    let ran = sandbox.groundplan(["test", "--accept"]).exits(0);
    assert_eq!(
        ran.stdout,
        "accepted  demo/default  4 files\n1 case, 0 changed or new\n"
    );
    let ran = sandbox.groundplan(["test"]).exits(0);
    assert_eq!(
        ran.stdout,
        "ok        demo/default  4 files\n1 case, 0 changed or new\n"
    );
}

#[test]
fn accepted_files_are_equal_to_git_ls_tree() {
    let sandbox = with_case();
    let product = [
        "--name",
        "Sample Product",
        "--owner",
        "sample-owner",
        "--repo",
        "sample-repo",
        "--date",
        "2026-01-01",
    ];
    sandbox
        .groundplan(
            ["new", "--catalog", ".", "--defaults", "--into", "made"]
                .iter()
                .chain(&product),
        )
        .exits(0);
    let format = "--format=%(objectmode) %(objectname) %(path)";
    let by_git = sandbox.git("made", &["ls-tree", "-r", format, "HEAD"]);
    let by_git: Vec<&str> = by_git
        .lines()
        .filter(|line| !line.contains("bootstrap.json"))
        .collect();
    let accepted = sandbox.read(FILES);
    let accepted: Vec<&str> = accepted
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(accepted, by_git);
}

#[test]
fn a_changed_file_is_shown_with_the_option_that_changes_it() {
    let sandbox = with_case();
    sandbox.write(
        "recipes/demo/auth/session/files/session.ts",
        "export const cookie = \"sid\";\n",
    );
    sandbox.write("catalog/demo/template/LICENSE", "MIT\n");
    std::fs::remove_file(sandbox.join("catalog/demo/template/app/[id]/page.tsx")).unwrap();
    let ran = sandbox.groundplan(["test"]).exits(1);
    assert_eq!(
        ran.stdout,
        "changed   demo/default\n  - app/[id]/page.tsx\n  ~ lib/session.ts     auth/session\n  + LICENSE\n1 case, 1 changed or new\n"
    );
    assert!(
        ran.stderr
            .ends_with("accept them with `groundplan test --accept`\n"),
        "{}",
        ran.stderr
    );
    let json = sandbox
        .groundplan(["test", "--format", "json"])
        .exits(1)
        .json();
    assert_eq!(json["fine"], false);
    let changes = json["cases"][0]["changes"].as_array().unwrap();
    let words: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {}", change["change"], change["path"]))
        .collect();
    assert_eq!(
        words,
        [
            "\"removed\" \"app/[id]/page.tsx\"",
            "\"modified\" \"lib/session.ts\"",
            "\"added\" \"LICENSE\""
        ]
    );
    sandbox.groundplan(["test", "--accept"]).exits(0);
    sandbox.groundplan(["test"]).exits(0);
}

#[test]
fn versions_and_titles_do_not_change_a_case() {
    let sandbox = with_case();
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    let catalog = catalog
        .replace("title: Demo", "title: Another")
        .replace("version: v1", "version: v2");
    sandbox.write("catalog/demo/catalog.yaml", catalog);
    sandbox.groundplan(["test"]).exits(0);
}

#[test]
fn a_case_overrides_some_inputs_of_the_sample_product() {
    let sandbox = Sandbox::with_demo();
    let case = "selection: { auth: none }\nname: Blue Whale\nowner: sea\n";
    sandbox.write(CASE, case);
    sandbox.groundplan(["test", "--accept"]).exits(0);
    let with_name = sandbox.read(FILES);
    let args = [
        "new",
        "--catalog",
        ".",
        "--select",
        "auth=none",
        "--name",
        "Blue Whale",
        "--owner",
        "sea",
    ];
    sandbox
        .groundplan(args.iter().chain(&["--repo", "x", "--into", "made"]))
        .exits(0);
    assert_eq!(sandbox.read("made/README.md"), "# Blue Whale\n\nOf sea.\n");
    for path in ["README.md", "package.json"] {
        let id = sandbox.git_id("made", &format!("HEAD:{path}"));
        assert!(
            with_name.contains(&format!("100644 {id} {path}\n")),
            "{with_name}"
        );
    }
}

#[test]
fn errors_in_a_case_have_a_location() {
    let sandbox = Sandbox::with_demo();
    for (case, finding) in [
        (
            "selection: { auth: sesion }\n",
            "error[GP501]: category `auth` has no option `sesion`\n --> catalog/demo/cases/default.yaml:1:20\n",
        ),
        ("defaults: yes\n", "error[GP201]"),
        ("selektion: {}\n", "error[GP202]: unknown field `selektion`"),
        ("name: \"\"\n", "product name is empty"),
        (
            "{}\n",
            "error[GP502]: no option of `auth` (Authentication) is selected\n",
        ),
    ] {
        sandbox.write(CASE, case);
        let ran = sandbox.groundplan(["test"]).exits(1);
        assert!(
            ran.stdout.starts_with("failed    demo/default\nerror[GP"),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains(finding), "{}", ran.stdout);
        let json = sandbox
            .groundplan(["test", "--format", "json"])
            .exits(1)
            .json();
        assert_eq!(json["cases"][0]["result"], "failed");
    }
}

#[test]
fn a_failed_case_shows_the_recipe() {
    let sandbox = with_case();
    sandbox.write(
        "recipes/demo/auth/session.yaml",
        "actions:\n  - { kind: REPLACE_STRING, path: README.md, find: nowhere, replace: x }\n",
    );
    std::fs::remove_dir_all(sandbox.join("recipes/demo/auth/session")).unwrap();
    let ran = sandbox.groundplan(["test"]).exits(1);
    assert!(
        ran.stdout.contains("error[GP703]")
            && ran.stdout.contains("recipes/demo/auth/session.yaml:2"),
        "{}",
        ran.stdout
    );
    let accepted = sandbox.read(FILES);
    sandbox.groundplan(["test", "--accept"]).exits(1);
    assert_eq!(sandbox.read(FILES), accepted, "a failure is not accepted");
}

#[test]
fn unknown_files_beside_cases_are_reported() {
    let sandbox = with_case();
    for stray in ["old.files", "typo.yml", "sub/folder.yaml"] {
        let path = format!("catalog/demo/cases/{stray}");
        sandbox.write(&path, "defaults: true\n");
        let ran = sandbox.groundplan(["test"]).exits(1);
        assert!(
            ran.stdout
                .contains("error[GP307]: this file belongs to no case\n"),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains(&path), "{}", ran.stdout);
        std::fs::remove_file(sandbox.join(&path)).unwrap();
    }
    sandbox.groundplan(["test"]).exits(0);
}

#[test]
fn damaged_accepted_files_are_reported_with_their_line() {
    let sandbox = with_case();
    let good = sandbox.read(FILES);
    for bad in ["nonsense\n", "100644 123 README.md\n", "<<<<<<< HEAD\n"] {
        sandbox.write(FILES, format!("{good}{bad}"));
        let ran = sandbox.groundplan(["test"]).exits(1);
        let line = good.lines().count() + 1;
        assert!(
            ran.stdout.contains(&format!("{FILES}:{line}:1\n")),
            "{}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains("rewrite it with `--accept`"),
            "{}",
            ran.stdout
        );
    }
    sandbox.write(FILES, [0xff, 0xfe]);
    sandbox.groundplan(["test"]).exits(1);
    sandbox.groundplan(["test", "--accept"]).exits(0);
    assert_eq!(sandbox.read(FILES), good);
}

#[test]
fn links_are_not_read_as_cases_or_results() {
    let sandbox = with_case();
    sandbox.write("elsewhere.yaml", "defaults: true\n");
    sandbox.symlink("../../../elsewhere.yaml", "catalog/demo/cases/linked.yaml");
    let ran = sandbox.groundplan(["test"]).exits(1);
    assert!(ran.stdout.contains("symbolic link"), "{}", ran.stdout);
}

#[test]
fn without_cases_the_output_shows_how_to_write_one() {
    let ran = Sandbox::with_demo().groundplan(["test"]).exits(1);
    assert_eq!(
        ran.stderr,
        "error: no cases to test\nhint: create `catalog/demo/cases/default.yaml` with `defaults: true`, then run `groundplan test --accept`\n"
    );
    let ran = Sandbox::new().groundplan(["test"]).exits(2);
    assert!(
        ran.stderr.contains("`.` has no folder `catalog`"),
        "{}",
        ran.stderr
    );
}
