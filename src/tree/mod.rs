//! Trees: the files of a repository while a plan is interpreted. All paths are checked, and no link is followed.

pub mod commits;
pub mod disk;
pub mod edited;
pub mod fold;
pub mod generated;
pub mod git;
mod git_error;
pub mod ids;
pub mod inventory;
pub mod inventory_cache;
pub mod limits;
pub mod listing;
pub mod memory;
pub(crate) mod names;
pub mod overlay;
mod pack;
pub mod repository;
mod scan;
pub mod signed;
pub mod snapshot;
pub mod validate;
pub mod worktree;

use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::content::File;
use crate::model::path::TreePath;
use listing::Listing;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A set of files by path. A folder exists as long as a file is below it.
pub trait Tree: Sync {
    /// The file at a path; `None` for no entry or a folder.
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError>;

    /// All files, without their contents.
    fn list(&self) -> Result<Listing, TreeError>;
}

/// A tree that can be changed.
pub trait TreeMut: Tree {
    /// Writes a file, with the folders above it.
    ///
    /// # Errors
    /// [`TreeError::Blocked`] when the path is a folder, or a file is in the place of a folder above it.
    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError>;

    /// Removes a file, with the folders that become empty; nothing happens when there is none.
    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError>;
}

/// An error of reading or changing a tree.
#[derive(Debug, Error)]
pub enum TreeError {
    #[error("`{path}` cannot be written because `{by}` exists")]
    Blocked { path: TreePath, by: String },
    #[error("cannot {action} `{path}`")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("the template's repository `{path}` is a partial clone and lacks the object {id}")]
    PartialClone { path: PathBuf, id: String },
    #[error("the git object {id} of the template cannot be read")]
    Object {
        id: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Explain for TreeError {
    fn class(&self) -> Class {
        match self {
            Self::PartialClone { .. } => Class::Refused,
            Self::Blocked { .. } | Self::Io { .. } | Self::Object { .. } => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::PartialClone { .. } => "tree_partial_clone",
            Self::Blocked { .. } => "tree_path_blocked",
            Self::Io { .. } => "tree_io",
            Self::Object { .. } => "tree_object_unreadable",
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Object { .. } => Some(damaged_hint()),
            Self::PartialClone { .. } => Some(git_error::partial_clone_hint()),
            Self::Blocked { .. } | Self::Io { .. } => None,
        }
    }
}

/// The hint for an object that cannot be read. The cached inventory of its template is removed by then.
fn damaged_hint() -> Hint {
    hint!(
        "run this again without ",
        Setting::Offline,
        " to fetch the copy in the template cache again; check your own repository with `git fsck`"
    )
}

/// Adds the action and the path to an I/O error.
trait At<T> {
    fn at(self, action: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T, TreeError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T, TreeError> {
        self.map_err(|source| TreeError::Io {
            action,
            path: path(),
            source,
        })
    }
}
