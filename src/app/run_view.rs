//! A run as programs see it: status in lower case, and its steps with their states.

use super::runs::RunDetails;
use crate::store::event::{Event, EventKind};
use crate::store::id::{JobId, ProductId, RunId, UserId};
use crate::store::job::{JobKind, job_status_to_api};
use crate::store::run::{Run, RunStatus};
use crate::store::submission::{Approval, RiskAssessment};
use crate::store::update::RunUpdate;
use schemars::JsonSchema;
use serde::Serialize;

/// A run. Times are milliseconds since 1970.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    pub id: RunId,
    pub job: JobId,
    pub user: UserId,
    pub product: ProductId,
    /// `BOOTSTRAP_REPO` for the creation of a repository, `UPDATE_REPO` for the update of one.
    pub kind: JobKind,
    /// `pending`, `running`, `succeeded`, `failed`, `failed_needs_cleanup` or `cancelled`.
    pub status: &'static str,
    pub job_status: &'static str,
    /// `owner/name` of the repository, as requested.
    pub repo: String,
    /// The address of the repository, once the run has succeeded.
    pub repo_url: Option<String>,
    pub tree_id: Option<String>,
    /// `owner/name` of each repository that a failed run left, or may have left, on the forge.
    pub left: Vec<String>,
    /// The steps so far, in order.
    pub steps: Vec<StepView>,
    pub error: Option<String>,
    /// True while the run waits for the approval of an administrator.
    pub awaits_approval: bool,
    pub risk: Option<RiskAssessment>,
    pub approval: Option<Approval>,
    /// The update of a run of kind `UPDATE_REPO`, with its result.
    pub update: Option<RunUpdate>,
    pub retries: i64,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// `queue`, `build`, `create`, `push`, `configure`, `describe` or `delete`; for an update `queue`, `compare` or `propose`.
    pub name: String,
    pub state: StepState,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// The reason of a failure.
    pub message: Option<String>,
}

/// The state of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Running,
    Done,
    Failed,
    /// The answer of the forge was lost.
    Unknown,
}

/// The name of a status in the API.
pub fn run_status_to_api(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Pending => "pending",
        RunStatus::Running => "running",
        RunStatus::Succeeded => "succeeded",
        RunStatus::Failed => "failed",
        RunStatus::FailedNeedsCleanup => "failed_needs_cleanup",
        RunStatus::Cancelled => "cancelled",
    }
}

/// The status with a name in the API; `None` for an unknown name.
pub fn run_status_of_api(text: &str) -> Option<RunStatus> {
    RunStatus::ALL
        .into_iter()
        .find(|status| run_status_to_api(*status) == text)
}

impl From<Run> for RunView {
    /// A run without its steps, for lists.
    fn from(run: Run) -> Self {
        let left = match run.status {
            RunStatus::FailedNeedsCleanup => {
                vec![run.full_name.clone().unwrap_or_else(|| run.repo.clone())]
            }
            _ => Vec::new(),
        };
        Self {
            status: run_status_to_api(run.status),
            job_status: job_status_to_api(run.job_status),
            left,
            awaits_approval: run.awaits_approval(),
            steps: Vec::new(),
            id: run.id,
            job: run.job,
            user: run.user,
            product: run.product,
            kind: run.kind,
            update: run.update,
            repo: run.repo,
            repo_url: run.repo_url,
            tree_id: run.tree,
            error: run.error,
            risk: run.risk,
            approval: run.approval,
            retries: run.retries,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

impl From<RunDetails> for RunView {
    fn from(details: RunDetails) -> Self {
        Self {
            steps: steps(&details.events, details.run.kind),
            ..Self::from(details.run)
        }
    }
}

/// The steps that the events of a run show.
fn steps(events: &[Event], kind: JobKind) -> Vec<StepView> {
    let first = match kind {
        JobKind::UpdateRepo => "compare",
        _ => "build",
    };
    let mut steps: Vec<StepView> = Vec::new();
    for event in events {
        let name = event.detail["step"].as_str();
        match event.kind {
            EventKind::Submitted | EventKind::Retried | EventKind::Recovered => {
                begin(&mut steps, "queue", event.at);
            }
            EventKind::Started => {
                end(&mut steps, event.at, StepState::Done, None);
                begin(&mut steps, first, event.at);
            }
            EventKind::Intended => {
                end(&mut steps, event.at, StepState::Done, None);
                begin(&mut steps, name.unwrap_or("unknown"), event.at);
            }
            EventKind::Ended => {
                let state = match event.detail["outcome"].as_str() {
                    Some("not_done") => StepState::Failed,
                    Some("unknown") => StepState::Unknown,
                    _ => StepState::Done,
                };
                end(
                    &mut steps,
                    event.at,
                    state,
                    event.detail["message"].as_str(),
                );
            }
            EventKind::Compared | EventKind::Succeeded => {
                end(&mut steps, event.at, StepState::Done, None);
            }
            EventKind::Failed | EventKind::NeedsCleanup | EventKind::Cancelled => {
                end(
                    &mut steps,
                    event.at,
                    StepState::Failed,
                    event.detail["error"].as_str(),
                );
            }
            EventKind::Held
            | EventKind::Approved
            | EventKind::ApprovalVoid
            | EventKind::Refused
            | EventKind::Reviewed
            | EventKind::CancelAsked
            | EventKind::HandedBack
            | EventKind::SettingsAsked
            | EventKind::CleanedUp
            | EventKind::Released
            | EventKind::Unreadable => {}
        }
    }
    steps
}

fn begin(steps: &mut Vec<StepView>, name: &str, at: i64) {
    steps.push(StepView {
        name: name.to_owned(),
        state: StepState::Running,
        started_at: at,
        ended_at: None,
        message: None,
    });
}

/// Ends the last step if it is running.
fn end(steps: &mut [StepView], at: i64, state: StepState, message: Option<&str>) {
    if let Some(step) = steps
        .last_mut()
        .filter(|step| step.state == StepState::Running)
    {
        step.state = state;
        step.ended_at = Some(at);
        step.message = message.map(str::to_owned);
    }
}
