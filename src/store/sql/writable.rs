//! A check that the database accepts changes.

use super::Database;
use super::dialect::{Statement, statements};
use crate::store::error::StoreError;

statements! {
    CHANGE_NOTHING = ["UPDATE claude_jobs SET kind = kind WHERE 1 = 0"];
}

impl Database {
    /// Fails if the database accepts no change, such as a replica or a file without write permission. Changes nothing.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let changed = sqlx::query(CHANGE_NOTHING.on(tx.dialect))
            .execute(tx.connection())
            .await;
        let result = changed.map(drop).map_err(StoreError::from);
        tx.finish(result).await
    }
}
