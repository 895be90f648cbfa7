//! How long the queue is and how runs ended, for those who watch the service.

use super::Database;
use super::dialect::Statement;
use crate::store::error::StoreError;
use crate::store::run::RunStatus;
use sqlx::Row as _;
use std::time::Duration;

/// The queue of our kind at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStats {
    /// Jobs that a worker could take now.
    pub waiting: u64,
    /// Jobs that wait for an approval.
    pub held: u64,
    /// How long the oldest of the first has waited.
    pub oldest: Option<Duration>,
    /// How many runs have each status; every status is there.
    pub runs: Vec<(RunStatus, u64)>,
}

static QUEUE: Statement = Statement::new(
    "SELECT COALESCE(SUM(q.is_held), 0) AS held, COUNT(*) - COALESCE(SUM(q.is_held), 0) AS waiting, \
     {now_millis} - MIN(CASE WHEN q.is_held = 0 THEN q.since END) AS age FROM (\
     SELECT {millis:j.created_at} AS since, \
     CASE WHEN t.tier = 'HIGH' AND (t.approved_tree IS NULL OR t.approved_tree <> t.tree) THEN 1 ELSE 0 END AS is_held \
     FROM claude_jobs j LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id \
     LEFT JOIN bootstrap_tiers t ON t.run_id = r.id \
     WHERE j.kind = 'BOOTSTRAP_REPO' AND j.status = 'QUEUED') q",
);
static RUNS: Statement = Statement::new(
    "SELECT CAST(status AS TEXT) AS status, COUNT(*) AS number FROM bootstrap_runs GROUP BY status",
);

impl Database {
    /// Looks at the queue.
    pub async fn queue_stats(&self) -> Result<QueueStats, StoreError> {
        let mut tx = self.look().await?;
        let queue = sqlx::query(QUEUE.on(tx.dialect)).fetch_one(tx.at()).await?;
        let runs = sqlx::query(RUNS.on(tx.dialect)).fetch_all(tx.at()).await?;
        let mut counts = RunStatus::ALL.map(|status| (status, 0)).to_vec();
        for row in &runs {
            let status: String = row.try_get("status")?;
            let number: i64 = row.try_get("number")?;
            let known = counts.iter_mut().find(|(known, _)| known.as_db() == status);
            if let Some((_, count)) = known {
                *count = u64::try_from(number).unwrap_or_default();
            }
        }
        let number = |name: &str| {
            let number: i64 = queue.try_get(name)?;
            Ok::<_, sqlx::Error>(u64::try_from(number).unwrap_or_default())
        };
        let age: Option<i64> = queue.try_get("age")?;
        Ok(QueueStats {
            waiting: number("waiting")?,
            held: number("held")?,
            oldest: age.map(|age| Duration::from_millis(u64::try_from(age).unwrap_or_default())),
            runs: counts,
        })
    }
}
