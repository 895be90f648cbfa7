//! Errors of the template cache, by the remedy.

use crate::error::{Class, Explain, Hint, Setting};
use crate::git::GitError;
use crate::hint;
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An error of the template cache.
#[derive(Debug, Error)]
pub enum MirrorError {
    #[error("{error}")]
    Git {
        error: GitError,
        /// The commit that the cache has from the last answer about the reference.
        older: Option<GitId>,
    },
    #[error("`{reference}` of `{url}` is not in the template cache")]
    NotCached { url: RemoteUrl, reference: RefName },
    #[error("`{path}` in the template cache is damaged")]
    Broken { path: PathBuf, source: Unreadable },
    #[error("`{reference}` of `{url}` is not a commit")]
    NotACommit { url: RemoteUrl, reference: RefName },
    #[error("`{reference}` of `{url}` has moved: planned was commit {planned}, now it is {found}")]
    Moved {
        url: RemoteUrl,
        reference: RefName,
        planned: GitId,
        found: GitId,
    },
    #[error("another process is using `{path}`")]
    Busy { path: PathBuf },
    #[error("`{path}` is not a folder of the template cache and was not changed")]
    NotOurs { path: PathBuf },
    #[error("cannot {action} `{path}` in the template cache")]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// The reason why the repository of a mirror cannot be read.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct Unreadable(Box<dyn std::error::Error + Send + Sync>);

impl Unreadable {
    pub(super) fn of(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl MirrorError {
    /// An I/O error with the action and the path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// True if a signal ended it.
    pub fn is_stop(&self) -> bool {
        self.class() == Class::Interrupted
    }

    /// True if the same request may succeed later.
    pub fn is_worth_retrying(&self) -> bool {
        self.class() == Class::Retryable
    }
}

impl Explain for MirrorError {
    fn class(&self) -> Class {
        match self {
            Self::Git { error, .. } => error.class(),
            Self::NotACommit { .. } | Self::Moved { .. } => Class::Refused,
            Self::Busy { .. } => Class::Retryable,
            Self::NotCached { .. }
            | Self::Broken { .. }
            | Self::NotOurs { .. }
            | Self::Io { .. } => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Git { error, .. } => error.code(),
            Self::NotCached { .. } => "mirror_not_cached",
            Self::Broken { .. } => "mirror_damaged",
            Self::NotACommit { .. } => "mirror_not_a_commit",
            Self::Moved { .. } => "mirror_reference_moved",
            Self::Busy { .. } => "mirror_busy",
            Self::NotOurs { .. } => "mirror_not_ours",
            Self::Io { .. } => "mirror_io",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Git {
                error,
                older: Some(_),
            } if error.class() == Class::Retryable => hint!(
                "try again later, or use the older commit in the cache with ",
                Setting::Offline
            ),
            Self::Git { error, .. } => return error.hint(),
            Self::NotCached { .. } => hint!(
                "run it once without ",
                Setting::Offline,
                ", or run `groundplan mirror add` while there is a network"
            ),
            Self::Broken { .. } => {
                hint!("run it without ", Setting::Offline, ": it is fetched again")
            }
            Self::NotACommit { .. } => hint!("name a branch, a tag or a commit"),
            Self::Moved { .. } => {
                hint!("preview again and check what changed; ask the owner of a tag why it moved")
            }
            Self::Busy { .. } => hint!("wait until it ends, and try again"),
            Self::NotOurs { .. } => hint!(
                "name another folder with ",
                Setting::CacheDir,
                " or GROUNDPLAN_CACHE_DIR"
            ),
            Self::Io { .. } => hint!(
                "check permissions and free space, name another folder with ",
                Setting::CacheDir,
                ", or use the commits in the cache with ",
                Setting::Offline
            ),
        })
    }
}
