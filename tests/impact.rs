//! `groundplan catalog diff`: the impact of a catalogue change.

use crate::support::Sandbox;
use serde_json::{Value, json};
use std::fs;

/// The demo catalogue in `old/`, and the same in `new/` after some changes: a path, what is there, what replaces it.
fn changed(changes: &[(&str, &str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/addons/docs.yaml",
        "actions:\n  - { kind: WRITE_FILE, path: docs/a.md, content: a }\n",
    );
    for side in ["old", "new"] {
        for path in sandbox
            .files()
            .iter()
            .filter(|path| path.starts_with("catalog/") || path.starts_with("recipes/"))
        {
            sandbox.write(
                &format!("{side}/{path}"),
                fs::read(sandbox.join(path)).unwrap(),
            );
        }
    }
    for folder in ["catalog", "recipes"] {
        fs::remove_dir_all(sandbox.join(folder)).unwrap();
    }
    for (path, find, replace) in changes {
        let path = format!("new/{path}");
        let text = sandbox.read(&path);
        assert!(text.contains(find), "{path} has no {find:?}");
        sandbox.write(&path, text.replace(find, replace));
    }
    sandbox
}

#[track_caller]
fn diff(sandbox: &Sandbox) -> Value {
    let json = sandbox
        .groundplan(["catalog", "diff", "old", "new", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(json["level"], json["catalogs"][0]["level"]);
    json["catalogs"][0].clone()
}

const CATALOG: &str = "catalog/demo/catalog.yaml";
const SESSION: &str = "recipes/demo/auth/session.yaml";

#[test]
fn equal_versions_and_new_titles_change_nothing() {
    for changes in [
        &[][..],
        &[(CATALOG, "title: Sessions", "title: By session")],
    ] {
        let impact = diff(&changed(changes));
        assert_eq!(impact["level"], "unchanged");
        assert_eq!(impact["compared"], 4);
        for list in [
            "selections",
            "breaking",
            "mended",
            "options",
            "files",
            "dependencies",
        ] {
            assert_eq!(impact[list], json!([]), "{list}");
        }
    }
}

#[test]
fn a_dependency_is_shown_with_its_option() {
    let impact = diff(&changed(&[(SESSION, "^8.0.4", "^8.1.0")]));
    assert_eq!(impact["level"], "compatible");
    assert_eq!(
        impact["dependencies"],
        json!([{
            "manifest": "package.json", "section": "dependencies", "name": "iron-session",
            "old": "^8.0.4", "new": "^8.1.0",
            "when": { "selections": 2, "with": ["auth/session"] },
        }])
    );
    assert_eq!(impact["files"][0]["path"], "package.json");
    assert_eq!(impact["files"][0]["origin"], json!(["auth/session"]));
    assert!(
        impact["files"][0]["diff"]
            .as_str()
            .unwrap()
            .contains("-    \"iron-session\": \"^8.0.4\",\n")
    );
    assert_eq!(impact["selections"].as_array().unwrap().len(), 2);
}

#[test]
fn a_change_of_the_template_affects_every_selection() {
    let impact = diff(&changed(&[(
        "catalog/demo/template/README.md",
        "Of __GITHUB_OWNER__.",
        "By __GITHUB_OWNER__.",
    )]));
    assert_eq!(impact["level"], "compatible");
    let when = json!({ "selections": 4, "with": [] });
    assert_eq!(
        (&impact["files"][0]["path"], &impact["files"][0]["when"]),
        (&json!("README.md"), &when)
    );
    assert_ne!(impact["old"]["templateTree"], impact["new"]["templateTree"]);
}

#[test]
fn a_change_by_two_options_together_names_both() {
    let sandbox = changed(&[]);
    sandbox.write("new/recipes/demo/addons/docs.yaml", "actions:\n  - { kind: WRITE_FILE, path: docs/a.md, content: a }\n  - { kind: WRITE_FILE, path: docs/session.md, content: s, when: { auth: session } }\n");
    let impact = diff(&sandbox);
    assert_eq!(impact["files"][0]["change"], "added");
    assert_eq!(
        impact["files"][0]["when"],
        json!({ "selections": 1, "with": ["addons/docs", "auth/session"] })
    );
}

#[test]
fn a_removed_option_breaks_its_stored_runs() {
    let sandbox = changed(&[(
        CATALOG,
        "      - slug: none\n        title: No sign-in\n",
        "",
    )]);
    fs::remove_file(sandbox.join("new/recipes/demo/auth/none.yaml")).unwrap();
    let impact = diff(&sandbox);
    assert_eq!(impact["level"], "breaking");
    assert_eq!(
        impact["options"],
        json!([{ "option": "auth/none", "change": "removed", "default": false }])
    );
    let broken = &impact["breaking"][0];
    assert_eq!(
        (&broken["code"], &broken["selections"]),
        (&json!("GP501"), &json!(2))
    );
    assert_eq!(broken["message"], "category `auth` has no option `none`");
    assert_eq!(broken["example"]["auth"], json!(["none"]));
}

#[test]
fn every_stricter_rule_is_breaking() {
    let docs = "      - slug: docs\n        title: Documentation\n";
    for (find, replace, code) in [
        (
            docs,
            format!("{docs}        conflicts: [auth/none]\n"),
            "GP505",
        ),
        (
            docs,
            format!("{docs}        requires: [auth/session]\n"),
            "GP504",
        ),
        (
            "    selection: MULTI\n",
            "    selection: MULTI\n    required: true\n".to_owned(),
            "GP502",
        ),
        ("slug: addons", "slug: extras".to_owned(), "GP501"),
        (
            docs,
            format!(
                "{docs}  - slug: more\n    title: M\n    selection: SINGLE\n    required: true\n    options:\n      - {{ slug: it, title: I, default: true }}\n"
            ),
            "GP502",
        ),
    ] {
        let sandbox = changed(&[(CATALOG, find, &replace)]);
        if replace.contains("required: true") && code == "GP502" && !replace.contains("more") {
            let text = sandbox.read("new/catalog/demo/catalog.yaml");
            sandbox.write(
                "new/catalog/demo/catalog.yaml",
                text.replace(
                    "title: Documentation\n",
                    "title: Documentation\n        default: true\n",
                ),
            );
        }
        if replace == "slug: extras" {
            fs::rename(
                sandbox.join("new/recipes/demo/addons"),
                sandbox.join("new/recipes/demo/extras"),
            )
            .unwrap();
        }
        let impact = diff(&sandbox);
        assert_eq!(impact["level"], "breaking", "{replace}");
        assert_eq!(impact["breaking"][0]["code"], code, "{replace}");
    }
}

#[test]
fn a_failing_recipe_is_breaking_and_a_fixed_one_repairs() {
    let broken = [(
        "recipes/demo/addons/docs.yaml",
        "kind: WRITE_FILE, path: docs/a.md, content: a",
        "kind: REPLACE_STRING, path: README.md, find: nowhere, replace: x",
    )];
    let sandbox = changed(&broken);
    let impact = diff(&sandbox);
    assert_eq!(impact["breaking"][0]["code"], "GP703");
    assert_eq!(impact["breaking"][0]["selections"], 2);
    let back = sandbox
        .groundplan(["catalog", "diff", "new", "old", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(back["level"], "compatible");
    assert_eq!(back["catalogs"][0]["mended"].as_array().unwrap().len(), 2);
}

#[test]
fn a_new_default_and_a_new_option_are_compatible() {
    let impact = diff(&changed(&[(
        CATALOG,
        "        default: true\n      - slug: none\n        title: No sign-in\n",
        "      - slug: none\n        title: No sign-in\n        default: true\n      - { slug: passkey, title: Passkeys }\n",
    )]));
    assert_eq!(impact["level"], "compatible");
    assert_eq!(impact["selections"], json!([]));
    assert_eq!(
        impact["options"],
        json!([
            { "option": "auth/none", "change": "modified", "default": true },
            { "option": "auth/passkey", "change": "added", "default": false },
            { "option": "auth/session", "change": "modified", "default": false },
        ])
    );
}

#[test]
fn a_renamed_catalogue_is_breaking() {
    let sandbox = changed(&[(CATALOG, "catalog: demo", "catalog: other")]);
    for folder in ["catalog", "recipes"] {
        fs::rename(
            sandbox.join(&format!("new/{folder}/demo")),
            sandbox.join(&format!("new/{folder}/other")),
        )
        .unwrap();
    }
    let impact = diff(&sandbox);
    assert_eq!(
        impact["breaking"][0]["message"],
        "catalogue `demo` was renamed to `other`"
    );
}

#[test]
fn the_text_output_shows_the_impact() {
    let sandbox = changed(&[
        (SESSION, "^8.0.4", "^8.1.0"),
        (CATALOG, "slug: docs", "slug: manual"),
    ]);
    fs::rename(
        sandbox.join("new/recipes/demo/addons/docs.yaml"),
        sandbox.join("new/recipes/demo/addons/manual.yaml"),
    )
    .unwrap();
    let ran = sandbox
        .groundplan(["catalog", "diff", "old", "new"])
        .exits(0);
    let lines: Vec<&str> = ran.stdout.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  1 of 2 selections that cover every pair of options produce other files.",
            "  breaks      GP501: category `addons` has no option `docs` (in 2 selections)",
            "              example: addons/docs auth/session",
            "  option      - addons/docs",
            "  option      + addons/manual",
            "  file        ~ package.json  with `auth/session`",
            "  dependency  package.json: iron-session ^8.0.4 → ^8.1.0 (dependencies)  with `auth/session`",
        ]
    );
    assert!(
        ran.stdout.starts_with("demo  ") && ran.stdout.contains("  breaking for stored runs\n")
    );
    let full = sandbox
        .groundplan(["catalog", "diff", "old", "new", "--full"])
        .exits(0);
    assert!(
        full.stdout
            .contains("\n+    \"iron-session\": \"^8.1.0\",\n"),
        "{}",
        full.stdout
    );
}

#[test]
fn the_markdown_output_shows_the_impact() {
    let sandbox = changed(&[
        (SESSION, "^8.0.4", "^8.1.0"),
        (SESSION, "lib/session.ts", "lib/__PRODUCT_SLUG__.ts"),
    ]);
    let ran = sandbox
        .groundplan([
            "catalog", "diff", "old", "new", "--format", "markdown", "--full",
        ])
        .exits(0);
    for part in [
        "## Impact on new repositories: compatible with stored runs\n",
        "\n### `demo`: compatible with stored runs\n",
        "\n| File | Changes |\n|---|---|\n",
        "| changed `package.json` | with `auth/session` |\n",
        "| package.json: iron-session ^8.0.4 → ^8.1.0 (dependencies) | with `auth/session` |\n",
        "\n<details><summary>package.json</summary>\n\n```diff\n--- a/package.json\n",
    ] {
        assert!(
            ran.stdout.contains(part),
            "{part:?} is not in\n{}",
            ran.stdout
        );
    }
}

#[test]
fn texts_of_a_catalogue_are_escaped_in_markdown() {
    let sandbox = changed(&[
        (
            "catalog/demo/template/README.md",
            "Of __GITHUB_OWNER__.",
            "````\n</details><img src=x>",
        ),
        (SESSION, "iron-session", "\"@everyone/x\""),
    ]);
    sandbox.write("new/catalog/demo/template/b@c`.md", "x\n");
    let ran = sandbox
        .groundplan([
            "catalog", "diff", "old", "new", "--format", "markdown", "--full",
        ])
        .exits(0);
    assert!(
        ran.stdout.contains("| added ``b@c`.md`` | always |\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("package.json: + &#64;everyone/x ^8.0.4"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("```````diff\n") && ran.stdout.contains("\n```````\n"),
        "the fence is longer than any inside: {}",
        ran.stdout
    );
}

#[test]
fn long_markdown_omits_diffs_with_a_note() {
    let sandbox = changed(&[]);
    for number in 0..20 {
        for side in ["old", "new"] {
            let line = format!("{side} {number}\n");
            sandbox.write(
                &format!("{side}/catalog/demo/template/{number}.txt"),
                line.repeat(300),
            );
        }
    }
    let ran = sandbox
        .groundplan([
            "catalog", "diff", "old", "new", "--format", "markdown", "--full",
        ])
        .exits(0);
    assert!(ran.stdout.len() < 65_536, "{}", ran.stdout.len());
    assert!(
        ran.stdout
            .ends_with("\nMore diffs are omitted; `groundplan catalog diff --full` shows all.\n")
    );
}

#[test]
fn fail_on_breaking_exits_with_1() {
    let sandbox = changed(&[(CATALOG, "slug: addons", "slug: extras")]);
    fs::rename(
        sandbox.join("new/recipes/demo/addons"),
        sandbox.join("new/recipes/demo/extras"),
    )
    .unwrap();
    sandbox
        .groundplan(["catalog", "diff", "old", "new", "--fail-on-breaking"])
        .exits(1);
    sandbox
        .groundplan(["catalog", "diff", "old", "new"])
        .exits(0);
    sandbox
        .groundplan(["catalog", "diff", "old", "old", "--fail-on-breaking"])
        .exits(0);
}

#[test]
fn versions_are_read_from_commits_without_a_checkout() {
    let sandbox = Sandbox::with_demo();
    let first = sandbox.commit(".");
    sandbox.git(".", &["tag", "v1"]);
    let text = sandbox.read(SESSION).replace("^8.0.4", "^8.1.0");
    sandbox.write(SESSION, text);
    let before = sandbox.files();
    for old in [
        "v1",
        "HEAD",
        "main",
        first.as_str(),
        ".@v1",
        "./@refs/tags/v1",
    ] {
        let json = sandbox
            .groundplan(["catalog", "diff", old, ".", "--format", "json"])
            .exits(0)
            .json();
        assert_eq!(
            json["catalogs"][0]["dependencies"][0]["new"], "^8.1.0",
            "{old}"
        );
    }
    assert_eq!(sandbox.files(), before);
    sandbox.commit(".");
    let json = sandbox
        .groundplan(["catalog", "diff", "v1", "main", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(json["level"], "compatible");
}

#[test]
fn a_catalogue_in_a_subfolder_is_named_by_its_folder() {
    let sandbox = changed(&[(SESSION, "^8.0.4", "^8.1.0")]);
    sandbox.commit(".");
    let json = sandbox
        .groundplan([
            "catalog", "diff", "HEAD:old", "main:new", "--format", "json",
        ])
        .exits(0)
        .json();
    assert_eq!(json["catalogs"][0]["dependencies"][0]["new"], "^8.1.0");
    for (named, message) in [
        ("HEAD", "has no folder `catalog` in its top"),
        (
            "HEAD:old/catalog",
            "has no folder `catalog` in its folder `old/catalog`",
        ),
        (
            "HEAD:../x",
            "error: `HEAD:../x` is not a version of a catalogue: `..` leaves the repository",
        ),
        (
            "v9",
            "error: there is no folder `v9`: the repository has no tag, branch or commit `v9`",
        ),
    ] {
        let ran = sandbox
            .groundplan(["catalog", "diff", named, "new"])
            .exits(2);
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
    let ran = Sandbox::new()
        .groundplan(["catalog", "diff", "HEAD", "nextjs"])
        .exits(2);
    assert!(
        ran.stderr
            .contains("error: there is no folder `HEAD`: `.` is not a git repository"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_invalid_version_shows_its_findings() {
    let sandbox = changed(&[(CATALOG, "selection: SINGLE", "selection: DOUBLE")]);
    let ran = sandbox
        .groundplan(["catalog", "diff", "old", "new"])
        .exits(1);
    assert!(
        ran.stderr.contains("error[GP204]")
            && ran.stderr.contains("new/catalog/demo/catalog.yaml:8"),
        "{}",
        ran.stderr
    );
    sandbox.commit(".");
    let ran = sandbox
        .groundplan([
            "catalog", "diff", "HEAD:old", "HEAD:new", "--format", "json",
        ])
        .exits(1);
    assert_eq!(ran.findings(), ["GP204 catalog/demo/catalog.yaml:8:16"]);
    sandbox.symlink("demo", "new/catalog/linked");
    sandbox.commit(".");
    sandbox
        .groundplan(["catalog", "diff", "HEAD:old", "HEAD:new"])
        .exits(1);
}

#[test]
fn catalogues_with_equal_names_are_compared() {
    let sandbox = changed(&[]);
    for (side, name) in [
        ("old", "first"),
        ("new", "second"),
        ("old", "same"),
        ("new", "same"),
    ] {
        sandbox.write(
            &format!("{side}/catalog/{name}/catalog.yaml"),
            format!(
                "catalog: {name}\ntitle: T\ntemplate: {{ path: t, version: v1 }}\ncategories: []\n"
            ),
        );
        sandbox.write(&format!("{side}/catalog/{name}/t/README.md"), side);
    }
    let json = sandbox
        .groundplan(["catalog", "diff", "old", "new", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (&json["gone"], &json["new"]),
        (&json!(["first"]), &json!(["second"]))
    );
    assert_eq!(json["catalogs"].as_array().unwrap().len(), 2);
    assert_eq!(json["level"], "breaking");
    let json = sandbox
        .groundplan([
            "catalog", "diff", "old", "new", "--only", "same", "--format", "json",
        ])
        .exits(0)
        .json();
    assert_eq!(
        (&json["level"], &json["catalogs"][0]["files"][0]["path"]),
        (&json!("compatible"), &json!("README.md"))
    );
    let ran = sandbox
        .groundplan(["catalog", "diff", "old", "new", "--only", "sane"])
        .exits(2);
    assert_eq!(
        ran.stderr,
        "error: neither version has a catalogue `sane`\nhint: did you mean `same`?\n"
    );
}
