//! The difference between two results of one template, by path.

use crate::model::path::TreePath;
use crate::model::report::{Change, ChangeKind, ChangeOrigin, Report};
use std::collections::BTreeMap;

/// The paths in which a result differs from an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportDifference {
    pub added: Vec<TreePath>,
    pub changed: Vec<TreePath>,
    pub removed: Vec<TreePath>,
}

impl ReportDifference {
    /// The difference from `before` to `after`. Both results are known by their changes to the template.
    pub fn between(before: &Report, after: &Report) -> Self {
        let (old, new) = (by_path(before), by_path(after));
        let mut difference = Self::default();
        for path in old.keys().chain(new.keys()) {
            let (old, new) = (old.get(path).copied(), new.get(path).copied());
            let paths = match (exists(old, new), exists(new, old)) {
                (false, true) => &mut difference.added,
                (true, false) => &mut difference.removed,
                (true, true) if is_same(old, new) => continue,
                (true, true) => &mut difference.changed,
                (false, false) => continue,
            };
            paths.push((*path).clone());
        }
        for paths in [
            &mut difference.added,
            &mut difference.changed,
            &mut difference.removed,
        ] {
            paths.sort();
            paths.dedup();
        }
        difference
    }

    /// The difference in one line, such as `+4 files, ~package.json, −2 files`.
    pub fn summary(&self) -> String {
        let part = |sign: char, paths: &[TreePath]| match paths {
            [] => None,
            [path] => Some(format!("{sign}{path}")),
            many => Some(format!("{sign}{} files", many.len())),
        };
        let parts: Vec<String> = [
            part('+', &self.added),
            part('~', &self.changed),
            part('−', &self.removed),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            return "no difference".to_owned();
        }
        parts.join(", ")
    }
}

/// The changes but that of the provenance file, which differs with every choice.
fn by_path(report: &Report) -> BTreeMap<&TreePath, &Change> {
    report
        .changes
        .iter()
        .filter(|change| change.origin != [ChangeOrigin::Provenance {}])
        .map(|change| (&change.path, change))
        .collect()
}

/// True if the file is in a result, whose change is `own`. Without one, it is there if the template contains it: then the
/// other result's change is no addition.
fn exists(own: Option<&Change>, other: Option<&Change>) -> bool {
    match (own, other) {
        (Some(own), _) => own.change != ChangeKind::Removed,
        (None, Some(other)) => other.change != ChangeKind::Added,
        (None, None) => false,
    }
}

fn is_same(one: Option<&Change>, other: Option<&Change>) -> bool {
    one.zip(other).is_some_and(|(one, other)| {
        (one.change, one.mode, one.size, &one.diff)
            == (other.change, other.mode, other.size, &other.diff)
    })
}

/// A result without files.
#[cfg(test)]
pub(crate) fn empty_report() -> Report {
    use crate::model::digest::Digest;
    use serde_json::json;

    let digest = Digest::of(b"");
    serde_json::from_value(json!({
        "fileTree": [], "truncated": false, "fileCount": 0, "actionLog": [], "actionLogTruncated": false,
        "warnings": [], "canProceed": true, "collisions": [], "errors": [], "treeId": null, "commitId": null,
        "objectFormat": "sha1", "planHash": digest, "recipeHash": digest, "catalogVersion": digest,
        "template": {
            "repo": "folder", "ref": "worktree", "sha": null, "tree": "0".repeat(40), "path": null,
        },
        "changes": [], "risk": { "level": "LOW", "reasons": [] },
    }))
    .unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::content::Mode;

    fn change(path: &str, kind: ChangeKind, diff: &str) -> Change {
        Change {
            path: TreePath::parse(path).unwrap(),
            change: kind,
            mode: Mode::Regular,
            size: diff.len(),
            added_lines: 0,
            removed_lines: 0,
            origin: Vec::new(),
            diff: Some(diff.to_owned()),
        }
    }

    fn paths(paths: &[TreePath]) -> Vec<&str> {
        paths.iter().map(TreePath::as_str).collect()
    }

    #[test]
    fn a_path_without_a_change_is_the_templates() {
        use ChangeKind::{Added, Modified, Removed};
        let report = empty_report();
        let with = |changes: Vec<Change>| Report {
            changes,
            ..report.clone()
        };
        let before = with(vec![
            change("same", Added, "a"),
            change("old", Added, "a"),
            change("edited", Modified, "a"),
            change("gone", Removed, ""),
            change("both", Modified, "a"),
        ]);
        let after = with(vec![
            change("same", Added, "a"),
            change("new", Added, "a"),
            change("lost", Removed, ""),
            change("both", Modified, "b"),
        ]);
        let difference = ReportDifference::between(&before, &after);
        assert_eq!(paths(&difference.added), ["gone", "new"]);
        assert_eq!(paths(&difference.changed), ["both", "edited"]);
        assert_eq!(paths(&difference.removed), ["lost", "old"]);
        assert_eq!(difference.summary(), "+2 files, ~2 files, −2 files");
        assert_eq!(
            ReportDifference::between(&after, &after).summary(),
            "no difference"
        );
    }
}
