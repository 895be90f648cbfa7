//! `claude_jobs`: the queue. Only rows of our own kinds are written.

use super::claims::lease_millis;
use crate::store::error::StoreError;
use crate::store::id::{JobId, ProductId, UserId};
use crate::store::job::{JobKind, JobStatus};
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use crate::store::update::UpdateResult;

statements! {
    INSERT = [r#"
        INSERT INTO claude_jobs (id, user_id, product_id, kind, status, requested_model,
            requested_thinking_budget, requested_permission_mode, created_at, updated_at)
        VALUES ($1, $2, $3, {cast:$4 AS "ClaudeJobKind"}, 'QUEUED', $5, CAST($6 AS INTEGER), $7, {at:$8}, {at:$8})"#];

    /// Writes nothing when another program changed the status since the row was read.
    UPDATE = [r#"
        UPDATE claude_jobs
        SET status = {cast:$3 AS "ClaudeJobStatus"}, claimed_at = {at:$4}, started_at = {at:$5},
            finished_at = {at:$6}, claimed_by_worker_id = $7, lease_until = {at:$8}, error = $9,
            retry_count = CAST($10 AS INTEGER), updated_at = {at:$11}
        WHERE id = $1 AND status = {cast:$2 AS "ClaudeJobStatus"}"#];

    /// The row repeats a lease only while the job runs.
    RENEW = ["
        UPDATE claude_jobs SET lease_until = {after:$2}, updated_at = {now}
        WHERE id = $1 AND status IN ('CLAIMED', 'RUNNING')"];

    SET_RESULT = ["
        UPDATE claude_jobs SET summary = $2, branch = $3, pr_url = $4, updated_at = {now} WHERE id = $1"];

    FAIL = ["
        UPDATE claude_jobs
        SET status = 'FAILED', error = $2, finished_at = {now}, lease_until = NULL,
            claimed_by_worker_id = NULL, updated_at = {now}
        WHERE id = $1 AND status IN ('QUEUED', 'CLAIMED', 'RUNNING')"];
}

/// The error of a job of our kind that has no run.
const WITHOUT_RUN: &str = "this job has no row in bootstrap_runs: submit it again";

/// The columns of a job that follow its status. Times are milliseconds since 1970.
pub(crate) struct JobUpdate {
    pub(crate) status: JobStatus,
    pub(crate) claimed_at: Option<i64>,
    pub(crate) started_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    pub(crate) worker: Option<String>,
    pub(crate) lease_until: Option<i64>,
    pub(crate) error: Option<String>,
    pub(crate) retries: i64,
}

/// Adds a queued job.
pub(crate) async fn insert(
    tx: &mut Tx,
    job: &JobId,
    kind: JobKind,
    user: &UserId,
    product: &ProductId,
    at: i64,
) -> Result<(), StoreError> {
    let requested = kind.config().requested_model().unwrap_or_default();
    sqlx::query(INSERT.on(tx.dialect))
        .bind(job.as_str())
        .bind(user.as_str())
        .bind(product.as_str())
        .bind(kind.as_db())
        .bind(requested.model)
        .bind(requested.thinking_budget)
        .bind(requested.permission_mode)
        .bind(at)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Writes the columns of a job whose status was `expected`. False when the status is another one by now.
pub(crate) async fn update(
    tx: &mut Tx,
    job: &JobId,
    expected: JobStatus,
    update: JobUpdate,
    at: i64,
) -> Result<bool, StoreError> {
    let written = sqlx::query(UPDATE.on(tx.dialect))
        .bind(job.as_str())
        .bind(expected.as_db())
        .bind(update.status.as_db())
        .bind(update.claimed_at)
        .bind(update.started_at)
        .bind(update.finished_at)
        .bind(update.worker)
        .bind(update.lease_until)
        // Postgres stores no NUL.
        .bind(update.error.map(|error| error.replace('\0', "\u{fffd}")))
        .bind(update.retries)
        .bind(at)
        .execute(tx.connection())
        .await?;
    Ok(written.rows_affected() == 1)
}

/// Writes the result of an update where boards look for it.
pub(crate) async fn set_result(
    tx: &mut Tx,
    job: &JobId,
    result: &UpdateResult,
) -> Result<(), StoreError> {
    let branch = result.proposal.as_ref().map(|proposal| &proposal.branch);
    sqlx::query(SET_RESULT.on(tx.dialect))
        .bind(job.as_str())
        .bind(result.summary().replace('\0', "\u{fffd}"))
        .bind(branch.cloned())
        .bind(result.url().map(str::to_owned))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Repeats in the job's row that its lease was renewed.
pub(crate) async fn renew(tx: &mut Tx, job: &JobId) -> Result<(), StoreError> {
    sqlx::query(RENEW.on(tx.dialect))
        .bind(job.as_str())
        .bind(lease_millis())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Fails a job of our kind that has no run.
pub(crate) async fn fail_without_run(database: &Database, job: &JobId) -> Result<(), StoreError> {
    sqlx::query(FAIL.on(database.dialect()))
        .bind(job.as_str())
        .bind(WITHOUT_RUN)
        .execute(&database.pool)
        .await?;
    Ok(())
}
