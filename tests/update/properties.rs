//! Laws of the update over generated trees.

use super::{TestFiles, applied, path, update_of};
use crate::support::Sandbox;
use groundplan::engine::update::{Conflict, Rules, Verdict};
use groundplan::model::content::{File, Mode};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use std::collections::BTreeMap;
use std::process::Command;

/// A text of few different lines, so that changes meet.
fn text() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "b", "c", "}", "", "x: 1", "  y"]), 0..12)
        .prop_map(|lines| lines.iter().flat_map(|line| [line, "\n"]).collect())
}

fn content() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => text(),
        1 => text().prop_map(|text| text.replace('\n', "\r\n")),
        1 => text().prop_map(|text| text.trim_end().to_owned()),
        1 => Just("\0binary".to_owned()),
        2 => btree_map("[a-d]", "[0-3]", 0..4)
            .prop_map(|map| serde_json::to_string_pretty(&map).expect("a map of texts")),
    ]
}

fn tree() -> impl Strategy<Value = TestFiles> {
    let paths = select(vec![
        "a.txt",
        "b/c.txt",
        "b.json",
        "package.json",
        "d.toml",
        "e.yaml",
        "run",
    ]);
    let modes = select(vec![
        Mode::Regular,
        Mode::Regular,
        Mode::Regular,
        Mode::Executable,
        Mode::Symlink,
    ]);
    let file = (content(), modes).prop_map(|(text, mode)| File {
        mode,
        bytes: text.into(),
    });
    btree_map(paths.prop_map(path), file, 0..6)
}

/// A tree that was changed here and there.
fn changed(base: TestFiles) -> impl Strategy<Value = TestFiles> {
    let edit = prop_oneof![
        3 => content().prop_map(Some),
        1 => Just(None),
    ];
    let paths: Vec<_> = base.keys().cloned().collect();
    let edits = if paths.is_empty() {
        Just(BTreeMap::new()).boxed()
    } else {
        btree_map(select(paths), edit, 0..4).boxed()
    };
    (edits, tree()).prop_map(move |(edits, more)| {
        let mut files = base.clone();
        for (path, edit) in edits {
            match edit {
                Some(text) => files.insert(path, File::regular(text)),
                None => files.remove(&path),
            };
        }
        let new = more.into_iter().take(1);
        for (path, file) in new {
            files.entry(path).or_insert(file);
        }
        files
    })
}

pub(super) fn sides() -> impl Strategy<Value = [TestFiles; 3]> {
    tree().prop_flat_map(|base| {
        let sides = (Just(base.clone()), changed(base.clone()), changed(base));
        sides.prop_map(|(base, ours, theirs)| [base, ours, theirs])
    })
}

fn result(base: &TestFiles, ours: &TestFiles, theirs: &TestFiles) -> TestFiles {
    let update = update_of(base, ours, theirs, &Rules::default()).expect("an update");
    applied(ours, &update)
}

/// The lines of a file that is text.
fn lines(file: Option<&File>) -> Vec<&str> {
    file.and_then(File::text)
        .unwrap_or_default()
        .lines()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_side_without_changes_gives_the_other([base, ours, theirs] in sides()) {
        prop_assert_eq!(&result(&base, &ours, &base), &ours);
        prop_assert_eq!(&result(&base, &base, &theirs), &theirs);
        prop_assert_eq!(&result(&base, &ours, &ours), &ours);
    }

    #[test]
    fn a_second_update_changes_nothing([base, ours, theirs] in sides()) {
        let first = result(&base, &ours, &theirs);
        prop_assert_eq!(&result(&theirs, &first, &theirs), &first);
    }

    #[test]
    fn every_line_that_the_repository_added_stays_or_is_in_a_listed_conflict([base, ours, theirs] in sides()) {
        let update = update_of(&base, &ours, &theirs, &Rules::default()).expect("an update");
        let after = applied(&ours, &update);
        for (path, file) in &ours {
            // The same bytes at another path are moved, not added.
            if base.values().any(|old| old.bytes == file.bytes) {
                continue;
            }
            let verdict = update.files.iter().find(|found| found.path == path.as_str());
            let moved_to = update.files.iter().find(|found| {
                found.from.as_deref() == Some(path.as_str()) && found.verdict == Verdict::Move
            });
            let stays = moved_to.map_or(path.as_str(), |found| found.path.as_str());
            let has = lines(after.get(stays));
            let was = lines(base.get(path));
            for line in lines(Some(file)).into_iter().filter(|line| !was.contains(line)) {
                let line = line.trim().trim_end_matches(',');
                let is_there = has.iter().any(|found| found.trim().trim_end_matches(',') == line);
                let listed = verdict.is_some_and(|found| found.verdict == Verdict::Conflict);
                prop_assert!(is_there || listed, "{path}: {line:?} of {verdict:?}");
            }
            // A conflict leaves the file as it is, but for a manifest's other values.
            if let Some(found) = verdict.filter(|found| found.verdict == Verdict::Conflict)
                && !found.conflicts.iter().any(|conflict| matches!(conflict, Conflict::Key { .. }))
            {
                prop_assert_eq!(after.get(path), Some(file));
            }
        }
    }
}

/// A text of up to 40 lines, and two versions with some lines replaced, removed or added.
fn triple() -> impl Strategy<Value = [String; 3]> {
    let line = select(vec!["a", "b", "c", "d", "e", "f", "}", "", "x: 1", "  y"]);
    let base = vec(line.clone(), 0..40);
    let edits = || vec((any::<prop::sample::Index>(), 0..3, line.clone()), 0..4);
    (base, edits(), edits()).prop_map(|(base, ours, theirs)| {
        let text =
            |lines: &[&str]| -> String { lines.iter().flat_map(|line| [*line, "\n"]).collect() };
        let version = |edits: Vec<(prop::sample::Index, i32, &'static str)>| -> String {
            let mut lines = base.clone();
            for (at, kind, line) in edits {
                let at = at.index(lines.len() + 1);
                match kind {
                    0 if at < lines.len() => lines[at] = line,
                    1 if at < lines.len() => drop(lines.remove(at)),
                    _ => lines.insert(at, line),
                }
            }
            text(&lines)
        };
        [text(&base), version(ours), version(theirs)]
    })
}

/// The lines of a text without those that repeat the line before.
fn without_repeats(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup();
    lines
}

/// A merge by lines gives what git gives. Both may see a conflict where the other finds a clean merge only in files with many
/// equal lines. Two clean results are the same, but where both sides removed one of several equal lines in a row: that is
/// one removal or two.
#[test]
fn a_merge_by_lines_is_that_of_git() {
    let sandbox = Sandbox::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut clean, mut conflicts, mut one_sided, mut repeated) = (0, 0, 0, 0);
    for _ in 0..cases() {
        let [base, ours, theirs] = triple().new_tree(&mut runner).expect("texts").current();
        let tree = |text: &str| BTreeMap::from([(path("a.txt"), File::regular(text.to_owned()))]);
        let update = update_of(
            &tree(&base),
            &tree(&ours),
            &tree(&theirs),
            &Rules::default(),
        )
        .expect("an update");
        let merged = applied(&tree(&ours), &update)
            .remove(&path("a.txt"))
            .expect("the file stays");
        let merged = (!update.has_conflicts()).then(|| merged.text().expect("a text").to_owned());
        let by_git = git_merge(&sandbox, [&base, &ours, &theirs]);
        match (merged, by_git) {
            (Some(merged), Some(by_git)) => {
                let [found, expected] = [&merged, &by_git].map(|text| without_repeats(text));
                assert_eq!(found, expected, "{base:?} {ours:?} {theirs:?}");
                repeated += usize::from(merged != by_git);
                clean += 1;
            }
            (None, None) => conflicts += 1,
            _ => one_sided += 1,
        }
    }
    println!(
        "{clean} clean, {repeated} of them differ in equal lines; {conflicts} conflicts of both, {one_sided} of one"
    );
    assert!(
        repeated <= cases() / 100,
        "{repeated} differ in equal lines"
    );
    assert!(clean > cases() / 20, "{clean} clean merges");
    assert!(one_sided <= cases() / 20, "{one_sided} differ");
}

/// The number of triples; `GROUNDPLAN_MERGE_CASES` sets more.
pub(super) fn cases() -> usize {
    std::env::var("GROUNDPLAN_MERGE_CASES").map_or(300, |count| count.parse().expect("a number"))
}

/// The merge by `git merge-file`; none for a conflict.
fn git_merge(sandbox: &Sandbox, texts: [&str; 3]) -> Option<String> {
    let names = ["base", "ours", "theirs"].map(|name| sandbox.join(name));
    for (name, text) in names.iter().zip(texts) {
        std::fs::write(name, text).expect("a file");
    }
    let [base, ours, theirs] = &names;
    let output = Command::new("git")
        .args(["merge-file", "-p", "--diff-algorithm=myers"])
        .args([ours, base, theirs])
        .output()
        .expect("git runs");
    let is_clean = output.status.success();
    is_clean.then(|| String::from_utf8(output.stdout).expect("text"))
}
