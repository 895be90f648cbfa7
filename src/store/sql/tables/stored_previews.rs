//! `bootstrap_previews`: previews of the last day, for their users.

use super::{check_storable, json_text};
use crate::model::digest::GitId;
use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::preview::{NewPreview, StoredPreview};
use crate::store::sql::Database;
use crate::store::sql::dialect::{Statement, statements};
use sqlx_macros::FromRow;

statements! {
    UPSERT = ["
        INSERT INTO bootstrap_previews (user_id, tree_id, plan, report, created_at)
        VALUES ($1, $2, {cast:$3 AS jsonb}, {cast:$4 AS jsonb}, {now})
        ON CONFLICT (user_id, tree_id) DO UPDATE
        SET plan = excluded.plan, report = excluded.report, created_at = excluded.created_at"];

    SELECT = ["
        SELECT CAST(plan AS TEXT) AS plan, CAST(report AS TEXT) AS report FROM bootstrap_previews
        WHERE user_id = $1 AND tree_id = $2 AND created_at > {after:$3}"];

    DELETE_OLD = ["DELETE FROM bootstrap_previews WHERE created_at <= {after:$1}"];
}

#[derive(FromRow)]
struct PreviewRow {
    plan: String,
    report: String,
}

/// Stores a preview of a user.
pub(crate) async fn upsert(
    database: &Database,
    user: &UserId,
    preview: &NewPreview<'_>,
) -> Result<(), StoreError> {
    check_storable("the report", preview.report)?;
    sqlx::query(UPSERT.on(database.dialect()))
        .bind(user.as_str())
        .bind(preview.tree.as_str())
        .bind(json_text("the plan", preview.plan)?)
        .bind(preview.report)
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// Removes the old previews of all users.
pub(crate) async fn delete_old(database: &Database) -> Result<(), StoreError> {
    sqlx::query(DELETE_OLD.on(database.dialect()))
        .bind(-StoredPreview::LIFETIME)
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// A preview of a user of the last day.
pub(crate) async fn find(
    database: &Database,
    user: &UserId,
    tree: &GitId,
) -> Result<Option<StoredPreview>, StoreError> {
    let row: Option<PreviewRow> = sqlx::query_as(SELECT.on(database.dialect()))
        .bind(user.as_str())
        .bind(tree.as_str())
        .bind(-StoredPreview::LIFETIME)
        .fetch_optional(&database.pool)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let read = |text: &str| {
        serde_json::from_str(text)
            .map_err(|error| StoreError::damaged(format!("the preview of tree {tree}"), error))
    };
    Ok(Some(StoredPreview {
        plan: read(&row.plan)?,
        report: read(&row.report)?,
    }))
}
