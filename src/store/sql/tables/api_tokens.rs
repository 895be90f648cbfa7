//! `api_tokens`: the tokens of the API, by the SHA-256 of their text.

use crate::store::access::{Account, TokenInfo};
use crate::store::error::StoreError;
use crate::store::id::{ApiTokenId, UserId};
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use sqlx_macros::FromRow;

const ACCOUNT: &str = "
    SELECT u.id AS user_id, u.username AS username, CASE WHEN u.is_demo THEN 1 ELSE 0 END AS is_demo,
        CASE WHEN a.user_id IS NULL THEN 0 ELSE 1 END AS is_administrator, ";

const LIST: &str = "
    SELECT id, user_id, label, {millis:created_at} AS created_at, {millis:expires_at} AS expires_at
    FROM api_tokens WHERE revoked_at IS NULL ";

statements! {
    INSERT = ["
        INSERT INTO api_tokens (id, user_id, token_hash, label) VALUES ($1, $2, $3, $4)"];

    /// Neither revoked nor expired.
    ACCOUNT_OF = [ACCOUNT, "t.id AS token
        FROM api_tokens t
        JOIN users u ON u.id = t.user_id
        LEFT JOIN bootstrap_administrators a ON a.user_id = u.id
        WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > {now})"];

    ACCOUNT_OF_USER = [ACCOUNT, "CAST(NULL AS TEXT) AS token
        FROM users u LEFT JOIN bootstrap_administrators a ON a.user_id = u.id
        WHERE u.id = $1"];

    ALL = [LIST, "ORDER BY created_at, id"];

    OF_USER = [LIST, "AND user_id = $1 ORDER BY created_at, id"];

    REVOKE = ["UPDATE api_tokens SET revoked_at = {now} WHERE id = $1 AND revoked_at IS NULL"];
}

#[derive(FromRow)]
struct AccountRow {
    user_id: String,
    username: String,
    is_demo: i64,
    is_administrator: i64,
    token: Option<String>,
}

#[derive(FromRow)]
struct TokenRow {
    id: String,
    user_id: String,
    label: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let user = UserId::parse(&row.user_id)
            .map_err(|error| StoreError::damaged(format!("user {}", row.user_id), error))?;
        let token = row.token.as_deref().map(ApiTokenId::parse).transpose();
        Ok(Self {
            token: token.map_err(|error| {
                StoreError::damaged(format!("a token of user {}", row.user_id), error)
            })?,
            user,
            username: row.username,
            is_demo: row.is_demo == 1,
            is_administrator: row.is_administrator == 1,
        })
    }
}

impl TryFrom<TokenRow> for TokenInfo {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        let damaged = |error| StoreError::damaged(format!("API token {}", row.id), error);
        Ok(Self {
            id: ApiTokenId::parse(&row.id).map_err(damaged)?,
            user: UserId::parse(&row.user_id).map_err(damaged)?,
            label: row.label,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// Adds a token.
pub(crate) async fn insert(
    tx: &mut Tx,
    id: &ApiTokenId,
    user: &UserId,
    hash: &str,
    label: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(tx.dialect))
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(hash)
        .bind(label)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The account of a token that is neither revoked nor expired.
pub(crate) async fn account(
    database: &Database,
    hash: &str,
) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = sqlx::query_as(ACCOUNT_OF.on(database.dialect()))
        .bind(hash)
        .fetch_optional(&database.pool)
        .await?;
    row.map(Account::try_from).transpose()
}

/// The account of a user.
pub(crate) async fn account_of_user(
    database: &Database,
    user: &UserId,
) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = sqlx::query_as(ACCOUNT_OF_USER.on(database.dialect()))
        .bind(user.as_str())
        .fetch_optional(&database.pool)
        .await?;
    row.map(Account::try_from).transpose()
}

/// The tokens that are not revoked, of one user or of all, oldest first.
pub(crate) async fn list(
    database: &Database,
    user: Option<&UserId>,
) -> Result<Vec<TokenInfo>, StoreError> {
    let rows: Vec<TokenRow> = match user {
        Some(user) => sqlx::query_as(OF_USER.on(database.dialect())).bind(user.as_str()),
        None => sqlx::query_as(ALL.on(database.dialect())),
    }
    .fetch_all(&database.pool)
    .await?;
    rows.into_iter().map(TokenInfo::try_from).collect()
}

/// Revokes a token. False if there is none that is valid.
pub(crate) async fn revoke(database: &Database, id: &ApiTokenId) -> Result<bool, StoreError> {
    let written = sqlx::query(REVOKE.on(database.dialect()))
        .bind(id.as_str())
        .execute(&database.pool)
        .await?;
    Ok(written.rows_affected() == 1)
}
