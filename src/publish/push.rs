//! The push, as publishing sees it.

use crate::forge::repository::Remote;
use async_trait::async_trait;
use thiserror::Error;

/// Pushes the built commit as `main`. It can be repeated: the commit is always the same one.
#[async_trait]
pub trait Push: Send + Sync {
    /// Pushes to a repository that is expected to have no branch yet.
    async fn push(&self, remote: &Remote) -> Result<(), PushError>;
}

/// Why a push did not end well. Whoever pushes has scrubbed the message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PushError {
    /// The forge certainly has nothing of it.
    #[error("the push was refused: {message}")]
    Refused { message: String },
    /// The forge may have it.
    #[error("whether the push arrived is unknown: {message}")]
    Unknown { message: String },
}
