//! The work tree of an existing repository: the state of each path, and a commit that adds files and changes no other.

use super::error::WorkTreeError;
use crate::model::content::File;
use crate::model::path::TreePath;
use crate::tree::commits::{self, FileIndex};
use crate::tree::disk::{DiskEntry, DiskTree};
use crate::tree::git;
use crate::tree::git_error::GitTreeError;
use crate::tree::ids::{self, Ids};
use crate::tree::names::CommittedNames;
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::index::entry::Mode as IndexMode;
use gix::objs::tree::EntryMode;
use gix::objs::{FindExt as _, Kind};
use gix::refs::{FullName, Target};
use std::path::{Path, PathBuf};

/// The state of a path at which a file is wanted.
#[derive(Debug, PartialEq, Eq)]
pub enum FileState {
    /// Nothing is committed there, and the folder has no other file there.
    Absent,
    /// The same file is committed.
    Same,
    /// A different file is committed.
    Different,
    /// The path is not possible beside the committed names; the reason as a sentence.
    NameClash(String),
    /// An entry that is staged, ignored or untracked is in the way; described as a sentence.
    Uncommitted(String),
}

/// A repository with files and no operation in progress.
pub struct WorkTree {
    pub(super) repository: gix::Repository,
    pub(super) path: PathBuf,
    pub(super) disk: DiskTree,
    pub(super) branch: FullName,
    pub(super) head: Option<Head>,
    pub(super) committed: FileIndex,
    pub(super) index: gix::index::File,
    pub(super) names: CommittedNames,
}

/// The last commit of the branch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) commit: ObjectId,
    pub(super) tree: ObjectId,
    /// The time of the commit, in seconds since 1970.
    pub(super) seconds: i64,
}

impl WorkTree {
    /// Reads the repository of which `folder` is the top. Nothing is changed.
    pub fn open(folder: &Path) -> Result<Self, WorkTreeError> {
        let path = folder.to_owned();
        if folder.is_symlink() {
            return Err(WorkTreeError::Link { path });
        }
        let repository = git::open(folder)?;
        check(&repository, folder)?;
        let (branch, head) = head(&repository, folder)?;
        let committed = match &head {
            Some(head) => commits::files(&repository, head.tree)
                .map_err(|error| git::explained(&repository, error))?,
            None => FileIndex::new(),
        };
        let shared = repository
            .index_or_empty()
            .map_err(WorkTreeError::git("read the index", folder))?;
        let index = gix::index::File::clone(&shared);
        if index.is_sparse() {
            return Err(WorkTreeError::Sparse { path });
        }
        Ok(Self {
            disk: DiskTree::open(folder)?,
            names: names(&committed, &index),
            path,
            repository,
            branch,
            head,
            committed,
            index,
        })
    }

    /// The short name of the branch.
    pub fn branch(&self) -> String {
        self.branch.shorten().to_string()
    }

    /// The last commit and its tree; `None` before the first commit.
    pub fn head(&self) -> Option<Ids> {
        let Head { commit, tree, .. } = self.head?;
        Some(Ids { tree, commit })
    }

    /// The number of committed files.
    pub fn file_count(&self) -> usize {
        self.committed.len()
    }

    /// True if a file below the folder is committed.
    pub fn has_folder(&self, folder: &str) -> bool {
        let start = format!("{folder}/");
        self.committed
            .range(start.clone()..)
            .next()
            .is_some_and(|(path, _)| path.starts_with(&start))
    }

    /// The state of the path of a wanted file. No link is followed.
    pub fn state(&self, path: &TreePath, file: &File) -> Result<FileState, WorkTreeError> {
        let id = ids::id_of(Kind::Blob, &file.bytes)?;
        let mode = EntryMode::from(ids::kind_of(file.mode));
        if let Some(committed) = self.committed.get(path.as_str()) {
            let is_same = *committed == (mode.value(), id);
            return Ok(if is_same {
                FileState::Same
            } else {
                FileState::Different
            });
        }
        if let Some(clash) = self.names.clash(path) {
            return Ok(FileState::NameClash(clash.message(path)));
        }
        let entry = self.index.entry_by_path(path.as_str().into());
        if entry.is_some_and(|entry| entry.id != id || entry.mode != IndexMode::from(mode)) {
            let message = format!("`{path}` is staged with different content");
            return Ok(FileState::Uncommitted(message));
        }
        Ok(match self.disk.entry(path)? {
            DiskEntry::Absent => FileState::Absent,
            DiskEntry::File(found) if found == *file => FileState::Absent,
            DiskEntry::File(_) => {
                FileState::Uncommitted(format!("`{path}` already exists and is not committed"))
            }
            DiskEntry::Unusable(reason) => FileState::Uncommitted(format!(
                "`{path}` cannot be written: {reason} and is not committed"
            )),
        })
    }
}

impl WorkTree {
    /// Something at a path that is not committed, as a sentence: staged, changed, removed or untracked. Line ends alone are
    /// no change, because git may have converted them.
    pub fn uncommitted(&self, path: &TreePath) -> Result<Option<String>, WorkTreeError> {
        let committed = self.committed.get(path.as_str()).copied();
        let index = self.index.entry_by_path(path.as_str().into());
        let staged = index.map(|entry| entry.id);
        if staged != committed.map(|(_, id)| id) {
            return Ok(Some(format!("`{path}` is staged and not committed")));
        }
        let Some((_, id)) = committed else {
            let entry = self.disk.entry(path)?;
            let is_there = entry != DiskEntry::Absent;
            return Ok(is_there.then(|| format!("`{path}` exists and is not committed")));
        };
        Ok(match self.disk.entry(path)? {
            DiskEntry::Absent => Some(format!("`{path}` is removed, which is not committed")),
            DiskEntry::File(file) => {
                let is_same =
                    |bytes: &[u8]| Ok::<_, WorkTreeError>(ids::id_of(Kind::Blob, bytes)? == id);
                let is_clean = is_same(&file.bytes)?
                    || match file.text() {
                        Some(text) => is_same(text.replace("\r\n", "\n").as_bytes())?,
                        None => false,
                    };
                (!is_clean).then(|| format!("`{path}` has changes that are not committed"))
            }
            DiskEntry::Unusable(_) => None,
        })
    }
}

/// Fails for a repository that has no files at `folder`, or has an operation in progress.
fn check(repository: &gix::Repository, folder: &Path) -> Result<(), WorkTreeError> {
    let path = folder.to_owned();
    let is_here = |top: &Path| {
        let (top, folder) = (top.canonicalize(), folder.canonicalize());
        top.is_ok_and(|top| folder.is_ok_and(|folder| top == folder))
    };
    match repository.workdir() {
        None => return Err(WorkTreeError::Bare { path }),
        // A setting of the repository may name any folder.
        Some(top) if !is_here(top) => return Err(WorkTreeError::NotATop { path }),
        Some(_) => {}
    }
    match repository.state() {
        None => Ok(()),
        Some(state) => {
            let what = format!("{state:?}");
            Err(WorkTreeError::Busy { path, what })
        }
    }
}

/// The branch, and its last commit if it has one.
fn head(
    repository: &gix::Repository,
    path: &Path,
) -> Result<(FullName, Option<Head>), WorkTreeError> {
    let detached = || WorkTreeError::Detached {
        path: path.to_owned(),
    };
    let head = repository
        .head()
        .map_err(WorkTreeError::git("read the branch", path))?;
    let branch = match head.kind {
        gix::head::Kind::Unborn(branch) => return Ok((branch, None)),
        gix::head::Kind::Detached { .. } => return Err(detached()),
        gix::head::Kind::Symbolic(branch) => branch,
    };
    let Target::Object(commit) = branch.target else {
        return Err(detached());
    };
    let mut buffer = Vec::new();
    let found = repository
        .objects
        .find_commit(&commit, &mut buffer)
        .map_err(GitTreeError::object(commit))?;
    let committer = found.committer().map_err(GitTreeError::object(commit))?;
    let head = Head {
        commit,
        tree: found.tree(),
        seconds: committer.seconds(),
    };
    Ok((branch.name, Some(head)))
}

/// The names of all committed and staged files.
fn names(committed: &FileIndex, index: &gix::index::File) -> CommittedNames {
    let mut names = CommittedNames::default();
    for file in committed.keys() {
        names.add(file);
    }
    let backing = index.path_backing();
    for entry in index.entries() {
        names.add(&entry.path_in(backing).to_str_lossy());
    }
    names
}
