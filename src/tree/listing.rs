//! The files of a tree without their contents: a shared base, and the paths that differ from it.
//!
//! ```text
//! base (shared):   a (5 bytes)   b (7 bytes)   c (9 bytes)
//! changes:                       b → 8 bytes   c → none      d → 2 bytes
//! listing:         a (5 bytes)   b (8 bytes)                 d (2 bytes)
//! ```

pub use super::inventory::FileInfo;
use super::inventory::Inventory;
use crate::model::path::TreePath;
use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;
use std::ops::{Bound, Range};
use std::sync::Arc;

/// The files of a tree by path. A copy costs as much as the changes, whatever the size of the base.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    base: Arc<Inventory>,
    /// The file that replaces the one of the base; `None` where it is removed.
    changes: BTreeMap<TreePath, Option<FileInfo>>,
}

impl Listing {
    /// The files of a base, without changes.
    pub fn of(base: Arc<Inventory>) -> Self {
        Self {
            base,
            changes: BTreeMap::new(),
        }
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<FileInfo> {
        match self.changes.get(path) {
            Some(change) => *change,
            None => self.base.file(path),
        }
    }

    /// True if a file is below the folder.
    pub fn is_folder(&self, folder: &str) -> bool {
        self.below(folder).next().is_some()
    }

    /// The number of files.
    pub fn len(&self) -> usize {
        let (mut added, mut removed) = (0, 0);
        for (path, change) in &self.changes {
            match (self.base.file(path.as_str()), change) {
                (None, Some(_)) => added += 1,
                (Some(_), None) => removed += 1,
                _ => {}
            }
        }
        self.base.file_count() + added - removed
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every file by path, in byte order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, FileInfo)> {
        self.merged(0..self.base.nodes().len(), self.changes.range::<str, _>(..))
    }

    /// The files below a folder by path, in byte order.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = (&str, FileInfo)> {
        let start = format!("{folder}/");
        let base = self.base.below(&start);
        let changes = self
            .changes
            .range::<str, _>((Bound::Excluded(start.as_str()), Bound::Unbounded));
        self.merged(base, changes)
            .take_while(move |(path, _)| path.starts_with(&start))
    }

    /// The paths that contain one of the texts.
    pub(crate) fn with_text_in_path(&self, texts: &[&str]) -> Vec<String> {
        let is_in = |name: &str| texts.iter().any(|text| name.contains(text));
        let is_changed = self.changes.keys().any(|path| is_in(path.as_str()));
        // The names of the base are one text, so that most trees are answered at once.
        if !is_changed && !is_in(self.base.names()) {
            return Vec::new();
        }
        let names = self.iter().map(|(path, _)| path);
        names
            .filter(|path| is_in(path))
            .map(str::to_owned)
            .collect()
    }

    /// The files that the placeholder pass reads: those with a placeholder, and Git LFS pointers; of the changed files,
    /// all.
    pub(crate) fn to_fill(&self) -> impl Iterator<Item = TreePath> {
        let unchanged = self
            .base
            .nodes()
            .iter()
            .enumerate()
            .filter(|(_, node)| node.is_read_by_placeholder_pass)
            .map(|(number, _)| TreePath::of_checked(self.base.name(number)))
            .filter(|path| !self.changes.contains_key(path.as_str()));
        let changed = self
            .changes
            .iter()
            .filter(|(_, change)| change.is_some())
            .map(|(path, _)| path.clone());
        unchanged.chain(changed)
    }

    /// Sets the file at a path; `None` removes it.
    pub(crate) fn set(&mut self, path: &TreePath, entry: Option<FileInfo>) {
        if entry.is_none() && self.base.file(path.as_str()).is_none() {
            self.changes.remove(path);
        } else {
            self.changes.insert(path.clone(), entry);
        }
    }

    pub(crate) fn base(&self) -> &Arc<Inventory> {
        &self.base
    }

    pub(crate) fn changes(&self) -> &BTreeMap<TreePath, Option<FileInfo>> {
        &self.changes
    }

    /// The existing files and folders of the base whose folded path begins with `start`, in their own spelling.
    pub(crate) fn base_folding_to(&self, start: &str) -> impl Iterator<Item = ListedName<'_>> {
        let found = self.base.folding_to(start);
        found.filter_map(|(number, name)| match self.base.entry(number) {
            Some(_) => (!self.changes.contains_key(name)).then_some(ListedName {
                name,
                is_file: true,
            }),
            None => self.is_folder(name).then_some(ListedName {
                name,
                is_file: false,
            }),
        })
    }

    fn merged<'l>(
        &'l self,
        base: Range<usize>,
        changes: btree_map::Range<'l, TreePath, Option<FileInfo>>,
    ) -> impl Iterator<Item = (&'l str, FileInfo)> {
        Merged {
            inventory: &self.base,
            base,
            changes: changes.peekable(),
        }
    }
}

/// The name of a file or folder.
pub(crate) struct ListedName<'l> {
    pub(crate) name: &'l str,
    pub(crate) is_file: bool,
}

/// Base and changes merged in order; a change hides the file of the base at its path.
struct Merged<'l> {
    inventory: &'l Inventory,
    base: Range<usize>,
    changes: Peekable<btree_map::Range<'l, TreePath, Option<FileInfo>>>,
}

impl<'l> Iterator for Merged<'l> {
    type Item = (&'l str, FileInfo);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(number) = self.base.clone().next() else {
                let (path, change) = self.changes.next()?;
                match change {
                    Some(entry) => return Some((path.as_str(), *entry)),
                    None => continue,
                }
            };
            let name = self.inventory.name(number);
            if let Some((path, change)) = self.changes.next_if(|(path, _)| path.as_str() <= name) {
                if path.as_str() == name {
                    self.base.start += 1;
                }
                match change {
                    Some(entry) => return Some((path.as_str(), *entry)),
                    None => continue,
                }
            }
            self.base.start += 1;
            if let Some(entry) = self.inventory.entry(number) {
                return Some((name, entry));
            }
        }
    }
}
