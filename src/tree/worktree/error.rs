//! Errors of adding files to an existing repository.

use crate::error::{Class, Explain, Hint};
use crate::hint;
use crate::tree::TreeError;
use crate::tree::edited::EditError;
use crate::tree::git_error::{GitTreeError, GixError};
use crate::tree::ids::ObjectsError;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An error of opening a work tree or of committing to it. Nothing was added.
#[derive(Debug, Error)]
pub enum WorkTreeError {
    #[error("`{path}` is a symbolic link")]
    Link { path: PathBuf },
    #[error("`{path}` is not the top folder of a git repository")]
    NotATop { path: PathBuf },
    #[error("`{path}` is a bare repository, without files")]
    Bare { path: PathBuf },
    #[error("`{path}` is in the middle of another operation: {what}")]
    Busy { path: PathBuf, what: String },
    #[error("`{path}` is on no branch")]
    Detached { path: PathBuf },
    #[error("`{path}` has a sparse index")]
    Sparse { path: PathBuf },
    #[error("the index of `{path}` is locked: another git is running there, or was stopped")]
    Locked { path: PathBuf },
    #[error("`{path}` has changed since it was read")]
    Changed { path: PathBuf },
    #[error("stopped by a signal")]
    Stopped,
    #[error(transparent)]
    Repository(#[from] GitTreeError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error("cannot {action} of `{path}`")]
    Git {
        action: &'static str,
        path: PathBuf,
        source: GixError,
    },
}

impl WorkTreeError {
    /// The error of an action of gix.
    pub(super) fn git<E: Into<GixError>>(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Self {
        move |error| Self::Git {
            action,
            path: path.to_owned(),
            source: error.into(),
        }
    }
}

impl Explain for WorkTreeError {
    fn class(&self) -> Class {
        match self {
            Self::Link { .. }
            | Self::NotATop { .. }
            | Self::Bare { .. }
            | Self::Busy { .. }
            | Self::Detached { .. }
            | Self::Sparse { .. } => Class::Refused,
            Self::Changed { .. } => Class::Conflict,
            Self::Stopped => Class::Interrupted,
            Self::Repository(error) => error.class(),
            Self::Edit(error) => error.class(),
            Self::Locked { .. } | Self::Tree(_) | Self::Objects(_) | Self::Git { .. } => {
                Class::Environment
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Link { .. } => "worktree_link",
            Self::NotATop { .. } => "worktree_not_a_top",
            Self::Bare { .. } => "worktree_bare",
            Self::Busy { .. } => "worktree_busy",
            Self::Detached { .. } => "worktree_detached",
            Self::Sparse { .. } => "worktree_sparse",
            Self::Locked { .. } => "worktree_locked",
            Self::Changed { .. } => "worktree_changed",
            Self::Stopped => "worktree_stopped",
            Self::Repository(error) => error.code(),
            Self::Edit(error) => error.code(),
            Self::Tree(error) => error.code(),
            Self::Objects(error) => error.code(),
            Self::Git { .. } => "worktree_git",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Link { .. } => hint!("name the folder that it points to"),
            Self::NotATop { .. } | Self::Repository(GitTreeError::NotARepository { .. }) => {
                hint!("name the top folder of a repository; `groundplan new` creates a new one")
            }
            Self::Bare { .. } => hint!("clone it, and name the clone"),
            Self::Busy { .. } => hint!("finish or abort that first; see `git status`"),
            Self::Detached { .. } => hint!("switch to a branch with `git switch`"),
            Self::Sparse { .. } => {
                hint!("write the whole index with `git sparse-checkout init --no-sparse-index`")
            }
            Self::Locked { .. } => hint!(
                "wait until it ends; if no git is running there, remove `index.lock` from its git folder"
            ),
            Self::Changed { .. } => hint!("run it again; nothing was added"),
            Self::Stopped => hint!("nothing was added"),
            Self::Repository(error) => return error.hint(),
            Self::Tree(_) | Self::Objects(_) | Self::Edit(_) | Self::Git { .. } => {
                hint!("check permissions and free space, then run it again")
            }
        })
    }
}
