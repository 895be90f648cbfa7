//! `bootstrap_answers`: answers to requests with an idempotency key, so that a repeated request changes nothing.

use super::json_text;
use crate::store::answer::{Answer, Begun, CreatedObject, RequestKey};
use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use sqlx_macros::FromRow;

statements! {
    DELETE_OLD = ["
        DELETE FROM bootstrap_answers
        WHERE created_at <= {after:$1} OR (status IS NULL AND body IS NULL AND created_at <= {after:$2})"];

    /// Adds nothing when the user has used the key.
    INSERT = ["
        INSERT INTO bootstrap_answers (user_id, key, request_hash, created_at) VALUES ($1, $2, $3, {now})
        ON CONFLICT (user_id, key) DO NOTHING"];

    SELECT = ["
        SELECT request_hash, status, CAST(body AS TEXT) AS body FROM bootstrap_answers
        WHERE user_id = $1 AND key = $2"];

    SET = ["
        UPDATE bootstrap_answers SET status = $3, body = {cast:$4 AS jsonb} WHERE user_id = $1 AND key = $2"];

    /// A body without a status names what the request has created.
    RECORD = ["
        UPDATE bootstrap_answers SET body = {cast:$3 AS jsonb} WHERE user_id = $1 AND key = $2 AND status IS NULL"];

    DELETE = ["
        DELETE FROM bootstrap_answers WHERE user_id = $1 AND key = $2 AND status IS NULL AND body IS NULL"];
}

#[derive(FromRow)]
struct AnswerRow {
    request_hash: String,
    status: Option<i64>,
    body: Option<String>,
}

/// Begins a request with a key.
pub(crate) async fn begin(
    tx: &mut Tx,
    user: &UserId,
    key: &RequestKey,
    hash: &str,
) -> Result<Begun, StoreError> {
    sqlx::query(DELETE_OLD.on(tx.dialect))
        .bind(-Answer::LIFETIME)
        .bind(-Answer::LONGEST_REQUEST)
        .execute(tx.connection())
        .await?;
    let added = sqlx::query(INSERT.on(tx.dialect))
        .bind(user.as_str())
        .bind(key.as_str())
        .bind(hash)
        .execute(tx.connection())
        .await?;
    if added.rows_affected() == 1 {
        return Ok(Begun::New);
    }
    let row: AnswerRow = sqlx::query_as(SELECT.on(tx.dialect))
        .bind(user.as_str())
        .bind(key.as_str())
        .fetch_one(tx.connection())
        .await?;
    if row.request_hash != hash {
        return Ok(Begun::OtherRequest);
    }
    let what = "the answer to a repeated request";
    let Some(body) = row.body else {
        return Ok(Begun::InProgress);
    };
    let Some(status) = row.status else {
        let created = serde_json::from_str(&body);
        return Ok(Begun::Created(
            created.map_err(|error| StoreError::damaged(what, error))?,
        ));
    };
    Ok(Begun::Answered(Answer {
        status: u16::try_from(status).map_err(|error| StoreError::damaged(what, error))?,
        body: serde_json::from_str(&body).map_err(|error| StoreError::damaged(what, error))?,
    }))
}

/// Records what a request has created, in the same transaction.
pub(crate) async fn record(
    tx: &mut Tx,
    user: &UserId,
    key: &RequestKey,
    created: &CreatedObject,
) -> Result<(), StoreError> {
    sqlx::query(RECORD.on(tx.dialect))
        .bind(user.as_str())
        .bind(key.as_str())
        .bind(json_text("the result of a request", created)?)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Keeps the answer to a request.
pub(crate) async fn finish(
    database: &Database,
    user: &UserId,
    key: &RequestKey,
    answer: &Answer,
) -> Result<(), StoreError> {
    sqlx::query(SET.on(database.dialect()))
        .bind(user.as_str())
        .bind(key.as_str())
        .bind(i64::from(answer.status))
        .bind(answer.body.to_string())
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// Forgets a request that changed nothing, so that it can be repeated.
pub(crate) async fn forget(
    database: &Database,
    user: &UserId,
    key: &RequestKey,
) -> Result<(), StoreError> {
    sqlx::query(DELETE.on(database.dialect()))
        .bind(user.as_str())
        .bind(key.as_str())
        .execute(&database.pool)
        .await?;
    Ok(())
}
