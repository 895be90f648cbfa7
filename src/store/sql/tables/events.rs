//! `bootstrap_events`: the audit log, numbered in the order of the commits.

use crate::error::chain;
use crate::store::error::StoreError;
use crate::store::event::{Event, EventKind};
use crate::store::id::RunId;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use crate::store::sql::error::UnknownValue;
use crate::store::sql::locks::AdvisoryLock;
use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{FromRow as _, Row as _};
use sqlx_macros::FromRow;

statements! {
    INSERT = ["
        INSERT INTO bootstrap_events (run_id, number, at, kind, actor, detail)
        VALUES ($1, (SELECT COALESCE(MAX(CASE WHEN CAST(number AS BIGINT) < 9223372036854775807
                THEN CAST(number AS BIGINT) END), 0) + 1 FROM bootstrap_events WHERE run_id = $1),
            {at:$2}, $3, $4, {cast:$5 AS jsonb})"];

    LAST = ["SELECT COALESCE(MAX(sequence), 0) FROM bootstrap_events"];

    SELECT = [COLUMNS, SELECTED];

    /// A key that none of our rows can have belongs to another program.
    KEYS = ["SELECT sequence, run_id FROM bootstrap_events ", SELECTED];

    ONE = [COLUMNS, "WHERE sequence = $1"];
}

const COLUMNS: &str = "
    SELECT sequence, run_id, number, {millis:at} AS at, kind, actor, CAST(detail AS TEXT) AS detail
    FROM bootstrap_events ";

const SELECTED: &str = "
    WHERE sequence > $1 AND (CAST($2 AS TEXT) IS NULL OR run_id = $2) AND {key:run_id}
    ORDER BY sequence LIMIT $3";

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
    database: &Database,
    sequence: i64,
    run: Option<&RunId>,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let select = |statement: &'static Statement| {
        sqlx::query(statement.on(database.dialect()))
            .bind(sequence)
            .bind(run.map(RunId::as_str))
            .bind(i64::from(limit))
            .fetch_all(&database.pool)
    };
    let error = match select(&SELECT).await {
        Ok(rows) => return rows.iter().map(read).collect(),
        Err(error) => StoreError::from(error),
    };
    if !error.concerns_row() {
        return Err(error);
    }
    // One row made the statement fail: each is read with its own statement.
    let mut events = Vec::new();
    for keys in select(&KEYS).await? {
        let one = sqlx::query(ONE.on(database.dialect()))
            .bind(keys.try_get::<i64, _>("sequence")?)
            .fetch_one(&database.pool)
            .await;
        events.push(match one.map_err(StoreError::from) {
            Ok(row) => read(&row)?,
            Err(error) if error.concerns_row() => unreadable(&keys, &error)?,
            Err(error) => return Err(error),
        });
    }
    Ok(events)
}

fn read(row: &AnyRow) -> Result<Event, StoreError> {
    let event = EventRow::from_row(row)
        .map_err(StoreError::from)
        .and_then(Event::try_from);
    match event {
        Err(error) if error.concerns_row() => unreadable(row, &error),
        event => event,
    }
}

/// The place of a damaged event among the others.
fn unreadable(row: &AnyRow, error: &StoreError) -> Result<Event, StoreError> {
    let run: String = row.try_get("run_id")?;
    Ok(Event {
        sequence: row.try_get("sequence")?,
        run: RunId::parse(&run)
            .map_err(|error| StoreError::damaged("the run of an event", error))?,
        number: row.try_get("number").unwrap_or(0),
        at: row.try_get("at").unwrap_or(0),
        kind: EventKind::Unreadable,
        by: row
            .try_get("actor")
            .unwrap_or_else(|_| "unknown".to_owned()),
        detail: json!({ "error": chain(error) }),
    })
}

/// The sequence number of the newest event; 0 when there is none.
pub(crate) async fn last(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(LAST.on(tx.dialect))
        .fetch_one(tx.connection())
        .await?)
}
