//! The store in a database: Postgres for fleets, a SQLite file for one machine, with one text for each statement.

pub mod address;
mod application;
pub mod catalogs;
mod changes;
mod claims;
mod clock;
mod connection;
mod dialect;
mod error;
mod events;
mod ledger;
pub mod migrations;
mod notify;
pub mod queue_stats;
mod recovery;
mod row;
mod submissions;
pub mod users;
pub mod wakeups;
pub mod workers;
mod write;

use super::Store;
use super::change::{Actor, RunChange};
use super::error::StoreError;
use super::event::Event;
use super::id::RunId;
use super::lease::{ClaimTarget, Lease, Renewal, WorkerId};
use super::recovery::{Recovery, RecoveryReport};
use super::run::{JobPayload, Run, RunFilter};
use super::submission::Submission;
use crate::publish::ledger::LedgerEntry;
use async_trait::async_trait;
pub use connection::{Database, DatabaseOptions};
pub use dialect::Dialect;
use notify::Notification;

#[async_trait]
impl Store for Database {
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let stored = submissions::insert(&mut tx, submission).await;
        let run = match tx.end(stored).await {
            Ok(run) => run,
            Err(error) => return Err(self.with_active_run(error).await),
        };
        self.tell(&[Notification::enqueued(&run)]).await;
        Ok(run)
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        pick: &ClaimTarget,
    ) -> Result<Option<Lease>, StoreError> {
        match pick {
            ClaimTarget::Oldest => self.claim_oldest(worker).await,
            ClaimTarget::Ended(run) => {
                let mut tx = self.begin().await?;
                let lease = claims::ended(&mut tx, worker, run).await;
                tx.end(lease).await
            }
        }
    }

    async fn renew(&self, lease: &Lease) -> Result<Renewal, StoreError> {
        let mut tx = self.begin().await?;
        let standing = claims::renew(&mut tx, lease).await;
        tx.end(standing).await
    }

    async fn payload(&self, lease: &Lease) -> Result<JobPayload, StoreError> {
        let mut tx = self.look().await?;
        claims::payload(&mut tx, lease).await
    }

    async fn change(
        &self,
        run: &RunId,
        actor: Actor<'_>,
        change: &RunChange,
    ) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let changed = changes::apply(&mut tx, run, actor, change).await;
        let (run, told) = match tx.end(changed).await {
            Ok(changed) => changed,
            Err(error) => return Err(self.with_active_run(error).await),
        };
        self.tell(&told).await;
        Ok(run)
    }

    async fn record(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let recorded = ledger::record(&mut tx, lease, entry).await;
        tx.end(recorded).await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut tx = self.look().await?;
        row::find(&mut tx, run).await?;
        ledger::entries(&mut tx, run).await
    }

    async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
        row::list(&mut self.look().await?, filter).await
    }

    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        events::after(&mut self.look().await?, after, run, limit).await
    }

    async fn recover_expired(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError> {
        self.sweep_all(recovery).await
    }
}
