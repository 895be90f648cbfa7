//! The results of an attempt: its outcome, and the errors by what the worker does next.

use super::build::BuildError;
use super::context::UserTokenError;
use crate::engine::PreviewError;
use crate::error::{Class, Explain as _, chain};
use crate::forge::error::ForgeError;
use crate::forge::transport::ClientError;
use crate::preflight::target::TargetError;
use crate::publish::error::{FailureCause, PublishError};
use crate::publish::ledger::LedgerError;
use crate::publish::push::PushError;
use crate::resolve::stored::StoredPlanError;
use crate::store::error::StoreError;
use crate::store::submission::RiskAssessment;
use crate::template::TemplateError;
use crate::tree::repository::RepositoryError;
use std::error::Error;

/// The outcome of an attempt at a claimed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttemptOutcome {
    Succeeded,
    /// The run failed and would fail again. `remains`: a repository is or may be left on the forge.
    Failed {
        remains: bool,
    },
    /// The run failed because of the user's token.
    Refused,
    Cancelled {
        remains: bool,
    },
    /// The run waits for an approval.
    AwaitingApproval,
    /// The job went back into the queue because the program stops.
    HandedBack,
    /// The run failed or went back into the queue because a service that all runs need was unavailable.
    RetryLater,
    /// Another worker has or may have the job. Nothing was recorded.
    LeaseLost,
}

/// The cause of an attempt's end.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// An error that ends an attempt, by what the worker does next.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttemptError {
    /// The run fails; it would fail again.
    #[error("{}", chain(&**.0))]
    Permanent(Cause),
    /// The user's token is missing, or the forge rejects it.
    #[error("{}", chain(&**.0))]
    Credential(Cause),
    /// A service that all runs need is unavailable; a later attempt may succeed.
    #[error("{}", chain(&**.0))]
    Transient(Cause),
    #[error("{}", chain(&**.0))]
    DatabaseUnavailable(Cause),
    #[error("an approval is needed: {}", .0.reasons.join("; "))]
    AwaitingApproval(RiskAssessment),
    #[error("the run was cancelled")]
    Cancelled,
    #[error("the worker is shutting down")]
    Stopping,
    /// Nothing may be recorded.
    #[error("the lease is lost")]
    LeaseLost,
}

/// The reason why a repository was not removed, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CleanupError(pub(super) String);

impl AttemptOutcome {
    /// The value of the label `outcome` in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed { remains: false } => "failed",
            Self::Failed { remains: true } | Self::Cancelled { remains: true } => "needs_cleanup",
            Self::Refused => "refused",
            Self::Cancelled { remains: false } => "cancelled",
            Self::AwaitingApproval => "held",
            Self::HandedBack => "handed_back",
            Self::RetryLater => "troubled",
            Self::LeaseLost => "lost",
        }
    }
}

impl AttemptError {
    /// True if publishing or cleaning up failed, so that the text reports the repository on the forge.
    pub(super) fn is_publish_error(&self) -> bool {
        match self {
            Self::Permanent(cause) | Self::Credential(cause) | Self::Transient(cause) => {
                cause.is::<PublishError>()
            }
            _ => false,
        }
    }
}

impl From<StoreError> for AttemptError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::DatabaseUnavailable(error.into()),
            StoreError::LeaseLost { .. } => Self::LeaseLost,
            StoreError::Cancelled { .. } => Self::Cancelled,
            _ => Self::Permanent(error.into()),
        }
    }
}

impl From<LedgerError> for AttemptError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::LeaseLost => Self::LeaseLost,
            LedgerError::Cancelled => Self::Cancelled,
            LedgerError::Stopping => Self::Stopping,
            LedgerError::Unavailable { .. } => Self::DatabaseUnavailable(error.into()),
            LedgerError::Storage { .. }
            | LedgerError::Locked { .. }
            | LedgerError::Damaged { .. }
            | LedgerError::OutOfOrder { .. } => Self::Permanent(error.into()),
        }
    }
}

impl From<PublishError> for AttemptError {
    fn from(error: PublishError) -> Self {
        let cause = match &error {
            PublishError::NotCreated { cause }
            | PublishError::RolledBack { cause }
            | PublishError::Incomplete { cause, .. } => cause,
            PublishError::Ledger(ledger) => return ledger.clone().into(),
            PublishError::AlreadyPublished { .. } | PublishError::LedgerInUse => {
                return Self::Permanent(error.into());
            }
        };
        match cause {
            FailureCause::Ledger(ledger) => ledger.clone().into(),
            FailureCause::Forge { error: forge, .. } | FailureCause::Read(forge) => {
                of_forge(&forge.clone(), error.into())
            }
            FailureCause::Push(PushError::Unknown { .. }) | FailureCause::NotVisible => {
                Self::Transient(error.into())
            }
            FailureCause::Push(PushError::Refused { .. })
            | FailureCause::Taken { .. }
            | FailureCause::Redirected
            | FailureCause::NotOurs(_)
            | FailureCause::Differs { .. } => Self::Permanent(error.into()),
        }
    }
}

impl From<TargetError> for AttemptError {
    fn from(error: TargetError) -> Self {
        match &error {
            TargetError::Forge(forge) => of_forge(&forge.clone(), error.into()),
            TargetError::MissingScopes { .. } => Self::Credential(error.into()),
            TargetError::OtherUser { .. } => Self::Permanent(error.into()),
        }
    }
}

fn of_forge(error: &ForgeError, cause: Cause) -> AttemptError {
    match error.class() {
        Class::Credential => AttemptError::Credential(cause),
        Class::Retryable | Class::Environment => AttemptError::Transient(cause),
        Class::Refused | Class::Usage | Class::Conflict | Class::Interrupted => {
            AttemptError::Permanent(cause)
        }
    }
}

impl From<TemplateError> for AttemptError {
    fn from(error: TemplateError) -> Self {
        if error.is_worth_retrying() {
            Self::Transient(error.into())
        } else {
            Self::Permanent(error.into())
        }
    }
}

impl From<StoredPlanError> for AttemptError {
    fn from(error: StoredPlanError) -> Self {
        Self::Permanent(error.into())
    }
}

impl From<UserTokenError> for AttemptError {
    fn from(error: UserTokenError) -> Self {
        Self::Credential(error.into())
    }
}

impl From<ClientError> for AttemptError {
    fn from(error: ClientError) -> Self {
        Self::Transient(error.into())
    }
}

impl From<PreviewError> for AttemptError {
    fn from(error: PreviewError) -> Self {
        Self::Permanent(error.into())
    }
}

impl From<RepositoryError> for AttemptError {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::Io { .. } => Self::Transient(error.into()),
            RepositoryError::Stopped => Self::Stopping,
            _ => Self::Permanent(error.into()),
        }
    }
}

impl From<BuildError> for AttemptError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Folder(_) | BuildError::Random(_) => Self::Transient(error.into()),
            BuildError::Changed { .. } | BuildError::Crashed(_) => Self::Permanent(error.into()),
        }
    }
}
