//! The database's own clock, which every lease goes by.

use super::Database;
use super::connection::Tx;
use super::dialect::Statement;
use crate::store::error::StoreError;
use sqlx::Row as _;

static NOW: Statement = Statement::new("SELECT {now_millis} AS now");

impl Database {
    /// The time in the database, in milliseconds since 1970.
    pub async fn now(&self) -> Result<i64, StoreError> {
        now(&mut self.look().await?).await
    }
}

/// The same in a transaction.
pub(super) async fn now(tx: &mut Tx) -> Result<i64, StoreError> {
    let row = sqlx::query(NOW.on(tx.dialect)).fetch_one(tx.at()).await?;
    Ok(row.try_get("now")?)
}
