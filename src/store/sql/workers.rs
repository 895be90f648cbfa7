//! The list of worker processes. A worker runs even when none of this can be written.

use super::Database;
use super::tables::{api_tokens, workers};
use crate::model::digest::Digest;
use crate::store::access::Account;
use crate::store::error::StoreError;
use crate::store::id::{ApiTokenId, UserId};
use crate::store::lease::WorkerId;

/// A worker process, as it is listed.
#[derive(Clone, Debug)]
pub struct Presence {
    pub worker: WorkerId,
    pub host: String,
    pub process: u32,
    /// The user in whose name it runs, which the table of an application requires.
    pub owner: Option<TokenOwner>,
}

/// The user and the row of a token of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    pub user: UserId,
    pub token: ApiTokenId,
}

impl Database {
    /// The owner of a token of the application; `None` for a token that is unknown, revoked or expired, or whose user may
    /// only read. `hash` is the token's SHA-256 in lower-case hexadecimal digits.
    pub async fn token_owner(&self, hash: &Digest) -> Result<Option<TokenOwner>, StoreError> {
        let account = api_tokens::account(self, hash.as_str()).await?;
        let entitled = account.filter(|account| !account.is_demo);
        Ok(entitled.and_then(|Account { user, token, .. }| {
            Some(TokenOwner {
                user,
                token: token?,
            })
        }))
    }

    /// Writes that a worker runs, and lists it if it is not listed. Readers ignore rows older than a minute.
    pub async fn heartbeat(&self, presence: &Presence) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let written = async {
            if workers::touch(&mut tx, &presence.worker).await? {
                return Ok(());
            }
            workers::insert(&mut tx, presence).await
        }
        .await;
        tx.finish(written).await
    }

    /// Removes a worker that stops from the list.
    pub async fn remove_worker(&self, worker: &WorkerId) -> Result<(), StoreError> {
        workers::delete(self, worker).await
    }
}
