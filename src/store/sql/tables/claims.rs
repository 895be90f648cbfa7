//! `bootstrap_claims`: the worker of each job, until when it has the job, and how often the job was claimed. This table
//! decides; `claude_jobs` repeats it for the surrounding application.

use crate::store::error::StoreError;
use crate::store::id::{JobId, RunId};
use crate::store::lease::{Lease, WorkerId};
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};

statements! {
    /// A number of claims that cannot grow begins again: it must not keep the job from being claimed. `$5` is 1 where the job's status proves that no worker has it; otherwise a valid lease stays as it is.
    TAKE = ["
        INSERT INTO bootstrap_claims (job_id, run_id, worker_id, generation, lease_until)
        VALUES ($1, $2, $3, 1, {after:$4})
        ON CONFLICT (job_id) DO UPDATE
        SET run_id = excluded.run_id, worker_id = excluded.worker_id,
            generation = CASE WHEN bootstrap_claims.generation < 9223372036854775807
                THEN bootstrap_claims.generation + 1 ELSE 1 END,
            lease_until = excluded.lease_until
        WHERE $5 = 1 OR bootstrap_claims.lease_until <= {now}
        RETURNING generation"];

    RENEW = ["UPDATE bootstrap_claims SET lease_until = {after:$2} WHERE job_id = $1"];

    /// The generation grows, so that the lease that ends here can never be mistaken for a later one.
    RELEASE = ["
        UPDATE bootstrap_claims
        SET generation = CASE WHEN generation < 9223372036854775807 THEN generation + 1 ELSE 1 END,
            lease_until = {at:$2}
        WHERE job_id = $1"];
}

/// The treatment of a lease that has not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValidLease {
    /// The job's status proves that the lease is of no use any more.
    Replace,
    Respect,
}

/// [`Lease::LENGTH`] in milliseconds.
pub(crate) fn lease_millis() -> i64 {
    i64::try_from(Lease::LENGTH.as_millis()).unwrap_or(i64::MAX)
}

/// Gives a job to a worker for [`Lease::LENGTH`]. `None` when a valid lease is respected.
pub(crate) async fn take(
    tx: &mut Tx,
    job: JobId,
    run: RunId,
    worker: &WorkerId,
    valid: ValidLease,
) -> Result<Option<Lease>, StoreError> {
    let generation = sqlx::query_scalar(TAKE.on(tx.dialect))
        .bind(job.as_str())
        .bind(run.as_str())
        .bind(worker.as_str())
        .bind(lease_millis())
        .bind(i64::from(valid == ValidLease::Replace))
        .fetch_optional(tx.connection())
        .await?;
    Ok(generation.map(|generation| Lease {
        job,
        run,
        worker: worker.clone(),
        generation,
    }))
}

/// Extends the lease on a job to [`Lease::LENGTH`] from now.
pub(crate) async fn renew(tx: &mut Tx, job: &JobId) -> Result<(), StoreError> {
    sqlx::query(RENEW.on(tx.dialect))
        .bind(job.as_str())
        .bind(lease_millis())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Ends the lease on a job.
pub(crate) async fn release(tx: &mut Tx, job: &JobId, at: i64) -> Result<(), StoreError> {
    sqlx::query(RELEASE.on(tx.dialect))
        .bind(job.as_str())
        .bind(at)
        .execute(tx.connection())
        .await?;
    Ok(())
}
