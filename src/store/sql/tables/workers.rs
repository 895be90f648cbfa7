//! `claude_workers`: the worker processes that run.

use crate::store::error::StoreError;
use crate::store::id::WorkerRowId;
use crate::store::lease::WorkerId;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use crate::store::sql::workers::Presence;

statements! {
    TOUCH = ["UPDATE claude_workers SET last_seen_at = {now} WHERE instance_id = $1"];

    INSERT = ["
        INSERT INTO claude_workers (id, user_id, token_id, instance_id, hostname, pid, started_at, last_seen_at)
        VALUES ($1, $2, $3, $4, $5, CAST($6 AS INTEGER), {now}, {now})"];

    DELETE = ["DELETE FROM claude_workers WHERE instance_id = $1"];
}

/// Writes that a worker runs. False when the worker is not listed.
pub(crate) async fn touch(tx: &mut Tx, worker: &WorkerId) -> Result<bool, StoreError> {
    let written = sqlx::query(TOUCH.on(tx.dialect))
        .bind(worker.as_str())
        .execute(tx.connection())
        .await?;
    Ok(written.rows_affected() > 0)
}

/// Adds a worker to the list.
pub(crate) async fn insert(tx: &mut Tx, presence: &Presence) -> Result<(), StoreError> {
    let owner = presence.owner.as_ref();
    sqlx::query(INSERT.on(tx.dialect))
        .bind(WorkerRowId::fresh().as_str())
        .bind(owner.map(|owner| owner.user.as_str()))
        .bind(owner.map(|owner| owner.token.as_str()))
        .bind(presence.worker.as_str())
        .bind(presence.host.as_str())
        .bind(i64::from(presence.process))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Removes a worker from the list.
pub(crate) async fn delete(database: &Database, worker: &WorkerId) -> Result<(), StoreError> {
    sqlx::query(DELETE.on(database.dialect()))
        .bind(worker.as_str())
        .execute(&database.pool)
        .await?;
    Ok(())
}
