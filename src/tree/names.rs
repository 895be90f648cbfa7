//! Conflicts between names, as file systems that ignore letter case and Unicode form see them.

use super::fold::fold;
use super::listing::Listing;
use crate::model::path::TreePath;
use std::collections::BTreeMap;

/// A reason why a path cannot be a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NameClash {
    /// The path, or a folder above it, exists in another spelling.
    Spelling { other: String },
    /// A folder above the path is a file, a link or a submodule.
    FileAbove { file: String },
    /// The path is a folder.
    Folder,
}

impl NameClash {
    /// The reason as a sentence about the path.
    pub(crate) fn message(&self, path: &TreePath) -> String {
        match self {
            Self::Spelling { other } => {
                format!("`{path}` and `{other}` are the same name on many file systems")
            }
            Self::FileAbove { file } => {
                format!("`{path}` needs a folder, but `{file}` is not a folder")
            }
            Self::Folder => format!("`{path}` is a folder and cannot be a file"),
        }
    }

    /// The existing name, where it is another one.
    pub(crate) fn other(&self) -> Option<&str> {
        match self {
            Self::Spelling { other: name } | Self::FileAbove { file: name } => Some(name),
            Self::Folder => None,
        }
    }
}

/// An existing name.
#[derive(Clone, Copy)]
struct ExistingName<'n> {
    spelling: &'n str,
    is_file: bool,
}

/// Finds the conflict of a new file with existing names. `find` gives the entry of exactly that name or, without one,
/// an entry whose name folds alike.
fn clash<'n>(
    path: &'n TreePath,
    find: impl Fn(&'n str) -> Option<ExistingName<'n>>,
) -> Option<NameClash> {
    let other_spelling = |name: &str, existing: ExistingName<'_>| {
        let other = existing.spelling.to_owned();
        (existing.spelling != name).then_some(NameClash::Spelling { other })
    };
    for folder in path.folders() {
        let Some(existing) = find(folder) else {
            continue;
        };
        if let Some(clash) = other_spelling(folder, existing) {
            return Some(clash);
        }
        if existing.is_file {
            let file = folder.to_owned();
            return Some(NameClash::FileAbove { file });
        }
    }
    let existing = find(path.as_str())?;
    other_spelling(path.as_str(), existing)
        .or_else(|| (!existing.is_file).then_some(NameClash::Folder))
}

/// The names of a repository that others wrote: one name may exist in several spellings.
#[derive(Debug, Default)]
pub(super) struct CommittedNames {
    /// True for a file, false for a folder.
    exact: BTreeMap<String, bool>,
    /// The first spelling of each fold.
    folded: BTreeMap<String, String>,
}

impl CommittedNames {
    /// Adds a file and the folders above it.
    pub(super) fn add(&mut self, file: &str) {
        self.add_name(file, true);
        for (end, _) in file.rmatch_indices('/') {
            if !self.add_name(&file[..end], false) {
                break;
            }
        }
    }

    /// Adds a name; true if it was not known.
    fn add_name(&mut self, name: &str, is_file: bool) -> bool {
        let is_new = !self.exact.contains_key(name);
        if is_new {
            self.exact.insert(name.to_owned(), is_file);
            let spelling = || name.to_owned();
            self.folded.entry(fold(name)).or_insert_with(spelling);
        }
        is_new
    }

    /// The reason why a path cannot be a file.
    pub(super) fn clash(&self, path: &TreePath) -> Option<NameClash> {
        clash(path, |name| match self.exact.get_key_value(name) {
            Some((spelling, is_file)) => Some(ExistingName {
                spelling,
                is_file: *is_file,
            }),
            None => self.folded.get(&fold(name)).map(|spelling| ExistingName {
                spelling,
                is_file: false,
            }),
        })
    }
}

/// The names of a tree, and of the files written to it since.
#[derive(Debug)]
pub(crate) struct ListedNames {
    start: Listing,
    /// By fold: names that differ from the base of the listing, or were added since.
    added: BTreeMap<String, AddedName>,
}

#[derive(Debug)]
struct AddedName {
    spelling: String,
    is_file: bool,
}

impl ListedNames {
    pub(crate) fn of(start: Listing) -> Self {
        let existing: Vec<TreePath> = start
            .changes()
            .iter()
            .filter(|(_, change)| change.is_some())
            .map(|(path, _)| path.clone())
            .collect();
        let mut names = Self {
            added: BTreeMap::new(),
            start,
        };
        for path in &existing {
            names.add(path);
        }
        names
    }

    /// Adds a file and the folders above it.
    pub(crate) fn add(&mut self, path: &TreePath) {
        for folder in path.folders() {
            self.add_name(folder, false);
        }
        self.add_name(path.as_str(), true);
    }

    fn add_name(&mut self, name: &str, is_file: bool) {
        let added = || AddedName {
            spelling: name.to_owned(),
            is_file,
        };
        self.added.entry(fold(name)).or_insert_with(added);
    }

    /// Removes a file and the folders that become empty.
    pub(crate) fn remove(&mut self, path: &TreePath) {
        self.start.set(path, None);
        self.added.remove(&fold(path.as_str()));
        let folders: Vec<&str> = path.folders().collect();
        for folder in folders.into_iter().rev() {
            let folded = fold(folder);
            let below = format!("{folded}/");
            let mut rest = self.added.range(below.clone()..);
            if rest
                .next()
                .is_some_and(|(name, _)| name.starts_with(&below))
            {
                break;
            }
            self.added.remove(&folded);
        }
    }

    /// The files whose path begins with `start`, letter case and Unicode form aside.
    pub(crate) fn starting_with(&self, start: &str) -> Vec<&str> {
        let start = fold(start);
        let base = self
            .start
            .base_folding_to(&start)
            .filter(|name| name.is_file)
            .map(|name| name.name);
        let added = self
            .added
            .range(start.clone()..)
            .take_while(|(name, _)| name.starts_with(&start))
            .filter(|(_, name)| name.is_file)
            .map(|(_, name)| name.spelling.as_str());
        let mut all: Vec<&str> = base.chain(added).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The reason why a path cannot be a file.
    pub(crate) fn clash(&self, path: &TreePath) -> Option<NameClash> {
        clash(path, |name| self.find(name))
    }

    fn find<'n>(&'n self, name: &'n str) -> Option<ExistingName<'n>> {
        let is_file = self.start.get(name).is_some();
        if is_file || self.start.is_folder(name) {
            return Some(ExistingName {
                spelling: name,
                is_file,
            });
        }
        let folded = fold(name);
        if let Some(name) = self.added.get(&folded) {
            return Some(ExistingName {
                spelling: &name.spelling,
                is_file: name.is_file,
            });
        }
        self.start
            .base_folding_to(&folded)
            .take_while(|found| fold(found.name) == folded)
            .map(|found| ExistingName {
                spelling: found.name,
                is_file: found.is_file,
            })
            .next()
    }
}
