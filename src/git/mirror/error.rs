//! Why a commit is not in the cache, by what one can do about it.

use super::repository::Unreadable;
use crate::git::GitError;
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the template cache could not do what was asked.
#[derive(Debug, Error)]
pub enum MirrorError {
    #[error("{error}")]
    Git {
        error: GitError,
        /// Where the reference led when it was last asked for; that commit is in the cache.
        older: Option<GitId>,
    },
    #[error("`{reference}` of `{url}` is not in the template cache")]
    NotCached { url: RemoteUrl, reference: RefName },
    #[error("`{path}` in the template cache is damaged")]
    Broken { path: PathBuf, source: Unreadable },
    #[error("`{reference}` of `{url}` leads to no commit")]
    NotACommit { url: RemoteUrl, reference: RefName },
    #[error("`{reference}` of `{url}` has moved: planned was commit {planned}, now it is {found}")]
    Moved {
        url: RemoteUrl,
        reference: RefName,
        planned: GitId,
        found: GitId,
    },
    #[error("another process is working on `{path}`")]
    Busy { path: PathBuf },
    #[error("`{path}` is not a folder of the template cache, and is left as it is")]
    NotOurs { path: PathBuf },
    #[error("cannot {action} `{path}` in the template cache")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl MirrorError {
    /// An I/O error with what was tried on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Whether a signal ended it.
    pub fn is_stop(&self) -> bool {
        matches!(
            self,
            Self::Git {
                error: GitError::Stopped,
                ..
            }
        )
    }

    /// Whether the same request may succeed later.
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Git { error, .. } => error.is_worth_retrying(),
            Self::Busy { .. } => true,
            Self::NotCached { .. }
            | Self::Broken { .. }
            | Self::NotACommit { .. }
            | Self::Moved { .. }
            | Self::NotOurs { .. }
            | Self::Io { .. } => false,
        }
    }
}
