//! `ideas` and `bootstrap_idea_log`: ideas of users, and every plan document that they got.

use crate::store::error::StoreError;
use crate::store::id::{IdeaId, ProductId, UserId};
use crate::store::idea::{Idea, IdeaStatus, NewIdea};
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use sqlx_macros::FromRow;

const COLUMNS: &str = "
    SELECT id, product_id AS product, title, CAST(status AS TEXT) AS status, CAST(length(plan_md) AS BIGINT) AS plan_characters,
        {millis:created_at} AS created_at, {millis:updated_at} AS updated_at
    FROM ideas WHERE user_id = $1 ";

const STATUS_OF: &str = "SELECT CAST(status AS TEXT) FROM ideas WHERE id = $1 AND user_id = $2";

statements! {
    INSERT = ["
        INSERT INTO ideas (id, user_id, product_id, title, updated_at) VALUES ($1, $2, $3, $4, {now})"];

    ALL = [COLUMNS, "AND id > $2 ORDER BY id LIMIT $3"];

    ONE = [COLUMNS, "AND id = $2"];

    PLAN = ["SELECT plan_md FROM ideas WHERE user_id = $1 AND id = $2"];

    LOCK_STATUS = [STATUS_OF, " FOR UPDATE"] or_sqlite [STATUS_OF];

    /// The record of the table converts the name to the type of an application's column.
    SET_PLAN = ["
        UPDATE ideas SET plan_md = $2, updated_at = {now}, status = (json_populate_record(CAST(NULL AS ideas),
            json_build_object('status', CAST($3 AS TEXT)))).status
        WHERE id = $1"]
        or_sqlite ["UPDATE ideas SET plan_md = $2, updated_at = {now}, status = $3 WHERE id = $1"];

    LOG = ["
        INSERT INTO bootstrap_idea_log (idea_id, number, at, actor, former_status, characters)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM bootstrap_idea_log WHERE idea_id = $1), {now}, $2, $3, $4)"];
}

#[derive(FromRow)]
struct IdeaRow {
    id: String,
    product: Option<String>,
    title: String,
    status: String,
    plan_characters: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<IdeaRow> for Idea {
    type Error = StoreError;

    fn try_from(row: IdeaRow) -> Result<Self, StoreError> {
        let id = IdeaId::parse(&row.id);
        Ok(Self {
            id: id.map_err(|error| StoreError::damaged("the id of an idea", error))?,
            product: row.product,
            title: row.title,
            status: IdeaStatus::of_db(&row.status).map_or("unknown", IdeaStatus::to_api),
            plan_characters: row.plan_characters,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Adds an idea.
pub(crate) async fn insert(
    tx: &mut Tx,
    user: &UserId,
    id: &IdeaId,
    new: &NewIdea,
) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(tx.dialect))
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(new.product.as_ref().map(ProductId::as_str))
        .bind(new.title.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// At most `limit` ideas of a user whose ids follow `after`, by id.
pub(crate) async fn list(
    database: &Database,
    user: &UserId,
    after: &str,
    limit: u32,
) -> Result<Vec<Idea>, StoreError> {
    let rows: Vec<IdeaRow> = sqlx::query_as(ALL.on(database.dialect()))
        .bind(user.as_str())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&database.pool)
        .await?;
    rows.into_iter().map(Idea::try_from).collect()
}

/// An idea of a user with its plan document.
///
/// # Errors
/// [`StoreError::NoIdea`].
pub(crate) async fn find(
    database: &Database,
    user: &UserId,
    id: &IdeaId,
) -> Result<(Idea, Option<String>), StoreError> {
    let row: Option<IdeaRow> = sqlx::query_as(ONE.on(database.dialect()))
        .bind(user.as_str())
        .bind(id.as_str())
        .fetch_optional(&database.pool)
        .await?;
    let plan: Option<Option<String>> = sqlx::query_scalar(PLAN.on(database.dialect()))
        .bind(user.as_str())
        .bind(id.as_str())
        .fetch_optional(&database.pool)
        .await?;
    let row = row.ok_or_else(|| missing(id))?;
    Ok((row.try_into()?, plan.flatten()))
}

/// Locks an idea of a user until the end of the transaction. Returns its status by its name in the row.
///
/// # Errors
/// [`StoreError::NoIdea`].
pub(crate) async fn lock(tx: &mut Tx, user: &UserId, id: &IdeaId) -> Result<String, StoreError> {
    let status: Option<String> = sqlx::query_scalar(LOCK_STATUS.on(tx.dialect))
        .bind(id.as_str())
        .bind(user.as_str())
        .fetch_optional(tx.connection())
        .await?;
    status.ok_or_else(|| missing(id))
}

/// Replaces the plan document of a locked idea, and logs the length of the document and the former status.
pub(crate) async fn set_plan(
    tx: &mut Tx,
    user: &UserId,
    id: &IdeaId,
    document: &str,
    former: IdeaStatus,
    status: IdeaStatus,
) -> Result<(), StoreError> {
    sqlx::query(SET_PLAN.on(tx.dialect))
        .bind(id.as_str())
        .bind(document)
        .bind(status.as_db())
        .execute(tx.connection())
        .await?;
    sqlx::query(LOG.on(tx.dialect))
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(former.as_db())
        .bind(i64::try_from(document.chars().count()).unwrap_or(i64::MAX))
        .execute(tx.connection())
        .await?;
    Ok(())
}

fn missing(id: &IdeaId) -> StoreError {
    StoreError::NoIdea { idea: id.clone() }
}
