//! Sweeps: few selections hold every pair of options, each is made, and what does not go together is named.

use crate::support::{Sandbox, is_updating};
use groundplan::catalog::{self, Catalog};
use groundplan::model::content::{File, Files};
use groundplan::model::digest::GitId;
use groundplan::model::path::TreePath;
use groundplan::model::plan::TemplatePin;
use groundplan::model::selection::Selection;
use groundplan::model::slug::{OptionRef, Slug};
use groundplan::resolve;
use groundplan::sweep::cover::{Strength, cover};
use groundplan::sweep::prove::{Ground, Outcome, prove};
use groundplan::sweep::{Space, pick};
use groundplan::tree::listing::Listing;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::{Tree, TreeError};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A catalogue of these categories without recipes: `slug SINGLE|MULTI required|free: option option …`, an option with
/// what it needs after `+` and what it excludes after `-`.
fn catalog(lines: &[&str]) -> Catalog {
    let mut text =
        "catalog: c\ntitle: C\ntemplate: { path: t, version: v1 }\ncategories:\n".to_owned();
    for line in lines {
        let (head, options) = line.split_once(": ").unwrap();
        let head: Vec<&str> = head.split(' ').collect();
        let required = head[2] == "required";
        writeln!(
            text,
            "  - slug: {}\n    title: T\n    selection: {}\n    required: {required}\n    options:",
            head[0], head[1]
        )
        .unwrap();
        for (at, option) in options.split(' ').enumerate() {
            let (rest, conflicts) = option.split_once('-').unwrap_or((option, ""));
            let (slug, requires) = rest.split_once('+').unwrap_or((rest, ""));
            let default = required && at == 0;
            writeln!(text, "      - {{ slug: {slug}, title: T, default: {default}, requires: [{requires}], conflicts: [{conflicts}] }}").unwrap();
        }
    }
    let file = |text: &str| File::regular(text.to_owned());
    let files = Files::from([
        ("catalog/c/catalog.yaml".to_owned(), file(&text)),
        ("catalog/c/t/README.md".to_owned(), file("hi\n")),
    ]);
    let loaded = catalog::load(&files, "c");
    let errors: Vec<_> = loaded
        .findings
        .iter()
        .filter(|finding| finding.is_error())
        .collect();
    loaded
        .catalog
        .unwrap_or_else(|| panic!("{text}\n{errors:#?}"))
}

/// Catalogues with every kind of rule.
fn catalogs() -> Vec<Catalog> {
    let all: [&[&str]; 6] = [
        &[
            "a SINGLE required: x y z",
            "b SINGLE free: x y",
            "c MULTI free: x y z",
        ],
        &[
            "a SINGLE required: x y-b/x z",
            "b SINGLE required: z x y",
            "c MULTI required: x y z",
        ],
        &[
            "a SINGLE required: x y+b/y",
            "b SINGLE free: x y+c/p-d/u",
            "c MULTI free: p q-a/x",
            "d SINGLE free: u v",
        ],
        &["a MULTI required: x y-a/x z+a/y", "b MULTI free: x+a/z y"],
        &["a SINGLE required: only", "b SINGLE required: only+a/only"],
        &[
            "a SINGLE required: x y z",
            "b SINGLE required: x y z",
            "c SINGLE required: x y-a/x,b/x z-a/y,b/y",
        ],
    ];
    all.into_iter().map(catalog).collect()
}

/// Every set of options that the resolver takes: what a sweep must agree with.
fn valid(catalog: &Catalog) -> BTreeSet<String> {
    let options: Vec<OptionRef> = options(catalog);
    let subsets = (0..1_u32 << options.len()).map(|bits| {
        let mut selection = Selection::default();
        for (_, option) in options
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1)
        {
            let slug = |text: &str| Slug::parse(text).unwrap();
            selection.insert(slug(option.category()), slug(option.option()));
        }
        selection
    });
    let fits = |selection: &Selection| resolve::recipe(catalog, selection.clone()).is_ok();
    subsets
        .filter(fits)
        .map(|selection| line(&selection))
        .collect()
}

fn options(catalog: &Catalog) -> Vec<OptionRef> {
    let categories = catalog.categories().iter();
    let of = |category: &catalog::Category| {
        let slug = category.slug.clone();
        let options = category.options.iter();
        options
            .map(move |option| OptionRef::new(&slug, &option.slug))
            .collect::<Vec<_>>()
    };
    categories.flat_map(of).collect()
}

fn line(selection: &Selection) -> String {
    groundplan::sweep::golden::line_of(selection)
}

/// Every two facts about a selection, a fact being that an option is selected or not.
fn pairs(catalog: &Catalog, selection: &str) -> BTreeSet<(String, String)> {
    let selected: BTreeSet<&str> = selection.split(' ').collect();
    let fact = |option: &OptionRef| {
        format!(
            "{}{option}",
            if selected.contains(option.as_str()) {
                ""
            } else {
                "not "
            }
        )
    };
    let facts: Vec<String> = options(catalog).iter().map(fact).collect();
    let both = |one: &String| {
        facts
            .iter()
            .map(|other| (one.clone(), other.clone()))
            .collect::<Vec<_>>()
    };
    facts.iter().flat_map(both).collect()
}

#[test]
fn every_selection_is_listed_and_no_other() {
    for catalog in catalogs() {
        let listed = pick::every(&Space::of(&catalog)).unwrap();
        let lines: BTreeSet<String> = listed.iter().map(line).collect();
        assert_eq!(lines, valid(&catalog));
        assert_eq!(lines.len(), listed.len(), "none is listed twice");
    }
}

#[test]
fn every_pair_of_options_that_can_be_is_in_a_selection() {
    for catalog in catalogs() {
        let valid = valid(&catalog);
        let cover = cover(&Space::of(&catalog), Strength::Pairs, &[]).unwrap();
        let lines: BTreeSet<String> = cover.selections.iter().map(line).collect();
        assert!(lines.is_subset(&valid), "{lines:?}");
        let possible: BTreeSet<_> = valid
            .iter()
            .flat_map(|line| pairs(&catalog, line))
            .collect();
        let covered: BTreeSet<_> = lines
            .iter()
            .flat_map(|line| pairs(&catalog, line))
            .collect();
        // What is wanted are answers, so of a SINGLE category "none of it" instead of a "not" for each option.
        let is_wanted =
            |pair: &&(String, String)| !pair.0.starts_with("not") && !pair.1.starts_with("not");
        let wanted: Vec<_> = possible.iter().filter(is_wanted).collect();
        assert!(
            wanted.iter().all(|pair| covered.contains(*pair)),
            "{lines:#?}"
        );
        assert!(
            lines.len() >= cover.at_least,
            "{} < {}",
            lines.len(),
            cover.at_least
        );
        for (one, other) in &cover.impossible {
            assert!(
                !possible.contains(&(one.to_string(), other.to_string())),
                "{one} {other}"
            );
        }
    }
}

#[test]
fn leaving_out_is_an_answer_that_is_paired_too() {
    let catalog = catalog(&[
        "a SINGLE required: x y",
        "b MULTI free: p q",
        "c SINGLE free: u",
    ]);
    let cover = cover(&Space::of(&catalog), Strength::Pairs, &[]).unwrap();
    let all: BTreeSet<_> = cover
        .selections
        .iter()
        .flat_map(|selection| pairs(&catalog, &line(selection)))
        .collect();
    for pair in [
        ("not b/p", "not b/q"),
        ("a/y", "not c/u"),
        ("not b/q", "c/u"),
    ] {
        assert!(
            all.contains(&(pair.0.to_owned(), pair.1.to_owned())),
            "{pair:?}"
        );
    }
    assert_eq!(
        cover.selections.len(),
        4,
        "four is the least for two questions of two answers"
    );
    assert_eq!(cover.at_least, 4);
}

#[test]
fn three_questions_of_three_answers_take_nine_selections() {
    let line = "SINGLE required: x y z";
    let catalog = catalog(&[
        &format!("a {line}"),
        &format!("b {line}"),
        &format!("c {line}"),
    ]);
    let cover = cover(&Space::of(&catalog), Strength::Pairs, &[]).unwrap();
    assert_eq!((cover.selections.len(), cover.at_least), (9, 9));
}

#[test]
fn what_was_accepted_stays_and_is_only_added_to() {
    let before = catalog(&[
        "a SINGLE required: x y z",
        "b SINGLE required: x y",
        "c MULTI free: x y",
    ]);
    let after = catalog(&[
        "a SINGLE required: x y z new",
        "b SINGLE required: x y",
        "c MULTI free: x y",
    ]);
    let known = cover(&Space::of(&before), Strength::Pairs, &[])
        .unwrap()
        .selections;
    let again = cover(&Space::of(&before), Strength::Pairs, &known)
        .unwrap()
        .selections;
    assert_eq!(again, known, "a second sweep finds nothing to change");
    let grown = cover(&Space::of(&after), Strength::Pairs, &known)
        .unwrap()
        .selections;
    assert_eq!(grown[..known.len()], known);
    let is_new = |selection: &Selection| selection.has("a", "new");
    assert!(grown[known.len()..].iter().all(is_new) && grown.len() > known.len());
}

#[test]
fn a_sample_is_valid_different_and_the_same_for_the_same_seed() {
    for catalog in catalogs() {
        let space = Space::of(&catalog);
        let valid = valid(&catalog);
        let sample = pick::sample(&space, 5, 7).unwrap();
        let lines: BTreeSet<String> = sample.iter().map(line).collect();
        assert!(lines.is_subset(&valid));
        assert_eq!(lines.len(), sample.len());
        assert_eq!(lines.len(), valid.len().min(5));
        assert_eq!(pick::sample(&space, 5, 7).unwrap(), sample);
    }
    let space = Space::of(&catalogs()[0]);
    assert_ne!(
        pick::sample(&space, 5, 7).unwrap(),
        pick::sample(&space, 5, 8).unwrap()
    );
}

/// A template that holds something else whenever it is read.
struct Restless(AtomicUsize);

impl Tree for Restless {
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok((path.as_str() == "a.txt").then(|| File::regular(format!("{number}\n"))))
    }

    fn list(&self) -> Result<Listing, TreeError> {
        let file = File::regular("0\n");
        MemoryTree::of([(TreePath::parse("a.txt").unwrap(), file)])?.list()
    }
}

#[test]
fn two_runs_that_differ_are_noticed() {
    let catalog = catalog(&["a SINGLE required: x y"]);
    let pin = TemplatePin {
        repo: "folder".to_owned(),
        r#ref: "v1".to_owned(),
        sha: None,
        path: None,
        tree: GitId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").unwrap(),
    };
    let selections = pick::every(&Space::of(&catalog)).unwrap();
    let outcome = |template: &dyn Tree| {
        let ground = Ground {
            catalog: &catalog,
            template,
            pin: &pin,
        };
        prove(ground, &selections).unwrap().remove(0).outcome
    };
    assert!(matches!(
        outcome(&Restless(AtomicUsize::new(0))),
        Outcome::Unsteady { .. }
    ));
    assert!(matches!(outcome(&MemoryTree::default()), Outcome::Made(_)));
}

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
fn options_that_go_together_are_said_to() {
    let ran = Sandbox::with_demo().groundplan(["sweep"]).exits(0);
    assert_eq!(
        ran.stdout,
        "demo  4 selections cover all 8 pairs of answers that can be given, as few as possible; each made twice, 0 cannot be made\n\
         tree ids: none accepted yet; `--accept` writes them down\n"
    );
}

#[test]
fn two_options_that_collide_are_named_though_only_one_complains() {
    let sandbox = demo(&[("auth/none", REPLACES), ("addons/docs", ALSO_REPLACES)]);
    sandbox.groundplan(["check"]).exits(0);
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert!(
        ran.stdout
            .contains("collision  `addons/docs` cannot be made together with `auth/none`\n"),
        "{}",
        ran.stdout
    );
    let matrix: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("addons/docs  "))
        .collect();
    assert_eq!(matrix, ["   3 addons/docs    .  X  \\ "]);
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
fn an_option_that_needs_another_one_is_told_apart() {
    let makes = "  - { kind: WRITE_FILE, path: a.txt, content: one }\n";
    let edits =
        "  - { kind: REPLACE_STRING, path: a.txt, find: one, replace: two, execution_order: 5 }\n";
    let sandbox = demo(&[("addons/docs", makes), ("addons/badge", edits)]);
    let ran = sandbox.groundplan(["sweep"]).exits(1);
    assert!(
        ran.stdout
            .contains("collision  `addons/badge` cannot be made without `addons/docs`\n"),
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
            .contains("`addons/docs` cannot be made whatever else is selected"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("   3 addons/docs    ?  ?  X \n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_collision_that_names_both_options_is_told_once() {
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
fn each_holds_every_option_and_all_holds_every_selection() {
    let sandbox = demo(&[]);
    let each = sandbox
        .groundplan(["sweep", "--each", "--format", "json"])
        .exits(0)
        .json();
    let options: BTreeSet<String> = selections(&each)
        .iter()
        .flat_map(|one| one["selection"].as_array().unwrap())
        .map(Value::to_string)
        .collect();
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
}

#[test]
fn a_catalogue_with_too_many_options_says_what_to_do_instead() {
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
        "error: 644 answers make too many pairs, at most 600 are paired\nhint: take fewer, with `--sample N` or `--each`\n"
    );
    let ran = sandbox.groundplan(["sweep", "--all"]).exits(1);
    assert_eq!(
        ran.stderr,
        "error: there are more than 100000 selections\nhint: cover all pairs with `--pairwise`, or take some by chance with `--sample N`\n"
    );
    sandbox.groundplan(["sweep", "--sample", "3"]).exits(0);
    sandbox.groundplan(["sweep", "--each"]).exits(0);
}

#[test]
fn accepted_tree_ids_are_compared_until_a_person_accepts_others() {
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
fn a_damaged_list_of_tree_ids_says_where() {
    let sandbox = demo(&[]);
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    for (line, reason) in [
        (
            "nonsense".to_owned(),
            "expected a tree id, a blank and the selected options",
        ),
        (
            "123 auth/none".to_owned(),
            "`123` is not an id: expected 40 lower-case hexadecimal digits",
        ),
        (
            format!("{id} none"),
            "`none` does not name an option: write `category/option`, as in `auth/iron-session`",
        ),
        (
            format!("{id} auth/none\n{id} auth/none"),
            "this selection stands here twice",
        ),
    ] {
        sandbox.write("snapshots/sweep/demo.txt", format!("# ids\n{line}\n"));
        let ran = sandbox.groundplan(["sweep"]).exits(1);
        let number = 1 + line.lines().count();
        assert_eq!(
            ran.stderr,
            format!(
                "error: `./snapshots/sweep/demo.txt` is no list of tree ids: line {number}: {reason}\nhint: take it from version control again, or write it anew with `--accept`\n"
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
fn a_builtin_catalogue_keeps_its_tree_ids_where_it_is_told_to() {
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
        "error: a built-in catalogue has no place for its tree ids\nhint: name a folder with `--golden`\n"
    );
}

#[test]
fn the_command_runs_in_every_repository_and_nothing_stays() {
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
fn a_command_that_fails_shows_what_it_said_last() {
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
fn every_catalogue_of_a_folder_is_swept() {
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
        ran.stdout.contains("demo  ") && ran.stdout.contains("other  1 selections"),
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
        "error: `.` holds no catalogue\nhint: make one with `groundplan init catalog DIR`\n"
    );
}

/// The tree ids of this repository's own catalogues; `cargo run -- sweep . --accept` writes them anew.
#[test]
fn the_builtin_catalogues_give_the_accepted_trees() {
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
