//! Catalogues in the database: what they offer now, and every version that was published.

use super::Database;
use super::application;
use super::clock::now;
use super::connection::Tx;
use super::locks::AdvisoryLock;
use super::tables::{catalog_drafts, catalog_rows, catalog_versions, catalogs};
use crate::model::content::StoredFile;
use crate::model::digest::Digest;
use crate::model::slug::Slug;
use crate::store::catalog::{
    CatalogDraft, CatalogVersion, CategoryRow, PublishedCatalog, RowsVersion,
};
use crate::store::error::StoreError;
use crate::store::listed::Listed;
use std::collections::BTreeMap;

impl Database {
    /// Publishes a catalogue: its rows become the offer, and its version is kept. A version that is already published
    /// stays as it is, with the user and the time of its first publication.
    pub async fn publish_catalog(
        &self,
        catalog: &PublishedCatalog,
        by: &str,
    ) -> Result<CatalogVersion, StoreError> {
        let are_names_unique = self.check_publishable(catalog).await?;
        let mut tx = self.begin().await?;
        let published = publish(&mut tx, catalog, are_names_unique, by).await;
        tx.finish(published).await
    }

    /// Replaces the draft of a catalogue. `base` is the version of the rows that it was made from.
    pub async fn save_draft(
        &self,
        catalog: &Slug,
        hash: &Digest,
        base: Option<&Digest>,
        files: &BTreeMap<String, StoredFile>,
        by: &str,
    ) -> Result<(), StoreError> {
        catalog_drafts::upsert(self, catalog, hash, base, files, by).await
    }

    /// The draft of a catalogue, if there is one.
    pub async fn draft(&self, catalog: &Slug) -> Result<Option<CatalogDraft>, StoreError> {
        catalog_drafts::find(self, catalog).await
    }

    /// Removes the draft of a catalogue. False if there is none.
    pub async fn delete_draft(&self, catalog: &Slug) -> Result<bool, StoreError> {
        catalog_drafts::delete(self, catalog).await
    }

    /// Publishes the catalogue of a draft and removes the draft; `None` if the draft is another one by now.
    pub async fn publish_draft(
        &self,
        catalog: &PublishedCatalog,
        draft: &Digest,
        by: &str,
    ) -> Result<Option<CatalogVersion>, StoreError> {
        let are_names_unique = self.check_publishable(catalog).await?;
        let mut tx = self.begin().await?;
        let published = async {
            if !catalog_drafts::delete_exact(&mut tx, &catalog.catalog, draft).await? {
                return Ok(None);
            }
            publish(&mut tx, catalog, are_names_unique, by)
                .await
                .map(Some)
        }
        .await;
        tx.finish(published).await
    }

    /// Fails if the tables cannot store the catalogue. True if they allow each name of a category once, as the index of an
    /// application does.
    async fn check_publishable(&self, catalog: &PublishedCatalog) -> Result<bool, StoreError> {
        if self.is_own().await? {
            return Ok(false);
        }
        application::check_attributes(self, catalog).await?;
        Ok(true)
    }

    /// The published versions of a catalogue, newest first.
    pub async fn catalog_history(
        &self,
        catalog: &Slug,
    ) -> Result<Vec<Listed<CatalogVersion>>, StoreError> {
        catalog_versions::of_catalog(self, catalog).await
    }

    /// The categories of a catalogue as their rows are now; none for a catalogue that was never published.
    pub async fn catalog_rows(&self, catalog: &Slug) -> Result<Vec<CategoryRow>, StoreError> {
        catalog_rows::of_catalog(self, catalog).await
    }

    /// The state of those rows and of the newest published version; `None` for a catalogue without rows. Reads no
    /// document on Postgres.
    pub async fn catalog_rows_version(
        &self,
        catalog: &Slug,
    ) -> Result<Option<RowsVersion>, StoreError> {
        catalog_rows::version(self, catalog).await
    }

    /// The content of a published version; `None` when it was never published in this database.
    pub async fn published_catalog(
        &self,
        version: &Digest,
    ) -> Result<Option<PublishedCatalog>, StoreError> {
        catalog_versions::snapshot(self, version).await
    }
}

async fn publish(
    tx: &mut Tx,
    catalog: &PublishedCatalog,
    are_names_unique: bool,
    by: &str,
) -> Result<CatalogVersion, StoreError> {
    AdvisoryLock::Catalogs.acquire(tx).await?;
    let at = now(tx).await?;
    catalogs::replace(tx, catalog, are_names_unique, at).await?;
    catalog_versions::insert(tx, catalog, by, at).await
}
