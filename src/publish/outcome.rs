//! How publishing ends, and what is left when it fails.

use super::ledger::{LedgerError, PublishStep};
use super::push::PushError;
use crate::forge::error::ForgeError;
use crate::forge::ownership::OwnershipError;
use crate::forge::repository::{Remote, RepoPath, RepositoryId};
use crate::model::digest::GitId;
use std::fmt;
use thiserror::Error;

/// The repository stands, and was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedRepo {
    pub id: RepositoryId,
    pub full_name: String,
    pub remote: Remote,
    pub commit: GitId,
    pub tree: GitId,
}

/// What a cleanup found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanupOutcome {
    /// There was nothing of the run's.
    Nothing,
    Removed(RepositoryId),
}

/// A failed publication, by what is on the forge now.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PublishError {
    /// Nothing of the run is on the forge.
    #[error("{why}; nothing was left behind")]
    NothingLeft { why: FailureCause },
    /// Something is, or may be: it says what and how to remove it.
    #[error("{why}; {left}")]
    Left {
        why: FailureCause,
        left: Box<Remains>,
    },
    /// The run was published before; cleanup does not remove what is finished.
    #[error("`{full_name}` is published and stays")]
    Finished { full_name: String },
    #[error("the ledger belongs to another run: name a new one")]
    InUse,
    /// Nothing was tried.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What went wrong.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FailureCause {
    #[error("cannot {step}: {error}")]
    Forge {
        step: PublishStep,
        error: ForgeError,
    },
    #[error("cannot look at the repository: {0}")]
    Look(ForgeError),
    #[error(transparent)]
    Push(#[from] PushError),
    #[error("`{full_name}` exists and is not of this run")]
    Taken { full_name: String },
    #[error("the name leads to a repository that was renamed, and a new one would cut that off")]
    Redirected,
    #[error("the repository does not show yet")]
    NotShowing,
    #[error("the repository is not as it was made: {0}")]
    Doubtful(#[from] OwnershipError),
    #[error("the forge holds {found} instead of commit {commit} with tree {tree}")]
    Differs {
        found: String,
        commit: GitId,
        tree: GitId,
    },
    #[error(transparent)]
    Ledger(LedgerError),
}

/// The account of what a failed run leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains {
    pub place: RepoPath,
    /// Its number, when the run got to know it.
    pub id: Option<RepositoryId>,
    pub kind: RemainsKind,
    /// The error that prevented the removal, after an attempt to remove it.
    pub kept: Option<ForgeError>,
    /// The command with which a person removes it.
    pub removal: String,
}

/// What may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainsKind {
    /// A repository was asked for and was not seen; it may still appear.
    MayAppear,
    /// A repository without the commit.
    Unfinished,
    /// A repository with the right commit, only not confirmed or without its last description.
    Complete,
}

impl PublishError {
    /// The same, when a repository's number is known that the ledger could not take.
    pub(super) fn knowing(mut self, id: RepositoryId) -> Self {
        if let Self::Left { left, .. } = &mut self {
            left.id = Some(id);
            left.kind = RemainsKind::Unfinished;
        }
        self
    }

    /// The same, with the reason why what is left was not removed.
    pub(super) fn keeping(mut self, error: ForgeError) -> Self {
        if let Self::Left { left, .. } = &mut self {
            left.kept = Some(error);
        }
        self
    }
}

impl fmt::Display for Remains {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match self.kind {
            RemainsKind::MayAppear => {
                write!(formatter, "`{place}` was not seen and may still appear")?;
            }
            RemainsKind::Unfinished => write!(formatter, "`{place}` is left unfinished")?,
            RemainsKind::Complete => write!(formatter, "`{place}` is left with the right commit")?,
        }
        if let Some(id) = self.id {
            write!(formatter, " (number {id})")?;
        }
        if let Some(kept) = &self.kept {
            write!(formatter, ", not removed because {kept}")?;
        }
        write!(formatter, "; to remove it: {}", self.removal)
    }
}
