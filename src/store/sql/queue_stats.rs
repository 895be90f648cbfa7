//! The length of the queue and the number of runs by status, for metrics.

use super::Database;
use super::dialect::{Statement, statements};
use super::tables::runs;
use crate::store::error::StoreError;
use crate::store::run::RunStatus;
use sqlx_macros::FromRow;
use std::time::Duration;

/// The queue of our kinds of jobs at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStats {
    /// Jobs that a worker could claim now.
    pub waiting: u64,
    /// Jobs that wait for an approval.
    pub held: u64,
    /// Age of the oldest job that a worker could claim.
    pub oldest: Option<Duration>,
    /// The number of runs of each status; every status is there.
    pub runs: Vec<(RunStatus, u64)>,
}

statements! {
    QUEUE = ["
        SELECT COUNT(*) - COALESCE(SUM(q.is_held), 0) AS waiting, COALESCE(SUM(q.is_held), 0) AS held,
            {millis:{now}} - MIN(CASE WHEN q.is_held = 0 THEN q.created_at END) AS age
        FROM (
            SELECT {millis:j.created_at} AS created_at,
                CASE WHEN t.tier = 'HIGH' AND (t.approved_tree IS NULL OR t.approved_tree <> t.tree)
                    THEN 1 ELSE 0 END AS is_held
            FROM claude_jobs j
            LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id
            LEFT JOIN bootstrap_tiers t ON t.run_id = r.id
            WHERE j.status = 'QUEUED' AND CAST(j.kind AS TEXT) IN ('BOOTSTRAP_REPO', 'UPDATE_REPO')
        ) q"];
}

#[derive(FromRow)]
struct QueueRow {
    waiting: i64,
    held: i64,
    /// In milliseconds.
    age: Option<i64>,
}

impl Database {
    /// Reads the length of the queue and the number of runs by status.
    pub async fn queue_stats(&self) -> Result<QueueStats, StoreError> {
        let mut tx = self.begin_read().await?;
        let row: QueueRow = sqlx::query_as(QUEUE.on(tx.dialect))
            .fetch_one(tx.connection())
            .await?;
        Ok(QueueStats {
            waiting: row.waiting.unsigned_abs(),
            held: row.held.unsigned_abs(),
            // A clock that was set back gives no negative age.
            oldest: row
                .age
                .map(|age| Duration::from_millis(u64::try_from(age).unwrap_or(0))),
            runs: runs::count_by_status(&mut tx).await?,
        })
    }
}
