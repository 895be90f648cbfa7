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
    /// The forge was not reached.
    #[error("the push was not sent: {message}")]
    NotSent { message: String },
    /// The TLS handshake failed.
    #[error("the push was not sent: {message}")]
    Insecure { message: String },
    /// The push may have arrived.
    #[error("the outcome of the push is unknown: {message}")]
    Unknown { message: String },
}

impl Explain for PushError {
    fn class(&self) -> Class {
        match self {
            Self::Refused { .. } => Class::Refused,
            Self::Insecure { .. } => Class::Environment,
            Self::NotSent { .. } | Self::Unknown { .. } => Class::Retryable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "push_refused",
            Self::NotSent { .. } => "push_not_sent",
            Self::Insecure { .. } => "push_insecure",
            Self::Unknown { .. } => "push_outcome_unknown",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(Hint::from(match self {
            Self::Refused { .. } => "see the messages of git and of the forge",
            Self::Insecure { .. } => {
                "for a private certificate authority, set SSL_CERT_FILE to its certificate or SSL_CERT_DIR to a folder of certificates"
            }
            Self::NotSent { .. } | Self::Unknown { .. } => "try again later",
        }))
    }
}
