//! Errors of publishing, by what they leave on the forge.

use super::ledger::{LedgerError, PublishStep};
use super::push::PushError;
use super::remains::Remains;
use crate::error::{Class, Explain, Hint, Setting};
use crate::forge::error::ForgeError;
use crate::forge::ownership::OwnershipError;
use crate::forge::settings::SettingsError;
use crate::hint;
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
    Settings(Box<SettingsError>),
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

impl Explain for PublishError {
    fn class(&self) -> Class {
        match self {
            Self::NotCreated { cause }
            | Self::RolledBack { cause }
            | Self::Incomplete { cause, .. } => cause.class(),
            Self::AlreadyPublished { .. } => Class::Conflict,
            Self::LedgerInUse => Class::Refused,
            Self::Ledger(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotCreated { cause }
            | Self::RolledBack { cause }
            | Self::Incomplete { cause, .. } => cause.code(),
            Self::AlreadyPublished { .. } => "publish_already_published",
            Self::LedgerInUse => "ledger_in_use",
            Self::Ledger(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::AlreadyPublished { .. } => {
                Some("remove it on the forge if it is not needed".into())
            }
            Self::LedgerInUse => Some(hint!("name another file with ", Setting::Ledger)),
            _ => None,
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::NotCreated { cause }
            | Self::RolledBack { cause }
            | Self::Incomplete { cause, .. } => Some(cause),
            Self::Ledger(error) => Some(error),
            Self::AlreadyPublished { .. } | Self::LedgerInUse => None,
        }
    }
}

impl Explain for FailureCause {
    fn class(&self) -> Class {
        match self {
            Self::Taken { .. } | Self::Redirected | Self::NotOurs(_) | Self::Differs { .. } => {
                Class::Refused
            }
            Self::NotVisible => Class::Retryable,
            Self::Forge { error, .. } | Self::Read(error) => error.class(),
            Self::Push(error) => error.class(),
            Self::Settings(error) => error.class(),
            Self::Ledger(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "publish_name_taken",
            Self::Redirected => "publish_name_redirects",
            Self::NotVisible => "publish_not_visible",
            Self::NotOurs(_) => "publish_not_ours",
            Self::Differs { .. } => "publish_content_differs",
            Self::Forge { error, .. } | Self::Read(error) => error.code(),
            Self::Push(error) => error.code(),
            Self::Settings(error) => error.code(),
            Self::Ledger(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Taken { .. } | Self::Redirected => {
                hint!("choose another name with ", Setting::Repo)
            }
            Self::NotVisible => "try again later".into(),
            Self::NotOurs(_) | Self::Differs { .. } => {
                "look at the repository: another user may have changed it".into()
            }
            Self::Forge { .. }
            | Self::Read(_)
            | Self::Push(_)
            | Self::Settings(_)
            | Self::Ledger(_) => return None,
        })
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::Forge { error, .. } | Self::Read(error) => Some(error),
            Self::Push(error) => Some(error),
            Self::Settings(error) => Some(error.as_ref()),
            Self::Ledger(error) => Some(error),
            _ => None,
        }
    }
}
