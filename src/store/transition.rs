//! Transitions: the effect of a change on a run and its job, decided without a database.

use super::change::RunChange;
use super::event::{Event, EventKind};
use super::id::UserId;
use super::job::{JobStatus, JobStep};
use super::run::{RunStatus, RunStep};
use super::submission::{Approval, RiskAssessment};
use super::update::UpdateResult;
use crate::model::action::RiskLevel;
use serde_json::{Value, json};

/// A run and its job at the moment of a change.
#[derive(Clone, Debug)]
pub struct RunState<'s> {
    pub run: RunStatus,
    pub job: JobStatus,
    /// True while a worker has a valid lease.
    pub is_held: bool,
    /// True if something is or may be left outside, by the ledger or the run's row.
    pub leaves: bool,
    pub approval: Option<&'s Approval>,
}

/// The rights of a worker with a valid lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    Held,
    /// The job was cancelled: the worker may only remove what it created.
    Cancelled,
    /// The run has ended, and the worker cleans up.
    Cleaning,
    /// Another program changed the job.
    Lost,
}

/// The rows to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transition {
    pub run: Option<RunStatus>,
    pub job: Option<JobStatus>,
    /// True if the lease ends.
    pub releases_lease: bool,
    /// True if it counts as another attempt.
    pub is_retry: bool,
    /// The error of the run.
    pub error: Option<String>,
    pub events: Vec<(EventKind, Value)>,
}

/// The reason why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Conflict,
    Cancelled,
    LeaseLost,
}

impl LeaseState {
    /// The rights that a valid lease gives.
    pub fn of(run: RunStatus, job: JobStatus) -> Self {
        let is_ended = !matches!(
            job,
            JobStatus::Queued | JobStatus::Claimed | JobStatus::Running
        );
        match job {
            JobStatus::Claimed | JobStatus::Running if run.is_active() => Self::Held,
            JobStatus::Cancelled if run.is_active() => Self::Cancelled,
            _ if is_ended && run == RunStatus::FailedNeedsCleanup => Self::Cleaning,
            _ => Self::Lost,
        }
    }
}

/// The detail of an event with the note of its author, if there is one.
fn noted(mut detail: Value, note: Option<&str>) -> Value {
    if let Some(note) = note {
        detail["note"] = json!(note);
    }
    detail
}

/// The detail of an event about a compared repository.
fn compared(result: &UpdateResult) -> Value {
    let mut detail = json!({ "state": result.state, "summary": result.summary() });
    if let Some(tree) = &result.tree_id {
        detail["tree"] = json!(tree);
    }
    if let Some(head) = &result.head {
        detail["head"] = json!(head);
    }
    detail
}

/// The event of a run that ended in a status.
fn ending(status: RunStatus) -> EventKind {
    match status {
        RunStatus::Succeeded => EventKind::Succeeded,
        RunStatus::FailedNeedsCleanup => EventKind::NeedsCleanup,
        RunStatus::Cancelled => EventKind::Cancelled,
        RunStatus::Failed | RunStatus::Pending | RunStatus::Running => EventKind::Failed,
    }
}

impl RunState<'_> {
    /// The transition of a change by the worker that has the lease.
    pub fn by_worker(&self, change: &RunChange) -> Result<Transition, Refusal> {
        match (LeaseState::of(self.run, self.job), change) {
            (LeaseState::Lost, _) => Err(Refusal::LeaseLost),
            // The answer to the first call was lost.
            (LeaseState::Held, RunChange::Start)
                if (self.run, self.job) == (RunStatus::Running, JobStatus::Running) =>
            {
                Ok(Transition::default())
            }
            (
                LeaseState::Held,
                RunChange::Start
                | RunChange::Succeed { .. }
                | RunChange::FinishUpdate { .. }
                | RunChange::Fail { .. }
                | RunChange::HandBack { .. }
                | RunChange::Hold { .. },
            ) => self.moved(change),
            (LeaseState::Held, RunChange::Compare { update }) => Ok(Transition {
                events: vec![(EventKind::Compared, compared(&update.result))],
                ..Transition::default()
            }),
            (LeaseState::Cancelled, RunChange::Withdraw { left }) => {
                self.withdrawn(left.as_deref())
            }
            // No other worker would take a cancelled run, so it ends here.
            (LeaseState::Cancelled, RunChange::HandBack { .. } | RunChange::Hold { .. }) => {
                self.withdrawn(None)
            }
            (
                LeaseState::Cancelled,
                RunChange::Start
                | RunChange::Compare { .. }
                | RunChange::Succeed { .. }
                | RunChange::FinishUpdate { .. }
                | RunChange::Fail { .. },
            ) => Err(Refusal::Cancelled),
            (LeaseState::Cleaning, RunChange::CleanUp | RunChange::Release) => self.cleaned(change),
            (LeaseState::Cleaning, RunChange::HandBack { why }) => Ok(Transition {
                releases_lease: true,
                events: vec![(EventKind::HandedBack, json!({ "why": why }))],
                ..Transition::default()
            }),
            _ => Err(Refusal::Conflict),
        }
    }

    /// The transition of a change by a person.
    pub fn by_person(&self, change: &RunChange) -> Result<Transition, Refusal> {
        match change {
            RunChange::Cancel if self.run.is_active() => {
                self.cancelled((EventKind::CancelAsked, json!({})))
            }
            RunChange::Refuse { note } if self.run.is_active() => {
                self.cancelled((EventKind::Refused, noted(json!({}), note.as_deref())))
            }
            RunChange::Review { note } => Ok(Transition {
                events: vec![(EventKind::Reviewed, noted(json!({}), note.as_deref()))],
                ..Transition::default()
            }),
            RunChange::SetSettings { settings } if self.run == RunStatus::Succeeded => {
                let detail = json!({ "settings": settings });
                Ok(Transition {
                    events: vec![(EventKind::SettingsAsked, detail)],
                    ..Transition::default()
                })
            }
            RunChange::Retry if !self.is_held => {
                let mut retried = self.moved(change)?;
                retried.is_retry = true;
                Ok(retried)
            }
            RunChange::Approve { tree, note } if self.run.is_active() => {
                let detail = noted(json!({ "tree": tree }), note.as_deref());
                Ok(Transition {
                    events: vec![(EventKind::Approved, detail)],
                    ..Transition::default()
                })
            }
            RunChange::CleanUp | RunChange::Release if !self.is_held => self.cleaned(change),
            _ => Err(Refusal::Conflict),
        }
    }

    /// The transition of a run that a person stops: at once when no worker has it, else at the worker's next step.
    fn cancelled(&self, asked: (EventKind, Value)) -> Result<Transition, Refusal> {
        let job = self.job.after(JobStep::Cancel).ok_or(Refusal::Conflict)?;
        if self.is_held {
            return Ok(Transition {
                job: Some(job),
                events: vec![asked],
                ..Transition::default()
            });
        }
        let mut withdrawn = self.withdrawn(None)?;
        withdrawn.job = Some(job);
        withdrawn.events.insert(0, asked);
        Ok(withdrawn)
    }

    /// The transition of a run whose worker died, when it fails.
    pub fn abandoned(&self, error: &str) -> Result<Transition, Refusal> {
        let run = self.run_after(RunStep::Fail { left: self.leaves })?;
        Ok(Transition {
            run: Some(run),
            job: self.job.after(JobStep::Fail),
            releases_lease: true,
            error: Some(error.to_owned()),
            events: vec![(ending(run), json!({ "error": error }))],
            ..Transition::default()
        })
    }

    /// The transition of a run whose worker died, when another worker continues it.
    pub fn resumed(&self, why: &str) -> Result<Transition, Refusal> {
        Ok(Transition {
            run: Some(self.run_after(RunStep::Requeue)?),
            // Another program may have requeued the job already.
            job: self.job.after(JobStep::Requeue),
            releases_lease: true,
            is_retry: self.job != JobStatus::Queued,
            events: vec![(EventKind::Recovered, json!({ "why": why }))],
            ..Transition::default()
        })
    }

    /// The end of a run whose job was cancelled and that no worker has.
    pub fn withdrawn(&self, left: Option<&str>) -> Result<Transition, Refusal> {
        let is_left = left.is_some() || self.leaves;
        let run = self.run_after(RunStep::Withdraw { left: is_left })?;
        let unproven = || is_left.then_some("something may be left outside");
        Ok(Transition {
            run: Some(run),
            releases_lease: true,
            error: left.or_else(unproven).map(str::to_owned),
            events: vec![(ending(run), json!({ "left": left.or_else(unproven) }))],
            ..Transition::default()
        })
    }

    fn run_after(&self, step: RunStep) -> Result<RunStatus, Refusal> {
        self.run.after(step).ok_or(Refusal::Conflict)
    }

    fn cleaned(&self, change: &RunChange) -> Result<Transition, Refusal> {
        let kind = match change {
            RunChange::Release => EventKind::Released,
            _ => EventKind::CleanedUp,
        };
        Ok(Transition {
            run: Some(self.run_after(RunStep::CleanUp)?),
            releases_lease: true,
            events: vec![(kind, json!({}))],
            ..Transition::default()
        })
    }

    /// The transition of a change that moves run and job together.
    fn moved(&self, change: &RunChange) -> Result<Transition, Refusal> {
        let run = match (change.run_step(), change) {
            (_, RunChange::Fail { left, .. }) => self.run_after(RunStep::Fail {
                left: left.is_some() || self.leaves,
            })?,
            (Some(step), _) => self.run_after(step)?,
            (None, _) => return Err(Refusal::Conflict),
        };
        let step = change.job_step().ok_or(Refusal::Conflict)?;
        let job = self.job.after(step).ok_or(Refusal::Conflict)?;
        let (events, error) = match change {
            RunChange::Succeed {
                repo_url,
                statement,
            } => {
                let mut detail = json!({ "repoUrl": repo_url });
                if let Some(statement) = statement {
                    detail[Event::STATEMENT] = statement.clone();
                }
                (vec![(ending(run), detail)], None)
            }
            RunChange::FinishUpdate { result, .. } => {
                let mut detail = compared(result);
                if let Some(proposal) = &result.proposal {
                    detail["branch"] = json!(proposal.branch);
                    detail["commit"] = json!(proposal.commit_id);
                }
                if let Some(url) = result.url() {
                    detail["url"] = json!(url);
                }
                (vec![(ending(run), detail)], None)
            }
            RunChange::Fail { error, left } => {
                let detail = json!({ "error": error, "left": left });
                (vec![(ending(run), detail)], Some(error.clone()))
            }
            RunChange::HandBack { why } => {
                (vec![(EventKind::HandedBack, json!({ "why": why }))], None)
            }
            RunChange::Hold { risk, refused } => (self.held(risk, refused.as_ref()), None),
            RunChange::Retry => (vec![(EventKind::Retried, json!({}))], None),
            _ => (vec![(EventKind::Started, json!({}))], None),
        };
        Ok(Transition {
            run: Some(run),
            job: Some(job),
            releases_lease: job != JobStatus::Running,
            error,
            events,
            ..Transition::default()
        })
    }

    fn held(&self, risk: &RiskAssessment, refused: Option<&UserId>) -> Vec<(EventKind, Value)> {
        let mut events = Vec::new();
        if let Some(approval) = self.approval {
            if approval.tree != risk.tree {
                let detail = json!({ "approved": approval.tree, "tree": risk.tree });
                events.push((EventKind::ApprovalVoid, detail));
            } else if Some(&approval.by) == refused {
                let why = "the policy of the worker does not name this administrator";
                let detail = json!({ "approvedBy": approval.by, "why": why });
                events.push((EventKind::ApprovalVoid, detail));
            }
        }
        events.push((EventKind::Held, json!(risk)));
        events
    }
}

impl RiskAssessment {
    /// True if an administrator must approve the tree first.
    pub fn needs_approval(&self, approval: Option<&Approval>) -> bool {
        self.tier == RiskLevel::High && approval.is_none_or(|approval| approval.tree != self.tree)
    }
}
