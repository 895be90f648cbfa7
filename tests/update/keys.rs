//! The merge by key against a merge of parsed values, and the order of what an update is given.

use super::{TestFiles, applied, path, update_of};
use groundplan::engine::update::{Conflict, Rules, Sides, update};
use groundplan::model::content::File;
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::overlay::Overlay;
use groundplan::tree::snapshot::Snapshot;
use groundplan::tree::{Tree, TreeMut as _};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..3).prop_map(|number| json!(number)),
        select(vec!["x", "y", ""]).prop_map(|text| json!(text)),
        any::<bool>().prop_map(|truth| json!(truth)),
        vec(0..2, 0..2).prop_map(|numbers| json!(numbers)),
    ]
}

fn key() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "d", "e"]).prop_map(str::to_owned)
}

fn value(depth: u32) -> BoxedStrategy<Value> {
    if depth == 0 {
        return scalar().boxed();
    }
    let object = btree_map(key(), value(depth - 1), 0..4);
    prop_oneof![3 => scalar(), 2 => object.prop_map(|members| json!(members))].boxed()
}

/// A change of the value at a place that is chosen among all places.
fn edits() -> impl Strategy<Value = Vec<(Index, Option<(String, Value)>)>> {
    vec(
        (any::<Index>(), proptest::option::of((key(), value(1)))),
        0..4,
    )
}

/// The objects in an object, itself first.
fn objects(object: &Map<String, Value>, found: &mut Vec<Vec<String>>, at: &[String]) {
    found.push(at.to_vec());
    for (key, value) in object {
        if let Value::Object(below) = value {
            objects(below, found, &[at, std::slice::from_ref(key)].concat());
        }
    }
}

fn changed(base: &Value, edits: &[(Index, Option<(String, Value)>)]) -> Value {
    let mut value = base.clone();
    for (at, new) in edits {
        let mut places = Vec::new();
        objects(value.as_object().expect("an object"), &mut places, &[]);
        let place = &places[at.index(places.len())];
        let object = place.iter().fold(&mut value, |value, key| &mut value[key]);
        let object = object.as_object_mut().expect("a place of an object");
        if let Some((key, new)) = new {
            object.insert(key.clone(), new.clone());
            continue;
        }
        let keys: Vec<String> = object.keys().cloned().collect();
        if !keys.is_empty() {
            object.remove(&keys[at.index(keys.len())]);
        }
    }
    value
}

/// Three versions of a document.
fn documents() -> impl Strategy<Value = [Value; 3]> {
    let base = btree_map(key(), value(2), 0..5).prop_map(|members| json!(members));
    (base, edits(), edits()).prop_map(|(base, ours, theirs)| {
        let (ours, theirs) = (changed(&base, &ours), changed(&base, &theirs));
        [base, ours, theirs]
    })
}

/// The merge of parsed values: a change of one side is made, one of both sides by key, else the repository's value stays and
/// its pointer is a conflict. A value that the repository has removed stays removed.
fn merged(
    [base, ours, theirs]: [Option<&Value>; 3],
    pointer: &str,
    conflicts: &mut BTreeSet<String>,
) -> Option<Value> {
    if theirs == base || ours == theirs {
        return ours.cloned();
    }
    if ours == base {
        return theirs.cloned();
    }
    let objects = [base.or(ours), ours, theirs].map(|side| side.and_then(Value::as_object));
    if let [Some(base_object), Some(ours), Some(theirs)] = objects {
        let base_object = base.map(|_| base_object);
        let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let members = keys.into_iter().filter_map(|key| {
            let sides = [
                base_object.and_then(|base| base.get(key)),
                ours.get(key),
                theirs.get(key),
            ];
            let value = merged(sides, &format!("{pointer}/{key}"), conflicts)?;
            Some((key.clone(), value))
        });
        return Some(Value::Object(members.collect()));
    }
    if ours.is_some() {
        conflicts.insert(pointer.to_owned());
    }
    ours.cloned()
}

/// How a document is written.
#[derive(Clone, Copy)]
struct Layout {
    path: &'static str,
    write: fn(&Value) -> String,
    read: fn(&str) -> Value,
}

/// The result of a comparison.
#[derive(Debug, PartialEq, Eq)]
enum Compared {
    /// The document and its conflicts are those of the parsed values.
    Equal,
    /// Values clash, and a merge by lines has no conflict.
    ByLines,
    /// The repository's file stays whole, because a line of it would be lost.
    Whole,
}

const LAYOUTS: [Layout; 2] = [
    Layout {
        path: "package.json",
        write: |value| serde_json::to_string_pretty(value).expect("a document") + "\n",
        read: |text| serde_json::from_str(text).expect("a merged document is valid"),
    },
    Layout {
        path: "Cargo.toml",
        write: |value| toml_text(value, ""),
        read: |text| toml::from_str(text).expect("a merged document is valid"),
    },
];

/// An object as TOML: its plain values, then a table for each object in it.
fn toml_text(value: &Value, name: &str) -> String {
    let members = value.as_object().expect("an object");
    let (tables, plain): (Vec<_>, Vec<_>) =
        members.iter().partition(|(_, value)| value.is_object());
    let plain = plain.into_iter();
    let mut parts: Vec<String> = plain
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect();
    for (key, value) in tables {
        let name = format!("{name}{key}");
        parts.push(format!(
            "\n[{name}]\n{}",
            toml_text(value, &format!("{name}."))
        ));
    }
    parts.concat()
}

fn compare(layout: Layout, documents: &[Value; 3]) -> Result<Compared, TestCaseError> {
    let files = documents.each_ref().map(|document| -> TestFiles {
        let text = (layout.write)(document);
        BTreeMap::from([(path(layout.path), File::regular(text))])
    });
    let [base, ours, theirs] = &files;
    let update = update_of(base, ours, theirs, &Rules::default()).expect("an update");
    let after = applied(ours, &update);
    let after = after[&path(layout.path)].text().expect("a text");
    let conflicts = update.files.iter().flat_map(|file| &file.conflicts);
    if conflicts
        .clone()
        .any(|conflict| matches!(conflict, Conflict::File { .. }))
    {
        prop_assert_eq!(Some(after), ours[&path(layout.path)].text());
        return Ok(Compared::Whole);
    }
    let found = (layout.read)(after);
    let mut expected = BTreeSet::new();
    let value = merged(documents.each_ref().map(Some), "", &mut expected);
    let listed: BTreeSet<String> = conflicts
        .map(|conflict| match conflict {
            Conflict::Key { pointer, .. } => pointer.clone(),
            other => format!("{other:?}"),
        })
        .collect();
    if listed.is_empty() && !expected.is_empty() {
        return Ok(Compared::ByLines);
    }
    prop_assert_eq!(&listed, &expected, "{}: {:?}", layout.path, documents);
    prop_assert_eq!(Some(found), value, "{}: {:?}", layout.path, documents);
    Ok(Compared::Equal)
}

/// The number of documents; `GROUNDPLAN_MERGE_CASES` sets more.
fn cases() -> u32 {
    u32::try_from(super::properties::cases()).expect("a small number")
}

#[test]
fn a_merge_by_key_is_that_of_the_parsed_values() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut equal, mut by_lines, mut whole) = (0, 0, 0);
    for _ in 0..cases() {
        let documents = documents()
            .new_tree(&mut runner)
            .expect("documents")
            .current();
        for layout in LAYOUTS {
            match compare(layout, &documents).unwrap_or_else(|error| panic!("{error}")) {
                Compared::Equal => equal += 1,
                Compared::ByLines => by_lines += 1,
                Compared::Whole => whole += 1,
            }
        }
    }
    println!("{equal} as the parsed values, {by_lines} merged by lines, {whole} left whole");
    assert!(
        (by_lines + whole) * 10 <= equal,
        "{by_lines}, {whole} of {equal}"
    );
}

/// The same files in another order, some of them in an overlay.
fn in_another_order(files: &TestFiles) -> (MemoryTree, Vec<(super::TreePath, File)>) {
    let all: Vec<_> = files.clone().into_iter().rev().collect();
    let (below, above) = all.split_at(all.len() / 2);
    let tree = MemoryTree::of(below.iter().cloned()).expect("no file is a folder of another");
    (tree, above.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_order_of_files_and_moves_does_not_matter([base, ours, theirs] in super::properties::sides()) {
        // Every second file of the plan is at a new path.
        let mut moved = Vec::new();
        let theirs: TestFiles = theirs
            .into_iter()
            .enumerate()
            .map(|(number, (old, file))| {
                if number % 2 == 0 {
                    return (old, file);
                }
                let new = path(&format!("moved/{old}"));
                moved.push((old, new.clone()));
                (new, file)
            })
            .collect();
        let rules = Rules { moved: moved.clone(), ..Rules::default() };
        let first = update_of(&base, &ours, &theirs, &rules).expect("an update");

        let all = [&base, &ours, &theirs].map(in_another_order);
        let trees = all.each_ref().map(|(below, above)| {
            let mut tree = Overlay::over(below).expect("a tree in memory");
            for (path, file) in above {
                tree.write(path, file.clone()).expect("no file is a folder of another");
            }
            tree
        });
        let [base, ours, theirs] = trees
            .each_ref()
            .map(|tree| Snapshot::of_tree(tree as &dyn Tree).expect("a tree in memory"));
        let sides = Sides { base: &base, ours: &ours, theirs: &theirs };
        moved.reverse();
        let second = update(sides, &Rules { moved, ..Rules::default() }).expect("an update");
        prop_assert_eq!(first, second);
    }
}
