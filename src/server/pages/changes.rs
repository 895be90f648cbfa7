//! Changes of files in words.

use crate::app::report_difference::ReportDifference;
use crate::model::report::ChangeKind;

/// A path whose content differs.
pub(super) struct ChangedPath {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) path: String,
}

impl ChangedPath {
    /// The paths of a difference: the added ones, the changed ones, and the removed ones.
    pub(super) fn all(difference: &ReportDifference) -> Vec<Self> {
        let kinds = [
            (ChangeKind::Added, &difference.added),
            (ChangeKind::Modified, &difference.changed),
            (ChangeKind::Removed, &difference.removed),
        ];
        kinds
            .into_iter()
            .flat_map(|(kind, paths)| {
                let (word, class) = words(kind);
                paths.iter().map(move |path| Self {
                    word,
                    class,
                    path: path.to_string(),
                })
            })
            .collect()
    }
}

/// The word of a change, and the class of its colour.
pub(super) fn words(kind: ChangeKind) -> (&'static str, &'static str) {
    match kind {
        ChangeKind::Added => ("added", "good"),
        ChangeKind::Modified => ("changed", "medium"),
        ChangeKind::Removed => ("removed", "bad"),
    }
}
