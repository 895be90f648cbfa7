//! The entries of a whole tree with their object ids, submodules included; contents are read when they are needed.

use super::commits::{Commits, FileIndex};
use super::ids::{self, ObjectsError};
use super::names::CommittedNames;
use super::{Tree, TreeError};
use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use gix::ObjectId;
use gix::objs::tree::{EntryKind, EntryMode};
use std::collections::BTreeMap;

/// Kind and object of a path: a file, a link or a submodule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotEntry {
    pub kind: EntryKind,
    pub id: ObjectId,
}

/// A tree as git stores it, by path.
pub struct Snapshot<'r> {
    entries: BTreeMap<String, SnapshotEntry>,
    contents: Contents<'r>,
}

enum Contents<'r> {
    Tree(&'r dyn Tree),
    Commits(&'r Commits),
}

impl SnapshotEntry {
    /// The mode, if the entry is a file or a link; none for a submodule.
    pub fn mode(&self) -> Option<Mode> {
        match self.kind {
            EntryKind::Blob => Some(Mode::Regular),
            EntryKind::BlobExecutable => Some(Mode::Executable),
            EntryKind::Link => Some(Mode::Symlink),
            EntryKind::Commit | EntryKind::Tree => None,
        }
    }

    /// The kind of entry in messages.
    pub fn name(&self) -> &'static str {
        match self.kind {
            EntryKind::Blob | EntryKind::BlobExecutable => "a file",
            EntryKind::Link => "a symbolic link",
            EntryKind::Commit => "a submodule",
            EntryKind::Tree => "a folder",
        }
    }
}

impl<'r> Snapshot<'r> {
    /// All files of a tree.
    pub fn of_tree(tree: &'r dyn Tree) -> Result<Self, ObjectsError> {
        Ok(Self {
            entries: entries(ids::files(tree)?),
            contents: Contents::Tree(tree),
        })
    }

    /// The files of a commit, as its repository listed them.
    pub fn of_files(files: FileIndex, repository: &'r Commits) -> Self {
        Self {
            entries: entries(files),
            contents: Contents::Commits(repository),
        }
    }

    /// The same tree without one path.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        self.entries.remove(path);
        self
    }

    /// The entry at a path; none for a folder.
    pub fn get(&self, path: &str) -> Option<SnapshotEntry> {
        self.entries.get(path).copied()
    }

    /// Every entry by path, in byte order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, SnapshotEntry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), *entry))
    }

    /// True if an entry is below the folder.
    pub fn is_folder(&self, folder: &str) -> bool {
        let start = format!("{folder}/");
        self.entries
            .range(start.clone()..)
            .next()
            .is_some_and(|(path, _)| path.starts_with(&start))
    }

    /// The file at a path; none for a submodule, for no entry, and for more than `limit` bytes in a repository.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<File>, TreeError> {
        let Some((entry, mode)) = self
            .get(path)
            .and_then(|entry| Some((entry, entry.mode()?)))
        else {
            return Ok(None);
        };
        match &self.contents {
            Contents::Tree(tree) => tree.read(&TreePath::of_checked(path)),
            Contents::Commits(repository) => {
                let bytes =
                    repository
                        .read_up_to(entry.id, limit)
                        .map_err(|source| TreeError::Object {
                            id: entry.id.to_string(),
                            source: source.into(),
                        })?;
                Ok(bytes.map(|bytes| File {
                    mode,
                    bytes: bytes.into(),
                }))
            }
        }
    }
}

/// The names that a tree has, to see if a new file is possible beside them.
#[derive(Debug, Default)]
pub struct TakenNames(CommittedNames);

impl TakenNames {
    /// The names of some paths and of the folders above them.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut names = CommittedNames::default();
        for path in paths {
            names.add(path);
        }
        Self(names)
    }

    /// Adds a file.
    pub fn add(&mut self, path: &TreePath) {
        self.0.add(path.as_str());
    }

    /// The reason why a path cannot be a file, as a sentence.
    pub fn clash(&self, path: &TreePath) -> Option<String> {
        Some(self.0.clash(path)?.message(path))
    }
}

fn entries(files: FileIndex) -> BTreeMap<String, SnapshotEntry> {
    files
        .into_iter()
        .map(|(path, (mode, id))| {
            let kind =
                EntryMode::try_from(u32::from(mode)).map_or(EntryKind::Blob, |mode| mode.kind());
            (path, SnapshotEntry { kind, id })
        })
        .collect()
}
