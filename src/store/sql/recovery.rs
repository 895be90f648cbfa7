//! Recovery of runs whose worker died, and of runs and jobs whose statuses contradict each other.

use super::dialect::{Statement, statements};
use super::tables::{effects, jobs, runs};
use super::{Database, apply, change};
use crate::store::error::StoreError;
use crate::store::id::{IdError, JobId, RunId};
use crate::store::job::{JobStatus, JobStep};
use crate::store::listed::UnreadableRow;
use crate::store::recovery::{OrphanedRun, Recovery, RecoveryReport};
use crate::store::remains::unfinished;
use crate::store::run::RunStatus;
use crate::store::transition::{RunState, Transition};

statements! {
    /// Jobs to look at; each is read again under its lock. `bootstrap_claims` decides who has a job, and the job's own
    /// row where no worker of ours had it. A key that none of our rows can have belongs to another program.
    CANDIDATES = ["
        SELECT j.id, r.id
        FROM claude_jobs j
        LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id
        LEFT JOIN bootstrap_claims c ON c.job_id = j.id
        WHERE CAST(j.kind AS TEXT) IN ('BOOTSTRAP_REPO', 'UPDATE_REPO') AND {key:j.id} AND (r.id IS NULL OR {key:r.id})
            AND COALESCE(c.lease_until, j.lease_until, j.claimed_at, j.created_at) <= {now}
            AND (j.status IN ('CLAIMED', 'RUNNING')
                OR r.status = 'RUNNING'
                OR (r.status = 'PENDING' AND j.status <> 'QUEUED')
                OR (j.status = 'QUEUED' AND r.status NOT IN ('PENDING', 'RUNNING')))
        ORDER BY j.created_at, j.id"];
}

impl Database {
    /// Recovers every run whose lease expired, one transaction each.
    pub(super) async fn recover_all(
        &self,
        recovery: Recovery,
    ) -> Result<RecoveryReport, StoreError> {
        let candidates: Vec<(String, Option<String>)> =
            sqlx::query_as(CANDIDATES.on(self.dialect()))
                .fetch_all(&self.pool)
                .await?;
        let mut report = RecoveryReport::default();
        for (job, run) in candidates {
            let named = run.as_deref().map(RunId::parse).transpose();
            let Some(run) = named.map_err(unreadable_key)? else {
                let job = JobId::parse(&job).map_err(unreadable_key)?;
                jobs::fail_without_run(self, &job).await?;
                continue;
            };
            match self.recover_one(&run, recovery, &mut report).await {
                // It must not keep the others from being recovered.
                Err(error) if error.concerns_row() => {
                    report
                        .unreadable
                        .push(UnreadableRow::new(run.as_str(), &error));
                }
                recovered => recovered?,
            }
        }
        self.find_orphaned(&mut report).await?;
        Ok(report)
    }

    /// Adds the deleted runs that may have left something outside.
    async fn find_orphaned(&self, report: &mut RecoveryReport) -> Result<(), StoreError> {
        let mut tx = self.begin_read().await?;
        for run in effects::orphaned(&mut tx).await? {
            match effects::entries(&mut tx, &run).await {
                Ok(entries) => report
                    .orphaned
                    .extend(unfinished(&entries).map(|repo| OrphanedRun { run, repo })),
                Err(error @ StoreError::Damaged { .. }) => report
                    .unreadable
                    .push(UnreadableRow::new(run.as_str(), &error)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn recover_one(
        &self,
        run: &RunId,
        recovery: Recovery,
        report: &mut RecoveryReport,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let locked = match runs::lock(&mut tx, run).await {
            // It was deleted in the meantime.
            Err(StoreError::NoRun { .. }) => return Ok(()),
            locked => locked?,
        };
        if locked.run.is_held {
            return Ok(());
        }
        let state = locked.state(change::leaves_something(&mut tx, &locked).await?);
        let Some(transition) = decide(&state, locked.run.retries, recovery) else {
            return Ok(());
        };
        let (changed, notifications) =
            apply::transition(&mut tx, &locked, "recovery", "recovered", &transition).await?;
        tx.commit().await?;
        self.notify(&notifications).await;
        match transition.run {
            Some(RunStatus::Failed) => report.failed.push(changed.id),
            Some(RunStatus::FailedNeedsCleanup) => report.needs_cleanup.push(changed.id),
            Some(RunStatus::Cancelled) => report.cancelled.push(changed.id),
            Some(RunStatus::Pending) => report.requeued.push(changed.id),
            Some(RunStatus::Running | RunStatus::Succeeded) | None => {}
        }
        Ok(())
    }
}

fn unreadable_key(error: IdError) -> StoreError {
    StoreError::damaged("a job to recover", error)
}

/// The transition of a run that no worker has; `None` when nothing is to be recovered.
fn decide(state: &RunState<'_>, retries: i64, recovery: Recovery) -> Option<Transition> {
    let may_resume = matches!(recovery, Recovery::Resume { attempts } if retries < attempts);
    let transition = match (state.run.is_active(), state.job) {
        (true, JobStatus::Claimed | JobStatus::Running) if may_resume => {
            state.resumed("lease expired")
        }
        (true, JobStatus::Claimed | JobStatus::Running) => state.abandoned("lease expired"),
        // Another program requeued the job and left the run as it was: it continues from its ledger.
        (true, JobStatus::Queued) if state.run == RunStatus::Running => {
            state.resumed("another program requeued the job")
        }
        (true, JobStatus::Cancelled) => state.withdrawn(None),
        (true, JobStatus::Done | JobStatus::Failed | JobStatus::Skipped) => {
            state.abandoned("another program ended the job")
        }
        (false, JobStatus::Queued | JobStatus::Claimed | JobStatus::Running) => Ok(Transition {
            job: state.job.after(JobStep::Fail),
            releases_lease: true,
            error: Some("its run had already ended".to_owned()),
            ..Transition::default()
        }),
        // The job waits in the queue, or both have ended.
        (true, JobStatus::Queued) | (false, _) => return None,
    };
    transition.ok()
}
