//! The files of a result as nested lists.

use super::changes::words;
use crate::model::report::{Change, ChangeKind, Report};
use std::collections::BTreeMap;

/// An element of the nested lists, in the order of the page.
pub(super) enum TreeItem {
    /// The begin of a folder.
    Open {
        /// The path, for the id of the element.
        path: String,
        name: String,
        files: usize,
        /// True if a file in it differs from the template.
        is_changed: bool,
    },
    Close,
    File(TreeFile),
}

/// A file with its difference from the template.
pub(super) struct TreeFile {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) change: Option<ChangeLabel>,
}

/// A change in words.
#[derive(Clone, Debug)]
pub(super) struct ChangeLabel {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) added: usize,
    pub(super) removed: usize,
}

/// A folder with its folders and files.
#[derive(Default)]
struct Folder<'r> {
    folders: BTreeMap<&'r str, Self>,
    files: Vec<TreeFile>,
}

impl ChangeLabel {
    pub(super) fn of(change: &Change) -> Self {
        let (word, class) = words(change.change);
        Self {
            word,
            class,
            added: change.added_lines,
            removed: change.removed_lines,
        }
    }
}

/// The files of a report, with the removed ones, that `is_wanted` keeps.
pub(super) fn items(
    report: &Report,
    is_wanted: impl Fn(&str, Option<&Change>) -> bool,
) -> Vec<TreeItem> {
    let changes: BTreeMap<&str, &Change> = report
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change))
        .collect();
    let present = report
        .file_tree
        .iter()
        .map(|entry| (entry.path.as_str(), entry.size));
    let removed = report
        .changes
        .iter()
        .filter(|change| change.change == ChangeKind::Removed)
        .map(|change| (change.path.as_str(), 0));
    let mut root = Folder::default();
    for (path, size) in present.chain(removed) {
        let change = changes.get(path).copied();
        if is_wanted(path, change) {
            root.add(path, size, change);
        }
    }
    let mut items = Vec::new();
    root.list("", &mut items);
    items
}

impl<'r> Folder<'r> {
    fn add(&mut self, path: &'r str, size: u64, change: Option<&Change>) {
        let mut folder = self;
        let mut rest = path;
        while let Some((name, below)) = rest.split_once('/') {
            folder = folder.folders.entry(name).or_default();
            rest = below;
        }
        folder.files.push(TreeFile {
            path: path.to_owned(),
            name: rest.to_owned(),
            size,
            change: change.map(ChangeLabel::of),
        });
    }

    fn count(&self) -> (usize, bool) {
        let own = self.files.iter().any(|file| file.change.is_some());
        let start = (self.files.len(), own);
        self.folders
            .values()
            .map(Self::count)
            .fold(start, |sum, one| (sum.0 + one.0, sum.1 || one.1))
    }

    fn list(self, prefix: &str, items: &mut Vec<TreeItem>) {
        for (name, folder) in self.folders {
            let path = format!("{prefix}{name}/");
            let (files, is_changed) = folder.count();
            items.push(TreeItem::Open {
                path: path.clone(),
                name: name.to_owned(),
                files,
                is_changed,
            });
            folder.list(&path, items);
            items.push(TreeItem::Close);
        }
        let mut files = self.files;
        files.sort_by(|one, other| one.name.cmp(&other.name));
        items.extend(files.into_iter().map(TreeItem::File));
    }
}
