//! Products of users.

use super::Database;
use super::tables::{answers, products, users};
use crate::store::answer::{CreatedObject, RequestKey};
use crate::store::error::StoreError;
use crate::store::id::{ProductId, UserId};
use crate::store::product::Product;

impl Database {
    /// Adds a product, for the request with a key if it has one.
    ///
    /// # Errors
    /// [`StoreError::ProductTaken`]; [`StoreError::Demo`] for a demo user; [`StoreError::ForeignTables`] in tables of an
    /// application, which adds its products itself.
    pub async fn add_product(
        &self,
        user: &UserId,
        id: &ProductId,
        name: &str,
        code: Option<&str>,
        key: Option<&RequestKey>,
    ) -> Result<(), StoreError> {
        if !self.is_own().await? {
            return Err(StoreError::ForeignTables { what: "products" });
        }
        let mut tx = self.begin().await?;
        let added = async {
            users::check_may_write(&mut tx, user).await?;
            let product = id.clone();
            if !products::insert(&mut tx, user, id, name, code).await? {
                return Err(StoreError::ProductTaken { product });
            }
            match key {
                Some(key) => {
                    answers::record(&mut tx, user, key, &CreatedObject::Product(product)).await
                }
                None => Ok(()),
            }
        }
        .await;
        tx.finish(added).await
    }

    /// At most `limit` products of a user whose ids follow `after`, by id.
    pub async fn products(
        &self,
        user: &UserId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Product>, StoreError> {
        products::list(self, user, after, limit).await
    }

    /// A product of a user.
    ///
    /// # Errors
    /// [`StoreError::NoProduct`].
    pub async fn product(&self, user: &UserId, id: &ProductId) -> Result<Product, StoreError> {
        products::find(self, user, id).await
    }
}
