//! Changes of a committed tree: its new id, and a commit of it on a new branch. Nothing is checked out.

use super::commits::Commits;
use super::git_error::GitTreeError;
use super::ids::{self, Ids, ObjectsError};
use super::signed::CommitSigner;
use crate::error::{Class, Explain, Hint};
use crate::model::content::File;
use crate::model::date::Day;
use crate::model::digest::GitId;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::ref_name::RefName;
use gix::ObjectId;
use gix::lock::acquire::Fail;
use gix::objs::tree::Editor;
use gix::objs::{FindExt as _, Kind, Tree, Write as _};
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};
use gix::refs::{FullName, Target};
use std::collections::BTreeMap;
use thiserror::Error;

/// The new file at each path that changes; none where it is removed.
pub type FileChanges = BTreeMap<TreePath, Option<File>>;

/// Takes the kind and bytes of an object and gives its id.
pub(super) type StoreObject<'s> = dyn FnMut(Kind, &[u8]) -> Result<ObjectId, ObjectsError> + 's;

/// A commit that changes files of another one.
pub struct ChangeCommit<'c> {
    pub parent: &'c GitId,
    pub changes: &'c FileChanges,
    pub author: &'c Identity,
    /// The day of the commit, unless its parent is later.
    pub date: &'c Day,
    pub message: &'c str,
    pub signer: Option<&'c dyn CommitSigner>,
}

/// An error of changing a committed tree.
#[derive(Debug, Error)]
pub enum EditError {
    #[error("the repository has a branch `{branch}` already")]
    BranchExists { branch: String },
    #[error("`{name}` is not a branch name that git accepts")]
    BranchName { name: String },
    #[error(transparent)]
    Repository(#[from] GitTreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error("cannot write the reference `{name}`")]
    Reference {
        name: String,
        source: super::git_error::GixError,
    },
}

/// Gives every new object of a changed tree to `store`, leaves first.
pub(super) fn edit<'f>(
    repository: &gix::Repository,
    root: Option<ObjectId>,
    changes: impl Iterator<Item = (&'f TreePath, Option<&'f File>)> + Clone,
    store: &mut StoreObject<'_>,
) -> Result<ObjectId, EditError> {
    let mut buffer = Vec::new();
    let root = match root {
        Some(tree) => repository
            .objects
            .find_tree(&tree, &mut buffer)
            .map_err(GitTreeError::object(tree))?
            .into(),
        None => Tree::default(),
    };
    let mut editor = Editor::new(root, &repository.objects, gix::hash::Kind::Sha1);
    let failed = |path: &TreePath| GitTreeError::object(path.to_string());
    // First, because a file may take the place of a folder whose files go.
    for (path, _) in changes.clone().filter(|(_, file)| file.is_none()) {
        editor
            .remove(path.as_str().split('/'))
            .map_err(failed(path))?;
    }
    for (path, file) in changes.filter_map(|(path, file)| Some((path, file?))) {
        let id = store(Kind::Blob, &file.bytes)?;
        editor
            .upsert(path.as_str().split('/'), ids::kind_of(file.mode), id)
            .map_err(failed(path))?;
    }
    Ok(editor.write(|tree| store(Kind::Tree, &ids::encode(tree)?))?)
}

impl Commits {
    /// The id of the tree of a commit after changes. Nothing is stored.
    pub fn tree_with(&self, commit: &GitId, changes: &FileChanges) -> Result<GitId, EditError> {
        let tree = super::commits::id_of(&self.info(commit)?.tree)?;
        let files = changes.iter().map(|(path, file)| (path, file.as_ref()));
        let mut hash = |kind, bytes: &[u8]| ids::id_of(kind, bytes);
        let tree = edit(self.repository(), Some(tree), files, &mut hash)?;
        Ok(GitId::of(&tree))
    }

    /// Stores a commit of changed files. No reference moves.
    pub fn store_changes(&self, change: &ChangeCommit<'_>) -> Result<Ids, EditError> {
        let parent = super::commits::id_of(change.parent)?;
        let info = self.info(change.parent)?;
        let objects = &self.repository().objects;
        let mut store = |kind, bytes: &[u8]| {
            objects
                .write_buf(kind, bytes)
                .map_err(|error| ObjectsError::Store(error.into()))
        };
        let root = super::commits::id_of(&info.tree)?;
        let changes = change
            .changes
            .iter()
            .map(|(path, file)| (path, file.as_ref()));
        let tree = edit(self.repository(), Some(root), changes, &mut store)?;
        let seconds = change.date.unix_seconds().max(info.seconds);
        let signature = ids::commit_signature(change.author, seconds);
        let bytes =
            ids::encode_commit(tree, Some(parent), signature, change.message, change.signer)?;
        let commit = store(Kind::Commit, &bytes)?;
        Ok(Ids { tree, commit })
    }

    /// The full name of a branch that does not exist.
    ///
    /// # Errors
    /// [`EditError::BranchExists`] if a branch of that name exists.
    pub fn check_branch_is_free(&self, branch: &RefName) -> Result<FullName, EditError> {
        let full = format!("refs/heads/{branch}");
        let invalid = |_| EditError::BranchName {
            name: branch.to_string(),
        };
        let name = FullName::try_from(full.as_str()).map_err(invalid)?;
        let found = self
            .repository()
            .try_find_reference(full.as_str())
            .map_err(|source| EditError::Reference {
                name: full,
                source: source.into(),
            })?;
        if found.is_some() {
            return Err(EditError::BranchExists {
                branch: branch.to_string(),
            });
        }
        Ok(name)
    }

    /// Creates a branch at a commit.
    ///
    /// # Errors
    /// [`EditError::BranchExists`] if a branch of that name exists.
    pub fn create_branch(
        &self,
        branch: &RefName,
        commit: &GitId,
        author: &Identity,
    ) -> Result<(), EditError> {
        let name = self.check_branch_is_free(branch)?;
        let log = "branch: created by groundplan update";
        self.move_reference(&name, commit, PreviousValue::MustNotExist, log, author)
    }

    /// Points a reference to a commit, if it still has the expected value.
    pub(super) fn move_reference(
        &self,
        name: &FullName,
        commit: &GitId,
        expected: PreviousValue,
        log: &str,
        author: &Identity,
    ) -> Result<(), EditError> {
        let failed = |source: super::git_error::GixError| EditError::Reference {
            name: name.to_string(),
            source,
        };
        let edit = RefEdit {
            change: Change::Update {
                log: LogChange {
                    message: log.into(),
                    ..LogChange::default()
                },
                expected,
                new: Target::Object(super::commits::id_of(commit)?),
            },
            name: name.clone(),
            deref: false,
        };
        let signature = ids::commit_signature(author, self.info(commit)?.seconds);
        let mut time = gix::date::parse::TimeBuf::default();
        let transaction = self.repository().refs.transaction();
        transaction
            .prepare([edit], Fail::Immediately, Fail::Immediately)
            .map_err(|error| failed(error.into()))?
            .commit(signature.to_ref(&mut time))
            .map_err(|error| failed(error.into()))?;
        Ok(())
    }
}

impl Explain for EditError {
    fn class(&self) -> Class {
        match self {
            Self::BranchExists { .. } => Class::Conflict,
            Self::BranchName { .. } => Class::Usage,
            Self::Repository(error) => error.class(),
            Self::Objects(error) => error.class(),
            Self::Reference { .. } => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BranchExists { .. } => "branch_exists",
            Self::BranchName { .. } => "branch_name_invalid",
            Self::Repository(error) => error.code(),
            Self::Objects(error) => error.code(),
            Self::Reference { .. } => "reference_not_written",
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::BranchExists { .. } => {
                Some("name another branch, or delete this one with `git branch -D`".into())
            }
            Self::BranchName { .. } => Some("see `git check-ref-format`".into()),
            Self::Repository(error) => error.hint(),
            Self::Objects(error) => error.hint(),
            Self::Reference { .. } => Some(
                "check permissions and free space, and try again; a process that was killed may have left the `.lock` file: remove it"
                    .into(),
            ),
        }
    }
}
