//! Cases of `groundplan test` that edit and update a repository.

use crate::support::{Sandbox, is_updating};
use groundplan::tree::ids::blob_id;

const CASE: &str = "catalog/demo/cases/later.yaml";
const FILES: &str = "catalog/demo/cases/later.files";

/// The demo catalogue, committed with the tag `v1`, then with another README, page and template version.
fn with_two_versions() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.commit(".");
    sandbox.git(".", &["tag", "v1"]);
    let readme = "# __PRODUCT_NAME__\n\nBy __GITHUB_OWNER__.\n";
    sandbox.write("catalog/demo/template/README.md", readme);
    sandbox.write(
        "catalog/demo/template/app/[id]/page.tsx",
        "export default () => 1;\n",
    );
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    sandbox.write(
        "catalog/demo/catalog.yaml",
        catalog.replace("version: v1", "version: v2"),
    );
    sandbox
}

/// The paths and blobs of the accepted files.
fn accepted(sandbox: &Sandbox) -> Vec<String> {
    let text = sandbox.read(FILES);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_files_of_a_case_are_those_that_an_update_writes() {
    let sandbox = with_two_versions();
    let manifest = "{\n  \"name\": \"sample-product\",\n  \"private\": true,\n  \"dependencies\": {\n    \"iron-session\": \"^8.0.4\",\n    \"next\": \"^16.0.0\"\n  }\n}\n";
    sandbox.write(
        CASE,
        "defaults: true
update:
  from: v1
  write:
    package.json: |
      {
        \"name\": \"sample-product\",
        \"private\": true,
        \"dependencies\": {
          \"iron-session\": \"^8.0.4\",
          \"next\": \"^16.0.0\"
        }
      }
    README.md: |
      # Sample Product

      Ours.
    NOTES.md: |
      ours
  remove: ['app/[id]/page.tsx']
  select: { auth: none, addons: docs }
  decisions: { README.md: theirs }
  verdicts:
    package.json: merge
    README.md: take
    lib/session.ts: remove
    'app/[id]/page.tsx': declined
",
    );
    sandbox.write("recipes/demo/addons/docs.yaml", "actions: []\n");
    sandbox.groundplan(["test", "--accept"]).exits(0);
    sandbox.groundplan(["test"]).exits(0);

    let product = [
        ["--name", "Sample Product"],
        ["--owner", "sample-owner"],
        ["--repo", "sample-repo"],
        ["--date", "2026-01-01"],
    ];
    let new = ["new", "--catalog", ".@v1", "--defaults", "--into", "made"];
    sandbox
        .groundplan(new.iter().chain(product.as_flattened()))
        .exits(0);
    sandbox.write("made/package.json", manifest);
    sandbox.write("made/README.md", "# Sample Product\n\nOurs.\n");
    sandbox.write("made/NOTES.md", "ours\n");
    std::fs::remove_file(sandbox.join("made/app/[id]/page.tsx")).expect("the file is there");
    sandbox.commit("made");
    let update = "update made --catalog . --from-catalog .@v1 --select auth=none --select addons=docs --theirs README.md --into-branch later";
    sandbox.groundplan(update.split(' ')).exits(0);
    let format = "--format=%(objectmode) %(objectname) %(path)";
    let by_git = sandbox.git("made", &["ls-tree", "-r", format, "later"]);
    let by_git = by_git
        .lines()
        .filter(|line| !line.contains("bootstrap.json"));
    assert_eq!(accepted(&sandbox), by_git.collect::<Vec<_>>());
}

#[test]
fn the_earlier_catalogue_is_a_folder_or_a_commit() {
    let sandbox = with_two_versions();
    let earlier = Sandbox::with_demo();
    let copy = sandbox.join("earlier");
    std::fs::create_dir(&copy).expect("a new folder");
    for folder in ["catalog", "recipes"] {
        let from = earlier.join(folder);
        std::fs::rename(from, copy.join(folder)).expect("one disk");
    }
    let case = |from: &str| {
        format!(
            "defaults: true\nupdate:\n  from: {from}\n  verdicts: {{ README.md: take, 'app/[id]/page.tsx': take }}\n"
        )
    };
    let outside = sandbox.path().display();
    for from in ["v1", "earlier", ".@v1", &format!("{outside}@v1"), "HEAD"] {
        sandbox.write(CASE, case(from));
        sandbox.groundplan(["test", "--accept"]).exits(0);
        // The folder is that of the catalogue, not the current one.
        let elsewhere = Sandbox::new();
        let root = sandbox.path().to_str().expect("a path in UTF-8");
        elsewhere.groundplan(["test", root]).exits(0);
    }
    // A catalogue below the top of its repository.
    let nested = Sandbox::new();
    std::fs::rename(sandbox.path().join("earlier"), nested.join("tools")).expect("one disk");
    nested.commit(".");
    nested.write("tools/catalog/demo/template/README.md", "# New\n");
    nested.write(
        &format!("tools/{CASE}"),
        "defaults: true\nupdate: { from: main, verdicts: { README.md: take } }\n",
    );
    nested.groundplan(["test", "tools", "--accept"]).exits(0);
}

#[test]
fn a_conflict_that_no_verdict_lists_fails_the_case() {
    let sandbox = with_two_versions();
    let case = "defaults: true\nupdate:\n  from: v1\n  write: { README.md: \"# Sample Product\\n\\nOurs.\\n\" }\n";
    sandbox.write(CASE, case);
    let ran = sandbox.groundplan(["test", "--accept"]).exits(1);
    assert_eq!(
        ran.stdout,
        "failed    demo/later\nerror[GP317]: `README.md` is in conflict: the plan and the repository changed the same; the repository's stays\n --> catalog/demo/cases/later.yaml:3:3\n  |\n3 |   from: v1\n  |   ^^^^^^^^\n  |\n  = help: list `README.md: conflict` in `verdicts` if it is expected, or decide by `decisions`\n\n1 case, 1 changed or new\n"
    );
    sandbox.write(
        CASE,
        format!("{case}  verdicts: {{ README.md: conflict }}\n"),
    );
    sandbox.groundplan(["test", "--accept"]).exits(0);
    let ours = blob_id(b"# Sample Product\n\nOurs.\n").expect("a blob");
    assert!(accepted(&sandbox).contains(&format!("100644 {ours} README.md")));
    sandbox.write(
        CASE,
        format!("{case}  decisions: {{ README.md: theirs }}\n"),
    );
    let ran = sandbox.groundplan(["test"]).exits(1);
    assert!(ran.stdout.contains("~ README.md"), "{}", ran.stdout);
    sandbox.groundplan(["test", "--accept"]).exits(0);
    let theirs = blob_id(b"# Sample Product\n\nBy sample-owner.\n").expect("a blob");
    assert!(accepted(&sandbox).contains(&format!("100644 {theirs} README.md")));
}

#[test]
fn mistakes_in_an_update_have_a_place_and_help() {
    let sandbox = with_two_versions();
    let rows = [
        ("{ from: v7 }", "GP315", "/update/from"),
        ("{ from: 'nowhere@v1' }", "GP315", "/update/from"),
        (
            "{ from: v1, remove: [READNE.md] }",
            "GP316",
            "/update/remove/0",
        ),
        (
            "{ write: { lib/session.ts: \"export const cookie = \\\"sample-product\\\";\\n\" } }",
            "GP316",
            "/update/write/lib~1session.ts",
        ),
        ("{ write: { lib: x } }", "GP316", "/update/write/lib"),
        (
            "{ from: v1, decisions: { NOTES.md: mine } }",
            "GP316",
            "/update/decisions/NOTES.md",
        ),
        (
            "{ from: v1, verdicts: { README.md: merge } }",
            "GP317",
            "/update/verdicts/README.md",
        ),
        (
            "{ from: v1, verdicts: { package.json: merge } }",
            "GP317",
            "/update/verdicts/package.json",
        ),
        ("{ drop: { addons: docs } }", "GP302", "/update"),
        ("{ select: { auth: jwt } }", "GP501", "/update/select/auth"),
        ("{ inputs: { PORT: 1 } }", "GP506", "/update/inputs/PORT"),
        ("{ verdict: {} }", "GP202", "/update/verdict"),
    ];
    for (update, code, pointer) in rows {
        sandbox.write(CASE, format!("defaults: true\nupdate: {update}\n"));
        let ran = sandbox.groundplan(["test", "--format", "json"]).exits(1);
        let json = ran.json();
        let finding = &json["cases"][0]["findings"][0];
        assert_eq!(finding["code"], code, "{update}: {json}");
        assert_eq!(finding["pointer"], pointer, "{update}: {json}");
        assert_eq!(finding["place"]["line"], 2, "{update}: {json}");
        assert!(finding["help"].is_string(), "{update}: {json}");
    }
}

#[test]
fn the_cases_of_the_built_in_catalogues_pass() {
    let sandbox = Sandbox::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let arg = if is_updating() {
        vec!["test", root, "--accept"]
    } else {
        vec!["test", root]
    };
    let ran = sandbox.groundplan(arg).exits(0);
    assert!(ran.stdout.contains("rust-cli/"), "{}", ran.stdout);
    let ran = sandbox.groundplan(["test", "rust-cli"]).exits(0);
    assert!(ran.stdout.starts_with("ok "), "{}", ran.stdout);
}
