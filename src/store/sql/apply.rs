//! Writes a transition: job, run, claim and events, with one time for all of them.

use super::connection::Tx;
use super::notify::Notification;
use super::tables::jobs::JobUpdate;
use super::tables::run_row::LockedRun;
use super::tables::{claims, events, jobs, runs};
use crate::store::error::StoreError;
use crate::store::job::JobStatus;
use crate::store::run::{Run, RunStatus};
use crate::store::transition::{Refusal, Transition};

/// Writes a transition of a locked run in the name of `by`. The statuses are compared once more with the rows: another
/// program that changed them without our lock wins, and nothing is written.
///
/// # Errors
/// [`StoreError::Conflict`] in that case.
pub(super) async fn transition(
    tx: &mut Tx,
    locked: &LockedRun,
    by: &str,
    wanted: &'static str,
    transition: &Transition,
) -> Result<(Run, Vec<Notification>), StoreError> {
    let (run, at) = (&locked.run, locked.job.now);
    let conflict = || locked.refusal(Refusal::Conflict, wanted);
    if transition.job.is_some() || transition.releases_lease {
        let update = job_update(locked, transition);
        if !jobs::update(tx, &run.job, run.job_status, update, at).await? {
            return Err(conflict());
        }
    }
    if let Some(status) = transition.run {
        let (started_at, finished_at) = run_times(run, status, at);
        if !runs::update_status(tx, run, status, started_at, finished_at).await? {
            return Err(conflict());
        }
    }
    if transition.releases_lease {
        claims::release(tx, &run.job, at).await?;
    }
    events::append(tx, &run.id, at, by, &transition.events).await?;
    let changed = runs::find(tx, &run.id).await?.run;
    let to_send = notifications(&changed, transition);
    Ok((changed, to_send))
}

fn notifications(run: &Run, transition: &Transition) -> Vec<Notification> {
    let mut notifications = Vec::new();
    if transition.job.is_some() {
        notifications.push(Notification::status(run));
        // A worker that hands a job back would be woken first by it; the others poll.
        if transition.is_retry {
            notifications.push(Notification::enqueued(run));
        }
    }
    notifications
}

/// Start and end of a run with a new status.
fn run_times(run: &Run, status: RunStatus, at: i64) -> (Option<i64>, Option<i64>) {
    match status {
        RunStatus::Pending => (None, None),
        RunStatus::Running => (Some(at), None),
        // A run that is cleaned up had ended before.
        RunStatus::Succeeded
        | RunStatus::Failed
        | RunStatus::FailedNeedsCleanup
        | RunStatus::Cancelled => (run.started_at, run.finished_at.or(Some(at))),
    }
}

fn job_update(locked: &LockedRun, transition: &Transition) -> JobUpdate {
    let (run, job) = (&locked.run, &locked.job);
    let at = Some(job.now);
    let status = transition.job.unwrap_or(run.job_status);
    let is_moved = transition.job.is_some();
    let (claimed_at, started_at, finished_at) = match status {
        JobStatus::Queued => (None, None, None),
        JobStatus::Running if is_moved => (job.claimed_at, at, None),
        JobStatus::Claimed | JobStatus::Running => (job.claimed_at, job.job_started_at, None),
        JobStatus::Done | JobStatus::Failed | JobStatus::Cancelled | JobStatus::Skipped => {
            let finished_at = job.job_finished_at.filter(|_| !is_moved).or(at);
            (job.claimed_at, job.job_started_at, finished_at)
        }
    };
    let (worker, lease_until) = if transition.releases_lease {
        (None, None)
    } else {
        (job.job_worker.clone(), job.job_lease_until)
    };
    JobUpdate {
        status,
        claimed_at,
        started_at,
        finished_at,
        worker,
        lease_until,
        error: match status {
            JobStatus::Queued => None,
            _ => transition.error.clone().or_else(|| run.error.clone()),
        },
        retries: run.retries + i64::from(transition.is_retry),
    }
}
