//! `groundplan sweep`: pairwise selections, collisions and accepted tree ids.

mod arrays;

use crate::support::{Sandbox, is_updating};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::thread;

/// The demo catalogue with a second add-on and these recipes: `category/option` and its actions.
fn demo(recipes: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    let text =
        sandbox.read("catalog/demo/catalog.yaml") + "      - slug: badge\n        title: Badge\n";
    sandbox.write("catalog/demo/catalog.yaml", text);
    for (option, actions) in recipes {
        sandbox.write(
            &format!("recipes/demo/{option}.yaml"),
            format!("actions:\n{actions}"),
        );
    }
    sandbox
}

const REPLACES: &str =
    "  - { kind: REPLACE_STRING, path: README.md, find: Of __GITHUB_OWNER__., replace: Ours. }\n";
const ALSO_REPLACES: &str =
    "  - { kind: REPLACE_STRING, path: README.md, find: Of __GITHUB_OWNER__., replace: Theirs. }\n";

#[test]
fn compatible_options_are_reported() {
    let ran = Sandbox::with_demo().groundplan(["sweep"]).exits(0);
    assert_eq!(
        ran.stdout,
        "demo  4 selections cover all 4 pairs of answers that can be given, the minimum; each built twice, 0 failed\n\
         tree ids: none accepted yet; `--accept` writes them\n"
    );
}

#[test]
fn both_options_of_a_collision_are_named() {
    let sandbox = demo(&[("auth/none", REPLACES), ("addons/docs", ALSO_REPLACES)]);
    sandbox.groundplan(["check"]).exits(0);
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert!(
        ran.stdout
            .contains("collision  `addons/docs` fails together with `auth/none`\n"),
        "{}",
        ran.stdout
    );
    let matrix: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("addons/docs  "))
        .collect();
    assert_eq!(matrix, ["   3 addons/docs   .  X  \\ "]);
    assert!(ran.stdout.contains("error[GP703]"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("recipes/demo/addons/docs.yaml:2"),
        "{}",
        ran.stdout
    );

    let json = sandbox
        .groundplan(["sweep", "--format", "json"])
        .exits(1)
        .json();
    let catalog = &json["catalogs"][0];
    assert_eq!(catalog["fine"], false);
    assert_eq!(catalog["collisions"].as_array().unwrap().len(), 1);
    assert_eq!(
        catalog["collisions"][0]["with"],
        serde_json::json!(["auth/none"])
    );
}

#[test]
fn a_missing_option_is_named() {
    let makes = "  - { kind: WRITE_FILE, path: a.txt, content: one }\n";
    let edits =
        "  - { kind: REPLACE_STRING, path: a.txt, find: one, replace: two, execution_order: 5 }\n";
    let sandbox = demo(&[("addons/docs", makes), ("addons/badge", edits)]);
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert!(
        ran.stdout
            .contains("collision  `addons/badge` fails without `addons/docs`\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_option_that_never_works_collides_with_itself() {
    let sandbox = demo(&[(
        "addons/docs",
        "  - { kind: REPLACE_STRING, path: README.md, find: nowhere, replace: x }\n",
    )]);
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert!(
        ran.stdout
            .contains("`addons/docs` fails with any selection"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("   3 addons/docs   ?  ?  X \n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_collision_with_two_named_options_is_reported_once() {
    let depends = |version: &str| {
        format!(
            "  - {{ kind: ADD_DEPENDENCY, manifest: package.json, name: zod, version: {version} }}\n"
        )
    };
    let sandbox = demo(&[
        ("auth/none", &depends("^3.0.0")),
        ("addons/docs", &depends("^4.0.0")),
    ]);
    let json = sandbox
        .groundplan(["sweep", "--all", "--format", "json"])
        .exits(1)
        .json();
    let collisions = json["catalogs"][0]["collisions"].as_array().unwrap();
    assert_eq!(collisions.len(), 1);
    assert_eq!(collisions[0]["finding"]["code"], "GP706");
    let both: BTreeSet<&str> = [&collisions[0]["option"], &collisions[0]["with"][0]]
        .map(|option| option.as_str().unwrap())
        .into();
    assert_eq!(both, BTreeSet::from(["addons/docs", "auth/none"]));
}

fn selections(json: &Value) -> Vec<&Value> {
    json["catalogs"][0]["selections"]
        .as_array()
        .unwrap()
        .iter()
        .collect()
}

#[test]
fn each_covers_every_option_and_all_lists_every_selection() {
    let sandbox = demo(&[]);
    let each = sandbox
        .groundplan(["sweep", "--each", "--format", "json"])
        .exits(0)
        .json();
    let mut options = BTreeSet::new();
    for one in selections(&each) {
        for (category, chosen) in one["selection"].as_object().unwrap() {
            let chosen = chosen.as_array().unwrap().iter();
            options.extend(chosen.map(|option| format!("{category}/{option}")));
        }
    }
    assert_eq!(selections(&each).len(), 2);
    assert_eq!(options.len(), 4);
    let all = sandbox
        .groundplan(["sweep", "--all", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(selections(&all).len(), 8);
    let sample = sandbox
        .groundplan(["sweep", "--sample", "3", "--seed", "4", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(selections(&sample).len(), 3);
    let ran = sandbox.groundplan(["sweep", "--sample", "0"]).exits(2);
    assert!(
        ran.stderr.contains("0 is not in 1..=100000"),
        "{}",
        ran.stderr
    );
}

#[test]
fn too_many_options_are_refused_with_a_hint() {
    let sandbox = Sandbox::with_demo();
    let mut text = sandbox.read("catalog/demo/catalog.yaml");
    for category in 0..4 {
        writeln!(
            text,
            "  - slug: c{category}\n    title: C\n    selection: MULTI\n    options:"
        )
        .unwrap();
        for option in 0..80 {
            writeln!(text, "      - {{ slug: o{option}, title: O }}").unwrap();
        }
    }
    sandbox.write("catalog/demo/catalog.yaml", text);
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert_eq!(
        ran.stderr,
        "error: 644 answers are too many for pairs, the maximum is 600\nhint: build fewer selections with `--sample` or `--each`\n"
    );
    let ran = sandbox.groundplan(["sweep", "--all"]).exits(1);
    assert_eq!(
        ran.stderr,
        "error: more than 100000 selections\nhint: cover all pairs with `--pairwise`, or build a random sample with `--sample`\n"
    );
    sandbox.groundplan(["sweep", "--sample", "3"]).exits(0);
    sandbox.groundplan(["sweep", "--each"]).exits(0);
}

#[test]
fn accepted_tree_ids_are_compared_until_others_are_accepted() {
    let sandbox = demo(&[]);
    let ran = sandbox.groundplan(["sweep", "--accept"]).exits(0);
    assert!(
        ran.stdout
            .ends_with("tree ids: written to ./snapshots/sweep/demo.txt\n"),
        "{}",
        ran.stdout
    );
    let accepted = sandbox.read("snapshots/sweep/demo.txt");
    let ran = sandbox.groundplan(["sweep"]).exits(0);
    assert!(
        ran.stdout
            .ends_with("tree ids: as accepted in ./snapshots/sweep/demo.txt\n"),
        "{}",
        ran.stdout
    );

    // A title is no part of any repository; the provenance file, which names the catalogue's version, is left out.
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    sandbox.write(
        "catalog/demo/catalog.yaml",
        catalog.replace("title: Badge", "title: A badge"),
    );
    sandbox.groundplan(["sweep"]).exits(0);

    sandbox.write(
        "recipes/demo/addons/docs.yaml",
        "actions:\n  - { kind: WRITE_FILE, path: docs/a.md, content: a }\n",
    );
    let with_docs = accepted
        .lines()
        .filter(|line| line.contains("addons/docs"))
        .count();
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert!(
        ran.stdout.contains(&format!(
            "tree ids: {with_docs} changed, 0 gone, 0 new against ./snapshots/sweep/demo.txt\n"
        )),
        "{}",
        ran.stdout
    );
    let json = sandbox
        .groundplan(["sweep", "--format", "json"])
        .exits(1)
        .json();
    assert_eq!(
        json["catalogs"][0]["golden"]["changed"]
            .as_array()
            .unwrap()
            .len(),
        with_docs
    );
    sandbox.groundplan(["sweep", "--accept"]).exits(0);
    assert_ne!(sandbox.read("snapshots/sweep/demo.txt"), accepted);
    sandbox.groundplan(["sweep"]).exits(0);

    sandbox.write(
        "catalog/demo/catalog.yaml",
        catalog.replace("slug: badge", "slug: sticker"),
    );
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert!(ran.stdout.contains(" gone, "), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("  + ") && ran.stdout.contains("  - "),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_damaged_list_of_tree_ids_is_reported_with_its_line() {
    let sandbox = demo(&[]);
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    for (line, reason) in [
        (
            "nonsense".to_owned(),
            "expected a tree id, a space and the selected options",
        ),
        (
            "123 auth/none".to_owned(),
            "invalid id `123`: write 40 lower-case hexadecimal digits",
        ),
        (
            format!("{id} none"),
            "invalid option `none`: write `category/option`, as in `auth/iron-session`",
        ),
        (
            format!("{id} auth/none\n{id} auth/none"),
            "selection is listed twice",
        ),
    ] {
        sandbox.write("snapshots/sweep/demo.txt", format!("# ids\n{line}\n"));
        let ran = sandbox.groundplan(["sweep"]).exits(1);
        let number = 1 + line.lines().count();
        assert_eq!(
            ran.stderr,
            format!(
                "error: `./snapshots/sweep/demo.txt` is not a list of tree ids: line {number}: {reason}\nhint: restore it from version control, or rewrite it with `--accept`\n"
            )
        );
    }
    sandbox.groundplan(["sweep", "--accept"]).exits(0);
    sandbox.groundplan(["sweep"]).exits(0);
}

#[test]
fn a_list_of_tree_ids_that_is_a_link_is_neither_read_nor_written() {
    let sandbox = demo(&[]);
    sandbox
        .write("elsewhere.txt", "mine\n")
        .write("snapshots/sweep/here", "");
    sandbox.symlink("../../elsewhere.txt", "snapshots/sweep/demo.txt");
    for more in [&[][..], &["--accept"]] {
        let ran = sandbox.groundplan(["sweep"].iter().chain(more)).exits(3);
        assert!(
            ran.stderr
                .contains("is a symbolic link, which is not followed"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(sandbox.read("elsewhere.txt"), "mine\n");
}

#[test]
fn tree_ids_of_a_builtin_catalogue_need_a_folder() {
    let sandbox = Sandbox::new();
    sandbox
        .groundplan(["sweep", "nextjs", "--golden", "ids", "--accept"])
        .exits(0);
    assert_eq!(sandbox.files(), ["ids/nextjs.txt"]);
    sandbox
        .groundplan(["sweep", "nextjs", "--golden", "ids"])
        .exits(0);
    let ran = sandbox.groundplan(["sweep", "nextjs", "--accept"]).exits(2);
    assert_eq!(
        ran.stderr,
        "error: a built-in catalogue has no folder for tree ids\nhint: name a folder by `--golden`\n"
    );
}

#[test]
fn the_command_runs_in_every_repository_and_leaves_nothing_behind() {
    let sandbox = demo(&[]);
    let before = sandbox.files();
    let command = "test -f README.md && git log --format=%s | grep -q 'Bootstrap Sample Product' && echo \"$GROUNDPLAN_SELECTION\" >> \"$HOME/selections\" && pwd >> \"$HOME/folders\"";
    let ran = sandbox
        .groundplan(["sweep", "--each", "--exec", command])
        .exits(0);
    assert!(
        ran.stdout.ends_with("command: 0 of 2 failed\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(sandbox.read("selections").lines().count(), 2);
    for folder in sandbox.read("folders").lines() {
        assert!(!std::path::Path::new(folder).exists(), "{folder} stays");
    }
    let after: Vec<String> = sandbox
        .files()
        .into_iter()
        .filter(|file| !["selections", "folders"].contains(&file.as_str()))
        .collect();
    assert_eq!(after, before);
}

#[test]
fn a_command_runs_in_its_repository_even_in_a_hook_of_another_one() {
    let sandbox = demo(&[]);
    sandbox.git(".", &["init", "-q", "other"]);
    let index = sandbox.join("other/.git/index");
    let command = "test \"$(git rev-parse --show-toplevel)\" = \"$(pwd -P)\" && git add -A";
    let mut hook = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    hook.args(["sweep", "--each", "--exec", command]);
    let hook = sandbox.settle(&mut hook);
    hook.env("GIT_DIR", sandbox.join("other/.git"))
        .env("GIT_INDEX_FILE", &index);
    sandbox.run(hook).exits(0);
    assert!(!index.exists());
}

#[test]
fn a_signal_ends_the_command_and_its_child_processes() {
    let sandbox = demo(&[]);
    let command = "(sleep 600; true) & echo $! >> \"$HOME/pid\"; sleep 600";
    let mut sweep = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    sweep.args(["sweep", "--each", "--exec", command]);
    let sweep = sandbox.settle(&mut sweep);
    let mut sweep = sweep
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = loop {
        let text = std::fs::read_to_string(sandbox.join("pid")).unwrap_or_default();
        if let Some(pid) = text.strip_suffix('\n') {
            break Pid::from_raw(pid.parse().unwrap()).unwrap();
        }
        thread::yield_now();
    };
    kill_process(Pid::from_child(&sweep), Signal::TERM).unwrap();
    assert_eq!(sweep.wait().unwrap().code(), Some(130));
    // What nobody waits for any more may stand in the list of processes for a moment.
    let lives = |pid: Pid| {
        let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
        std::fs::read_to_string(path).is_ok_and(|stat| !stat.contains(") Z "))
    };
    while lives(pid) {
        thread::yield_now();
    }
}

#[test]
fn a_failed_command_shows_the_end_of_its_output() {
    let sandbox = demo(&[]);
    let command = "echo first; seq 3000; echo broken >&2; test -f lib/session.ts";
    let ran = sandbox
        .groundplan(["sweep", "--each", "--exec", command])
        .exits(1);
    assert!(
        ran.stdout.ends_with("command: 1 of 2 failed\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("auth/none"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("exit status: 1\n") && ran.stderr.contains("\n3000\nbroken\n"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("first"), "only the end is shown");
    let json = sandbox
        .groundplan(["sweep", "--each", "--exec", "false", "--format", "json"])
        .exits(1)
        .json();
    assert_eq!(
        json["catalogs"][0]["failedCommands"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn all_catalogues_of_a_folder_are_swept() {
    let sandbox = demo(&[]);
    for (path, text) in [
        (
            "catalog/other/catalog.yaml",
            "catalog: other\ntitle: O\ntemplate: { path: t, version: v1 }\ncategories: []\n",
        ),
        ("catalog/other/t/README.md", "hi\n"),
    ] {
        sandbox.write(path, text);
    }
    let ran = sandbox.groundplan(["sweep"]).exits(0);
    assert!(
        ran.stdout.contains("demo  ") && ran.stdout.contains("other  1 selection"),
        "{}",
        ran.stdout
    );
    let ran = sandbox.groundplan(["sweep", "catalog/demo"]).exits(0);
    assert!(!ran.stdout.contains("other"), "{}", ran.stdout);
    let empty = Sandbox::new();
    empty.write("catalog/README.md", "");
    let ran = empty.groundplan(["sweep"]).exits(2);
    assert_eq!(
        ran.stderr,
        "error: `.` contains no catalogue\nhint: create one with `groundplan init catalog DIR`\n"
    );
}

/// The tree ids of this repository's own catalogues; `cargo run -- sweep . --accept` rewrites them.
#[test]
fn the_builtin_catalogues_build_the_accepted_trees() {
    let root = env!("CARGO_MANIFEST_DIR");
    let golden = format!("{root}/snapshots/sweep");
    let accept: &[&str] = if is_updating() { &["--accept"] } else { &[] };
    let args = ["sweep", root, "--golden", &golden];
    Sandbox::new()
        .groundplan(args.iter().chain(accept))
        .exits(0);
    let names: Vec<_> = std::fs::read_dir(format!("{root}/catalog"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap() + ".txt")
        .collect();
    let names: BTreeSet<String> = names.into_iter().collect();
    let files: BTreeSet<String> = std::fs::read_dir(&golden)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        files, names,
        "each catalogue has its list, and each list its catalogue"
    );
}

#[test]
fn pairs_hidden_by_a_collision_are_built_without_it() {
    // `docs` and `badge` go together, and with `auth/none` nobody can see it.
    let badge = "  - { kind: REPLACE_STRING, path: README.md, find: Of __GITHUB_OWNER__., replace: Badge. }\n  - { kind: WRITE_FILE, path: a.txt, content: one }\n";
    let docs =
        "  - { kind: REPLACE_STRING, path: a.txt, find: one, replace: two, execution_order: 9 }\n";
    let sandbox = demo(&[
        ("auth/none", REPLACES),
        ("addons/badge", badge),
        ("addons/docs", docs),
    ]);
    let json = sandbox
        .groundplan(["sweep", "--format", "json"])
        .exits(1)
        .json();
    let collisions = json["catalogs"][0]["collisions"].as_array().unwrap();
    let short = |one: &Value| {
        format!(
            "{} with {} without {}",
            one["option"], one["with"], one["without"]
        )
    };
    let mut shorts: Vec<String> = collisions.iter().map(short).collect();
    shorts.sort();
    assert_eq!(
        shorts,
        [
            "\"addons/badge\" with [\"auth/none\"] without []",
            "\"addons/docs\" with [] without [\"addons/badge\"]",
        ]
    );
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    let matrix = ran
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("   1 "))
        .take(4);
    let cells: Vec<&str> = matrix.map(|line| line[18..].trim()).collect();
    assert_eq!(cells, ["\\", "-  \\", ".  ?  \\", ".  X  .  \\"]);
}
