//! Each combination of the plan's and the repository's change, with its verdict and its result.

use super::{TestFiles, applied, files, path, update_of, with_mode};
use groundplan::engine::update::{Conflict, Decision, Rules, Update, Verdict};
use groundplan::model::content::{File, Mode};
use std::collections::BTreeMap;

const LINES: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

/// An update of three trees: the verdicts by path, and the repository afterwards.
struct Outcome {
    update: Update,
    after: TestFiles,
}

impl Outcome {
    fn of(base: &TestFiles, ours: &TestFiles, theirs: &TestFiles) -> Self {
        Self::with(base, ours, theirs, &Rules::default())
    }

    fn with(base: &TestFiles, ours: &TestFiles, theirs: &TestFiles, rules: &Rules) -> Self {
        let update = update_of(base, ours, theirs, rules).expect("an update");
        let after = applied(ours, &update);
        Self { update, after }
    }

    fn verdicts(&self) -> Vec<(&str, Verdict)> {
        let files = self.update.files.iter();
        files
            .map(|file| (file.path.as_str(), file.verdict))
            .collect()
    }

    fn conflicts(&self, path: &str) -> &[Conflict] {
        let found = self.update.files.iter().find(|file| file.path == path);
        &found.expect("the path has a verdict").conflicts
    }
}

/// One text file `a` on each side that has it: the verdict, and the repository's text afterwards.
#[track_caller]
fn check(
    base: Option<&str>,
    ours: Option<&str>,
    theirs: Option<&str>,
    verdict: Option<Verdict>,
    after: Option<&str>,
) {
    let tree = |text: Option<&str>| files(text.map(|text| ("a", text)));
    let outcome = Outcome::of(&tree(base), &tree(ours), &tree(theirs));
    let found: Vec<Verdict> = outcome
        .update
        .files
        .iter()
        .map(|file| file.verdict)
        .collect();
    assert_eq!(found, verdict.into_iter().collect::<Vec<_>>());
    assert_eq!(outcome.after, tree(after));
}

#[test]
fn one_file_gets_the_verdict_of_the_table() {
    let edited = LINES.replace("one", "1");
    let apart = LINES.replace("seven", "7");
    let both = edited.replace("seven", "7");
    let alike = LINES.replace("one", "uno");
    let [base, edited, apart, both, alike] = [LINES, &edited, &apart, &both, &alike].map(Some);
    check(base, base, base, None, base);
    check(base, edited, base, Some(Verdict::Keep), edited);
    check(base, None, base, None, None);
    check(base, base, edited, Some(Verdict::Take), edited);
    check(base, apart, edited, Some(Verdict::Merge), both);
    check(base, alike, edited, Some(Verdict::Conflict), alike);
    check(base, edited, edited, Some(Verdict::Already), edited);
    check(base, None, edited, Some(Verdict::Declined), None);
    check(base, base, None, Some(Verdict::Remove), None);
    check(base, edited, None, Some(Verdict::Conflict), edited);
    check(base, None, None, None, None);
    check(None, None, base, Some(Verdict::Take), base);
    check(None, base, base, Some(Verdict::Already), base);
    check(None, edited, base, Some(Verdict::Conflict), edited);
    check(None, edited, None, None, edited);
}

#[test]
fn two_quarrels_in_one_file_are_one_conflict_with_two_hunks() {
    let base: Vec<String> = (1..=40).map(|line| format!("line {line}\n")).collect();
    let base = base.concat();
    let change = |word: &str| {
        let text = base.replace("line 5\n", &format!("{word} 5\n"));
        text.replace("line 30\n", &format!("{word} 30\n"))
    };
    let (ours, theirs) = (change("mine"), change("theirs"));
    let outcome = Outcome::of(
        &files([("a", &*base)]),
        &files([("a", &*ours)]),
        &files([("a", &*theirs)]),
    );
    assert_eq!(outcome.verdicts(), [("a", Verdict::Conflict)]);
    let hunk = |line, number| Conflict::Lines {
        line,
        plan_line: line,
        base: format!("line {number}\n"),
        ours: format!("mine {number}\n"),
        theirs: format!("theirs {number}\n"),
        options: Vec::new(),
    };
    assert_eq!(outcome.conflicts("a"), [hunk(5, 5), hunk(30, 30)]);
    assert_eq!(outcome.after, files([("a", &*ours)]));
}

#[test]
fn an_edit_follows_a_file_that_the_repository_moved_unchanged() {
    let new = LINES.replace("one", "1");
    let outcome = Outcome::of(
        &files([("a", LINES)]),
        &files([("lib/a", LINES)]),
        &files([("a", &*new)]),
    );
    assert_eq!(outcome.verdicts(), [("lib/a", Verdict::Take)]);
    assert_eq!(outcome.after, files([("lib/a", &*new)]));
}

#[test]
fn an_edit_never_reaches_a_file_that_is_only_alike() {
    let alike = LINES.replace("two", "2");
    let outcome = Outcome::of(
        &files([("hello", LINES)]),
        &files([("mine", &*alike)]),
        &files([("hello", &*LINES.replace("seven", "7"))]),
    );
    assert_eq!(outcome.verdicts(), [("hello", Verdict::Declined)]);
    assert_eq!(outcome.after, files([("mine", &*alike)]));
}

#[test]
fn a_link_or_a_folder_of_the_repository_stays() {
    let link = with_mode("cfg", Mode::Symlink, "elsewhere");
    let outcome = Outcome::of(&files([("cfg", "a\n")]), &link, &files([("cfg", "b\n")]));
    assert_eq!(outcome.verdicts(), [("cfg", Verdict::Conflict)]);
    assert_eq!(outcome.after, link);

    let folder = files([("cfg/own", "x\n")]);
    let outcome = Outcome::of(&files([("cfg", "a\n")]), &folder, &files([("cfg", "b\n")]));
    assert_eq!(outcome.verdicts(), [("cfg", Verdict::Conflict)]);
    assert_eq!(outcome.after, folder);
}

#[test]
fn a_new_file_needs_a_name_that_is_free_on_every_file_system() {
    for (own, new) in [
        ("Readme.md", "README.md"),
        ("lib", "lib/a.rs"),
        ("lib/a.rs", "lib"),
        ("LIB/b.rs", "lib/a.rs"),
    ] {
        let ours = files([(own, "mine\n")]);
        let outcome = Outcome::of(&files([]), &ours, &files([(new, "new\n")]));
        assert_eq!(
            outcome.verdicts(),
            [(new, Verdict::Conflict)],
            "{own} {new}"
        );
        assert_eq!(outcome.after, ours);
    }
    // A name that the update itself frees.
    let old = files([("Readme.md", "old\n")]);
    let new = files([("README.md", "new\n")]);
    assert_eq!(Outcome::of(&old, &old, &new).after, new);
    let folder = files([("lib/a", "old\n")]);
    let file = files([("lib", "new\n")]);
    assert_eq!(Outcome::of(&folder, &folder, &file).after, file);
}

#[test]
fn a_declared_move_takes_the_edits_with_it() {
    let rules = Rules {
        moved: vec![(path("app/middleware.ts"), path("proxy.ts"))],
        ..Rules::default()
    };
    let base = files([("app/middleware.ts", LINES)]);
    let theirs = files([("proxy.ts", &*LINES.replace("seven", "7"))]);
    let ours = files([("app/middleware.ts", &*LINES.replace("one", "1"))]);
    let outcome = Outcome::with(&base, &ours, &theirs, &rules);
    assert_eq!(outcome.verdicts(), [("proxy.ts", Verdict::Move)]);
    let both = LINES.replace("one", "1").replace("seven", "7");
    assert_eq!(outcome.after, files([("proxy.ts", &*both)]));

    // Unchanged here: moved as it is. Removed here: declined.
    let outcome = Outcome::with(&base, &base, &theirs, &rules);
    assert_eq!(
        (outcome.verdicts(), outcome.after.clone()),
        (vec![("proxy.ts", Verdict::Move)], theirs.clone())
    );
    let outcome = Outcome::with(&base, &files([]), &theirs, &rules);
    assert_eq!(
        (outcome.verdicts(), outcome.after.clone()),
        (vec![("proxy.ts", Verdict::Declined)], files([]))
    );

    // An own file at the target: nothing moves.
    let ours = files([("app/middleware.ts", LINES), ("proxy.ts", "mine\n")]);
    let outcome = Outcome::with(&base, &ours, &theirs, &rules);
    assert_eq!(
        (outcome.verdicts(), outcome.after.clone()),
        (vec![("proxy.ts", Verdict::Conflict)], ours)
    );

    // A conflict: nothing moves, and the repository's own path has it.
    let ours = files([("app/middleware.ts", &*LINES.replace("seven", "sept"))]);
    let outcome = Outcome::with(&base, &ours, &theirs, &rules);
    assert_eq!(
        (outcome.verdicts(), outcome.after.clone()),
        (vec![("app/middleware.ts", Verdict::Conflict)], ours)
    );
}

#[test]
fn the_same_bytes_at_one_new_path_are_a_move() {
    let outcome = Outcome::of(
        &files([("a", LINES)]),
        &files([("a", &*LINES.replace("one", "1"))]),
        &files([("b", LINES)]),
    );
    assert_eq!(outcome.verdicts(), [("b", Verdict::Move)]);
    assert_eq!(outcome.after, files([("b", &*LINES.replace("one", "1"))]));
    // Two files of the same content: nobody can tell which moved.
    let outcome = Outcome::of(
        &files([("a", LINES), ("c", LINES)]),
        &files([("a", LINES), ("c", LINES)]),
        &files([("b", LINES)]),
    );
    assert_eq!(
        outcome.verdicts(),
        [
            ("a", Verdict::Remove),
            ("b", Verdict::Take),
            ("c", Verdict::Remove)
        ]
    );
}

#[test]
fn mode_and_content_merge_apart_from_each_other() {
    let edited = LINES.replace("one", "1");
    let base = files([("run", LINES)]);
    let both = with_mode("run", Mode::Executable, &edited);
    let executable = with_mode("run", Mode::Executable, LINES);
    let content = files([("run", &*edited)]);
    for (ours, theirs) in [(&content, &executable), (&executable, &content)] {
        let outcome = Outcome::of(&base, ours, theirs);
        assert_eq!(outcome.verdicts(), [("run", Verdict::Merge)]);
        assert_eq!(outcome.after, both);
    }
}

#[test]
fn binary_files_are_never_merged() {
    let binary = |byte: u8| BTreeMap::from([(path("favicon.ico"), File::regular(vec![0, byte]))]);
    let outcome = Outcome::of(&binary(1), &binary(2), &binary(1));
    assert_eq!(
        (outcome.verdicts(), outcome.after.clone()),
        (vec![("favicon.ico", Verdict::Keep)], binary(2))
    );
    let outcome = Outcome::of(&binary(1), &binary(2), &binary(3));
    assert_eq!(
        (outcome.verdicts(), outcome.after.clone()),
        (vec![("favicon.ico", Verdict::Conflict)], binary(2))
    );
}

#[test]
fn the_repository_decides_on_line_ends() {
    let ours = LINES.replace("one", "1").replace('\n', "\r\n");
    let theirs = LINES.replace("seven", "7");
    let outcome = Outcome::of(
        &files([("a", LINES)]),
        &files([("a", &*ours)]),
        &files([("a", &*theirs)]),
    );
    let both = LINES
        .replace("one", "1")
        .replace("seven", "7")
        .replace('\n', "\r\n");
    assert_eq!(
        (outcome.verdicts(), outcome.after.clone()),
        (vec![("a", Verdict::Merge)], files([("a", &*both)]))
    );
}

#[test]
fn neighbours_in_a_manifest_merge_by_key_in_the_layout_of_the_repository() {
    let base = r#"{
  "name": "acme",
  "scripts": { "build": "next build", "test": "vitest" },
  "dependencies": {
    "next": "^16.0.0",
    "react": "^19.0.0"
  }
}
"#;
    let theirs = base
        .replace("^16.0.0", "^16.1.0")
        .replace("^19.0.0\"", "^19.2.0\"")
        .replace(
            "    \"react\"",
            "    \"postgres\": \"^3.4.0\",\n    \"react\"",
        )
        .replace("\"vitest\"", "\"vitest run\"");
    let tabs = base
        .replace("    ", "\t\t")
        .replace("\n  ", "\n\t")
        .replace("\"vitest\"", "\"jest\"")
        .replace(
            "\t\t\"react\": \"^19.0.0\"",
            "\t\t\"react\": \"^19.0.0\",\n\t\t\"zod\": \"^4.0.0\"",
        )
        .replace('\n', "\r\n");
    let outcome = Outcome::of(
        &files([("package.json", base)]),
        &files([("package.json", &*tabs)]),
        &files([("package.json", &*theirs)]),
    );
    let text = |word: &str| Some(format!("\"{word}\""));
    let clash = Conflict::Key {
        pointer: "/scripts/test".to_owned(),
        base: text("vitest"),
        ours: text("jest"),
        theirs: text("vitest run"),
    };
    assert_eq!(outcome.conflicts("package.json"), [clash]);
    let expected = tabs
        .replace("^16.0.0", "^16.1.0")
        .replace("^19.0.0", "^19.2.0")
        .replace(
            "\t\t\"react\"",
            "\t\t\"postgres\": \"^3.4.0\",\r\n\t\t\"react\"",
        );
    let after = outcome.after[&path("package.json")]
        .text()
        .unwrap()
        .to_owned();
    assert_eq!(after, expected);
    // The second update over the result has nothing to do.
    let result = files([("package.json", &*after)]);
    let theirs = files([("package.json", &*theirs)]);
    let again = Outcome::of(&theirs, &result, &theirs);
    assert_eq!(again.verdicts(), [("package.json", Verdict::Keep)]);
}

#[test]
fn a_table_added_twice_becomes_one_table() {
    let base = "[project]\nname = \"a\"\n\n[tool.ruff]\nline-length = 100\n";
    let ours = format!("[tool.x]\nmine = 1\n\n{base}");
    let theirs = format!("{base}\n[tool.x]\nother = 2\n");
    let tree = |text: &str| files([("pyproject.toml", text)]);
    let outcome = Outcome::of(&tree(base), &tree(&ours), &tree(&theirs));
    assert_eq!(outcome.verdicts(), [("pyproject.toml", Verdict::Merge)]);
    assert_eq!(
        outcome.after,
        tree(&ours.replace("mine = 1\n", "mine = 1\nother = 2\n"))
    );

    let theirs = format!("{base}\n[tool.x]\nmine = 2\n");
    let outcome = Outcome::of(&tree(base), &tree(&ours), &tree(&theirs));
    let clash = Conflict::Key {
        pointer: "/tool/x/mine".to_owned(),
        base: None,
        ours: Some("1".to_owned()),
        theirs: Some("2".to_owned()),
    };
    assert_eq!(outcome.conflicts("pyproject.toml"), [clash]);
    assert_eq!(outcome.after, tree(&ours));
}

#[test]
fn yaml_that_would_have_a_key_twice_is_a_conflict() {
    let base = "name: a\n\njobs: 1\n\nend: 1\n";
    let ours = format!("tool: mine\n{base}");
    let theirs = format!("{base}tool: theirs\n");
    let tree = |text: &str| files([("ci.yaml", text)]);
    let outcome = Outcome::of(&tree(base), &tree(&ours), &tree(&theirs));
    assert_eq!(outcome.verdicts(), [("ci.yaml", Verdict::Conflict)]);
    assert_eq!(outcome.after, tree(&ours));
}

#[test]
fn requirements_merge_by_package() {
    let base = "[project]\ndependencies = [\n    \"httpx>=0.27\",\n    \"rich>=13\",\n]\n";
    let ours = base.replace(
        "    \"rich>=13\",\n",
        "    \"rich>=13\",\n    \"typer>=0.12\",\n",
    );
    let theirs = base
        .replace("httpx>=0.27", "httpx>=0.28")
        .replace("    \"rich>=13\",\n", "");
    let tree = |text: &str| files([("pyproject.toml", text)]);
    let outcome = Outcome::of(&tree(base), &tree(&ours), &tree(&theirs));
    assert_eq!(outcome.verdicts(), [("pyproject.toml", Verdict::Merge)]);
    let expected = "[project]\ndependencies = [\n    \"httpx>=0.28\",\n    \"typer>=0.12\",\n]\n";
    assert_eq!(outcome.after, tree(expected));
}

#[test]
fn lock_files_stay() {
    let tree = |text: &str| files([("package-lock.json", text)]);
    let outcome = Outcome::of(&tree("{}\n"), &tree("{\"a\":1}\n"), &tree("{\"b\":1}\n"));
    assert_eq!(outcome.verdicts(), [("package-lock.json", Verdict::Keep)]);
    assert_eq!(outcome.after, tree("{\"a\":1}\n"));
}

#[test]
fn a_path_with_something_uncommitted_is_a_conflict() {
    let rules = Rules {
        uncommitted: BTreeMap::from([(path("new"), "`new` is not committed".to_owned())]),
        ..Rules::default()
    };
    let outcome = Outcome::with(
        &files([]),
        &files([]),
        &files([("new", "x\n"), ("other", "y\n")]),
        &rules,
    );
    assert_eq!(
        outcome.verdicts(),
        [("new", Verdict::Conflict), ("other", Verdict::Take)]
    );
    assert_eq!(outcome.after, files([("other", "y\n")]));
}

#[test]
fn nothing_moves_where_either_path_has_something_uncommitted() {
    let (base, theirs) = (files([("old", LINES)]), files([("new", LINES)]));
    for blocked in ["old", "new"] {
        let rules = Rules {
            uncommitted: BTreeMap::from([(path(blocked), format!("`{blocked}` is not committed"))]),
            ..Rules::default()
        };
        let outcome = Outcome::with(&base, &base, &theirs, &rules);
        assert_eq!(
            outcome.verdicts(),
            [("new", Verdict::Conflict)],
            "{blocked}"
        );
        assert_eq!(outcome.after, base, "{blocked}");
    }
}

#[test]
fn a_decision_settles_a_path() {
    let base = files([("a", LINES), ("gone", LINES)]);
    let ours = files([
        ("a", &*LINES.replace("one", "uno")),
        ("gone", &*LINES.replace("one", "1")),
    ]);
    let theirs = files([("a", &*LINES.replace("one", "1"))]);
    let with = |decisions: &[(&str, Decision)]| Rules {
        decisions: decisions
            .iter()
            .map(|(name, decision)| (path(name), *decision))
            .collect(),
        ..Rules::default()
    };
    let rules = with(&[("a", Decision::Theirs), ("gone", Decision::Remove)]);
    let outcome = Outcome::with(&base, &ours, &theirs, &rules);
    assert_eq!(
        outcome.verdicts(),
        [("a", Verdict::Take), ("gone", Verdict::Remove)]
    );
    assert_eq!(outcome.after, theirs);

    let rules = with(&[("a", Decision::Mine), ("gone", Decision::Mine)]);
    let outcome = Outcome::with(&base, &ours, &theirs, &rules);
    assert_eq!(
        outcome.verdicts(),
        [("a", Verdict::Keep), ("gone", Verdict::Keep)]
    );
    assert_eq!(outcome.after, ours);

    let error = update_of(&base, &ours, &theirs, &with(&[("b", Decision::Mine)]))
        .expect_err("no such path");
    assert_eq!(error.to_string(), "`b` is not part of this update");
}
