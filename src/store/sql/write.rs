//! Writes what a transition says: job, run, claim and events, with one time for all of them.

use super::connection::Tx;
use super::dialect::Statement;
use super::events;
use super::notify::Notification;
use super::row::{self, LockedRun};
use super::submissions::or_active;
use crate::store::error::StoreError;
use crate::store::job::JobStatus;
use crate::store::run::{Run, RunStatus};
use crate::store::transition::{Refusal, Transition};

/// The status is asked for once more: whoever moved it without our lock wins, and we write nothing (R114–R119).
static JOB: Statement = Statement::new(
    "UPDATE claude_jobs SET status = {job:$3}, claimed_at = {at:$4}, started_at = {at:$5}, finished_at = {at:$6}, \
     claimed_by_worker_id = $7, lease_until = {at:$8}, error = $9, retry_count = CAST($10 AS INTEGER), \
     updated_at = {at:$11} WHERE id = $1 AND status = {job:$2}",
);
static RUN: Statement = Statement::new(
    "UPDATE bootstrap_runs SET status = {run:$3}, started_at = {at:$4}, finished_at = {at:$5} \
     WHERE id = $1 AND status = {run:$2}",
);
/// A lease that ended is nobody's: the next claim has a generation that none of the old ones can have.
static FREE: Statement = Statement::new(
    "UPDATE bootstrap_claims SET generation = generation + 1, lease_until = {at:$2} WHERE job_id = $1",
);

/// Writes a transition of a run that is locked, in somebody's name.
pub(super) async fn apply(
    tx: &mut Tx,
    standing: &LockedRun,
    by: &str,
    wanted: &'static str,
    transition: &Transition,
) -> Result<(Run, Vec<Notification>), StoreError> {
    let run = &standing.run;
    let at = standing.now;
    let conflict = || standing.refused(Refusal::Conflict, wanted);
    let moves_job = transition.job.is_some() || transition.releases_lease;
    if moves_job && write_job(tx, standing, transition).await? != 1 {
        return Err(conflict());
    }
    if let Some(status) = transition.run {
        let started_at = match status {
            RunStatus::Pending => None,
            RunStatus::Running => Some(at),
            _ => run.started_at,
        };
        let finished_at = match status {
            RunStatus::Pending | RunStatus::Running => None,
            // What is cleaned up after had ended before.
            _ => run.finished_at.or(Some(at)),
        };
        let written = sqlx::query(RUN.on(tx.dialect))
            .bind(run.id.as_str())
            .bind(run.status.as_db())
            .bind(status.as_db())
            .bind(started_at)
            .bind(finished_at)
            .execute(tx.at())
            .await
            .map_err(|error| or_active(error, &run.product))?;
        if written.rows_affected() != 1 {
            return Err(conflict());
        }
    }
    if transition.releases_lease {
        sqlx::query(FREE.on(tx.dialect))
            .bind(run.job.as_str())
            .bind(at)
            .execute(tx.at())
            .await?;
    }
    events::append(tx, &run.id, at, by, &transition.events).await?;
    let now = row::find(tx, &run.id).await?.run;
    let mut told = Vec::new();
    if transition.job.is_some() {
        told.push(Notification::status(&now));
        // Who gives a job back would be woken by it first of all; the others poll.
        if transition.is_retry {
            told.push(Notification::enqueued(&now));
        }
    }
    Ok((now, told))
}

async fn write_job(
    tx: &mut Tx,
    standing: &LockedRun,
    transition: &Transition,
) -> Result<u64, StoreError> {
    let run = &standing.run;
    let at = Some(standing.now);
    let status = transition.job.unwrap_or(run.job_status);
    let is_moved = transition.job.is_some();
    let (claimed_at, started_at, finished_at) = match status {
        JobStatus::Queued => (None, None, None),
        JobStatus::Running if is_moved => (standing.claimed_at, at, None),
        JobStatus::Claimed | JobStatus::Running => {
            (standing.claimed_at, standing.job_started_at, None)
        }
        JobStatus::Done | JobStatus::Failed | JobStatus::Cancelled | JobStatus::Skipped => {
            let finished_at = standing.job_finished_at.filter(|_| !is_moved).or(at);
            (standing.claimed_at, standing.job_started_at, finished_at)
        }
    };
    let (worker, lease) = if transition.releases_lease {
        (None, None)
    } else {
        standing.mirror.clone()
    };
    let error = match status {
        JobStatus::Queued => None,
        _ => transition.error.clone().or_else(|| run.error.clone()),
    };
    let written = sqlx::query(JOB.on(tx.dialect))
        .bind(run.job.as_str())
        .bind(run.job_status.as_db())
        .bind(status.as_db())
        .bind(claimed_at)
        .bind(started_at)
        .bind(finished_at)
        .bind(worker)
        .bind(lease)
        .bind(error.map(|error| error.replace('\0', "\u{fffd}")))
        .bind(run.retries + i64::from(transition.is_retry))
        .bind(standing.now)
        .execute(tx.at())
        .await?;
    Ok(written.rows_affected())
}
