//! What is written down around every effect: the intent before it, the outcome after it.

use crate::forge::marker::Marker;
use crate::forge::repository::{RepoPath, RepositoryId};
use crate::model::digest::GitId;
use crate::model::preflight::OwnerKind;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Keeps entries. Once `record` returns, the entry outlives the process and the machine's power.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Adds an entry.
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError>;

    /// Every entry since the beginning, in order.
    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError>;
}

/// What is to be published where. Everything random or timed about a run is decided here, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    pub place: RepoPath,
    pub kind: OwnerKind,
    pub marker: Marker,
    /// The commit that `main` is to be, and its tree.
    pub commit: GitId,
    pub tree: GitId,
    /// The description that takes the marker's place in the end.
    pub description: String,
    /// In seconds since 1970.
    pub asked_at: i64,
}

/// One line of a ledger. Its times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerEntry {
    Begun {
        order: PublishRequest,
    },
    Intended {
        step: PublishStep,
        nonce: u64,
        at: i64,
    },
    Ended {
        nonce: u64,
        at: i64,
        outcome: StepOutcome,
    },
}

/// What is done outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishStep {
    Create,
    Push,
    Describe,
    Delete,
}

/// How an intended step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepOutcome {
    /// A repository was made, or was found to have been made by this run.
    Made {
        made: CreatedRepo,
    },
    Done,
    /// It certainly has no effect.
    NotDone {
        message: String,
    },
    /// It may have an effect.
    Unknown {
        message: String,
    },
}

/// The repository that a run made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatedRepo {
    pub id: RepositoryId,
    pub full_name: String,
    pub created_at: i64,
}

/// Why a ledger cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LedgerError {
    #[error("the ledger `{ledger}` cannot be {action}: {message}")]
    Storage {
        ledger: String,
        action: &'static str,
        message: String,
    },
    #[error("another process is working with the ledger `{ledger}`")]
    Locked { ledger: String },
    #[error("line {line} of the ledger cannot be understood: {message}")]
    Damaged { line: usize, message: String },
    #[error("entry {at} of the ledger does not follow from those before it")]
    OutOfOrder { at: usize },
    /// Nothing of the run may be touched any more.
    #[error("another worker has the run now")]
    Lost,
    /// Nothing new is begun, and what is there is to be taken back.
    #[error("the run was cancelled")]
    Withdrawn,
    /// Nothing new is begun; the run goes on later.
    #[error("the program is about to stop")]
    Stopping,
    /// It cannot be reached for now.
    #[error("the ledger cannot be reached: {message}")]
    Unavailable { message: String },
}

impl fmt::Display for PublishStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "create the repository",
            Self::Push => "push",
            Self::Describe => "set the description",
            Self::Delete => "remove the repository",
        })
    }
}
