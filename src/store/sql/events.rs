//! The audit log: what happened, in the order of the commits.

use super::connection::Tx;
use super::dialect::{Dialect, Statement};
use crate::store::error::StoreError;
use crate::store::event::{Event, EventKind};
use crate::store::id::RunId;
use serde_json::Value;
use sqlx::Row as _;

/// Held until the commit is visible, so that a later sequence number is never seen before an earlier one.
static LINE_UP: Statement =
    Statement::new("SELECT CAST(pg_advisory_xact_lock(7163245908124011) AS TEXT)");
static APPEND: Statement = Statement::new(
    "INSERT INTO bootstrap_events (run_id, number, at, kind, actor, detail) \
     VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM bootstrap_events WHERE run_id = $1), \
     {at:$2}, $3, $4, {json:$5})",
);
static AFTER: Statement = Statement::new(
    "SELECT sequence, run_id, number, {millis:at} AS at, kind, actor, CAST(detail AS TEXT) AS detail \
     FROM bootstrap_events WHERE sequence > $1 AND (CAST($2 AS TEXT) IS NULL OR run_id = $2) \
     ORDER BY sequence LIMIT $3",
);

/// Adds events of a run, whose row is locked. The last thing that a transaction does.
pub(super) async fn append(
    tx: &mut Tx,
    run: &RunId,
    at: i64,
    by: &str,
    events: &[(EventKind, Value)],
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    if tx.dialect == Dialect::Postgres {
        let line_up = LINE_UP.on(tx.dialect);
        sqlx::query(line_up).execute(tx.at()).await?;
    }
    for (kind, detail) in events {
        sqlx::query(APPEND.on(tx.dialect))
            .bind(run.as_str())
            .bind(at)
            .bind(kind.as_db())
            .bind(by)
            .bind(text(detail))
            .execute(tx.at())
            .await?;
    }
    Ok(())
}

/// A document as text, without the one character that no database keeps.
fn text(detail: &Value) -> String {
    detail.to_string().replace("\\u0000", "\\ufffd")
}

/// Reads events after a sequence number.
pub(super) async fn after(
    tx: &mut Tx,
    after: i64,
    run: Option<&RunId>,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let rows = sqlx::query(AFTER.on(tx.dialect))
        .bind(after)
        .bind(run.map(RunId::as_str))
        .bind(i64::from(limit))
        .fetch_all(tx.at())
        .await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get("run_id")?;
            let run = RunId::parse(&id).map_err(|error| StoreError::Refused {
                message: error.to_string(),
            })?;
            let damaged = |message: String| StoreError::Damaged {
                run: run.clone(),
                what: "an event",
                message,
            };
            let kind: String = row.try_get("kind")?;
            let detail: String = row.try_get("detail")?;
            Ok(Event {
                sequence: row.try_get("sequence")?,
                number: row.try_get("number")?,
                at: row.try_get("at")?,
                kind: EventKind::of_db(&kind)
                    .ok_or_else(|| damaged(format!("`{kind}` is no kind")))?,
                by: row.try_get("actor")?,
                detail: serde_json::from_str(&detail)
                    .map_err(|error| damaged(error.to_string()))?,
                run,
            })
        })
        .collect()
}
