//! The results of an attempt: its outcome, and the errors by what the worker does next.

use super::log::LogLevel;
use crate::error::{Class, Explain, chain};
use crate::publish::error::PublishError;
use crate::publish::ledger::LedgerError;
use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::submission::RiskAssessment;
use std::error::Error;
use std::iter;

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
    #[error("an approval is needed: {}", risk.reasons.join("; "))]
    AwaitingApproval {
        risk: RiskAssessment,
        /// The author of an approval whom the policy does not name.
        refused: Option<UserId>,
    },
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
    /// The severity of the outcome in the log.
    pub fn severity(self) -> LogLevel {
        match self {
            Self::Succeeded
            | Self::Cancelled { remains: false }
            | Self::AwaitingApproval
            | Self::HandedBack => LogLevel::Info,
            Self::Failed { remains: false }
            | Self::Refused
            | Self::RetryLater
            | Self::LeaseLost => LogLevel::Warning,
            Self::Failed { remains: true } | Self::Cancelled { remains: true } => LogLevel::Error,
        }
    }

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
    /// The severity of the error in the log.
    pub(super) fn severity(&self) -> LogLevel {
        match self {
            Self::AwaitingApproval { .. } | Self::Cancelled | Self::Stopping => LogLevel::Info,
            _ => LogLevel::Warning,
        }
    }

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

impl Explain for CleanupError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "cleanup_failed"
    }
}

/// A state of the lease, the run or the database that is stronger than the class of an error.
enum Fence {
    LeaseLost,
    Cancelled,
    Stopping,
    DatabaseUnavailable,
    /// The row of the run or the ledger is at fault, so that no other run is affected.
    Permanent,
}

impl<E: Explain> From<E> for AttemptError {
    fn from(error: E) -> Self {
        let fence = iter::successors(Some(&error as &dyn Explain), |error| error.inner())
            .find_map(Fence::of);
        let class = error.class();
        let cause = Box::new(error);
        match (fence, class) {
            (Some(Fence::LeaseLost), _) => Self::LeaseLost,
            (Some(Fence::Cancelled), _) => Self::Cancelled,
            (Some(Fence::Stopping), _) | (None, Class::Interrupted) => Self::Stopping,
            (Some(Fence::DatabaseUnavailable), _) => Self::DatabaseUnavailable(cause),
            (None, Class::Credential) => Self::Credential(cause),
            (None, Class::Retryable | Class::Environment) => Self::Transient(cause),
            (Some(Fence::Permanent), _)
            | (None, Class::Refused | Class::Usage | Class::Conflict) => Self::Permanent(cause),
        }
    }
}

impl Fence {
    fn of(error: &dyn Explain) -> Option<Self> {
        let error: &dyn Error = error;
        let of_store = |error: &StoreError| match error {
            StoreError::LeaseLost { .. } => Self::LeaseLost,
            StoreError::Cancelled { .. } => Self::Cancelled,
            error if error.is_transient() => Self::DatabaseUnavailable,
            _ => Self::Permanent,
        };
        let of_ledger = |error: &LedgerError| match error {
            LedgerError::LeaseLost => Self::LeaseLost,
            LedgerError::Cancelled => Self::Cancelled,
            LedgerError::Stopping => Self::Stopping,
            LedgerError::Unavailable { .. } => Self::DatabaseUnavailable,
            LedgerError::Storage { .. }
            | LedgerError::Locked { .. }
            | LedgerError::Damaged { .. }
            | LedgerError::OutOfOrder { .. } => Self::Permanent,
        };
        let store = error.downcast_ref().map(of_store);
        store.or_else(|| error.downcast_ref().map(of_ledger))
    }
}
