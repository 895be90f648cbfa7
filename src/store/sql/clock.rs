//! The database's clock, which decides on every lease.

use super::Database;
use super::connection::Tx;
use super::dialect::{Statement, statements};
use crate::store::error::StoreError;

statements! {
    NOW = ["SELECT {millis:{now}}"];
}

impl Database {
    /// The time of the database, in milliseconds since 1970.
    pub async fn now(&self) -> Result<i64, StoreError> {
        now(&mut self.begin_read().await?).await
    }
}

/// The time of the database in a transaction, in milliseconds since 1970.
pub(super) async fn now(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(NOW.on(tx.dialect))
        .fetch_one(tx.connection())
        .await?)
}
