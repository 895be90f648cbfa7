//! `bootstrap_administrators`: who administers an installation with its own tables.

use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};

statements! {
    INSERT = ["
        INSERT INTO bootstrap_administrators (user_id, added_at) VALUES ($1, {now})
        ON CONFLICT (user_id) DO NOTHING"];
}

/// Makes a user an administrator.
pub(crate) async fn insert(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(tx.dialect))
        .bind(user.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}
