//! Trees: where a repository's files live while a plan is interpreted. Only checked paths get in, no link is followed.

pub mod admit;
pub mod disk;
pub mod ids;
pub mod memory;
pub mod overlay;
pub mod repository;

use crate::model::content::{File, Mode};
use crate::model::path::TreePath;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A set of files by path. Folders exist as long as a file is below them.
pub trait Tree {
    /// The file at a path; nothing when there is none or a folder stands there.
    fn read(&self, path: &TreePath) -> Result<Option<File>, TreeError>;

    /// Puts a file at a path, with the folders above it.
    ///
    /// # Errors
    /// [`TreeError::Blocked`] when a folder stands there, or a file where a folder is needed.
    fn write(&mut self, path: &TreePath, file: File) -> Result<(), TreeError>;

    /// Takes a file away, with the folders that become empty; nothing happens when there is none.
    fn remove(&mut self, path: &TreePath) -> Result<(), TreeError>;

    /// Every file's path and mode, by path.
    fn list(&self) -> Result<Vec<(TreePath, Mode)>, TreeError>;
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
}
