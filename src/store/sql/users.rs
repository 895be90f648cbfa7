//! Users, their sealed tokens and their products.

use super::Database;
use super::dialect::Statement;
use super::submissions::{may_write, owns};
use crate::store::error::StoreError;
use crate::store::id::{ProductId, UserId};
use sqlx::Row as _;

/// A user, as far as this program is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub is_demo: bool,
    /// What is known of the stored token, when there is one.
    pub token: Option<TokenFacts>,
}

/// What a forge said of a token when it was verified. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// The login that the token belongs to.
    pub login: String,
    pub verified_at: i64,
    pub scopes: Vec<String>,
    pub expires_at: Option<i64>,
}

static USER: Statement = Statement::new(
    "SELECT username, CASE WHEN is_demo THEN 1 ELSE 0 END AS is_demo, github_pat_encrypted AS sealed, \
     github_username AS login, {millis:github_pat_verified_at} AS verified_at, \
     {list_text:github_pat_scopes} AS scopes, {millis:github_pat_expires_at} AS expires_at \
     FROM users WHERE id = $1",
);
static TOKEN: Statement = Statement::new(
    "UPDATE users SET github_pat_encrypted = $2, github_username = $3, github_pat_verified_at = {at:$4}, \
     github_pat_scopes = {list:$5}, github_pat_expires_at = {at:$6}, updated_at = {now} WHERE id = $1",
);
static ENSURE_USER: Statement = Statement::new(
    "INSERT INTO users (id, username, updated_at) VALUES ($1, $1, {now}) ON CONFLICT (id) DO NOTHING",
);
static ENSURE_PRODUCT: Statement = Statement::new(
    "INSERT INTO products (id, user_id, name, updated_at) VALUES ($1, $2, $1, {now}) ON CONFLICT (id) DO NOTHING",
);

impl Database {
    /// Reads a user.
    pub async fn user(&self, id: &UserId) -> Result<User, StoreError> {
        let query = sqlx::query(USER.on(self.dialect())).bind(id.as_str());
        let row = query.fetch_optional(&self.pool).await?;
        let row = row.ok_or_else(|| StoreError::NoUser { user: id.clone() })?;
        let sealed: Option<String> = row.try_get("sealed")?;
        let scopes: Option<String> = row.try_get("scopes")?;
        let login: Option<String> = row.try_get("login")?;
        let verified_at: Option<i64> = row.try_get("verified_at")?;
        let expires_at = row.try_get("expires_at")?;
        let token = sealed.and(login).zip(verified_at);
        Ok(User {
            id: id.clone(),
            username: row.try_get("username")?,
            is_demo: row.try_get::<i64, _>("is_demo")? == 1,
            token: token.map(|(login, verified_at)| TokenFacts {
                login,
                verified_at,
                scopes: scopes
                    .and_then(|scopes| serde_json::from_str(&scopes).ok())
                    .unwrap_or_default(),
                expires_at,
            }),
        })
    }

    /// Keeps a user's sealed token in place of the one before.
    pub async fn save_token(
        &self,
        user: &UserId,
        sealed: &str,
        facts: &TokenFacts,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        may_write(&mut tx, user).await?;
        sqlx::query(TOKEN.on(tx.dialect))
            .bind(user.as_str())
            .bind(sealed)
            .bind(facts.login.as_str())
            .bind(facts.verified_at)
            .bind(serde_json::json!(facts.scopes).to_string())
            .bind(facts.expires_at)
            .execute(tx.at())
            .await?;
        tx.commit().await
    }

    /// Makes a user where the tables are our own.
    ///
    /// # Errors
    /// [`StoreError::NoUser`] when the user is missing in tables that an application owns: it makes its rows itself.
    pub async fn ensure_user(&self, user: &UserId) -> Result<(), StoreError> {
        if self.is_own().await? {
            let query = sqlx::query(ENSURE_USER.on(self.dialect())).bind(user.as_str());
            query.execute(&self.pool).await?;
        }
        may_write(&mut self.look().await?, user).await
    }

    /// Makes a user and a product of theirs where they are missing.
    ///
    /// # Errors
    /// [`StoreError::NoProduct`] when the product is somebody else's, [`StoreError::Demo`] for a demo user, and
    /// [`StoreError::NoUser`] or [`StoreError::NoProduct`] when they are missing in tables that an application owns: it
    /// makes its rows itself.
    pub async fn ensure_local(&self, user: &UserId, product: &ProductId) -> Result<(), StoreError> {
        self.ensure_user(user).await?;
        if self.is_own().await? {
            sqlx::query(ENSURE_PRODUCT.on(self.dialect()))
                .bind(product.as_str())
                .bind(user.as_str())
                .execute(&self.pool)
                .await?;
        }
        owns(&mut self.look().await?, user, product).await
    }
}
