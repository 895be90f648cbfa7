//! Runs: the creation of one repository, from the accepted preview to its end, or the update of one.

use super::id::{JobId, ProductId, RunId, UserId};
use super::job::{JobKind, JobStatus};
use super::submission::{Approval, RiskAssessment};
use super::update::RunUpdate;
use crate::model::digest::Digest;
use crate::publish::ledger::LedgerEntry;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    Pending,
    Running,
    Succeeded,
    /// Nothing is left outside.
    Failed,
    /// Something is, or may be, left outside.
    FailedNeedsCleanup,
    /// Nothing is left outside.
    Cancelled,
}

/// A step of a run. With `left`, something is or may be left outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStep {
    Start,
    Succeed,
    Fail {
        left: bool,
    },
    Withdraw {
        left: bool,
    },
    Requeue,
    Retry,
    /// Everything left outside was removed or was given to a person.
    CleanUp,
}

/// The current state of a run and its job. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub id: RunId,
    pub job: JobId,
    pub user: UserId,
    pub product: ProductId,
    /// `BOOTSTRAP_REPO` for the creation of a repository, `UPDATE_REPO` for the update of one.
    pub kind: JobKind,
    pub status: RunStatus,
    pub job_status: JobStatus,
    /// `owner/name` that was asked for.
    #[serde(rename = "place")]
    pub repo: String,
    pub tree: Option<String>,
    pub recipe_hash: Digest,
    pub catalog_version: Digest,
    /// The number of times it was requeued.
    pub retries: i64,
    pub worker: Option<String>,
    /// True while a worker has a valid lease.
    pub is_held: bool,
    /// `owner/name` of the created repository, in the forge's spelling.
    pub full_name: Option<String>,
    pub repo_url: Option<String>,
    pub error: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    /// `None` when no worker and no submission has assessed it.
    #[serde(rename = "tiering")]
    pub risk: Option<RiskAssessment>,
    pub approval: Option<Approval>,
    /// The update of a run of kind `UPDATE_REPO`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<RunUpdate>,
}

/// The input of a job for its worker. Plan and report are as they were stored; the reader validates them against their
/// schemas again.
#[derive(Clone, Debug)]
pub struct JobPayload {
    pub run: Run,
    /// The accepted plan.
    pub plan: Value,
    /// The accepted report, with the tree and commit ids that were promised.
    pub report: Value,
    /// The ledger of effects so far.
    pub entries: Vec<LedgerEntry>,
    /// The user's sealed token.
    pub sealed_token: Option<String>,
    /// True if the installation names the author of the run's approval as administrator; a policy may do so too.
    pub is_approver_administrator: bool,
    /// True if the installation names the user of the run as administrator; a policy may do so too.
    pub is_user_administrator: bool,
}

/// Conditions on runs; all must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    pub id: Option<RunId>,
    /// The beginning of the id.
    pub id_prefix: Option<String>,
    pub user: Option<UserId>,
    pub product: Option<ProductId>,
    pub statuses: Vec<RunStatus>,
    /// Only runs that wait for an approval.
    pub awaiting_approval: bool,
    /// Only runs of this version of a catalogue.
    pub catalog_version: Option<Digest>,
    /// Only runs of tier medium that have begun and have no review.
    pub awaiting_review: bool,
    /// Only runs that a worker has the lease of.
    pub held: bool,
    /// Only runs that follow this one in the list, which exists.
    pub after: Option<RunId>,
    /// Maximum number of runs; default 100.
    pub limit: Option<u32>,
}

impl Run {
    /// True while it waits for the approval of an administrator.
    pub fn awaits_approval(&self) -> bool {
        self.status.is_active()
            && self
                .risk
                .as_ref()
                .is_some_and(|risk| risk.needs_approval(self.approval.as_ref()))
    }
}

impl RunFilter {
    /// The run with an id.
    pub fn one(id: &RunId) -> Self {
        Self {
            id: Some(id.clone()),
            ..Self::default()
        }
    }
}

impl RunStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::FailedNeedsCleanup,
        Self::Cancelled,
    ];

    /// The status after a step; `None` when the step is not allowed. Nothing else changes the status of a run.
    #[must_use]
    pub fn after(self, step: RunStep) -> Option<Self> {
        let ended = |clean: Self, left: bool| {
            if left {
                Self::FailedNeedsCleanup
            } else {
                clean
            }
        };
        Some(match (self, step) {
            // Also from running: another program may have requeued the job without looking at the run.
            (Self::Pending | Self::Running, RunStep::Start) => Self::Running,
            (Self::Running, RunStep::Succeed) => Self::Succeeded,
            (Self::Pending | Self::Running, RunStep::Fail { left }) => ended(Self::Failed, left),
            (Self::Pending | Self::Running, RunStep::Withdraw { left }) => {
                ended(Self::Cancelled, left)
            }
            (Self::Pending | Self::Running, RunStep::Requeue)
            | (Self::Failed | Self::FailedNeedsCleanup, RunStep::Retry) => Self::Pending,
            (Self::FailedNeedsCleanup, RunStep::CleanUp) => Self::Failed,
            _ => return None,
        })
    }

    /// True if a worker may still change it.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }

    /// The name in a row.
    pub fn as_db(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::FailedNeedsCleanup => "FAILED_NEEDS_CLEANUP",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The status with a name; `None` for an unknown name.
    pub fn of_db(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_db() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_leaves_something_outside_is_never_called_clean() {
        for status in [RunStatus::Pending, RunStatus::Running] {
            for step in [
                RunStep::Fail { left: true },
                RunStep::Withdraw { left: true },
            ] {
                assert_eq!(status.after(step), Some(RunStatus::FailedNeedsCleanup));
            }
        }
    }

    #[test]
    fn success_and_cancellation_are_final() {
        for status in [RunStatus::Succeeded, RunStatus::Cancelled] {
            for step in [
                RunStep::Start,
                RunStep::Succeed,
                RunStep::Fail { left: false },
                RunStep::Withdraw { left: false },
                RunStep::Requeue,
                RunStep::Retry,
                RunStep::CleanUp,
            ] {
                assert_eq!(status.after(step), None, "{status:?} {step:?}");
            }
        }
    }

    #[test]
    fn each_status_has_one_name_in_rows() {
        for status in RunStatus::ALL {
            assert_eq!(RunStatus::of_db(status.as_db()), Some(status));
        }
    }
}
