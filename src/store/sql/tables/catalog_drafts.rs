//! `bootstrap_catalog_drafts`: the change of each catalogue that is not published yet.

use super::json_text;
use crate::model::content::StoredFile;
use crate::model::digest::Digest;
use crate::model::slug::Slug;
use crate::store::catalog::CatalogDraft;
use crate::store::error::StoreError;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use sqlx_macros::FromRow;
use std::collections::BTreeMap;

statements! {
    UPSERT = ["
        INSERT INTO bootstrap_catalog_drafts (catalog, files_hash, base_version, files, saved_by, saved_at)
        VALUES ($1, $2, $3, {cast:$4 AS jsonb}, $5, {now})
        ON CONFLICT (catalog) DO UPDATE
        SET files_hash = excluded.files_hash, base_version = excluded.base_version, files = excluded.files,
            saved_by = excluded.saved_by, saved_at = excluded.saved_at"];

    SELECT = ["
        SELECT files_hash, base_version, CAST(files AS TEXT) AS files, saved_by, {millis:saved_at} AS saved_at
        FROM bootstrap_catalog_drafts WHERE catalog = $1"];

    DELETE = ["DELETE FROM bootstrap_catalog_drafts WHERE catalog = $1"];

    DELETE_EXACT = ["DELETE FROM bootstrap_catalog_drafts WHERE catalog = $1 AND files_hash = $2"];
}

#[derive(FromRow)]
struct DraftRow {
    files_hash: String,
    base_version: Option<String>,
    files: String,
    saved_by: String,
    saved_at: i64,
}

impl DraftRow {
    fn into_draft(self, catalog: &Slug) -> Result<CatalogDraft, StoreError> {
        let what = || format!("the draft of catalogue {catalog}");
        let digest =
            |text: &str| Digest::parse(text).map_err(|error| StoreError::damaged(what(), error));
        let files: BTreeMap<String, StoredFile> = serde_json::from_str(&self.files)
            .map_err(|error| StoreError::damaged(what(), error))?;
        Ok(CatalogDraft {
            catalog: catalog.clone(),
            hash: digest(&self.files_hash)?,
            base: self.base_version.as_deref().map(digest).transpose()?,
            files,
            by: self.saved_by,
            at: self.saved_at,
        })
    }
}

/// Replaces the draft of a catalogue.
pub(crate) async fn upsert(
    database: &Database,
    catalog: &Slug,
    hash: &Digest,
    base: Option<&Digest>,
    files: &BTreeMap<String, StoredFile>,
    by: &str,
) -> Result<(), StoreError> {
    sqlx::query(UPSERT.on(database.dialect()))
        .bind(catalog.as_str())
        .bind(hash.as_str())
        .bind(base.map(Digest::as_str))
        .bind(json_text("the draft", files)?)
        .bind(by)
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// The draft of a catalogue, if there is one.
pub(crate) async fn find(
    database: &Database,
    catalog: &Slug,
) -> Result<Option<CatalogDraft>, StoreError> {
    let row: Option<DraftRow> = sqlx::query_as(SELECT.on(database.dialect()))
        .bind(catalog.as_str())
        .fetch_optional(&database.pool)
        .await?;
    row.map(|row| row.into_draft(catalog)).transpose()
}

/// Removes the draft of a catalogue. False if there is none.
pub(crate) async fn delete(database: &Database, catalog: &Slug) -> Result<bool, StoreError> {
    let deleted = sqlx::query(DELETE.on(database.dialect()))
        .bind(catalog.as_str())
        .execute(&database.pool)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Removes the draft with exactly these files. False if there is none.
pub(crate) async fn delete_exact(
    tx: &mut Tx,
    catalog: &Slug,
    hash: &Digest,
) -> Result<bool, StoreError> {
    let deleted = sqlx::query(DELETE_EXACT.on(tx.dialect))
        .bind(catalog.as_str())
        .bind(hash.as_str())
        .execute(tx.connection())
        .await?;
    Ok(deleted.rows_affected() == 1)
}
