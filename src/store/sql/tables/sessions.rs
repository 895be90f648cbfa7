//! `bootstrap_sessions` and `bootstrap_sign_in_codes`: browsers that are signed in, and the codes that sign in once.

use crate::store::access::{Session, SessionInfo};
use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use sqlx_macros::FromRow;

statements! {
    INSERT = ["
        INSERT INTO bootstrap_sessions (key_hash, user_id, created_at, seen_at) VALUES ($1, $2, {now}, {now})"];

    /// The user of a session that has not ended.
    USER = ["
        SELECT user_id FROM bootstrap_sessions
        WHERE key_hash = $1 AND created_at > {after:$2} AND seen_at > {after:$3}"];

    /// At most once a minute, so that reading does not write each time.
    SEE = ["
        UPDATE bootstrap_sessions SET seen_at = {now} WHERE key_hash = $1 AND seen_at < {after:$2}"];

    DELETE = ["DELETE FROM bootstrap_sessions WHERE key_hash = $1"];

    /// The sessions of a user that have not ended.
    LIST = ["
        SELECT key_hash AS hash, {millis:created_at} AS created_at, {millis:seen_at} AS seen_at
        FROM bootstrap_sessions
        WHERE user_id = $1 AND created_at > {after:$2} AND seen_at > {after:$3}
        ORDER BY seen_at DESC, key_hash"];

    DELETE_OF_USER = ["DELETE FROM bootstrap_sessions WHERE user_id = $1 AND key_hash = $2"];

    DELETE_OTHERS = ["DELETE FROM bootstrap_sessions WHERE user_id = $1 AND key_hash <> $2"];

    DELETE_ENDED = ["
        DELETE FROM bootstrap_sessions WHERE created_at <= {after:$1} OR seen_at <= {after:$2}"];

    INSERT_CODE = ["
        INSERT INTO bootstrap_sign_in_codes (code_hash, user_id, created_at) VALUES ($1, $2, {now})"];

    /// A code is used by its removal, so that it signs in once.
    USE_CODE = ["
        DELETE FROM bootstrap_sign_in_codes WHERE code_hash = $1 AND created_at > {after:$2} RETURNING user_id"];

    DELETE_OLD_CODES = ["DELETE FROM bootstrap_sign_in_codes WHERE created_at <= {after:$1}"];
}

/// The interval of updates of `seen_at`, in milliseconds.
const SEEN_EVERY: i64 = 60_000;

fn parsed(user: Option<&str>) -> Result<Option<UserId>, StoreError> {
    let parsed = user.map(UserId::parse).transpose();
    parsed.map_err(|error| StoreError::damaged("the user of a session", error))
}

/// Adds a session and removes those that have ended.
pub(crate) async fn insert(tx: &mut Tx, hash: &str, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(DELETE_ENDED.on(tx.dialect))
        .bind(-Session::LONGEST)
        .bind(-Session::LONGEST_IDLE)
        .execute(tx.connection())
        .await?;
    sqlx::query(INSERT.on(tx.dialect))
        .bind(hash)
        .bind(user.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The user of a session that has not ended.
pub(crate) async fn user(database: &Database, hash: &str) -> Result<Option<UserId>, StoreError> {
    let user: Option<String> = sqlx::query_scalar(USER.on(database.dialect()))
        .bind(hash)
        .bind(-Session::LONGEST)
        .bind(-Session::LONGEST_IDLE)
        .fetch_optional(&database.pool)
        .await?;
    parsed(user.as_deref())
}

/// Records that a session is in use.
pub(crate) async fn see(database: &Database, hash: &str) -> Result<(), StoreError> {
    sqlx::query(SEE.on(database.dialect()))
        .bind(hash)
        .bind(-SEEN_EVERY)
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// Ends a session.
pub(crate) async fn delete(database: &Database, hash: &str) -> Result<(), StoreError> {
    sqlx::query(DELETE.on(database.dialect()))
        .bind(hash)
        .execute(&database.pool)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct SessionRow {
    hash: String,
    created_at: i64,
    seen_at: i64,
}

impl From<SessionRow> for SessionInfo {
    fn from(row: SessionRow) -> Self {
        Self {
            hash: row.hash,
            created_at: row.created_at,
            seen_at: row.seen_at,
        }
    }
}

/// The sessions of a user that have not ended, the one with the newest request first.
pub(crate) async fn list(
    database: &Database,
    user: &UserId,
) -> Result<Vec<SessionInfo>, StoreError> {
    let rows: Vec<SessionRow> = sqlx::query_as(LIST.on(database.dialect()))
        .bind(user.as_str())
        .bind(-Session::LONGEST)
        .bind(-Session::LONGEST_IDLE)
        .fetch_all(&database.pool)
        .await?;
    Ok(rows.into_iter().map(SessionInfo::from).collect())
}

/// Ends a session of a user. False if the user has none with this hash.
pub(crate) async fn delete_of_user(
    database: &Database,
    user: &UserId,
    hash: &str,
) -> Result<bool, StoreError> {
    let written = sqlx::query(DELETE_OF_USER.on(database.dialect()))
        .bind(user.as_str())
        .bind(hash)
        .execute(&database.pool)
        .await?;
    Ok(written.rows_affected() == 1)
}

/// Ends the sessions of a user but one. The number of ended sessions.
pub(crate) async fn delete_others(
    database: &Database,
    user: &UserId,
    kept: &str,
) -> Result<u64, StoreError> {
    let written = sqlx::query(DELETE_OTHERS.on(database.dialect()))
        .bind(user.as_str())
        .bind(kept)
        .execute(&database.pool)
        .await?;
    Ok(written.rows_affected())
}

/// Adds a code that signs in a user once, and removes expired ones.
pub(crate) async fn insert_code(tx: &mut Tx, hash: &str, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(DELETE_OLD_CODES.on(tx.dialect))
        .bind(-Session::CODE_LIFETIME)
        .execute(tx.connection())
        .await?;
    sqlx::query(INSERT_CODE.on(tx.dialect))
        .bind(hash)
        .bind(user.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Uses up a code and returns its user; `None` if it was used or has expired.
pub(crate) async fn use_code(tx: &mut Tx, hash: &str) -> Result<Option<UserId>, StoreError> {
    let user: Option<String> = sqlx::query_scalar(USE_CODE.on(tx.dialect))
        .bind(hash)
        .bind(-Session::CODE_LIFETIME)
        .fetch_optional(tx.connection())
        .await?;
    parsed(user.as_deref())
}
