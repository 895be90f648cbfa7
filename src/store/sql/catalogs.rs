//! Catalogues in the database: what they offer now, and every version that was published, for ever.

use super::Database;
use super::clock::now;
use super::connection::Tx;
use super::dialect::{Dialect, Statement};
use super::submissions::document;
use crate::model::digest::Digest;
use crate::model::slug::Slug;
use crate::store::catalog::{CatalogVersion, PublishedCatalog, PublishedCategory, PublishedOption};
use crate::store::error::StoreError;
use crate::store::id::CatalogRowId;
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// Two publications of one catalogue wait for each other, so that their rows never mix.
static LINE_UP: Statement =
    Statement::new("SELECT CAST(pg_advisory_xact_lock(7163245908124012) AS TEXT)");
static REMEMBER: Statement = Statement::new(
    "INSERT INTO bootstrap_catalog_versions (catalog_version, catalog, number, snapshot, published_by, published_at) \
     VALUES ($1, $2, (SELECT COALESCE(MAX(number), 0) + 1 FROM bootstrap_catalog_versions WHERE catalog = $2), \
     {json:$3}, $4, {at:$5}) ON CONFLICT (catalog_version) DO NOTHING",
);
static HISTORY: Statement = Statement::new(
    "SELECT catalog, catalog_version, number, published_by, {millis:published_at} AS published_at \
     FROM bootstrap_catalog_versions WHERE catalog = $1 ORDER BY number DESC",
);
static ONE: Statement = Statement::new(
    "SELECT catalog, catalog_version, number, published_by, {millis:published_at} AS published_at \
     FROM bootstrap_catalog_versions WHERE catalog_version = $1",
);
static SNAPSHOT: Statement = Statement::new(
    "SELECT CAST(snapshot AS TEXT) AS snapshot FROM bootstrap_catalog_versions WHERE catalog_version = $1",
);

static CATEGORY: Statement = Statement::new(
    "INSERT INTO bootstrap_categories (id, slug, name, description, selection_type, required, position, updated_at) \
     VALUES ($1, $2, $3, $4, {selection:$5}, {truth:$6}, CAST($7 AS INTEGER), {at:$8}) \
     ON CONFLICT (slug) DO UPDATE SET name = excluded.name, description = excluded.description, \
     selection_type = excluded.selection_type, required = excluded.required, position = excluded.position, \
     updated_at = excluded.updated_at RETURNING id",
);
static OPTION: Statement = Statement::new(
    "INSERT INTO bootstrap_options (id, category_id, slug, name, description, is_default, position, updated_at) \
     VALUES ($1, $2, $3, $4, $5, {truth:$6}, CAST($7 AS INTEGER), {at:$8}) \
     ON CONFLICT (category_id, slug) DO UPDATE SET name = excluded.name, description = excluded.description, \
     is_default = excluded.is_default, position = excluded.position, updated_at = excluded.updated_at RETURNING id",
);
/// Who may use an action and what it touches keep the tables' own defaults: recipes only write files.
static ACTION: Statement = Statement::new(
    "INSERT INTO bootstrap_actions (id, option_id, kind, execution_order, config, risk_level, updated_at) \
     VALUES ($1, $2, {action:$3}, CAST($4 AS INTEGER), {json:$5}, {risk:$6}, {at:$7}) \
     ON CONFLICT (option_id, execution_order) DO UPDATE SET kind = excluded.kind, config = excluded.config, \
     risk_level = excluded.risk_level, updated_at = excluded.updated_at",
);
static SURPLUS_ACTIONS: Statement =
    Statement::new("DELETE FROM bootstrap_actions WHERE option_id = $1 AND execution_order > $2");
/// What was not written by this publication is not offered any more.
static OLD_ACTIONS: Statement = Statement::new(
    "DELETE FROM bootstrap_actions WHERE option_id IN (SELECT o.id FROM bootstrap_options o \
     JOIN bootstrap_categories c ON c.id = o.category_id WHERE c.slug LIKE $1 \
     AND (o.updated_at <> {at:$2} OR c.updated_at <> {at:$2}))",
);
static OLD_OPTIONS: Statement = Statement::new(
    "DELETE FROM bootstrap_options WHERE category_id IN (SELECT c.id FROM bootstrap_categories c \
     WHERE c.slug LIKE $1 AND (bootstrap_options.updated_at <> {at:$2} OR c.updated_at <> {at:$2}))",
);
static OLD_CATEGORIES: Statement =
    Statement::new("DELETE FROM bootstrap_categories WHERE slug LIKE $1 AND updated_at <> {at:$2}");

impl Database {
    /// Publishes a catalogue: its rows become what is offered now, and its version is kept for ever. Publishing what is
    /// published already changes nothing.
    ///
    /// A category's row is called `catalogue/category`, since two catalogues may ask the same question.
    pub async fn publish_catalog(
        &self,
        edition: &PublishedCatalog,
        by: &str,
    ) -> Result<CatalogVersion, StoreError> {
        let mut tx = self.begin().await?;
        if tx.dialect == Dialect::Postgres {
            sqlx::query(LINE_UP.on(tx.dialect)).execute(tx.at()).await?;
        }
        let at = now(&mut tx).await?;
        sqlx::query(REMEMBER.on(tx.dialect))
            .bind(edition.catalog_version.as_str())
            .bind(edition.catalog.as_str())
            .bind(document("the catalogue", edition)?)
            .bind(by)
            .bind(at)
            .execute(tx.at())
            .await?;
        for (position, category) in edition.categories.iter().enumerate() {
            write_category(&mut tx, &edition.catalog, category, position, at).await?;
        }
        // `_` would stand for any character; a slug holds none.
        let own = format!("{}/%", edition.catalog);
        for old in [&OLD_ACTIONS, &OLD_OPTIONS, &OLD_CATEGORIES] {
            sqlx::query(old.on(tx.dialect))
                .bind(own.as_str())
                .bind(at)
                .execute(tx.at())
                .await?;
        }
        let row = sqlx::query(ONE.on(tx.dialect))
            .bind(edition.catalog_version.as_str())
            .fetch_one(tx.at())
            .await?;
        let published = read(&row)?;
        tx.commit().await?;
        Ok(published)
    }

    /// The published versions of a catalogue, newest first.
    pub async fn catalog_history(&self, catalog: &Slug) -> Result<Vec<CatalogVersion>, StoreError> {
        let query = sqlx::query(HISTORY.on(self.dialect())).bind(catalog.as_str());
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// A published version, whole. Nothing when it was never published here.
    pub async fn published_catalog(
        &self,
        version: &Digest,
    ) -> Result<Option<PublishedCatalog>, StoreError> {
        let query = sqlx::query(SNAPSHOT.on(self.dialect())).bind(version.as_str());
        let Some(row) = query.fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        let text: String = row.try_get("snapshot")?;
        serde_json::from_str(&text).map(Some).map_err(damaged)
    }
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::Refused {
        message: format!("a published catalogue cannot be understood: {error}"),
    }
}

fn read(row: &AnyRow) -> Result<CatalogVersion, StoreError> {
    Ok(CatalogVersion {
        catalog: Slug::parse(&row.try_get::<String, _>("catalog")?).map_err(damaged)?,
        catalog_version: Digest::parse(&row.try_get::<String, _>("catalog_version")?)
            .map_err(damaged)?,
        number: row.try_get("number")?,
        by: row.try_get("published_by")?,
        at: row.try_get("published_at")?,
    })
}

fn place(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn fresh(at: i64) -> Result<CatalogRowId, StoreError> {
    Ok(CatalogRowId::fresh(u64::try_from(at).unwrap_or_default())?)
}

async fn write_category(
    tx: &mut Tx,
    catalog: &Slug,
    category: &PublishedCategory,
    position: usize,
    at: i64,
) -> Result<(), StoreError> {
    let row = sqlx::query(CATEGORY.on(tx.dialect))
        .bind(fresh(at)?.as_str())
        .bind(format!("{catalog}/{}", category.slug))
        .bind(category.title.as_str())
        .bind(category.description.as_deref())
        .bind(if category.is_multi { "MULTI" } else { "SINGLE" })
        .bind(i64::from(category.is_required))
        .bind(place(position))
        .bind(at)
        .fetch_one(tx.at())
        .await?;
    let id: String = row.try_get("id")?;
    for (position, option) in category.options.iter().enumerate() {
        let row = sqlx::query(OPTION.on(tx.dialect))
            .bind(fresh(at)?.as_str())
            .bind(id.as_str())
            .bind(option.slug.as_str())
            .bind(option.title.as_str())
            .bind(option.description.as_deref())
            .bind(i64::from(option.is_default))
            .bind(place(position))
            .bind(at)
            .fetch_one(tx.at())
            .await?;
        let option_id: String = row.try_get("id")?;
        write_actions(tx, &option_id, option, at).await?;
    }
    Ok(())
}

async fn write_actions(
    tx: &mut Tx,
    option_id: &str,
    option: &PublishedOption,
    at: i64,
) -> Result<(), StoreError> {
    for (number, action) in (1_i64..).zip(&option.actions) {
        // What it says of itself; what it really does is judged by each preview.
        let risk = action.common().risk_level.unwrap_or_default();
        sqlx::query(ACTION.on(tx.dialect))
            .bind(fresh(at)?.as_str())
            .bind(option_id)
            .bind(action.kind())
            .bind(number)
            .bind(document("an action", action)?)
            .bind(risk.as_str())
            .bind(at)
            .execute(tx.at())
            .await?;
    }
    sqlx::query(SURPLUS_ACTIONS.on(tx.dialect))
        .bind(option_id)
        .bind(place(option.actions.len()))
        .execute(tx.at())
        .await?;
    Ok(())
}
