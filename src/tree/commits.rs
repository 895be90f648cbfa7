//! The commits of a repository on this disk: the first and last of a branch, and the files of each.

use super::git::explained;
use super::git_error::GitTreeError;
use crate::model::digest::GitId;
use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryMode;
use gix::objs::{FindExt as _, FindHeader as _, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The most commits of a branch that are read.
const MAX_COMMITS: usize = 250_000;
/// The most files of a commit.
const MAX_FILES: usize = 250_000;
/// The bytes of all paths of a commit: few objects can spell very many and very long paths.
const MAX_NAMES: usize = 64 * 1024 * 1024;
/// The size of the largest blob that is read, in bytes.
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
    /// The number of other commits.
    pub since: usize,
}

/// Author and tree of a commit.
#[derive(Clone, Debug)]
pub struct CommitInfo {
    /// `NAME <MAIL>`.
    pub author: String,
    pub tree: GitId,
    /// The time of the commit, in seconds since 1970.
    pub seconds: i64,
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

    /// The folder of its objects and references.
    pub fn git_dir(&self) -> &Path {
        self.repository.common_dir()
    }

    /// The folder of its objects.
    pub fn objects(&self) -> PathBuf {
        self.repository.common_dir().join("objects")
    }

    /// The first and last commit of HEAD; `None` before the first commit.
    pub fn history(&self) -> Result<Option<History>, GitTreeError> {
        self.explained(self.find_history())
    }

    pub(super) fn repository(&self) -> &gix::Repository {
        &self.repository
    }

    /// The path that it was opened at.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The full name and commit of the branch of HEAD; `None` for a detached HEAD or a branch without commits.
    pub fn branch(&self) -> Result<Option<(String, GitId)>, GitTreeError> {
        let name = self
            .repository
            .head_name()
            .map_err(GitTreeError::object("refs"))?;
        let head = self.repository.head_id();
        Ok(name
            .zip(head.ok())
            .map(|(name, id)| (name.as_bstr().to_string(), GitId::of(&id.detach()))))
    }

    /// The tags: the full name of each and the object that it names.
    pub fn tags(&self) -> Result<BTreeMap<String, GitId>, GitTreeError> {
        let references = self
            .repository
            .references()
            .map_err(GitTreeError::object("refs"))?;
        let mut tags = BTreeMap::new();
        for read in references.tags().map_err(GitTreeError::object("refs"))? {
            let tag = read.map_err(GitTreeError::object("refs"))?;
            if let Some(id) = tag.try_id() {
                tags.insert(tag.name().as_bstr().to_string(), GitId::of(&id.detach()));
            }
        }
        Ok(tags)
    }

    /// True for a branch whose old commit is an ancestor of the new one. A tag is never ahead of another.
    pub fn is_ahead(&self, name: &str, old: &GitId, new: &GitId) -> Result<bool, GitTreeError> {
        if !name.starts_with("refs/heads/") || !self.has_commit(old) {
            return Ok(false);
        }
        let (old, new) = (id_of(old)?, id_of(new)?);
        self.explained(self.ancestors(new))
            .map(|all| all.contains(&old))
    }

    /// The first parent of a commit; none for a commit without parents.
    pub fn first_parent(&self, commit: &GitId) -> Result<Option<GitId>, GitTreeError> {
        let parents = self.parents(id_of(commit)?)?;
        Ok(parents.first().map(|parent| GitId::of(parent)))
    }

    /// The parents of a commit.
    pub fn parents_of(&self, commit: &GitId) -> Result<Vec<GitId>, GitTreeError> {
        let parents = self.parents(id_of(commit)?)?;
        Ok(parents.iter().map(|parent| GitId::of(parent)).collect())
    }

    fn explained<T>(&self, found: Result<T, GitTreeError>) -> Result<T, GitTreeError> {
        found.map_err(|error| explained(&self.repository, error))
    }

    fn find_history(&self) -> Result<Option<History>, GitTreeError> {
        let Ok(head) = self.repository.head_id() else {
            return Ok(None);
        };
        let last = head.detach();
        let mut first = last;
        while let Some(parent) = self.parents(first)?.first() {
            first = *parent;
        }
        Ok(Some(History {
            first: GitId::of(&first),
            last: GitId::of(&last),
            since: self.ancestors(last)?.len() - 1,
        }))
    }

    /// A commit and all that it descends from.
    fn ancestors(&self, commit: ObjectId) -> Result<BTreeSet<ObjectId>, GitTreeError> {
        let (mut seen, mut open) = (BTreeSet::from([commit]), vec![commit]);
        while let Some(commit) = open.pop() {
            let parents = self.parents(commit)?;
            open.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
            if seen.len() > MAX_COMMITS {
                let what = format!("it has more than {MAX_COMMITS} commits");
                return Err(GitTreeError::TooLarge { what });
            }
        }
        Ok(seen)
    }

    /// The parents of a commit. Fails for a shallow clone that does not have all of them.
    fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, GitTreeError> {
        let mut buffer = Vec::new();
        let found = self
            .repository
            .objects
            .find_commit(&commit, &mut buffer)
            .map_err(GitTreeError::object(commit))?;
        let parents: Vec<ObjectId> = found.parents().collect();
        let exists = |parent: &ObjectId| {
            let header = self.repository.objects.try_header(parent);
            header.is_ok_and(|header| header.is_some())
        };
        if parents.iter().all(exists) {
            Ok(parents)
        } else {
            Err(GitTreeError::Shallow {
                path: self.path.clone(),
            })
        }
    }

    /// Author and tree of a commit.
    pub fn info(&self, commit: &GitId) -> Result<CommitInfo, GitTreeError> {
        let id = id_of(commit)?;
        let mut buffer = Vec::new();
        let found = self
            .repository
            .objects
            .find_commit(&id, &mut buffer)
            .map_err(GitTreeError::object(id))?;
        let author = found.author().map_err(GitTreeError::object(id))?;
        Ok(CommitInfo {
            author: format!(
                "{} <{}>",
                author.name.to_str_lossy(),
                author.email.to_str_lossy()
            ),
            tree: GitId::of(&found.tree()),
            seconds: found.time().map_err(GitTreeError::object(id))?.seconds,
        })
    }

    /// The files of a commit.
    pub fn files(&self, commit: &GitId) -> Result<FileIndex, GitTreeError> {
        let id = id_of(commit)?;
        let mut buffer = Vec::new();
        let tree = self
            .repository
            .objects
            .find_commit(&id, &mut buffer)
            .map_err(GitTreeError::object(id))?
            .tree();
        self.explained(files(&self.repository, tree))
    }

    /// The bytes of a small blob.
    pub fn read(&self, blob: ObjectId) -> Result<Vec<u8>, GitTreeError> {
        self.read_up_to(blob, MAX_READ)?.ok_or_else(|| {
            let reason = format!("it is not a file of at most {MAX_READ} bytes");
            GitTreeError::object(blob)(reason)
        })
    }

    /// The bytes of a blob; none if it is larger than `limit` bytes, or another kind of object.
    pub fn read_up_to(&self, blob: ObjectId, limit: u64) -> Result<Option<Vec<u8>>, GitTreeError> {
        let header = self
            .repository
            .objects
            .try_header(&blob)
            .map_err(GitTreeError::object(blob))?;
        if header.is_some_and(|header| header.kind != Kind::Blob || header.size > limit) {
            return Ok(None);
        }
        let found = self.repository.find_object(blob);
        let mut found = self.explained(found.map_err(GitTreeError::object(blob)))?;
        Ok(Some(std::mem::take(&mut found.data)))
    }
}

/// The files of a tree.
pub(super) fn files(
    repository: &gix::Repository,
    tree: ObjectId,
) -> Result<FileIndex, GitTreeError> {
    let mut files = FileIndex::new();
    let mut buffer = Vec::new();
    let mut names = 0;
    let mut open = vec![(String::new(), tree)];
    while let Some((prefix, tree)) = open.pop() {
        let entries = repository
            .objects
            .find_tree_iter(&tree, &mut buffer)
            .map_err(GitTreeError::object(tree))?;
        for read in entries {
            let entry = read.map_err(GitTreeError::object(tree))?;
            let path = format!("{prefix}{}", entry.filename.to_str_lossy());
            names += path.len();
            if entry.mode.is_tree() {
                open.push((format!("{path}/"), entry.oid.to_owned()));
            } else {
                files.insert(path, (EntryMode::value(entry.mode), entry.oid.to_owned()));
            }
            if files.len() + open.len() > MAX_FILES || names > MAX_NAMES {
                let what = format!("it has more than {MAX_FILES} files, or very long paths");
                return Err(GitTreeError::TooLarge { what });
            }
        }
    }
    Ok(files)
}

/// The object id of a parsed id.
pub(super) fn id_of(id: &GitId) -> Result<ObjectId, GitTreeError> {
    ObjectId::from_hex(id.as_str().as_bytes()).map_err(GitTreeError::object(id))
}
