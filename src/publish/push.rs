//! The push of a built commit, as publishing sees it.

use crate::error::{Class, Explain, Hint};
use crate::forge::repository::Remote;
use async_trait::async_trait;
use thiserror::Error;

/// Pushes the built commit as `main`. A push can be repeated, because the commit is always the same.
#[async_trait]
pub trait Push: Send + Sync {
    /// Pushes to a repository that has no branch.
    async fn push(&self, remote: &Remote) -> Result<(), PushError>;
}

/// An error of a push. The implementation of [`Push`] has removed secrets from the message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PushError {
    /// The push had no effect.
    #[error("the push was refused: {message}")]
    Refused { message: String },
    /// The push may have arrived.
    #[error("the outcome of the push is unknown: {message}")]
    Unknown { message: String },
}

impl Explain for PushError {
    fn class(&self) -> Class {
        match self {
            Self::Refused { .. } => Class::Refused,
            Self::Unknown { .. } => Class::Retryable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "push_refused",
            Self::Unknown { .. } => "push_outcome_unknown",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(Hint::from(match self {
            Self::Refused { .. } => "see the messages of git and of the forge",
            Self::Unknown { .. } => "try again later",
        }))
    }
}
