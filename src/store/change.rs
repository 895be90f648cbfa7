//! Changes of a run, by the worker that has its lease or by a person.

use super::id::UserId;
use super::job::JobStep;
use super::lease::Lease;
use super::run::RunStep;
use super::submission::RiskAssessment;
use super::update::{ComparedUpdate, UpdateResult};
use crate::model::digest::GitId;
use serde_json::Value;

/// The author of a change.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// The worker that has the lease; a lost lease changes nothing.
    Worker(&'a Lease),
    /// A user, as the audit log names them.
    Person(&'a UserId),
}

/// A change of a run together with its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunChange {
    /// The worker starts.
    Start,
    /// The repository is published; the product points to it from now on. `statement` is the envelope of the signed
    /// statement about its commit.
    Succeed {
        repo_url: String,
        statement: Option<Value>,
    },
    /// The worker has compared a repository with its new plan.
    Compare { update: Box<ComparedUpdate> },
    /// The update is proposed, or there is nothing to propose.
    FinishUpdate {
        repo_url: Option<String>,
        result: Box<UpdateResult>,
    },
    /// The repository cannot be created. `left` is a sentence about what is or may be left outside.
    Fail { error: String, left: Option<String> },
    /// The worker removed what a cancelled run had created; `left` is a sentence about what it could not remove.
    Withdraw { left: Option<String> },
    /// The worker returns the job to the queue: it stops, or the database or forge cannot be reached.
    HandBack { why: String },
    /// The worker found that the tree needs an approval that is missing, is for another tree, or is by a user whom the
    /// worker's policy does not name; the job goes back to the queue. `refused` is the author of the last one.
    Hold {
        risk: RiskAssessment,
        refused: Option<UserId>,
    },
    /// A person cancels it: at once when no worker has it, else at the worker's next step.
    Cancel,
    /// A person retries a failed run; it continues where its ledger ends.
    Retry,
    /// An administrator approves exactly this tree.
    Approve { tree: GitId, note: Option<String> },
    /// An administrator refuses to approve it, which cancels it.
    Refuse { note: Option<String> },
    /// An administrator has reviewed its result. Nothing waits for it.
    Review { note: Option<String> },
    /// A person sets what differs from the plan on the forge again: the names of these settings.
    SetSettings { settings: Vec<String> },
    /// Everything left outside was removed.
    CleanUp,
    /// Everything left outside belongs to a person from now on.
    Release,
}

impl RunChange {
    /// The step of the run; `None` for a change that does not move the run.
    pub fn run_step(&self) -> Option<RunStep> {
        Some(match self {
            Self::Start => RunStep::Start,
            Self::Succeed { .. } | Self::FinishUpdate { .. } => RunStep::Succeed,
            Self::Fail { left, .. } => RunStep::Fail {
                left: left.is_some(),
            },
            Self::Withdraw { left } => RunStep::Withdraw {
                left: left.is_some(),
            },
            Self::HandBack { .. } | Self::Hold { .. } => RunStep::Requeue,
            Self::Retry => RunStep::Retry,
            Self::CleanUp | Self::Release => RunStep::CleanUp,
            // For a stopped run only the job is cancelled; its worker, or the store when no worker has it, withdraws the run.
            Self::Compare { .. }
            | Self::Cancel
            | Self::Refuse { .. }
            | Self::Approve { .. }
            | Self::Review { .. }
            | Self::SetSettings { .. } => return None,
        })
    }

    /// The step of the job; `None` where the job has already ended or does not change.
    pub fn job_step(&self) -> Option<JobStep> {
        Some(match self {
            Self::Start => JobStep::Start,
            Self::Succeed { .. } | Self::FinishUpdate { .. } => JobStep::Succeed,
            Self::Fail { .. } => JobStep::Fail,
            Self::HandBack { .. } | Self::Hold { .. } => JobStep::Requeue,
            Self::Cancel | Self::Refuse { .. } => JobStep::Cancel,
            Self::Retry => JobStep::Retry,
            Self::Compare { .. }
            | Self::Withdraw { .. }
            | Self::Approve { .. }
            | Self::Review { .. }
            | Self::SetSettings { .. }
            | Self::CleanUp
            | Self::Release => return None,
        })
    }

    /// The participle of the change, as in "it cannot be cancelled".
    pub fn participle(&self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Compare { .. } => "compared",
            Self::Succeed { .. } | Self::FinishUpdate { .. } => "finished",
            Self::Fail { .. } => "failed",
            Self::Withdraw { .. } => "withdrawn",
            Self::HandBack { .. } => "handed back",
            Self::Hold { .. } => "held",
            Self::Cancel => "cancelled",
            Self::Retry => "retried",
            Self::Approve { .. } => "approved",
            Self::Refuse { .. } => "refused",
            Self::Review { .. } => "reviewed",
            Self::SetSettings { .. } => "set up again",
            Self::CleanUp => "cleaned up",
            Self::Release => "released",
        }
    }
}
