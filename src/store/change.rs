//! What moves a run: by the worker that holds it, or by a person.

use super::id::UserId;
use super::job::JobStep;
use super::lease::Lease;
use super::run::RunStep;
use super::submission::RiskAssessment;
use crate::model::digest::GitId;

/// In whose name a change is made.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'h> {
    /// The worker that holds the lease; a lost lease changes nothing.
    Worker(&'h Lease),
    /// A person, as the audit log will name them.
    Person(&'h UserId),
}

/// What happens to a run and its job together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunChange {
    /// The worker begins (R114).
    Start,
    /// The repository stands (R115); the product points to it from now on.
    Succeed { repo_url: String },
    /// It cannot be made (R116). `left` says what is or may be outside, in a sentence.
    Fail { error: String, left: Option<String> },
    /// The worker took back what a cancelled run had made; `left` says what it could not.
    Withdraw { left: Option<String> },
    /// The worker gives the job back unfinished: it stops, or the database or forge cannot be reached.
    HandBack { why: String },
    /// The worker found that an approval is needed that is not there, or is about another tree; the job goes back.
    Hold { risk: RiskAssessment },
    /// A person stops it: at once when nobody holds it, else at the worker's next step.
    Cancel,
    /// A person wants a failed run tried again, from where its ledger ends.
    Retry,
    /// An administrator allows exactly this tree.
    Approve { tree: GitId },
    /// What was left is gone.
    CleanUp,
    /// What was left belongs to a person from now on.
    Release,
}

impl RunChange {
    /// What it does to the run. Nothing for changes that only write beside it.
    pub fn run_step(&self) -> Option<RunStep> {
        Some(match self {
            Self::Start => RunStep::Start,
            Self::Succeed { .. } => RunStep::Succeed,
            Self::Fail { left, .. } => RunStep::Fail {
                left: left.is_some(),
            },
            Self::Withdraw { left } => RunStep::Withdraw {
                left: left.is_some(),
            },
            Self::HandBack { .. } | Self::Hold { .. } => RunStep::Requeue,
            Self::Retry => RunStep::Retry,
            Self::CleanUp | Self::Release => RunStep::CleanUp,
            // The job alone is cancelled; whoever holds it, or the store when nobody does, withdraws the run.
            Self::Cancel | Self::Approve { .. } => return None,
        })
    }

    /// What it does to the job. Nothing where the job has ended before or is not concerned.
    pub fn job_step(&self) -> Option<JobStep> {
        Some(match self {
            Self::Start => JobStep::Start,
            Self::Succeed { .. } => JobStep::Succeed,
            Self::Fail { .. } => JobStep::Fail,
            Self::HandBack { .. } | Self::Hold { .. } => JobStep::Requeue,
            Self::Cancel => JobStep::Cancel,
            Self::Retry => JobStep::Retry,
            Self::Withdraw { .. } | Self::Approve { .. } | Self::CleanUp | Self::Release => {
                return None;
            }
        })
    }
}
