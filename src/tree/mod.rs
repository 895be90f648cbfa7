//! Trees: where a repository's files live while a plan is interpreted. Only checked paths get in, no link is followed.

pub mod commits;
pub mod disk;
pub mod git;
pub mod ids;
pub mod inventory;
pub mod inventory_cache;
pub mod listing;
pub mod memory;
mod names;
pub mod overlay;
mod pack;
pub mod repository;
mod scan;
pub mod validate;
pub mod worktree;

use crate::model::content::File;
use crate::model::path::TreePath;
use listing::Listing;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A set of files by path. Folders exist as long as a file is below them.
pub trait Tree: Sync {
    /// The file at a path; nothing when there is none or a folder stands there.
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError>;

    /// What there is, without its contents.
    fn list(&self) -> Result<Listing, TreeError>;
}

/// A tree that can be changed.
pub trait TreeMut: Tree {
    /// Puts a file at a path, with the folders above it.
    ///
    /// # Errors
    /// [`TreeError::Blocked`] when a folder stands there, or a file where a folder is needed.
    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError>;

    /// Takes a file away, with the folders that become empty; nothing happens when there is none.
    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError>;
}

/// Why a tree could not do what was asked.
#[derive(Debug, Error)]
pub enum TreeError {
    #[error("`{path}` cannot be written: `{by}` stands in its way")]
    Blocked { path: TreePath, by: String },
    #[error("cannot {action} `{path}`")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("the git object {id} of the template cannot be read")]
    Object {
        id: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
