//! How an attempt ends, by what the worker does next.

use super::context::TokenError;
use crate::engine::PreviewError;
use crate::error::chain;
use crate::forge::error::{Denial, ForgeError};
use crate::forge::http::ClientError;
use crate::preflight::place::PlaceError;
use crate::publish::ledger::LedgerError;
use crate::publish::outcome::{FailureCause, PublishError};
use crate::publish::push::PushError;
use crate::resolve::stored::StoredPlanError;
use crate::store::error::StoreError;
use crate::store::submission::RiskAssessment;
use crate::template::TemplateError;
use crate::tree::repository::RepositoryError;

/// What became of a job that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttemptOutcome {
    Succeeded,
    /// It has failed for a reason of its own; `left` says whether something is left outside.
    Failed {
        left: bool,
    },
    /// It has failed, or went back, because of the user's token.
    Refused,
    Cancelled {
        left: bool,
    },
    /// It waits for an approval.
    Held,
    /// It went back into the queue because the program stops.
    HandedBack,
    /// It failed or went back because something that all runs need was away.
    Troubled,
    /// Another worker has it, or may have it. Nothing was written.
    Lost,
}

/// The end of an attempt before the run succeeded.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttemptError {
    /// The run itself is at fault, and would be every time.
    #[error("{0}")]
    Fault(String),
    /// The token is.
    #[error("{0}")]
    Credential(String),
    /// Something that all runs need is away; it may go on another time.
    #[error("{0}")]
    Passing(String),
    /// The database is, so that nothing can be written.
    #[error("{0}")]
    Away(String),
    /// The run is to be held for an approval.
    #[error("an approval is needed: {}", .0.reasons.join("; "))]
    Hold(RiskAssessment),
    /// What is outside is to be taken back.
    #[error("the run was cancelled")]
    Cancelled,
    /// The program stops.
    #[error("the worker stops")]
    Stopping,
    /// Nothing may be written.
    #[error("the lease is lost")]
    Lost,
}

impl AttemptError {
    /// The same in other words.
    pub(super) fn reworded(self, say: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Fault(text) => Self::Fault(say(&text)),
            Self::Credential(text) => Self::Credential(say(&text)),
            Self::Passing(text) => Self::Passing(say(&text)),
            Self::Away(text) => Self::Away(say(&text)),
            same @ (Self::Hold(_) | Self::Cancelled | Self::Stopping | Self::Lost) => same,
        }
    }
}

impl AttemptOutcome {
    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed { left: false } => "failed",
            Self::Failed { left: true } | Self::Cancelled { left: true } => "needs_cleanup",
            Self::Refused => "refused",
            Self::Cancelled { left: false } => "cancelled",
            Self::Held => "held",
            Self::HandedBack => "handed_back",
            Self::Troubled => "troubled",
            Self::Lost => "lost",
        }
    }
}

impl From<StoreError> for AttemptError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::Away(chain(&error)),
            StoreError::LeaseLost { .. } => Self::Lost,
            StoreError::Cancelled { .. } => Self::Cancelled,
            other => Self::Fault(chain(&other)),
        }
    }
}

impl From<LedgerError> for AttemptError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Lost => Self::Lost,
            LedgerError::Withdrawn => Self::Cancelled,
            LedgerError::Stopping => Self::Stopping,
            LedgerError::Unavailable { .. } => Self::Away(error.to_string()),
            LedgerError::Storage { .. }
            | LedgerError::Locked { .. }
            | LedgerError::Damaged { .. }
            | LedgerError::OutOfOrder { .. } => Self::Fault(error.to_string()),
        }
    }
}

impl From<PublishError> for AttemptError {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        let why = match error {
            PublishError::NothingLeft { why } | PublishError::Left { why, .. } => why,
            PublishError::Ledger(error) => return error.into(),
            PublishError::Finished { .. } | PublishError::InUse => return Self::Fault(message),
        };
        match why {
            FailureCause::Ledger(error) => error.into(),
            FailureCause::Forge { error, .. } | FailureCause::Look(error) => {
                of_forge(&error, message)
            }
            FailureCause::Push(PushError::Unknown { .. }) | FailureCause::NotShowing => {
                Self::Passing(message)
            }
            FailureCause::Push(PushError::Refused { .. })
            | FailureCause::Taken { .. }
            | FailureCause::Redirected
            | FailureCause::Doubtful(_)
            | FailureCause::Differs { .. } => Self::Fault(message),
        }
    }
}

impl From<PlaceError> for AttemptError {
    fn from(error: PlaceError) -> Self {
        let message = error.to_string();
        match error {
            PlaceError::Forge(error) => of_forge(&error, message),
            PlaceError::Lacks { .. } => Self::Credential(message),
            PlaceError::SomebodyElse { .. } => Self::Fault(message),
        }
    }
}

/// Credentials are concluded from a refusal alone, never from a text.
fn of_forge(error: &ForgeError, message: String) -> AttemptError {
    match error {
        ForgeError::Unauthorized { .. }
        | ForgeError::Forbidden {
            why: Denial::Scopes | Denial::Saml | Denial::ClassicTokens,
            ..
        } => AttemptError::Credential(message),
        ForgeError::RateLimited { .. }
        | ForgeError::Unavailable { .. }
        | ForgeError::OutcomeUnknown { .. }
        | ForgeError::Protocol { .. }
        | ForgeError::Folder { .. } => AttemptError::Passing(message),
        ForgeError::Forbidden { .. }
        | ForgeError::NotFound { .. }
        | ForgeError::NameTaken { .. }
        | ForgeError::Moved
        | ForgeError::Invalid { .. }
        | ForgeError::NotOurs(_) => AttemptError::Fault(message),
    }
}

impl From<TemplateError> for AttemptError {
    fn from(error: TemplateError) -> Self {
        let message = chain(&error);
        if error.is_worth_retrying() {
            Self::Passing(message)
        } else {
            Self::Fault(message)
        }
    }
}

impl From<StoredPlanError> for AttemptError {
    fn from(error: StoredPlanError) -> Self {
        Self::Fault(error.to_string())
    }
}

impl From<TokenError> for AttemptError {
    fn from(error: TokenError) -> Self {
        Self::Credential(error.to_string())
    }
}

impl From<ClientError> for AttemptError {
    fn from(error: ClientError) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<PreviewError> for AttemptError {
    fn from(error: PreviewError) -> Self {
        Self::Fault(chain(&error))
    }
}

impl From<RepositoryError> for AttemptError {
    fn from(error: RepositoryError) -> Self {
        let message = chain(&error);
        match error {
            RepositoryError::Io { .. } => Self::Passing(message),
            RepositoryError::Stopped => Self::Stopping,
            _ => Self::Fault(message),
        }
    }
}

impl From<std::io::Error> for AttemptError {
    fn from(error: std::io::Error) -> Self {
        Self::Passing(format!("the worker's folder cannot be used: {error}"))
    }
}
