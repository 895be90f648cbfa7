//! The advisory locks of Postgres. Their numbers are listed here and nowhere else.

use super::connection::Tx;
use super::dialect::Dialect;
use crate::store::error::StoreError;

/// A lock that ends with the transaction. SQLite needs none: it has one writer at a time.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub(super) enum AdvisoryLock {
    /// Events become visible in the order of their sequence numbers.
    Events = 7_163_245_908_124_011,
    /// Publications of catalogues wait for each other, so that their rows never mix.
    Catalogs = 7_163_245_908_124_012,
}

impl AdvisoryLock {
    /// Waits for the lock.
    pub(super) async fn acquire(self, tx: &mut Tx) -> Result<(), StoreError> {
        if tx.dialect == Dialect::Postgres {
            sqlx::query("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)")
                .bind(self as i64)
                .execute(tx.connection())
                .await?;
        }
        Ok(())
    }
}
