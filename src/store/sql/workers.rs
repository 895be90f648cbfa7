//! Which worker processes are there. That none of this can be written stops no work.

use super::Database;
use super::clock::now;
use super::dialect::Statement;
use crate::store::error::StoreError;
use crate::store::id::{UserId, WorkerRowId};
use crate::store::lease::WorkerId;

/// A worker process, as it is listed.
#[derive(Clone, Debug)]
pub struct Presence {
    pub worker: WorkerId,
    pub host: String,
    pub process: u32,
    /// In whose name it runs, where the application wants to know that.
    pub user: Option<UserId>,
}

static BEAT: Statement =
    Statement::new("UPDATE claude_workers SET last_seen_at = {now} WHERE instance_id = $1");
static REGISTER: Statement = Statement::new(
    "INSERT INTO claude_workers (id, user_id, instance_id, hostname, pid, started_at, last_seen_at) \
     VALUES ($1, $2, $3, $4, CAST($5 AS INTEGER), {now}, {now})",
);
static LEAVE: Statement = Statement::new("DELETE FROM claude_workers WHERE instance_id = $1");

impl Database {
    /// Says that a worker is there. It is listed when it was not yet; readers ignore who was silent for a minute.
    pub async fn heartbeat(&self, presence: &Presence) -> Result<(), StoreError> {
        let worker = presence.worker.as_str();
        let mut tx = self.begin().await?;
        let query = sqlx::query(BEAT.on(tx.dialect)).bind(worker);
        if query.execute(tx.at()).await?.rows_affected() == 0 {
            let at = u64::try_from(now(&mut tx).await?).unwrap_or_default();
            let id = WorkerRowId::fresh(at)?;
            sqlx::query(REGISTER.on(tx.dialect))
                .bind(id.as_str())
                .bind(presence.user.as_ref().map(UserId::as_str))
                .bind(worker)
                .bind(presence.host.as_str())
                .bind(i64::from(presence.process))
                .execute(tx.at())
                .await?;
        }
        tx.commit().await
    }

    /// Takes a worker that stops off the list.
    pub async fn remove_worker(&self, worker: &WorkerId) -> Result<(), StoreError> {
        let query = sqlx::query(LEAVE.on(self.dialect())).bind(worker.as_str());
        query.execute(&self.pool).await?;
        Ok(())
    }
}
