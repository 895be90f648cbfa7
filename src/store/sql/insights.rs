//! Facts about an installation: the workers that run, the number of jobs by day, the size of the database.

use super::Database;
use super::dialect::{Statement, statements};
use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::job::JobKind;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx_macros::FromRow;

/// A worker that reported within the last minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, FromRow)]
#[serde(rename_all = "camelCase")]
pub struct ListedWorker {
    pub id: String,
    pub host: String,
    pub process: i64,
    /// In milliseconds since 1970.
    pub started_at: i64,
    /// In milliseconds since 1970.
    pub seen_at: i64,
}

/// The number of jobs of one kind that ended on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DayCount {
    /// `YYYY-MM-DD`, UTC.
    pub day: String,
    pub kind: String,
    pub label: String,
    pub succeeded: i64,
    pub failed: i64,
    /// Null: creating a repository costs no tokens, and only the application knows the cost of its jobs.
    pub cost: Option<i64>,
}

#[derive(FromRow)]
struct DayRow {
    day: String,
    kind: String,
    succeeded: i64,
    failed: i64,
}

const WORKER: &str = "
    SELECT instance_id AS id, hostname AS host, CAST(pid AS BIGINT) AS process,
        {millis:started_at} AS started_at, {millis:last_seen_at} AS seen_at
    FROM claude_workers WHERE last_seen_at > {after:$1} ORDER BY started_at, instance_id";

const COUNTS: &str = " AS day, CAST(kind AS TEXT) AS kind,
        CAST(SUM(CASE WHEN status = 'DONE' THEN 1 ELSE 0 END) AS BIGINT) AS succeeded,
        CAST(SUM(CASE WHEN status = 'DONE' THEN 0 ELSE 1 END) AS BIGINT) AS failed
    FROM claude_jobs
    WHERE finished_at > {after:$1} AND status IN ('DONE', 'FAILED')
        AND (CAST($2 AS TEXT) IS NULL OR user_id = $2)
    GROUP BY 1, 2 ORDER BY 1, 2";

statements! {
    WORKERS = [WORKER];

    SIZE = ["SELECT pg_database_size(current_database())"]
        or_sqlite ["SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"];

    THROUGHPUT = ["SELECT to_char(finished_at, 'YYYY-MM-DD')", COUNTS]
        // The day is written once for each group, not for each job.
        or_sqlite ["SELECT strftime('%Y-%m-%d', day * 86400, 'unixepoch') AS day, kind, succeeded, failed
            FROM (SELECT finished_at / 86400000", COUNTS, ")"];
}

/// A worker that was silent for longer is not listed.
const SILENT: i64 = 60_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

impl Database {
    /// The size of the database, in bytes.
    pub async fn size(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(SIZE.on(self.dialect()))
            .fetch_one(&self.pool)
            .await?)
    }

    /// The workers that reported within the last minute, oldest first.
    pub async fn workers(&self) -> Result<Vec<ListedWorker>, StoreError> {
        Ok(sqlx::query_as(WORKERS.on(self.dialect()))
            .bind(-SILENT)
            .fetch_all(&self.pool)
            .await?)
    }

    /// The number of jobs that ended on each of the last days, of one user or of all.
    pub async fn throughput(
        &self,
        user: Option<&UserId>,
        days: u32,
    ) -> Result<Vec<DayCount>, StoreError> {
        let rows: Vec<DayRow> = sqlx::query_as(THROUGHPUT.on(self.dialect()))
            .bind(-DAY * i64::from(days))
            .bind(user.map(UserId::as_str))
            .fetch_all(&self.pool)
            .await?;
        let count = |row: DayRow| DayCount {
            day: row.day,
            label: JobKind::of_db(&row.kind)
                .map_or_else(|| row.kind.clone(), |kind| kind.label().to_owned()),
            kind: row.kind,
            succeeded: row.succeeded,
            failed: row.failed,
            cost: None,
        };
        Ok(rows.into_iter().map(count).collect())
    }
}
