//! Moved files: those that a catalogue declares, and those whose content is the same and unique on both sides. A likeness
//! is never enough: an edit must not reach a file that somebody else wrote.

use crate::model::path::TreePath;
use crate::tree::snapshot::{Snapshot, SnapshotEntry};
use gix::ObjectId;
use std::collections::BTreeMap;

/// A file that is at another path than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: String,
    pub(super) to: String,
}

/// The moves from the old plan to the new one.
pub(super) fn of_plan(
    base: &Snapshot<'_>,
    theirs: &Snapshot<'_>,
    declared: &[(TreePath, TreePath)],
) -> Vec<Moved> {
    let gone = |path: &str| base.get(path).is_some() && theirs.get(path).is_none();
    let new = |path: &str| base.get(path).is_none() && theirs.get(path).is_some();
    let mut moves: Vec<Moved> = declared
        .iter()
        .filter(|(from, to)| gone(from.as_str()) && new(to.as_str()))
        .map(|(from, to)| Moved {
            from: from.to_string(),
            to: to.to_string(),
        })
        .collect();
    let is_known = |path: &str, moves: &[Moved]| {
        moves
            .iter()
            .any(|moved| moved.from == path || moved.to == path)
    };
    let same = same_content(base, theirs);
    for moved in same {
        if !is_known(&moved.from, &moves) && !is_known(&moved.to, &moves) {
            moves.push(moved);
        }
    }
    moves
}

/// The files that the repository moved, by their path in the old plan.
pub(super) fn of_repository(base: &Snapshot<'_>, ours: &Snapshot<'_>) -> BTreeMap<String, String> {
    same_content(base, ours)
        .into_iter()
        .map(|moved| (moved.from, moved.to))
        .collect()
}

/// The files that only `before` has, with the one file of the same content that only `after` has.
fn same_content(before: &Snapshot<'_>, after: &Snapshot<'_>) -> Vec<Moved> {
    let gone = unique(before, after);
    let mut new = unique(after, before);
    gone.into_iter()
        .filter_map(|(id, from)| {
            let (from, to) = (from?.to_owned(), new.remove(&id)??.to_owned());
            Some(Moved { from, to })
        })
        .collect()
}

/// The paths that only one tree has, by content; none for a content that is there twice. Empty files are all alike.
fn unique<'s>(tree: &'s Snapshot<'_>, other: &Snapshot<'_>) -> BTreeMap<ObjectId, Option<&'s str>> {
    let is_candidate = |path: &str, entry: SnapshotEntry| {
        other.get(path).is_none() && entry.mode().is_some() && !entry.id.is_empty_blob()
    };
    let mut found = BTreeMap::new();
    for (path, entry) in tree
        .iter()
        .filter(|(path, entry)| is_candidate(path, *entry))
    {
        found
            .entry(entry.id)
            .and_modify(|path| *path = None)
            .or_insert(Some(path));
    }
    found
}
