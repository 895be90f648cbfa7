//! What a tree holds, without its contents: a base that trees share, and what differs from it.

use super::inventory::Inventory;
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;
use std::ops::{Bound, Range};
use std::sync::Arc;

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileInfo {
    pub mode: Mode,
    /// In bytes.
    pub size: u64,
}

impl FileInfo {
    /// What is known of a file that was read.
    pub fn of(file: &File) -> Self {
        Self {
            mode: file.mode,
            size: file.bytes.len() as u64,
        }
    }
}

/// The files of a tree by path. A copy costs as much as what differs from the base, not as the base.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    base: Arc<Inventory>,
    /// What stands there instead; nothing where a file of the base is gone.
    changes: BTreeMap<TreePath, Option<FileInfo>>,
}

impl Listing {
    /// Everything a base holds.
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

    /// Whether something is below a folder.
    pub fn is_folder(&self, folder: &str) -> bool {
        self.below(folder).next().is_some()
    }

    /// How many files there are.
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

    /// Whether there is no file.
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

    /// The files whose text may hold a placeholder: those of the base that do, and all that changed.
    pub(crate) fn with_placeholders(&self) -> impl Iterator<Item = TreePath> {
        let base = self.base.nodes().iter().enumerate();
        let base = base
            .filter(|(_, node)| node.may_hold_placeholders)
            .map(|(number, _)| TreePath::of_checked(self.base.name(number)));
        let base = base.filter(|path| !self.changes.contains_key(path.as_str()));
        let changed = self.changes.iter();
        base.chain(
            changed
                .filter(|(_, change)| change.is_some())
                .map(|(path, _)| path.clone()),
        )
    }

    /// Notes what stands at a path now.
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

    /// The files and folders of the base that fold to something beginning so, as they are spelled.
    pub(crate) fn base_folding_to(&self, start: &str) -> impl Iterator<Item = Spelled<'_>> {
        let found = self.base.folding_to(start);
        found.filter_map(|(number, name)| match self.base.entry(number) {
            Some(_) => (!self.changes.contains_key(name)).then_some(Spelled {
                name,
                is_file: true,
            }),
            None => self.is_folder(name).then_some(Spelled {
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

/// A name of a tree and what it stands for.
pub(crate) struct Spelled<'l> {
    pub(crate) name: &'l str,
    pub(crate) is_file: bool,
}

/// Base and changes in one order; a change hides what the base holds at its path.
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
