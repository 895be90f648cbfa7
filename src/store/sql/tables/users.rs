//! `users`: who may write, and the sealed token of each user.

use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use crate::store::sql::users::{TokenFacts, User};
use serde_json::json;
use sqlx_macros::FromRow;

statements! {
    SELECT = [COLUMNS, "
        CAST(array_to_json(github_pat_scopes) AS TEXT) AS scopes, CAST(to_jsonb(github_orgs) AS TEXT) AS organisations
        FROM users WHERE id = $1"]
        or_sqlite [COLUMNS, "github_pat_scopes AS scopes, github_orgs AS organisations FROM users WHERE id = $1"];

    IS_DEMO = ["SELECT CASE WHEN is_demo THEN 1 ELSE 0 END FROM users WHERE id = $1"];

    SEALED_TOKEN = ["SELECT github_pat_encrypted FROM users WHERE id = $1"];

    INSERT = ["
        INSERT INTO users (id, username, updated_at) VALUES ($1, $1, {now}) ON CONFLICT (id) DO NOTHING"];

    INSERT_WITH_RIGHTS = ["
        INSERT INTO users (id, username, is_demo, updated_at) VALUES ($1, $1, {cast:$2 <> 0 AS boolean}, {now})
        ON CONFLICT (id) DO NOTHING"];

    REMOVE_TOKEN = [REMOVE, "CAST(ARRAY[] AS text[]) WHERE id = $1"]
        or_sqlite [REMOVE, "'[]' WHERE id = $1"];

    /// An application's column is `text[]` or `jsonb`: the record of the table converts the list to its type.
    SET_ORGANISATIONS = ["
        UPDATE users SET updated_at = {now}, github_orgs = (json_populate_record(CAST(NULL AS users),
            json_build_object('github_orgs', CAST($2 AS json)))).github_orgs
        WHERE id = $1"]
        or_sqlite ["UPDATE users SET updated_at = {now}, github_orgs = $2 WHERE id = $1"];

    SET_TOKEN = [SET, "ARRAY(SELECT jsonb_array_elements_text(CAST($6 AS jsonb))) WHERE id = $1"]
        or_sqlite [SET, "$6 WHERE id = $1"];
}

/// All columns but the scopes, which are an array in Postgres and JSON text in SQLite.
const COLUMNS: &str = "
    SELECT username, CASE WHEN is_demo THEN 1 ELSE 0 END AS is_demo, github_pat_encrypted AS sealed,
        github_username AS login, {millis:github_pat_verified_at} AS verified_at,
        {millis:github_pat_expires_at} AS expires_at, ";

const REMOVE: &str = "
    UPDATE users
    SET github_pat_encrypted = NULL, github_username = NULL, github_pat_verified_at = NULL,
        github_pat_expires_at = NULL, updated_at = {now}, github_pat_scopes = ";

const SET: &str = "
    UPDATE users
    SET github_pat_encrypted = $2, github_username = $3, github_pat_verified_at = {at:$4},
        github_pat_expires_at = {at:$5}, updated_at = {now}, github_pat_scopes = ";

#[derive(FromRow)]
struct UserRow {
    username: String,
    is_demo: i64,
    sealed: Option<String>,
    login: Option<String>,
    verified_at: Option<i64>,
    expires_at: Option<i64>,
    scopes: Option<String>,
    organisations: Option<String>,
}

/// Reads a user.
///
/// # Errors
/// [`StoreError::NoUser`].
pub(crate) async fn find(database: &Database, id: &UserId) -> Result<User, StoreError> {
    let row: UserRow = sqlx::query_as(SELECT.on(database.dialect()))
        .bind(id.as_str())
        .fetch_optional(&database.pool)
        .await?
        .ok_or_else(|| StoreError::NoUser { user: id.clone() })?;
    let list = |text: Option<String>, what: &str| {
        serde_json::from_str::<Option<Vec<String>>>(text.as_deref().unwrap_or("null"))
            .map(Option::unwrap_or_default)
            .map_err(|error| StoreError::damaged(format!("the {what} of user {id}"), error))
    };
    let token = match (row.sealed, row.login, row.verified_at) {
        (Some(_), Some(login), Some(verified_at)) => Some(TokenFacts {
            login,
            verified_at,
            scopes: list(row.scopes, "token scopes")?,
            expires_at: row.expires_at,
            organisations: list(row.organisations, "organisations")?,
        }),
        _ => None,
    };
    Ok(User {
        id: id.clone(),
        username: row.username,
        is_demo: row.is_demo == 1,
        token,
    })
}

/// Refuses a user who may not write.
///
/// # Errors
/// [`StoreError::NoUser`], [`StoreError::Demo`].
pub(crate) async fn check_may_write(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    if is_demo(tx, user).await? {
        return Err(StoreError::Demo { user: user.clone() });
    }
    Ok(())
}

/// The sealed token of a user, if there is one.
pub(crate) async fn sealed_token(tx: &mut Tx, user: &UserId) -> Result<Option<String>, StoreError> {
    let token: Option<Option<String>> = sqlx::query_scalar(SEALED_TOKEN.on(tx.dialect))
        .bind(user.as_str())
        .fetch_optional(tx.connection())
        .await?;
    Ok(token.flatten())
}

/// Removes the sealed token of a user.
pub(crate) async fn remove_token(tx: &mut Tx, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(REMOVE_TOKEN.on(tx.dialect))
        .bind(user.as_str())
        .execute(tx.connection())
        .await?;
    set_organisations(tx, user, &[]).await
}

/// Replaces the organisations of a user.
pub(crate) async fn set_organisations(
    tx: &mut Tx,
    user: &UserId,
    organisations: &[String],
) -> Result<(), StoreError> {
    sqlx::query(SET_ORGANISATIONS.on(tx.dialect))
        .bind(user.as_str())
        .bind(json!(organisations).to_string())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Replaces the sealed token of a user.
pub(crate) async fn set_token(
    tx: &mut Tx,
    user: &UserId,
    sealed: &str,
    facts: &TokenFacts,
) -> Result<(), StoreError> {
    sqlx::query(SET_TOKEN.on(tx.dialect))
        .bind(user.as_str())
        .bind(sealed)
        .bind(facts.login.as_str())
        .bind(facts.verified_at)
        .bind(facts.expires_at)
        .bind(json!(facts.scopes).to_string())
        .execute(tx.connection())
        .await?;
    set_organisations(tx, user, &facts.organisations).await
}

/// True for a user who may only read.
///
/// # Errors
/// [`StoreError::NoUser`].
pub(crate) async fn is_demo(tx: &mut Tx, user: &UserId) -> Result<bool, StoreError> {
    let is_demo: Option<i64> = sqlx::query_scalar(IS_DEMO.on(tx.dialect))
        .bind(user.as_str())
        .fetch_optional(tx.connection())
        .await?;
    is_demo
        .map(|is_demo| is_demo == 1)
        .ok_or_else(|| StoreError::NoUser { user: user.clone() })
}

/// Adds a user who is missing, with the given rights.
pub(crate) async fn insert(tx: &mut Tx, user: &UserId, is_demo: bool) -> Result<(), StoreError> {
    sqlx::query(INSERT_WITH_RIGHTS.on(tx.dialect))
        .bind(user.as_str())
        .bind(i64::from(is_demo))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Adds a user who is missing.
pub(crate) async fn ensure(database: &Database, user: &UserId) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(database.dialect()))
        .bind(user.as_str())
        .execute(&database.pool)
        .await?;
    Ok(())
}
