//! The database's own clock, which every lease goes by.

use super::Database;
use super::dialect::Statement;
use crate::store::error::StoreError;
use sqlx::Row as _;

static NOW: Statement = Statement::new("SELECT {now_millis} AS now");

impl Database {
    /// The time in the database, in milliseconds since 1970.
    pub async fn now(&self) -> Result<i64, StoreError> {
        let row = sqlx::query(NOW.on(self.dialect()));
        Ok(row.fetch_one(&self.pool).await?.try_get("now")?)
    }
}
