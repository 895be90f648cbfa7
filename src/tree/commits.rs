//! The commits of a repository on this disk: which came first, and what each holds, as it is.

use super::git::GitTreeError;
use crate::model::digest::GitId;
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryMode;
use gix::objs::{FindExt as _, FindHeader as _, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// More commits than this are not followed back.
const MAX_COMMITS: usize = 250_000;
/// More files than this are not compared.
const MAX_FILES: usize = 250_000;
/// Paths of more bytes than this together are not compared: few objects can spell very many, and very long ones.
const MAX_NAMES: usize = 64 * 1024 * 1024;
/// A larger file is not read.
const MAX_READ: u64 = 1024 * 1024;

/// An opened repository.
pub struct Commits {
    repository: gix::Repository,
    path: PathBuf,
}

/// The first commit of a branch, along first parents, and its last one.
#[derive(Clone, Debug)]
pub struct History {
    pub first: GitId,
    pub last: GitId,
    /// How many others there are.
    pub since: usize,
}

/// A commit's words.
#[derive(Clone, Debug)]
pub struct CommitInfo {
    /// `NAME <MAIL>`.
    pub author: String,
    pub tree: GitId,
}

/// Mode and blob of every path.
pub type FileIndex = BTreeMap<String, (u16, ObjectId)>;

impl Commits {
    /// The repository at a path, bare or with files.
    pub fn open(path: &Path) -> Result<Self, GitTreeError> {
        Ok(Self {
            repository: super::git::open(path)?,
            path: path.to_owned(),
        })
    }

    /// Follows HEAD back to its first commit; nothing when there is no commit yet.
    pub fn line(&self) -> Result<Option<History>, GitTreeError> {
        let Ok(head) = self.repository.head_id() else {
            return Ok(None);
        };
        let last = head.detach();
        let mut first = last;
        while let Some(parent) = self.parents(first)?.first() {
            first = *parent;
        }
        let (mut seen, mut open) = (BTreeSet::from([last]), vec![last]);
        while let Some(commit) = open.pop() {
            let parents = self.parents(commit)?;
            open.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
            if seen.len() > MAX_COMMITS {
                let what = format!("it has more than {MAX_COMMITS} commits");
                return Err(GitTreeError::TooLarge { what });
            }
        }
        Ok(Some(History {
            first: GitId::of(&first),
            last: GitId::of(&last),
            since: seen.len() - 1,
        }))
    }

    /// The parents of a commit, all of which are there.
    fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, GitTreeError> {
        let mut buffer = Vec::new();
        let found = self.repository.objects.find_commit(&commit, &mut buffer);
        let found = found.map_err(|error| unreadable(commit, error.into()))?;
        let parents: Vec<ObjectId> = found.parents().collect();
        let is_there = |parent: &ObjectId| {
            let header = self.repository.objects.try_header(parent);
            header.is_ok_and(|header| header.is_some())
        };
        if parents.iter().all(is_there) {
            Ok(parents)
        } else {
            Err(GitTreeError::Shallow {
                path: self.path.clone(),
            })
        }
    }

    /// A commit's author and tree.
    pub fn words(&self, commit: &GitId) -> Result<CommitInfo, GitTreeError> {
        let id = id_of(commit)?;
        let mut buffer = Vec::new();
        let found = self.repository.objects.find_commit(&id, &mut buffer);
        let found = found.map_err(|error| unreadable(id, error.into()))?;
        let author = found
            .author()
            .map_err(|error| unreadable(id, error.into()))?;
        Ok(CommitInfo {
            author: format!(
                "{} <{}>",
                author.name.to_str_lossy(),
                author.email.to_str_lossy()
            ),
            tree: GitId::of(&found.tree()),
        })
    }

    /// Every path of a commit.
    pub fn holding(&self, commit: &GitId) -> Result<FileIndex, GitTreeError> {
        let id = id_of(commit)?;
        let mut buffer = Vec::new();
        let found = self.repository.objects.find_commit(&id, &mut buffer);
        let tree = found.map_err(|error| unreadable(id, error.into()))?.tree();
        holding(&self.repository, tree)
    }

    /// The bytes of a small blob.
    pub fn read(&self, blob: ObjectId) -> Result<Vec<u8>, GitTreeError> {
        let header = self.repository.objects.try_header(&blob);
        let header = header.map_err(|error| unreadable(blob, error.into()))?;
        match header {
            Some(header) if header.kind != Kind::Blob || header.size > MAX_READ => {
                let source = format!("it is no file of at most {MAX_READ} bytes");
                Err(unreadable(blob, source.into()))
            }
            _ => {
                let found = self.repository.find_object(blob);
                let mut found = found.map_err(|error| unreadable(blob, error.into()))?;
                Ok(std::mem::take(&mut found.data))
            }
        }
    }
}

/// Every path of a tree.
pub(super) fn holding(
    repository: &gix::Repository,
    tree: ObjectId,
) -> Result<FileIndex, GitTreeError> {
    let mut holding = FileIndex::new();
    let mut buffer = Vec::new();
    let mut names = 0;
    let mut open = vec![(String::new(), tree)];
    while let Some((prefix, tree)) = open.pop() {
        let entries = repository.objects.find_tree_iter(&tree, &mut buffer);
        let entries = entries.map_err(|error| unreadable(tree, error.into()))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(tree, error.into()))?;
            let path = format!("{prefix}{}", entry.filename.to_str_lossy());
            names += path.len();
            if entry.mode.is_tree() {
                open.push((format!("{path}/"), entry.oid.to_owned()));
            } else {
                holding.insert(path, (EntryMode::value(entry.mode), entry.oid.to_owned()));
            }
            if holding.len() + open.len() > MAX_FILES || names > MAX_NAMES {
                let what = format!("it holds more than {MAX_FILES} files, or very long paths");
                return Err(GitTreeError::TooLarge { what });
            }
        }
    }
    Ok(holding)
}

fn id_of(id: &GitId) -> Result<ObjectId, GitTreeError> {
    ObjectId::from_hex(id.as_str().as_bytes()).map_err(|error| GitTreeError::Object {
        id: id.to_string(),
        source: error.into(),
    })
}

pub(super) fn unreadable(id: ObjectId, source: super::git::Failure) -> GitTreeError {
    GitTreeError::Object {
        id: id.to_string(),
        source,
    }
}
