//! `bootstrap_administrators`: who administers an installation with its own tables.

use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};

statements! {
    INSERT = ["
        INSERT INTO bootstrap_administrators (user_id, added_at) VALUES ($1, {now})
        ON CONFLICT (user_id) DO NOTHING"];

    COUNT = ["SELECT COUNT(*) FROM bootstrap_administrators WHERE user_id = $1"];
}

/// Makes a user an administrator.
pub(crate) async fn insert(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(tx.dialect))
        .bind(user.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// True if a user is an administrator of the installation.
pub(crate) async fn contains(tx: &mut Tx, user: &UserId) -> Result<bool, StoreError> {
    let count: i64 = sqlx::query_scalar(COUNT.on(tx.dialect))
        .bind(user.as_str())
        .fetch_one(tx.connection())
        .await?;
    Ok(count > 0)
}
