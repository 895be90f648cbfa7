//! Git objects of a tree and its first commit: the ids that a preview promises and the new repository has.

use super::commits::FileIndex;
use super::inventory::{Inventory, NodeKind};
use super::signed::{CommitSigner, SignError};
use super::{Tree, TreeError, listing};
use crate::error::{Class, Explain, Hint};
use crate::model::content::{File, Mode};
use crate::model::date::Day;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use gix::ObjectId;
use gix::actor::Signature;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Commit, Kind, WriteTo};
use std::collections::BTreeMap;
use std::ops::Range;
use thiserror::Error;

/// The first commit of a repository, without its tree.
#[derive(Clone, Debug)]
pub struct FirstCommit {
    pub author: Identity,
    /// The author and committer date, at midnight in UTC.
    pub date: Day,
    pub message: String,
}

/// The ids of a tree and its first commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    pub tree: ObjectId,
    pub commit: ObjectId,
}

/// An error of creating git objects.
#[derive(Debug, Error)]
pub enum ObjectsError {
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("cannot store a git object")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Explain for ObjectsError {
    fn class(&self) -> Class {
        match self {
            Self::Tree(error) => error.class(),
            Self::Sign(_) | Self::Store(_) => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Tree(error) => error.code(),
            Self::Sign(_) => "commit_not_signed",
            Self::Store(_) => "git_object_not_stored",
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Tree(error) => error.hint(),
            Self::Sign(_) | Self::Store(_) => None,
        }
    }
}

/// A receiver of the objects of a tree.
pub trait ObjectSink {
    /// Takes the kind and bytes of an object and gives its id.
    fn put(&mut self, kind: Kind, bytes: &[u8]) -> Result<ObjectId, ObjectsError>;

    /// Takes nodes of the base that are part of the tree without changes. Called only for a base with ids.
    fn keep(&mut self, base: &Inventory, nodes: Range<usize>) -> Result<(), ObjectsError>;
}

/// A sink that stores nothing.
struct Hasher;

impl ObjectSink for Hasher {
    fn put(&mut self, kind: Kind, bytes: &[u8]) -> Result<ObjectId, ObjectsError> {
        id_of(kind, bytes)
    }

    fn keep(&mut self, _: &Inventory, _: Range<usize>) -> Result<(), ObjectsError> {
        Ok(())
    }
}

/// The id of a file's bytes.
pub fn blob_id(bytes: &[u8]) -> Result<ObjectId, ObjectsError> {
    id_of(Kind::Blob, bytes)
}

/// The id of one object.
pub(super) fn id_of(kind: Kind, bytes: &[u8]) -> Result<ObjectId, ObjectsError> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, bytes)
        .map_err(|error| ObjectsError::Store(error.into()))
}

/// The id of the first commit of a tree. Nothing is stored.
pub fn commit_id(
    tree: ObjectId,
    commit: &FirstCommit,
    signer: Option<&dyn CommitSigner>,
) -> Result<ObjectId, ObjectsError> {
    write_commit(tree, commit, signer, &mut Hasher)
}

/// The id of a tree alone.
pub fn tree_id(tree: &dyn Tree) -> Result<ObjectId, ObjectsError> {
    write_tree(tree, &mut Hasher)
}

/// The mode and blob id of every file.
pub fn files(tree: &dyn Tree) -> Result<FileIndex, ObjectsError> {
    let listing = tree.list()?;
    let base = listing.base();
    let mut files = FileIndex::new();
    for (path, entry) in listing.iter() {
        let known = (base.has_ids() && !listing.changes().contains_key(path))
            .then(|| base.find(path))
            .flatten();
        let id = match known {
            Some(number) => base.nodes()[number].id,
            None => {
                Writer::new(tree, base, &mut Hasher).changed_file(&TreePath::of_checked(path))?
            }
        };
        let mode = gix::objs::tree::EntryMode::from(kind_of(entry.mode)).value();
        files.insert(path.to_owned(), (mode, id));
    }
    Ok(files)
}

/// Sends every new blob and tree to the sink, leaves first, and the unchanged nodes of a base with ids as kept.
pub fn write_tree(tree: &dyn Tree, sink: &mut dyn ObjectSink) -> Result<ObjectId, ObjectsError> {
    let listing = tree.list()?;
    let changes: Vec<Changed<'_>> = listing.changes().iter().collect();
    Writer::new(tree, listing.base(), sink).root(&changes)
}

/// A tree without the file at one path: its id, and the id with another file there. The rest is hashed once.
pub struct TreeWithout<'p> {
    path: &'p TreePath,
    id: ObjectId,
    /// The entries of each folder above the path without the one that leads to it, the innermost first.
    above: Vec<Vec<Entry>>,
}

impl<'p> TreeWithout<'p> {
    /// Computes the id of a tree without a path.
    pub fn compute(tree: &dyn Tree, path: &'p TreePath) -> Result<Self, ObjectsError> {
        let listing = tree.list()?;
        let mut changes = listing.changes().clone();
        changes.insert(path.clone(), None);
        let changes: Vec<Changed<'_>> = changes.iter().collect();
        let mut sink = Hasher;
        let mut writer = Writer::new(tree, listing.base(), &mut sink);
        writer.without = Some(path);
        let id = writer.root(&changes)?;
        let above = writer.above;
        Ok(Self { path, id, above })
    }

    /// The id without the path.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// The id with a file at the path. No folder of the path may be a file of the tree.
    pub fn with(self, file: &File) -> Result<ObjectId, ObjectsError> {
        let mut id = id_of(Kind::Blob, &file.bytes)?;
        let mut kind = kind_of(file.mode);
        for (name, mut entries) in self.path.as_str().rsplit('/').zip(self.above) {
            entries.retain(|entry| entry.filename != name);
            entries.push(entry(kind, name, id));
            entries.sort();
            id = id_of(Kind::Tree, &encode(&gix::objs::Tree { entries })?)?;
            kind = EntryKind::Tree;
        }
        Ok(id)
    }
}

/// Sends the commit to the sink.
pub fn write_commit(
    tree: ObjectId,
    commit: &FirstCommit,
    signer: Option<&dyn CommitSigner>,
    sink: &mut dyn ObjectSink,
) -> Result<ObjectId, ObjectsError> {
    let signature = commit_signature(&commit.author, commit.date.unix_seconds());
    let bytes = encode_commit(tree, None, signature, &commit.message, signer)?;
    sink.put(Kind::Commit, &bytes)
}

/// The signature of an author at a time in seconds since 1970, in UTC.
pub(super) fn commit_signature(author: &Identity, seconds: i64) -> Signature {
    Signature {
        name: author.name().into(),
        email: author.address().into(),
        time: gix::date::Time::new(seconds, 0),
    }
}

/// The bytes of a commit whose committer is its author, with its signature if there is a signer.
pub(super) fn encode_commit(
    tree: ObjectId,
    parent: Option<ObjectId>,
    signature: Signature,
    message: &str,
    signer: Option<&dyn CommitSigner>,
) -> Result<Vec<u8>, ObjectsError> {
    let mut commit = Commit {
        tree,
        parents: parent.into_iter().collect(),
        author: signature.clone(),
        committer: signature,
        encoding: None,
        message: message.into(),
        extra_headers: Vec::new(),
    };
    let bytes = encode(&commit)?;
    let Some(signer) = signer else {
        return Ok(bytes);
    };
    // Without its last line end, as git writes it.
    let signature = signer.sign_commit(&bytes)?;
    let header = ("gpgsig".into(), signature.trim_end().into());
    commit.extra_headers.push(header);
    encode(&commit)
}

type Changed<'l> = (&'l TreePath, &'l Option<listing::FileInfo>);

/// The changes at one name of a folder: of the file, of the paths below it, or of both when one replaces the other.
#[derive(Default)]
struct Group<'c, 'l> {
    file: Option<&'l Option<listing::FileInfo>>,
    below: &'c [Changed<'l>],
}

struct Writer<'w> {
    tree: &'w dyn Tree,
    base: &'w Inventory,
    sink: &'w mut dyn ObjectSink,
    /// A path whose folders are recorded in `above`.
    without: Option<&'w TreePath>,
    above: Vec<Vec<Entry>>,
}

impl<'w> Writer<'w> {
    fn new(tree: &'w dyn Tree, base: &'w Inventory, sink: &'w mut dyn ObjectSink) -> Self {
        Self {
            tree,
            base,
            sink,
            without: None,
            above: Vec::new(),
        }
    }

    /// Writes the whole tree.
    fn root(&mut self, changes: &[Changed<'_>]) -> Result<ObjectId, ObjectsError> {
        let all = 0..self.base.nodes().len();
        match self.folder("", Some(all), changes)? {
            Some(id) => Ok(id),
            None => self.sink.put(Kind::Tree, b""),
        }
    }

    /// Writes the folder of a prefix, which ends in `/` but for the root; `None` when it contains no file. `nodes` are
    /// those of the base below it, if the base has the folder.
    fn folder(
        &mut self,
        prefix: &str,
        nodes: Option<Range<usize>>,
        changes: &[Changed<'_>],
    ) -> Result<Option<ObjectId>, ObjectsError> {
        let mut groups = group(prefix, changes);
        let mut entries = Vec::new();
        let base = self.base;
        for number in nodes.into_iter().flat_map(|nodes| base.children(nodes)) {
            let name = &base.bare_name(number)[prefix.len()..];
            let group = groups.get_mut(name);
            match base.nodes()[number].kind {
                NodeKind::File(_) if group.as_ref().is_some_and(|group| group.file.is_some()) => {}
                NodeKind::File(mode) => {
                    let oid = self.base_file(number)?;
                    entries.push(entry(kind_of(mode), name, oid));
                }
                NodeKind::Folder => {
                    let below = group.map(|group| std::mem::take(&mut group.below));
                    let id = self.base_folder(number, below.unwrap_or_default())?;
                    entries.extend(id.map(|id| entry(EntryKind::Tree, name, id)));
                }
            }
        }
        for (name, group) in groups {
            let path = format!("{prefix}{name}");
            if let Some(Some(file)) = group.file {
                let oid = self.changed_file(&TreePath::of_checked(&path))?;
                entries.push(entry(kind_of(file.mode), name, oid));
            }
            if !group.below.is_empty() {
                let id = self.folder(&format!("{path}/"), None, group.below)?;
                entries.extend(id.map(|id| entry(EntryKind::Tree, name, id)));
            }
        }
        if self
            .without
            .is_some_and(|path| path.as_str().starts_with(prefix))
        {
            self.above.push(entries.clone());
        }
        if entries.is_empty() {
            return Ok(None);
        }
        entries.sort();
        let tree = encode(&gix::objs::Tree { entries })?;
        self.sink.put(Kind::Tree, &tree).map(Some)
    }

    fn base_folder(
        &mut self,
        number: usize,
        changes: &[Changed<'_>],
    ) -> Result<Option<ObjectId>, ObjectsError> {
        let node = self.base.nodes()[number];
        if changes.is_empty() && self.base.has_ids() && !node.id.is_null() {
            self.sink.keep(self.base, number..node.until as usize)?;
            return Ok(Some(node.id));
        }
        let below = number + 1..node.until as usize;
        self.folder(self.base.name(number), Some(below), changes)
    }

    fn base_file(&mut self, number: usize) -> Result<ObjectId, ObjectsError> {
        if self.base.has_ids() {
            self.sink.keep(self.base, number..number + 1)?;
            return Ok(self.base.nodes()[number].id);
        }
        self.changed_file(&TreePath::of_checked(self.base.name(number)))
    }

    fn changed_file(&mut self, path: &TreePath) -> Result<ObjectId, ObjectsError> {
        let file = self.tree.read(path)?.ok_or_else(|| {
            ObjectsError::Store(format!("`{path}` is listed but cannot be read").into())
        })?;
        self.sink.put(Kind::Blob, &file.bytes)
    }
}

/// The changes below a prefix by the next segment of their path.
fn group<'c, 'l>(prefix: &str, changes: &'c [Changed<'l>]) -> BTreeMap<&'l str, Group<'c, 'l>> {
    let mut groups: BTreeMap<&str, Group<'_, '_>> = BTreeMap::new();
    let mut rest = changes;
    while let Some((path, change)) = rest.first() {
        let below = &path.as_str()[prefix.len()..];
        let count = match below.split_once('/') {
            None => {
                groups.entry(below).or_default().file = Some(change);
                1
            }
            Some((name, _)) => {
                let folder = &path.as_str()[..=prefix.len() + name.len()];
                let count = rest.partition_point(|(path, _)| path.as_str().starts_with(folder));
                groups.entry(name).or_default().below = &rest[..count];
                count
            }
        };
        rest = &rest[count..];
    }
    groups
}

pub(super) fn kind_of(mode: Mode) -> EntryKind {
    match mode {
        Mode::Regular => EntryKind::Blob,
        Mode::Executable => EntryKind::BlobExecutable,
        Mode::Symlink => EntryKind::Link,
    }
}

fn entry(kind: EntryKind, name: &str, oid: ObjectId) -> Entry {
    Entry {
        mode: kind.into(),
        filename: name.into(),
        oid,
    }
}

pub(super) fn encode(object: &dyn WriteTo) -> Result<Vec<u8>, ObjectsError> {
    let mut bytes = Vec::new();
    object
        .write_to(&mut bytes)
        .map_err(|error| ObjectsError::Store(error.into()))?;
    Ok(bytes)
}
