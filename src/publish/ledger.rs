//! The record of all changes on a forge: the intent before a step, the outcome after it.

use crate::base::clock::Clock;
use crate::error::{Class, Explain, Hint};
use crate::forge::marker::Marker;
use crate::forge::ownership::OwnershipProof;
use crate::forge::repository::{RepoPath, RepositoryId};
use crate::model::digest::GitId;
use crate::model::preflight::OwnerKind;
use crate::model::repository_settings::RepositorySettings;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// An append-only list of entries. Once `record` returns, the entry survives a crash of the process and of the machine.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Appends an entry.
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError>;

    /// All entries in order.
    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError>;
}

/// A request to publish one built commit. Random and time-dependent values of a run are chosen here, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    #[serde(rename = "place")]
    pub repo: RepoPath,
    #[serde(rename = "kind")]
    pub owner_kind: OwnerKind,
    pub marker: Marker,
    /// The first and only commit of `main`.
    pub commit: GitId,
    /// The tree of the commit.
    pub tree: GitId,
    /// The description that replaces the marker at the end.
    pub description: String,
    /// The settings on the forge.
    #[serde(default, skip_serializing_if = "RepositorySettings::is_empty")]
    pub settings: Box<RepositorySettings>,
    /// Seconds since 1970.
    #[serde(rename = "asked_at")]
    pub requested_at: i64,
}

/// One line of a ledger. Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerEntry {
    /// The first entry.
    #[serde(rename = "begun")]
    Started {
        #[serde(rename = "order")]
        request: PublishRequest,
    },
    /// The first entry of an update; another one follows if the commit is computed again for a repository that moved on.
    UpdateStarted { update: ProposedCommit },
    /// A step is about to be tried.
    Intended {
        step: PublishStep,
        nonce: u64,
        at: i64,
    },
    /// The outcome of the step with the same nonce.
    #[serde(rename = "ended")]
    Finished {
        nonce: u64,
        at: i64,
        outcome: StepOutcome,
    },
}

/// The commit of an update of a repository that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedCommit {
    #[serde(rename = "place")]
    pub repo: RepoPath,
    pub branch: String,
    pub commit: GitId,
    /// The tree of the commit.
    pub tree: GitId,
    /// The commit of the repository that it follows.
    pub head: GitId,
}

/// A change on the forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishStep {
    Create,
    Push,
    Configure,
    Describe,
    Delete,
    /// The branch of an update and its pull request: a step that can be repeated, because both are found by their names.
    Propose,
}

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepOutcome {
    /// The repository was created now, or earlier by the same run.
    #[serde(rename = "made")]
    Created {
        #[serde(rename = "made")]
        repo: CreatedRepo,
    },
    Done,
    /// The step had no effect.
    NotDone {
        message: String,
    },
    /// The step may have had its effect.
    Unknown {
        message: String,
    },
}

/// The repository that a run created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatedRepo {
    pub id: RepositoryId,
    pub full_name: String,
    /// Seconds since 1970, by the forge's clock.
    pub created_at: i64,
}

/// An error of a ledger, by what the caller may still do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LedgerError {
    #[error("the ledger `{ledger}` cannot be {action}: {message}")]
    Storage {
        ledger: String,
        action: &'static str,
        message: String,
    },
    #[error("another process uses the ledger `{ledger}`")]
    Locked { ledger: String },
    #[error("line {line} of the ledger is not valid: {message}")]
    Damaged { line: usize, message: String },
    #[error("entry {entry} of the ledger does not follow from the entries before it")]
    OutOfOrder { entry: usize },
    /// The caller must not change anything of the run any more.
    #[error("another worker has the run now")]
    LeaseLost,
    /// No new step may begin; the repository is to be removed.
    #[error("the run was cancelled")]
    Cancelled,
    /// No new step may begin; the run continues later.
    #[error("the worker is shutting down")]
    Stopping,
    /// The storage of the ledger does not answer now.
    #[error("the ledger cannot be reached: {message}")]
    Unavailable { message: String },
}

impl PublishRequest {
    /// A request without settings that is dated now.
    pub fn new(
        repo: RepoPath,
        owner_kind: OwnerKind,
        marker: Marker,
        commit: GitId,
        tree: GitId,
        description: String,
        clock: &dyn Clock,
    ) -> Self {
        Self {
            repo,
            owner_kind,
            marker,
            commit,
            tree,
            description,
            settings: Box::default(),
            requested_at: clock.now() / 1000,
        }
    }

    /// The properties that prove that a repository belongs to this request.
    pub(crate) fn proof(&self) -> OwnershipProof {
        OwnershipProof {
            repo: self.repo.clone(),
            marker: self.marker.clone(),
            commit: self.commit.clone(),
        }
    }
}

impl Explain for LedgerError {
    fn class(&self) -> Class {
        match self {
            Self::Storage { .. }
            | Self::Locked { .. }
            | Self::Damaged { .. }
            | Self::OutOfOrder { .. } => Class::Environment,
            Self::LeaseLost | Self::Cancelled => Class::Conflict,
            Self::Stopping => Class::Interrupted,
            Self::Unavailable { .. } => Class::Retryable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Storage { .. } => "ledger_storage",
            Self::Locked { .. } => "ledger_locked",
            Self::Damaged { .. } => "ledger_damaged",
            Self::OutOfOrder { .. } => "ledger_out_of_order",
            Self::LeaseLost => "ledger_lease_lost",
            Self::Cancelled => "ledger_cancelled",
            Self::Stopping => "ledger_stopping",
            Self::Unavailable { .. } => "ledger_unavailable",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(Hint::from(match self {
            Self::Storage { .. } => "check its path, permissions and free space",
            Self::Locked { .. } => "wait until the other process ends, then try again",
            Self::Damaged { .. } | Self::OutOfOrder { .. } => {
                "read which repository it names, and remove that repository by hand"
            }
            Self::LeaseLost | Self::Cancelled => "check the status of the run",
            Self::Stopping | Self::Unavailable { .. } => "try again later",
        }))
    }
}

impl fmt::Display for PublishStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "create the repository",
            Self::Push => "push",
            Self::Configure => "set the settings of the repository",
            Self::Describe => "set the description",
            Self::Delete => "remove the repository",
            Self::Propose => "propose the update",
        })
    }
}
