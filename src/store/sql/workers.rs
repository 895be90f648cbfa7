//! The list of worker processes. A worker runs even when none of this can be written.

use super::Database;
use super::tables::workers;
use crate::store::error::StoreError;
use crate::store::id::UserId;
use crate::store::lease::WorkerId;

/// A worker process, as it is listed.
#[derive(Clone, Debug)]
pub struct Presence {
    pub worker: WorkerId,
    pub host: String,
    pub process: u32,
    /// The user in whose name it runs, where the application wants one.
    pub user: Option<UserId>,
}

impl Database {
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
