//! `bootstrap_catalog_versions`: every published version of a catalogue, with all its files.

use super::json_text;
use crate::model::digest::Digest;
use crate::model::slug::Slug;
use crate::store::catalog::{CatalogVersion, PublishedCatalog};
use crate::store::error::StoreError;
use crate::store::listed::Listed;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use sqlx::any::AnyRow;
use sqlx::{FromRow as _, Row as _};
use sqlx_macros::FromRow;

const SELECT: &str = "
    SELECT catalog, number,
        CASE WHEN {key:catalog_version} THEN catalog_version ELSE '(invalid version)' END AS catalog_version,
        published_by, {millis:published_at} AS published_at
    FROM bootstrap_catalog_versions ";

statements! {
    INSERT = ["
        INSERT INTO bootstrap_catalog_versions (catalog_version, catalog, number, snapshot, published_by, published_at)
        VALUES ($1, $2,
            (SELECT COALESCE(MAX(CASE WHEN CAST(number AS BIGINT) < 9223372036854775807
                THEN CAST(number AS BIGINT) END), 0) + 1 FROM bootstrap_catalog_versions WHERE catalog = $2),
            {cast:$3 AS jsonb}, $4, {at:$5})
        ON CONFLICT (catalog_version) DO NOTHING"];

    /// The versions of a catalogue, or texts that are none.
    IDS = ["
        SELECT CASE WHEN {key:catalog_version} THEN catalog_version ELSE '(invalid version)' END
        FROM bootstrap_catalog_versions WHERE catalog = $1 ORDER BY number DESC"];

    OF_CATALOG = [SELECT, "WHERE catalog = $1 ORDER BY number DESC"];

    ONE = [SELECT, "WHERE catalog_version = $1"];

    SNAPSHOT = ["
        SELECT CAST(snapshot AS TEXT) FROM bootstrap_catalog_versions WHERE catalog_version = $1"];
}

#[derive(FromRow)]
struct VersionRow {
    catalog: String,
    catalog_version: String,
    number: i64,
    published_by: String,
    published_at: i64,
}

impl TryFrom<VersionRow> for CatalogVersion {
    type Error = StoreError;

    fn try_from(row: VersionRow) -> Result<Self, StoreError> {
        let what = || format!("version {} of catalogue {}", row.number, row.catalog);
        Ok(Self {
            catalog: Slug::parse(&row.catalog)
                .map_err(|error| StoreError::damaged(what(), error))?,
            catalog_version: Digest::parse(&row.catalog_version)
                .map_err(|error| StoreError::damaged(what(), error))?,
            number: row.number,
            by: row.published_by,
            at: row.published_at,
        })
    }
}

/// Adds a version, unless it is there, and reads it.
pub(crate) async fn insert(
    tx: &mut Tx,
    catalog: &PublishedCatalog,
    by: &str,
    at: i64,
) -> Result<CatalogVersion, StoreError> {
    sqlx::query(INSERT.on(tx.dialect))
        .bind(catalog.catalog_version.as_str())
        .bind(catalog.catalog.as_str())
        .bind(json_text("the catalogue", catalog)?)
        .bind(by)
        .bind(at)
        .execute(tx.connection())
        .await?;
    let row: VersionRow = sqlx::query_as(ONE.on(tx.dialect))
        .bind(catalog.catalog_version.as_str())
        .fetch_one(tx.connection())
        .await?;
    row.try_into()
}

/// The versions of a catalogue, newest first.
pub(crate) async fn of_catalog(
    database: &Database,
    catalog: &Slug,
) -> Result<Vec<Listed<CatalogVersion>>, StoreError> {
    let rows = sqlx::query(OF_CATALOG.on(database.dialect()))
        .bind(catalog.as_str())
        .fetch_all(&database.pool)
        .await
        .map_err(StoreError::from);
    match rows {
        Ok(rows) => rows.iter().map(read_row).collect(),
        // One row made the statement fail.
        Err(error) if error.concerns_row() => read_one_by_one(database, catalog).await,
        Err(error) => Err(error),
    }
}

fn read_row(row: &AnyRow) -> Result<Listed<CatalogVersion>, StoreError> {
    let id: String = row
        .try_get("catalog_version")
        .unwrap_or_else(|_| "unknown".to_owned());
    let version = VersionRow::from_row(row)
        .map_err(StoreError::from)
        .and_then(CatalogVersion::try_from);
    Listed::of(&id, version)
}

/// Reads each version of a catalogue with its own statement.
async fn read_one_by_one(
    database: &Database,
    catalog: &Slug,
) -> Result<Vec<Listed<CatalogVersion>>, StoreError> {
    let ids: Vec<String> = sqlx::query_scalar(IDS.on(database.dialect()))
        .bind(catalog.as_str())
        .fetch_all(&database.pool)
        .await?;
    let mut versions = Vec::new();
    for id in ids {
        let row = sqlx::query_as::<_, VersionRow>(ONE.on(database.dialect()))
            .bind(&id)
            .fetch_one(&database.pool)
            .await;
        let version = row
            .map_err(StoreError::from)
            .and_then(CatalogVersion::try_from);
        versions.push(Listed::of(&id, version)?);
    }
    Ok(versions)
}

/// The content of a version; `None` when it was never published in this database.
pub(crate) async fn snapshot(
    database: &Database,
    version: &Digest,
) -> Result<Option<PublishedCatalog>, StoreError> {
    let text: Option<String> = sqlx::query_scalar(SNAPSHOT.on(database.dialect()))
        .bind(version.as_str())
        .fetch_optional(&database.pool)
        .await?;
    text.map(|text| {
        serde_json::from_str(&text)
            .map_err(|error| StoreError::damaged(format!("the catalogue version {version}"), error))
    })
    .transpose()
}
