//! Brings runs whose worker is gone, and pairs that contradict each other, to one truth (R123–R126).

use super::dialect::Statement;
use super::{Database, changes, claims, ledger, row, write};
use crate::store::error::StoreError;
use crate::store::id::{JobId, RunId};
use crate::store::job::{JobStatus, JobStep};
use crate::store::recovery::{OrphanedRun, Recovery, RecoveryReport};
use crate::store::remains::unfinished;
use crate::store::run::RunStatus;
use crate::store::transition::{RunState, Transition};
use sqlx::Row as _;

/// Those that a look says something about; each is looked at again under its lock. Who holds a job is what
/// `bootstrap_claims` says, and the job's own row where no worker of ours had it.
static SUSPECTS: Statement = Statement::new(
    "SELECT j.id AS job, r.id AS run FROM claude_jobs j LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id \
     LEFT JOIN bootstrap_claims c ON c.job_id = j.id WHERE j.kind = 'BOOTSTRAP_REPO' \
     AND COALESCE(c.lease_until, j.lease_until, j.claimed_at, j.created_at) <= {now} \
     AND (j.status IN ('CLAIMED', 'RUNNING') OR r.status = 'RUNNING' \
     OR (r.status = 'PENDING' AND j.status <> 'QUEUED') \
     OR (j.status = 'QUEUED' AND r.status NOT IN ('PENDING', 'RUNNING'))) ORDER BY j.created_at, j.id",
);

/// Ledgers whose run was deleted, and that no worker is busy with.
static DELETED: Statement = Statement::new(
    "SELECT e.run_id AS run FROM bootstrap_effects e WHERE e.number = 1 \
     AND NOT EXISTS (SELECT 1 FROM bootstrap_runs r WHERE r.id = e.run_id) \
     AND NOT EXISTS (SELECT 1 FROM bootstrap_claims c WHERE c.run_id = e.run_id AND c.lease_until > {now}) \
     ORDER BY e.run_id",
);

impl Database {
    pub(super) async fn sweep_all(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError> {
        let suspects = sqlx::query(SUSPECTS.on(self.dialect()))
            .fetch_all(&self.pool)
            .await?;
        let mut swept = RecoveryReport::default();
        for suspect in &suspects {
            let job: String = suspect.try_get("job")?;
            let run: Option<String> = suspect.try_get("run")?;
            // A key that no run of ours can have belongs to somebody else.
            match run.map(|run| RunId::parse(&run)) {
                Some(Ok(run)) => self.sweep_one(&run, recovery, &mut swept).await?,
                Some(Err(_)) => {}
                None => {
                    if let Ok(job) = JobId::parse(&job) {
                        claims::fail_empty(self, &job).await?;
                    }
                }
            }
        }
        swept.orphaned = self.deleted().await?;
        Ok(swept)
    }

    /// What may be left of runs that somebody deleted.
    async fn deleted(&self) -> Result<Vec<OrphanedRun>, StoreError> {
        let mut tx = self.look().await?;
        let query = sqlx::query(DELETED.on(tx.dialect));
        let rows = query.fetch_all(tx.at()).await?;
        let mut deleted = Vec::new();
        for row in &rows {
            let Ok(run) = RunId::parse(&row.try_get::<String, _>("run")?) else {
                continue;
            };
            let entries = ledger::entries(&mut tx, &run).await?;
            if let Some(repo) = unfinished(&entries) {
                deleted.push(OrphanedRun { run, repo });
            }
        }
        Ok(deleted)
    }

    async fn sweep_one(
        &self,
        run: &RunId,
        recovery: Recovery,
        swept: &mut RecoveryReport,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let standing = match row::lock(&mut tx, run).await {
            Ok(standing) => standing,
            // One row that nobody understands must not keep the others from being brought back.
            Err(StoreError::Damaged { .. } | StoreError::NoRun { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if standing.run.is_held {
            return Ok(());
        }
        let leaves = changes::is_left(&mut tx, &standing).await?;
        let situation = standing.situation(leaves);
        let Some(transition) = judge(&situation, standing.run.retries, recovery) else {
            return Ok(());
        };
        let (now, told) =
            write::apply(&mut tx, &standing, "recovery", "recovered", &transition).await?;
        tx.commit().await?;
        self.tell(&told).await;
        match transition.run {
            Some(RunStatus::Failed) => swept.failed.push(now.id),
            Some(RunStatus::FailedNeedsCleanup) => swept.needs_cleanup.push(now.id),
            Some(RunStatus::Cancelled) => swept.cancelled.push(now.id),
            Some(RunStatus::Pending) => swept.requeued.push(now.id),
            Some(RunStatus::Running | RunStatus::Succeeded) | None => {}
        }
        Ok(())
    }
}

/// What is to be done about a run that nobody holds, if anything.
fn judge(situation: &RunState<'_>, retries: i64, recovery: Recovery) -> Option<Transition> {
    let may_resume = matches!(recovery, Recovery::Resume { attempts } if retries < attempts);
    let transition = match (situation.run.is_active(), situation.job) {
        (true, JobStatus::Claimed | JobStatus::Running) if may_resume => {
            situation.resumed("lease expired")
        }
        (true, JobStatus::Claimed | JobStatus::Running) => situation.abandoned("lease expired"),
        // Another runner put the job back and left the run as it was: it goes on from its ledger.
        (true, JobStatus::Queued) if situation.run == RunStatus::Running => {
            situation.resumed("the job was queued again by another program")
        }
        (true, JobStatus::Cancelled) => situation.withdrawn(None),
        (true, JobStatus::Done | JobStatus::Failed | JobStatus::Skipped) => {
            situation.abandoned("the job was ended by another program")
        }
        (false, JobStatus::Queued | JobStatus::Claimed | JobStatus::Running) => Ok(Transition {
            job: situation.job.after(JobStep::Fail),
            releases_lease: true,
            error: Some("its run had ended before".to_owned()),
            ..Transition::default()
        }),
        // It waits, or both have ended.
        (true, JobStatus::Queued) | (false, _) => return None,
    };
    transition.ok()
}
