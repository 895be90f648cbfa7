//! Git objects of a tree and its first commit: the ids a preview promises and a repository holds.

use super::{Tree, TreeError};
use crate::model::content::Mode;
use crate::model::date::Day;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use gix::ObjectId;
use gix::bstr::BString;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Commit, Kind, WriteTo};
use std::collections::BTreeMap;
use thiserror::Error;

/// The words of a commit besides its tree. It has no parent.
#[derive(Clone, Debug)]
pub struct FirstCommit {
    pub author: Identity,
    /// Author and committer date: midnight in UTC.
    pub date: Day,
    pub message: String,
}

/// The ids of a tree and its first commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    pub tree: ObjectId,
    pub commit: ObjectId,
}

/// Why objects could not be made.
#[derive(Debug, Error)]
pub enum ObjectsError {
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error("cannot store a git object")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Takes the bytes of one object and gives its id.
pub type Sink<'s> = dyn FnMut(Kind, &[u8]) -> Result<ObjectId, ObjectsError> + 's;

/// The ids alone: nothing is stored.
pub fn compute(tree: &dyn Tree, commit: &FirstCommit) -> Result<Ids, ObjectsError> {
    let mut sink = |kind, bytes: &[u8]| hash(kind, bytes);
    let tree = write_tree(tree, &mut sink)?;
    Ok(Ids {
        tree,
        commit: write_commit(tree, commit, &mut sink)?,
    })
}

/// The id of a tree alone.
pub fn tree_id(tree: &dyn Tree) -> Result<ObjectId, ObjectsError> {
    write_tree(tree, &mut |kind, bytes| hash(kind, bytes))
}

/// Sends every blob and tree to the sink, leaves first.
pub fn write_tree(tree: &dyn Tree, sink: &mut Sink<'_>) -> Result<ObjectId, ObjectsError> {
    let mut root = Folder::default();
    for (path, mode) in tree.list()? {
        if let Some(file) = tree.read(&path)? {
            let id = sink(Kind::Blob, &file.bytes)?;
            root.insert(&path, mode, id);
        }
    }
    root.write(sink)
}

/// Sends the commit to the sink.
pub fn write_commit(
    tree: ObjectId,
    commit: &FirstCommit,
    sink: &mut Sink<'_>,
) -> Result<ObjectId, ObjectsError> {
    let signature = gix::actor::Signature {
        name: commit.author.name().into(),
        email: commit.author.address().into(),
        time: gix::date::Time::new(commit.date.unix_seconds(), 0),
    };
    let commit = Commit {
        tree,
        parents: [].into_iter().collect(),
        author: signature.clone(),
        committer: signature,
        encoding: None,
        message: commit.message.as_str().into(),
        extra_headers: Vec::new(),
    };
    sink(Kind::Commit, &encode(&commit)?)
}

#[derive(Default)]
struct Folder {
    files: Vec<(BString, EntryKind, ObjectId)>,
    folders: BTreeMap<BString, Self>,
}

impl Folder {
    fn insert(&mut self, path: &TreePath, mode: Mode, id: ObjectId) {
        let kind = match mode {
            Mode::Regular => EntryKind::Blob,
            Mode::Executable => EntryKind::BlobExecutable,
            Mode::Symlink => EntryKind::Link,
        };
        let mut segments: Vec<&str> = path.as_str().split('/').collect();
        let name = segments.pop().unwrap_or_default();
        let folder = segments.into_iter().fold(self, |folder, name| {
            folder.folders.entry(name.into()).or_default()
        });
        folder.files.push((name.into(), kind, id));
    }

    fn write(self, sink: &mut Sink<'_>) -> Result<ObjectId, ObjectsError> {
        let files = self.files.into_iter().map(|(filename, kind, oid)| Entry {
            mode: kind.into(),
            filename,
            oid,
        });
        let mut entries: Vec<Entry> = files.collect();
        for (filename, folder) in self.folders {
            entries.push(Entry {
                mode: EntryKind::Tree.into(),
                filename,
                oid: folder.write(sink)?,
            });
        }
        entries.sort();
        sink(Kind::Tree, &encode(&gix::objs::Tree { entries })?)
    }
}

fn encode(object: &dyn WriteTo) -> Result<Vec<u8>, ObjectsError> {
    let mut bytes = Vec::new();
    object
        .write_to(&mut bytes)
        .map_err(|error| ObjectsError::Store(error.into()))?;
    Ok(bytes)
}

fn hash(kind: Kind, bytes: &[u8]) -> Result<ObjectId, ObjectsError> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, bytes)
        .map_err(|error| ObjectsError::Store(error.into()))
}
