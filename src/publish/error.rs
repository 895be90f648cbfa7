//! Errors of publishing, by what they leave on the forge.

use super::ledger::{LedgerError, PublishStep};
use super::push::PushError;
use super::remains::Remains;
use crate::forge::error::ForgeError;
use crate::forge::ownership::OwnershipError;
use crate::model::digest::GitId;
use thiserror::Error;

/// An error of publishing or of a cleanup. The variant states the condition of the forge.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PublishError {
    #[error("{cause}; nothing was created")]
    NotCreated { cause: FailureCause },
    #[error("{cause}; the new repository was removed")]
    RolledBack { cause: FailureCause },
    #[error("{cause}; {remains}")]
    Incomplete {
        cause: FailureCause,
        remains: Box<Remains>,
    },
    /// The run was published earlier; a cleanup removes unfinished repositories only.
    #[error("`{full_name}` is published and is not removed")]
    AlreadyPublished { full_name: String },
    #[error("the ledger belongs to another run")]
    LedgerInUse,
    /// The ledger failed before anything was changed on the forge.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The reason why a step of publishing failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FailureCause {
    #[error("cannot {step}: {error}")]
    Forge {
        step: PublishStep,
        error: ForgeError,
    },
    #[error("cannot read the repository: {0}")]
    Read(ForgeError),
    #[error(transparent)]
    Push(#[from] PushError),
    #[error("`{full_name}` already exists")]
    Taken { full_name: String },
    #[error(
        "the name redirects to a renamed repository, and a new repository would break the redirect"
    )]
    Redirected,
    #[error("the forge does not show the repository yet")]
    NotVisible,
    #[error("the repository is not as this run created it: {0}")]
    NotOurs(#[from] OwnershipError),
    #[error("the forge has {found} instead of commit {commit} with tree {tree}")]
    Differs {
        found: String,
        commit: GitId,
        tree: GitId,
    },
    #[error(transparent)]
    Ledger(LedgerError),
}

impl PublishError {
    /// The repository that is or may be on the forge after this error.
    pub fn remains(&self) -> Option<&Remains> {
        match self {
            Self::Incomplete { remains, .. } => Some(remains),
            _ => None,
        }
    }

    /// True if the run has started, so that its ledger shows what it leaves on the forge.
    pub fn is_about_forge(&self) -> bool {
        self.leaves_nothing() || self.remains().is_some()
    }

    /// True if the run has no repository on the forge.
    pub fn leaves_nothing(&self) -> bool {
        matches!(self, Self::NotCreated { .. } | Self::RolledBack { .. })
    }

    /// The same error with the reason why the repository was not removed.
    pub(super) fn keeping(mut self, error: ForgeError) -> Self {
        if let Self::Incomplete { remains, .. } = &mut self {
            remains.kept = Some(error);
        }
        self
    }
}
