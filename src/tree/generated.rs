//! The line of generated commits of a repository: what groundplan generated, one commit per update, without any edit.
//!
//! ```text
//! refs/groundplan/generated:   G0 ← G1 ← G2
//! ```

use super::Tree;
use super::commits::{Commits, id_of};
use super::edited::{EditError, FileChanges};
use super::git::{self, GitTreeError};
use super::ids::{self, ObjectSink, ObjectsError};
use super::inventory::Inventory;
use super::memory::MemoryTree;
use crate::model::date::Day;
use crate::model::digest::GitId;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use gix::ObjectId;
use gix::objs::tree::EntryMode;
use gix::objs::{Exists as _, FindExt as _, Kind, Write as _};
use gix::refs::transaction::PreviousValue;
use gix::refs::{FullName, Target};
use std::ops::Range;

/// The reference of the newest generated commit. A clone does not fetch it.
pub const GENERATED_REF: &str = "refs/groundplan/generated";

/// The longest line of generated commits that is read.
const MAX_GENERATED: usize = 10_000;

/// A commit of a generated tree.
pub struct GeneratedCommit<'g> {
    /// The generated tree with its provenance file.
    pub tree: &'g dyn Tree,
    /// The generated commit before it.
    pub previous: Option<&'g GitId>,
    pub author: &'g Identity,
    /// The day of the commit, unless the one before it is later.
    pub date: &'g Day,
    pub message: &'g str,
}

impl Commits {
    /// The newest generated commit; none where the repository has no reference to one.
    pub fn newest_generated(&self) -> Result<Option<GitId>, GitTreeError> {
        match git::resolve(self.path(), GENERATED_REF) {
            Ok(commit) => Ok(Some(commit)),
            Err(GitTreeError::NoReference { .. } | GitTreeError::NotInShallow { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The generated commits, newest first.
    pub fn generated(&self) -> Result<Vec<GitId>, GitTreeError> {
        let mut next = self.newest_generated()?;
        let mut line = Vec::new();
        while let Some(commit) = next {
            next = self.first_parent(&commit)?;
            line.push(commit);
            if line.len() > MAX_GENERATED {
                let what = format!("it has more than {MAX_GENERATED} generated commits");
                return Err(GitTreeError::TooLarge { what });
            }
        }
        Ok(line)
    }

    /// The id of the tree of a commit without one path.
    pub fn tree_without(&self, commit: &GitId, path: &TreePath) -> Result<GitId, EditError> {
        self.tree_with(commit, &FileChanges::from([(path.clone(), None)]))
    }

    /// Mode and object of a path in a commit; none for no entry.
    pub fn entry(
        &self,
        commit: &GitId,
        path: &TreePath,
    ) -> Result<Option<(u16, ObjectId)>, GitTreeError> {
        let mut id = id_of(&self.info(commit)?.tree)?;
        let mut mode = None;
        let mut buffer = Vec::new();
        for name in path.as_str().split('/') {
            if mode.is_some_and(|mode: EntryMode| !mode.is_tree()) {
                return Ok(None);
            }
            let entries = self
                .repository()
                .objects
                .find_tree(&id, &mut buffer)
                .map_err(GitTreeError::object(id))?
                .entries;
            let Some(found) = entries.iter().find(|entry| entry.filename == name) else {
                return Ok(None);
            };
            (mode, id) = (Some(found.mode), found.oid.to_owned());
        }
        Ok(mode.map(|mode| (mode.value(), id)))
    }

    /// True if the repository has a commit.
    pub fn has_commit(&self, commit: &GitId) -> bool {
        id_of(commit).is_ok_and(|id| {
            let mut buffer = Vec::new();
            self.repository()
                .objects
                .find_commit(&id, &mut buffer)
                .is_ok()
        })
    }

    /// Stores the next generated commit. No reference moves. Where the previous commit has the same tree, it is the next one.
    pub fn store_generated(&self, generated: &GeneratedCommit<'_>) -> Result<GitId, EditError> {
        let mut sink = MissingObjects(self);
        // A copy has no object ids: the objects of a template need not be in the repository.
        let copy = MemoryTree::copy_of(generated.tree).map_err(ObjectsError::from)?;
        let tree = ids::write_tree(&copy, &mut sink)?;
        let previous = generated.previous;
        let mut seconds = generated.date.unix_seconds();
        if let Some(previous) = previous {
            let info = self.info(previous)?;
            if info.tree == GitId::of(&tree) {
                return Ok(previous.clone());
            }
            seconds = seconds.max(info.seconds);
        }
        let signature = ids::commit_signature(generated.author, seconds);
        let parent = previous.map(id_of).transpose()?;
        let bytes = ids::encode_commit(tree, parent, signature, generated.message, None)?;
        Ok(GitId::of(&sink.put(Kind::Commit, &bytes)?))
    }

    /// Moves the reference of the newest generated commit, if it still is `before`.
    pub fn set_newest_generated(
        &self,
        commit: &GitId,
        before: Option<&GitId>,
        author: &Identity,
    ) -> Result<(), EditError> {
        let expected = match before {
            Some(before) => PreviousValue::MustExistAndMatch(Target::Object(id_of(before)?)),
            None => PreviousValue::MustNotExist,
        };
        let name = FullName::try_from(GENERATED_REF).expect("a reference name");
        self.move_reference(&name, commit, expected, "groundplan update", author)
    }
}

/// Stores the objects that a repository lacks.
struct MissingObjects<'c>(&'c Commits);

impl ObjectSink for MissingObjects<'_> {
    fn put(&mut self, kind: Kind, bytes: &[u8]) -> Result<ObjectId, ObjectsError> {
        let objects = &self.0.repository().objects;
        let id = ids::id_of(kind, bytes)?;
        if objects.exists(&id) {
            return Ok(id);
        }
        objects
            .write_buf(kind, bytes)
            .map_err(|error| ObjectsError::Store(error.into()))
    }

    fn keep(&mut self, _: &Inventory, _: Range<usize>) -> Result<(), ObjectsError> {
        unreachable!("a tree in memory has no objects to keep")
    }
}
