//! The names a tree holds, as file systems that fold letter case and Unicode forms see them.

use crate::model::path::TreePath;
use crate::tree::listing::Listing;
use crate::tree::validate::fold;
use std::collections::BTreeMap;

/// Every file and folder by its fold.
#[derive(Debug)]
pub(super) struct Names {
    /// What the tree held when the work began.
    start: Listing,
    /// What differs from the tree's base, or came since.
    added: BTreeMap<String, Name>,
}

#[derive(Debug)]
struct Name {
    spelled: String,
    is_file: bool,
}

/// Why a path cannot be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathClash {
    /// The path, or a folder above it, is already there in another spelling.
    Spelling { other: String },
    /// A file stands where the path needs a folder.
    FileAbove { file: String },
    /// The path is a folder.
    Folder,
}

impl Names {
    pub(super) fn of(start: Listing) -> Self {
        let mut names = Self {
            added: BTreeMap::new(),
            start,
        };
        let changed = names.start.changes().iter();
        let there: Vec<TreePath> = changed
            .filter(|(_, change)| change.is_some())
            .map(|(path, _)| path.clone())
            .collect();
        for path in &there {
            names.add(path);
        }
        names
    }

    pub(super) fn add(&mut self, path: &TreePath) {
        for folder in path.folders() {
            self.added.entry(fold(folder)).or_insert_with(|| Name {
                spelled: folder.to_owned(),
                is_file: false,
            });
        }
        self.added
            .entry(fold(path.as_str()))
            .or_insert_with(|| Name {
                spelled: path.to_string(),
                is_file: true,
            });
    }

    /// The files whose path begins so, letter case and Unicode form aside.
    pub(super) fn beginning_with(&self, start: &str) -> Vec<&str> {
        let start = fold(start);
        let base = self.start.base_folding_to(&start);
        let base = base.filter(|name| name.is_file).map(|name| name.name);
        let added = self.added.range(start.clone()..);
        let added = added
            .take_while(|(name, _)| name.starts_with(&start))
            .filter(|(_, name)| name.is_file)
            .map(|(_, name)| name.spelled.as_str());
        let mut all: Vec<&str> = base.chain(added).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What stands in the way of a file at a path.
    pub(super) fn clash(&self, path: &TreePath) -> Option<PathClash> {
        for folder in path.folders() {
            match self.find(folder) {
                Some((other, _)) if other != folder => {
                    return Some(PathClash::Spelling {
                        other: other.to_owned(),
                    });
                }
                Some((file, true)) => {
                    return Some(PathClash::FileAbove {
                        file: file.to_owned(),
                    });
                }
                Some(_) | None => {}
            }
        }
        match self.find(path.as_str()) {
            Some((other, _)) if other != path.as_str() => Some(PathClash::Spelling {
                other: other.to_owned(),
            }),
            Some((_, false)) => Some(PathClash::Folder),
            Some(_) | None => None,
        }
    }

    /// How a name is spelled in the tree, and whether it is a file.
    fn find<'n>(&'n self, name: &'n str) -> Option<(&'n str, bool)> {
        if self.start.get(name).is_some() {
            return Some((name, true));
        }
        if self.start.is_folder(name) {
            return Some((name, false));
        }
        let folded = fold(name);
        if let Some(name) = self.added.get(&folded) {
            return Some((&name.spelled, name.is_file));
        }
        let mut same = self
            .start
            .base_folding_to(&folded)
            .take_while(|found| fold(found.name) == folded);
        same.next().map(|found| (found.name, found.is_file))
    }
}
