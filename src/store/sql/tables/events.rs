//! `bootstrap_events`: the audit log, numbered in the order of the commits.

use crate::store::error::StoreError;
use crate::store::event::{Event, EventKind};
use crate::store::id::RunId;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use crate::store::sql::error::UnknownValue;
use crate::store::sql::locks::AdvisoryLock;
use serde_json::Value;
use sqlx_macros::FromRow;

statements! {
    INSERT = ["
        INSERT INTO bootstrap_events (run_id, number, at, kind, actor, detail)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM bootstrap_events WHERE run_id = $1),
            {at:$2}, $3, $4, {cast:$5 AS jsonb})"];

    LAST = ["SELECT COALESCE(MAX(sequence), 0) FROM bootstrap_events"];

    SELECT = ["
        SELECT sequence, run_id, number, {millis:at} AS at, kind, actor, CAST(detail AS TEXT) AS detail
        FROM bootstrap_events
        WHERE sequence > $1 AND (CAST($2 AS TEXT) IS NULL OR run_id = $2)
        ORDER BY sequence LIMIT $3"];
}

#[derive(FromRow)]
struct EventRow {
    sequence: i64,
    run_id: String,
    number: i64,
    at: i64,
    kind: String,
    actor: String,
    detail: String,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let what = || format!("event {} of run {}", row.number, row.run_id);
        Ok(Self {
            sequence: row.sequence,
            run: RunId::parse(&row.run_id).map_err(|error| StoreError::damaged(what(), error))?,
            number: row.number,
            at: row.at,
            kind: EventKind::of_db(&row.kind)
                .ok_or_else(|| StoreError::damaged(what(), UnknownValue(row.kind.clone())))?,
            detail: serde_json::from_str(&row.detail)
                .map_err(|error| StoreError::damaged(what(), error))?,
            by: row.actor,
        })
    }
}

/// Adds events of a run whose row is locked. Must be the last thing that a transaction does: others that add events wait
/// for its commit.
pub(crate) async fn append(
    tx: &mut Tx,
    run: &RunId,
    at: i64,
    actor: &str,
    events: &[(EventKind, Value)],
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    AdvisoryLock::Events.acquire(tx).await?;
    for (kind, detail) in events {
        sqlx::query(INSERT.on(tx.dialect))
            .bind(run.as_str())
            .bind(at)
            .bind(kind.as_db())
            .bind(actor)
            // Postgres stores no NUL.
            .bind(detail.to_string().replace("\\u0000", "\\ufffd"))
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}

/// At most `limit` events after a sequence number, of one run or of all.
pub(crate) async fn after(
    tx: &mut Tx,
    sequence: i64,
    run: Option<&RunId>,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<EventRow> = sqlx::query_as(SELECT.on(tx.dialect))
        .bind(sequence)
        .bind(run.map(RunId::as_str))
        .bind(i64::from(limit))
        .fetch_all(tx.connection())
        .await?;
    rows.into_iter().map(Event::try_from).collect()
}

/// The sequence number of the newest event; 0 when there is none.
pub(crate) async fn last(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(LAST.on(tx.dialect))
        .fetch_one(tx.connection())
        .await?)
}
