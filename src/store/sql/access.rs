//! API tokens, sessions, kept previews and answers to repeated requests.

use super::Database;
use super::tables::{administrators, answers, api_tokens, sessions, stored_previews, users};
use crate::model::digest::GitId;
use crate::store::access::{Account, Rights, SessionInfo, TokenInfo};
use crate::store::answer::{Answer, Begun, RequestKey};
use crate::store::error::StoreError;
use crate::store::id::{ApiTokenId, UserId};
use crate::store::preview::{NewPreview, StoredPreview};

impl Database {
    /// Adds an API token, and its user where the tables are our own. `hash` is the SHA-256 of the token.
    ///
    /// # Errors
    /// [`StoreError::NoUser`] for a missing user in tables of an application; [`StoreError::OtherRights`] when the user
    /// exists with rights that contradict `rights`.
    pub async fn add_token(
        &self,
        user: &UserId,
        rights: Rights,
        hash: &str,
        label: Option<&str>,
    ) -> Result<ApiTokenId, StoreError> {
        let is_own = self.is_own().await?;
        let id = ApiTokenId::fresh();
        let mut tx = self.begin().await?;
        let added = async {
            if is_own {
                users::insert(&mut tx, user, rights == Rights::Demo).await?;
            }
            let is_demo = users::is_demo(&mut tx, user).await?;
            match rights {
                Rights::Demo if !is_demo => Err(StoreError::OtherRights { user: user.clone() }),
                Rights::Administrator if is_demo || !is_own => {
                    Err(StoreError::OtherRights { user: user.clone() })
                }
                Rights::Administrator => administrators::insert(&mut tx, user).await,
                Rights::Member | Rights::Demo => Ok(()),
            }?;
            api_tokens::insert(&mut tx, &id, user, hash, label).await
        }
        .await;
        tx.finish(added).await?;
        Ok(id)
    }

    /// Makes a user an administrator of an installation with its own tables, and adds a missing one.
    ///
    /// # Errors
    /// [`StoreError::OtherRights`] for a demo user, and in tables of an application.
    pub async fn add_administrator(&self, user: &UserId) -> Result<(), StoreError> {
        if !self.is_own().await? {
            return Err(StoreError::OtherRights { user: user.clone() });
        }
        let mut tx = self.begin().await?;
        let added = async {
            users::insert(&mut tx, user, false).await?;
            if users::is_demo(&mut tx, user).await? {
                return Err(StoreError::OtherRights { user: user.clone() });
            }
            administrators::insert(&mut tx, user).await
        }
        .await;
        tx.finish(added).await
    }

    /// The account of a token that is neither revoked nor expired, by the SHA-256 of the token.
    pub async fn account_of_token(&self, hash: &str) -> Result<Option<Account>, StoreError> {
        api_tokens::account(self, hash).await
    }

    /// The account of a user.
    pub async fn account(&self, user: &UserId) -> Result<Option<Account>, StoreError> {
        api_tokens::account_of_user(self, user).await
    }

    /// The API tokens that are not revoked, of one user or of all.
    pub async fn tokens(&self, user: Option<&UserId>) -> Result<Vec<TokenInfo>, StoreError> {
        api_tokens::list(self, user).await
    }

    /// Revokes an API token. False if there is none that is valid.
    pub async fn revoke_token(&self, id: &ApiTokenId) -> Result<bool, StoreError> {
        api_tokens::revoke(self, id).await
    }

    /// Adds a session. `hash` is the SHA-256 of its key.
    pub async fn add_session(&self, hash: &str, user: &UserId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let added = sessions::insert(&mut tx, hash, user).await;
        tx.finish(added).await
    }

    /// The account of a session that has not ended; its idle time starts again.
    pub async fn account_of_session(&self, hash: &str) -> Result<Option<Account>, StoreError> {
        let Some(user) = sessions::user(self, hash).await? else {
            return Ok(None);
        };
        sessions::see(self, hash).await?;
        self.account(&user).await
    }

    /// Ends a session.
    pub async fn end_session(&self, hash: &str) -> Result<(), StoreError> {
        sessions::delete(self, hash).await
    }

    /// The sessions of a user that have not ended.
    pub async fn sessions(&self, user: &UserId) -> Result<Vec<SessionInfo>, StoreError> {
        sessions::list(self, user).await
    }

    /// Ends a session of a user, by the hash of its key. False if the user has no such session.
    pub async fn end_session_of(&self, user: &UserId, hash: &str) -> Result<bool, StoreError> {
        sessions::delete_of_user(self, user, hash).await
    }

    /// Ends the sessions of a user but the one with this hash. The number of ended sessions.
    pub async fn end_other_sessions(&self, user: &UserId, kept: &str) -> Result<u64, StoreError> {
        sessions::delete_others(self, user, kept).await
    }

    /// Adds a code that signs in a user once. `hash` is its SHA-256.
    pub async fn add_sign_in_code(&self, hash: &str, user: &UserId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let added = sessions::insert_code(&mut tx, hash, user).await;
        tx.finish(added).await
    }

    /// Uses up a sign-in code; `None` if it was used or has expired.
    pub async fn use_sign_in_code(&self, hash: &str) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.begin().await?;
        let used = sessions::use_code(&mut tx, hash).await;
        tx.finish(used).await
    }

    /// Keeps a preview for its user.
    pub async fn keep_preview(
        &self,
        user: &UserId,
        preview: &NewPreview<'_>,
    ) -> Result<(), StoreError> {
        stored_previews::upsert(self, user, preview).await
    }

    /// Removes the previews of all users that are older than a day.
    pub async fn remove_old_previews(&self) -> Result<(), StoreError> {
        stored_previews::delete_old(self).await
    }

    /// A kept preview of a user.
    pub async fn kept_preview(
        &self,
        user: &UserId,
        tree: &GitId,
    ) -> Result<Option<StoredPreview>, StoreError> {
        stored_previews::find(self, user, tree).await
    }

    /// Begins a request with an idempotency key. `hash` identifies the request.
    pub async fn begin_answer(
        &self,
        user: &UserId,
        key: &RequestKey,
        hash: &str,
    ) -> Result<Begun, StoreError> {
        let mut tx = self.begin().await?;
        let begun = answers::begin(&mut tx, user, key, hash).await;
        tx.finish(begun).await
    }

    /// Keeps the answer to a request with an idempotency key.
    pub async fn keep_answer(
        &self,
        user: &UserId,
        key: &RequestKey,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        answers::finish(self, user, key, answer).await
    }

    /// Forgets a request with an idempotency key that changed nothing.
    pub async fn forget_answer(&self, user: &UserId, key: &RequestKey) -> Result<(), StoreError> {
        answers::forget(self, user, key).await
    }
}
