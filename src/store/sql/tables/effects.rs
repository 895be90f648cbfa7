//! `bootstrap_effects`: the ledger of each run.

use super::json_text;
use crate::publish::ledger::LedgerEntry;
use crate::store::error::StoreError;
use crate::store::id::RunId;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};

statements! {
    SELECT = ["SELECT CAST(entry AS TEXT) FROM bootstrap_effects WHERE run_id = $1 ORDER BY number"];

    INSERT = ["
        INSERT INTO bootstrap_effects (run_id, number, at, entry)
        VALUES ($1, $2, {at:$3}, {cast:$4 AS jsonb})"];

    /// Ledgers whose run was deleted, except those that a worker still has.
    ORPHANED = ["
        SELECT e.run_id FROM bootstrap_effects e
        WHERE e.number = 1 AND {key:e.run_id}
            AND NOT EXISTS (SELECT 1 FROM bootstrap_runs r WHERE r.id = e.run_id)
            AND NOT EXISTS (SELECT 1 FROM bootstrap_claims c WHERE c.run_id = e.run_id AND c.lease_until > {now})
        ORDER BY e.run_id"];
}

/// The ledger of a run, in order.
///
/// # Errors
/// [`StoreError::Damaged`] for an entry that is not one.
pub(crate) async fn entries(tx: &mut Tx, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError> {
    let entries: Vec<String> = sqlx::query_scalar(SELECT.on(tx.dialect))
        .bind(run.as_str())
        .fetch_all(tx.connection())
        .await?;
    entries
        .iter()
        .map(|entry| serde_json::from_str(entry).map_err(|error| damaged(run, error)))
        .collect()
}

/// The error of a ledger that cannot be read or followed.
pub(crate) fn damaged(
    run: &RunId,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::damaged(format!("the ledger of run {run}"), source)
}

/// Adds an entry, numbered from 1.
pub(crate) async fn insert(
    tx: &mut Tx,
    run: &RunId,
    number: usize,
    at: i64,
    entry: &LedgerEntry,
) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(tx.dialect))
        .bind(run.as_str())
        .bind(i64::try_from(number).unwrap_or(i64::MAX))
        .bind(at)
        .bind(json_text("an entry of the ledger", entry)?)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The runs that were deleted and whose ledger is still there. Ids that no run of ours can have are left out.
pub(crate) async fn orphaned(tx: &mut Tx) -> Result<Vec<RunId>, StoreError> {
    let ids: Vec<String> = sqlx::query_scalar(ORPHANED.on(tx.dialect))
        .fetch_all(tx.connection())
        .await?;
    Ok(ids.iter().filter_map(|id| RunId::parse(id).ok()).collect())
}
