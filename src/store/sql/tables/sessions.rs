//! `bootstrap_sessions` and `bootstrap_sign_in_codes`: browsers that are signed in, and the codes that sign in once.

use crate::store::access::Session;
use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};

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
