//! Who holds a job. `bootstrap_claims` is the truth; the job's own row repeats it for the surrounding application.

use super::connection::Tx;
use super::dialect::{Dialect, Statement};
use super::row::{self, LockedRun};
use super::{Database, ledger};
use crate::store::error::StoreError;
use crate::store::id::{IdError, JobId, RunId};
use crate::store::lease::{self, Lease, WorkerId};
use crate::store::run::JobPayload;
use crate::store::transition::LeaseState;
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// The queue of our kind, oldest first (R97), without those that wait for an approval and those whose run has ended:
/// the latter are a contradiction, which is recovery's to mend.
macro_rules! oldest {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "SELECT j.id AS id, r.id AS run_id FROM claude_jobs j LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id \
             LEFT JOIN bootstrap_tiers t ON t.run_id = r.id \
             WHERE j.kind = 'BOOTSTRAP_REPO' AND j.status = 'QUEUED' \
             AND (r.id IS NULL OR r.status IN ('PENDING', 'RUNNING')) \
             AND (t.tier IS NULL OR t.tier <> 'HIGH' OR t.approved_tree = t.tree) \
             ORDER BY j.created_at, j.id LIMIT 1 {skip_locked:j}",
            $after
        )
    };
}

/// Postgres claims in one statement: one journey, one commit.
static CLAIM: Statement = Statement::new(oldest!(
    "WITH next AS (",
    "), job AS (UPDATE claude_jobs j SET status = 'CLAIMED', claimed_by_worker_id = $1, claimed_at = {now}, \
     lease_until = {after:$2}, started_at = NULL, finished_at = NULL, requested_model = NULL, \
     requested_thinking_budget = NULL, requested_permission_mode = NULL, updated_at = {now} \
     FROM next WHERE j.id = next.id RETURNING j.id), \
     claim AS (INSERT INTO bootstrap_claims (job_id, run_id, worker_id, generation, lease_until) \
     SELECT next.id, next.run_id, $1, 1, {after:$2} FROM next WHERE next.run_id IS NOT NULL \
     ON CONFLICT (job_id) DO UPDATE SET run_id = excluded.run_id, worker_id = excluded.worker_id, \
     generation = bootstrap_claims.generation + 1, lease_until = excluded.lease_until RETURNING job_id, generation) \
     SELECT next.id AS id, next.run_id AS run_id, claim.generation AS generation \
     FROM next LEFT JOIN claim ON claim.job_id = next.id"
));

static OLDEST: Statement = Statement::new(oldest!("", ""));
static TAKE_JOB: Statement = Statement::new(
    "UPDATE claude_jobs SET status = 'CLAIMED', claimed_by_worker_id = $2, claimed_at = {now}, \
     lease_until = {after:$3}, started_at = NULL, finished_at = NULL, requested_model = NULL, \
     requested_thinking_budget = NULL, requested_permission_mode = NULL, updated_at = {now} WHERE id = $1",
);
/// A running lease is taken from nobody.
static TAKE: Statement = Statement::new(
    "INSERT INTO bootstrap_claims (job_id, run_id, worker_id, generation, lease_until) \
     VALUES ($1, $2, $3, 1, {after:$4}) ON CONFLICT (job_id) DO UPDATE SET run_id = excluded.run_id, \
     worker_id = excluded.worker_id, generation = bootstrap_claims.generation + 1, lease_until = excluded.lease_until \
     WHERE $5 = 1 OR bootstrap_claims.lease_until <= {now} RETURNING generation",
);
/// A job of our kind without a run says nothing that could be done.
static FAIL_EMPTY: Statement = Statement::new(
    "UPDATE claude_jobs SET status = 'FAILED', error = $2, finished_at = {now}, lease_until = NULL, \
     claimed_by_worker_id = NULL, updated_at = {now} WHERE id = $1 AND status IN ('QUEUED', 'CLAIMED', 'RUNNING')",
);
static RENEW: Statement =
    Statement::new("UPDATE bootstrap_claims SET lease_until = {after:$2} WHERE job_id = $1");
/// The job's row repeats a lease only while it runs.
static MIRROR: Statement = Statement::new(
    "UPDATE claude_jobs SET lease_until = {after:$2}, updated_at = {now} \
     WHERE id = $1 AND status IN ('CLAIMED', 'RUNNING')",
);
static TOKEN: Statement =
    Statement::new("SELECT github_pat_encrypted AS token FROM users WHERE id = $1");
static DOCUMENTS: Statement = Statement::new(
    "SELECT CAST(recipe_snapshot AS TEXT) AS plan, CAST(dry_run_report AS TEXT) AS report \
     FROM bootstrap_runs WHERE id = $1",
);

/// What is written to a job of our kind that has no run.
pub(super) const EMPTY: &str =
    "this BOOTSTRAP_REPO job has no row in bootstrap_runs: submit it again";

fn length() -> i64 {
    i64::try_from(Lease::LENGTH.as_millis()).unwrap_or(i64::MAX)
}

fn refused(error: &dyn std::error::Error) -> StoreError {
    StoreError::Refused {
        message: error.to_string(),
    }
}

fn id_of<T>(
    row: &AnyRow,
    name: &str,
    parse: impl Fn(&str) -> Result<T, IdError>,
) -> Result<Option<T>, StoreError> {
    row.try_get::<Option<String>, _>(name)?
        .map(|text| parse(&text).map_err(|error| refused(&error)))
        .transpose()
}

impl Database {
    /// Takes the oldest job. One without a run is failed, and the next one looked at.
    pub(super) async fn claim_oldest(
        &self,
        worker: &WorkerId,
    ) -> Result<Option<Lease>, StoreError> {
        loop {
            let taken = match self.dialect() {
                Dialect::Postgres => self.claim_at_once(worker).await?,
                Dialect::Sqlite => self.claim_in_steps(worker).await?,
            };
            match taken {
                Some(Ok(lease)) => return Ok(Some(lease)),
                Some(Err(job)) => fail_empty(self, &job).await?,
                None => return Ok(None),
            }
        }
    }

    async fn claim_at_once(
        &self,
        worker: &WorkerId,
    ) -> Result<Option<Result<Lease, JobId>>, StoreError> {
        let row = sqlx::query(CLAIM.on(self.dialect()))
            .bind(worker.as_str())
            .bind(length())
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(job) = id_of(&row, "id", JobId::parse)? else {
            return Ok(None);
        };
        let Some(run) = id_of(&row, "run_id", RunId::parse)? else {
            return Ok(Some(Err(job)));
        };
        Ok(Some(Ok(Lease {
            job,
            run,
            worker: worker.clone(),
            generation: row.try_get("generation")?,
        })))
    }

    async fn claim_in_steps(
        &self,
        worker: &WorkerId,
    ) -> Result<Option<Result<Lease, JobId>>, StoreError> {
        let mut tx = self.begin().await?;
        let oldest = sqlx::query(OLDEST.on(tx.dialect))
            .fetch_optional(tx.at())
            .await?;
        let Some(row) = oldest else { return Ok(None) };
        let Some(job) = id_of(&row, "id", JobId::parse)? else {
            return Ok(None);
        };
        let Some(run) = id_of(&row, "run_id", RunId::parse)? else {
            return Ok(Some(Err(job)));
        };
        sqlx::query(TAKE_JOB.on(tx.dialect))
            .bind(job.as_str())
            .bind(worker.as_str())
            .bind(length())
            .execute(tx.at())
            .await?;
        let lease = take(&mut tx, &job, &run, worker, Taking::AnyLease).await?;
        tx.commit().await?;
        Ok(lease.map(Ok))
    }
}

/// Whether a running lease stands in the way.
#[derive(Clone, Copy)]
enum Taking {
    /// No: the job's status says that it is nobody's.
    AnyLease,
    OnlyLapsed,
}

async fn take(
    tx: &mut Tx,
    job: &JobId,
    run: &RunId,
    worker: &WorkerId,
    taking: Taking,
) -> Result<Option<Lease>, StoreError> {
    let row = sqlx::query(TAKE.on(tx.dialect))
        .bind(job.as_str())
        .bind(run.as_str())
        .bind(worker.as_str())
        .bind(length())
        .bind(i64::from(matches!(taking, Taking::AnyLease)))
        .fetch_optional(tx.at())
        .await?;
    row.map(|row| {
        Ok(Lease {
            job: job.clone(),
            run: run.clone(),
            worker: worker.clone(),
            generation: row.try_get("generation")?,
        })
    })
    .transpose()
}

/// Fails a job that has no run.
pub(super) async fn fail_empty(database: &Database, job: &JobId) -> Result<(), StoreError> {
    sqlx::query(FAIL_EMPTY.on(database.dialect()))
        .bind(job.as_str())
        .bind(EMPTY)
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// Takes a run that ended and left something. Its job stays as it ended.
pub(super) async fn ended(
    tx: &mut Tx,
    worker: &WorkerId,
    run: &RunId,
) -> Result<Option<Lease>, StoreError> {
    let standing = row::lock(tx, run).await?;
    if LeaseState::of(standing.run.status, standing.run.job_status) != LeaseState::Cleaning {
        return Ok(None);
    }
    take(tx, &standing.run.job, run, worker, Taking::OnlyLapsed).await
}

/// Locks the run of a lease, and says what the lease is still worth.
///
/// # Errors
/// [`StoreError::LeaseLost`] when it ran out, was taken by somebody else, or the job was moved by another program.
pub(super) async fn grip(
    tx: &mut Tx,
    lease: &Lease,
) -> Result<(LockedRun, LeaseState), StoreError> {
    let standing = row::lock(tx, &lease.run).await?;
    let grip = check(&standing, lease)?;
    Ok((standing, grip))
}

fn check(standing: &LockedRun, lease: &Lease) -> Result<LeaseState, StoreError> {
    let lost = || StoreError::LeaseLost {
        run: lease.run.clone(),
    };
    let claim = (lease.worker.as_str(), lease.generation);
    let is_current = standing.run.job == lease.job
        && standing.run.is_held
        && standing
            .claim
            .as_ref()
            .is_some_and(|(worker, generation)| (worker.as_str(), *generation) == claim);
    match LeaseState::of(standing.run.status, standing.run.job_status) {
        LeaseState::Lost => Err(lost()),
        grip if is_current => Ok(grip),
        _ => Err(lost()),
    }
}

/// Holds a lease for another while.
pub(super) async fn renew(tx: &mut Tx, lease: &Lease) -> Result<lease::Renewal, StoreError> {
    let (_, grip) = grip(tx, lease).await?;
    for statement in [&RENEW, &MIRROR] {
        sqlx::query(statement.on(tx.dialect))
            .bind(lease.job.as_str())
            .bind(length())
            .execute(tx.at())
            .await?;
    }
    Ok(match grip {
        LeaseState::Cancelled => lease::Renewal::Cancelled,
        LeaseState::Held | LeaseState::Cleaning | LeaseState::Lost => lease::Renewal::Held,
    })
}

/// Reads what a worker needs.
pub(super) async fn payload(tx: &mut Tx, lease: &Lease) -> Result<JobPayload, StoreError> {
    let standing = row::find(tx, &lease.run).await?;
    check(&standing, lease)?;
    let run = standing.run;
    let documents = sqlx::query(DOCUMENTS.on(tx.dialect))
        .bind(run.id.as_str())
        .fetch_one(tx.at())
        .await?;
    let read = |name: &str, what: &'static str| {
        let text: Option<String> = documents.try_get(name)?;
        serde_json::from_str(text.as_deref().unwrap_or("null")).map_err(|error| {
            StoreError::Damaged {
                run: run.id.clone(),
                what,
                message: error.to_string(),
            }
        })
    };
    let plan = read("plan", "the plan")?;
    let report = read("report", "the report")?;
    let token = sqlx::query(TOKEN.on(tx.dialect))
        .bind(run.user.as_str())
        .fetch_optional(tx.at())
        .await?;
    let sealed_token = match token {
        Some(row) => row.try_get("token")?,
        None => None,
    };
    Ok(JobPayload {
        entries: ledger::entries(tx, &run.id).await?,
        plan,
        report,
        sealed_token,
        run,
    })
}
