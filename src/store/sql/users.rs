//! Users, their sealed tokens and their products.

use super::Database;
use super::tables::{products, users};
use crate::store::error::StoreError;
use crate::store::id::{ProductId, UserId};

/// A user, as far as this program needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub is_demo: bool,
    /// The facts about the stored token, if there is one.
    pub token: Option<TokenFacts>,
}

/// The forge's answer when a token was verified. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// The login that the token belongs to.
    pub login: String,
    pub verified_at: i64,
    pub scopes: Vec<String>,
    pub expires_at: Option<i64>,
    /// The organisations that the token may see.
    pub organisations: Vec<String>,
}

impl Database {
    /// Reads a user.
    ///
    /// # Errors
    /// [`StoreError::NoUser`].
    pub async fn user(&self, id: &UserId) -> Result<User, StoreError> {
        users::find(self, id).await
    }

    /// The sealed token of a user, if there is one.
    pub async fn sealed_token(&self, user: &UserId) -> Result<Option<String>, StoreError> {
        users::sealed_token(&mut self.begin_read().await?, user).await
    }

    /// Replaces a user's sealed token.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Demo`] for a demo user.
    pub async fn save_token(
        &self,
        user: &UserId,
        sealed: &str,
        facts: &TokenFacts,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let saved = async {
            users::check_may_write(&mut tx, user).await?;
            users::set_token(&mut tx, user, sealed, facts).await
        }
        .await;
        tx.finish(saved).await
    }

    /// Replaces the organisations of a user's token.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Demo`] for a demo user.
    pub async fn save_organisations(
        &self,
        user: &UserId,
        organisations: &[String],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let saved = async {
            users::check_may_write(&mut tx, user).await?;
            users::set_organisations(&mut tx, user, organisations).await
        }
        .await;
        tx.finish(saved).await
    }

    /// Removes a user's sealed token.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::Demo`] for a demo user.
    pub async fn remove_token(&self, user: &UserId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let removed = async {
            users::check_may_write(&mut tx, user).await?;
            users::remove_token(&mut tx, user).await
        }
        .await;
        tx.finish(removed).await
    }

    /// Adds a missing user where the tables are our own, and checks that the user may write.
    ///
    /// # Errors
    /// [`StoreError::NoUser`] for a missing user in tables of an application, which adds its users itself;
    /// [`StoreError::Demo`] for a demo user.
    pub async fn ensure_user(&self, user: &UserId) -> Result<(), StoreError> {
        if self.is_own().await? {
            users::ensure(self, user).await?;
        }
        users::check_may_write(&mut self.begin_read().await?, user).await
    }

    /// Adds a missing user and a missing product of that user where the tables are our own, and checks both.
    ///
    /// # Errors
    /// [`StoreError::NoProduct`] when another user owns the product; [`StoreError::Demo`] for a demo user;
    /// [`StoreError::NoUser`] and [`StoreError::NoProduct`] for missing rows in tables of an application.
    pub async fn ensure_local(&self, user: &UserId, product: &ProductId) -> Result<(), StoreError> {
        self.ensure_user(user).await?;
        if self.is_own().await? {
            products::ensure(self, user, product).await?;
        }
        products::check_owner(&mut self.begin_read().await?, user, product).await
    }
}
