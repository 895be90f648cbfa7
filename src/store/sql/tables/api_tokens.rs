//! `api_tokens`: the users behind the tokens of the application.

use crate::store::error::StoreError;
use crate::store::sql::Database;
use crate::store::sql::dialect::{Statement, statements};

statements! {
    /// Tokens that are revoked or expired, and those of users who may only read, are left out.
    OWNER = ["
        SELECT t.user_id, t.id FROM api_tokens t JOIN users u ON u.id = t.user_id
        WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > {now})
            AND CASE WHEN u.is_demo THEN 1 ELSE 0 END = 0"];
}

/// The user and the row of a token, by its hash; `None` for a token that may not be used.
pub(crate) async fn owner(
    database: &Database,
    hash: &str,
) -> Result<Option<(String, String)>, StoreError> {
    Ok(sqlx::query_as(OWNER.on(database.dialect()))
        .bind(hash)
        .fetch_optional(&database.pool)
        .await?)
}
