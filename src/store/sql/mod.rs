//! The store in a database: Postgres for many machines, a SQLite file for one. Each statement has one text for both.
//!
//! `tables/` has the statements, one file for each table; the files here combine them into operations.

mod access;
pub mod address;
mod application;
mod apply;
pub mod catalogs;
mod change;
mod claim;
mod clock;
mod connection;
mod dialect;
mod error;
pub mod fleet;
pub mod ideas;
pub mod insights;
pub mod job_list;
mod lease;
mod ledger;
mod locks;
pub mod migrations;
mod notify;
pub mod products;
pub mod queue_stats;
mod recovery;
mod run_reports;
mod sqlite_file;
mod submit;
mod tables;
pub mod users;
pub mod wakeups;
pub mod workers;
mod writable;

use super::Store;
use super::change::{Actor, RunChange};
use super::error::StoreError;
use super::event::Event;
use super::id::RunId;
use super::lease::{ClaimTarget, Lease, Renewal, WorkerId};
use super::listed::Listed;
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
        let stored = submit::insert(&mut tx, submission).await;
        let run = match tx.finish(stored).await {
            Ok(run) => run,
            Err(error) => return Err(self.with_active_run(error).await),
        };
        self.notify(&[Notification::enqueued(&run)]).await;
        Ok(run)
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        target: &ClaimTarget,
    ) -> Result<Option<Lease>, StoreError> {
        match target {
            ClaimTarget::Oldest => self.claim_oldest(worker).await,
            ClaimTarget::Ended(run) => {
                let mut tx = self.begin().await?;
                let lease = claim::claim_ended(&mut tx, worker, run).await;
                tx.finish(lease).await
            }
        }
    }

    async fn renew(&self, lease: &Lease) -> Result<Renewal, StoreError> {
        let mut tx = self.begin().await?;
        let renewal = lease::renew(&mut tx, lease).await;
        tx.finish(renewal).await
    }

    async fn payload(&self, lease: &Lease) -> Result<JobPayload, StoreError> {
        lease::payload(&mut self.begin_read().await?, lease).await
    }

    async fn change(
        &self,
        run: &RunId,
        actor: Actor<'_>,
        change: &RunChange,
    ) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let changed = change::apply(&mut tx, run, actor, change).await;
        let (run, notifications) = match tx.finish(changed).await {
            Ok(changed) => changed,
            Err(error) => return Err(self.with_active_run(error).await),
        };
        self.notify(&notifications).await;
        Ok(run)
    }

    async fn record(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let recorded = ledger::record(&mut tx, lease, entry).await;
        tx.finish(recorded).await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut tx = self.begin_read().await?;
        tables::runs::find(&mut tx, run).await?;
        tables::effects::entries(&mut tx, run).await
    }

    async fn runs(&self, filter: &RunFilter) -> Result<Vec<Listed<Run>>, StoreError> {
        tables::runs::list(self, filter).await
    }

    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        tables::events::after(self, after, run, limit).await
    }

    async fn recover_expired(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError> {
        self.recover_all(recovery).await
    }
}

impl Database {
    /// The sequence number of the newest event; 0 when there is none.
    pub async fn last_event(&self) -> Result<i64, StoreError> {
        tables::events::last(&mut self.begin_read().await?).await
    }
}
