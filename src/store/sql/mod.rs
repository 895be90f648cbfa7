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
pub mod measures;
pub mod migrations;
mod recovery;
mod row;
mod submissions;
mod tell;
pub mod users;
pub mod wakeups;
pub mod workers;
mod write;

use super::Store;
use super::change::{Change, Hand};
use super::error::StoreError;
use super::event::Event;
use super::id::RunId;
use super::lease::{Lease, Pick, Standing, WorkerId};
use super::run::{Filter, Run, Task};
use super::submission::Submission;
use super::sweep::{Recovery, Swept};
use crate::publish::ledger::Entry;
use async_trait::async_trait;
pub use connection::{Database, Settings};
pub use dialect::Dialect;
use tell::Told;

#[async_trait]
impl Store for Database {
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let stored = submissions::insert(&mut tx, submission).await;
        let run = match tx.end(stored).await {
            Ok(run) => run,
            Err(error) => return Err(self.with_active_run(error).await),
        };
        self.tell(&[Told::enqueued(&run)]).await;
        Ok(run)
    }

    async fn claim(&self, worker: &WorkerId, pick: &Pick) -> Result<Option<Lease>, StoreError> {
        match pick {
            Pick::Oldest => self.claim_oldest(worker).await,
            Pick::Ended(run) => {
                let mut tx = self.begin().await?;
                let lease = claims::ended(&mut tx, worker, run).await;
                tx.end(lease).await
            }
        }
    }

    async fn renew(&self, lease: &Lease) -> Result<Standing, StoreError> {
        let mut tx = self.begin().await?;
        let standing = claims::renew(&mut tx, lease).await;
        tx.end(standing).await
    }

    async fn task(&self, lease: &Lease) -> Result<Task, StoreError> {
        let mut tx = self.look().await?;
        claims::task(&mut tx, lease).await
    }

    async fn change(
        &self,
        run: &RunId,
        hand: Hand<'_>,
        change: &Change,
    ) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let changed = changes::apply(&mut tx, run, hand, change).await;
        let (run, told) = match tx.end(changed).await {
            Ok(changed) => changed,
            Err(error) => return Err(self.with_active_run(error).await),
        };
        self.tell(&told).await;
        Ok(run)
    }

    async fn record(&self, lease: &Lease, entry: &Entry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let recorded = ledger::record(&mut tx, lease, entry).await;
        tx.end(recorded).await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<Entry>, StoreError> {
        let mut tx = self.look().await?;
        row::find(&mut tx, run).await?;
        ledger::entries(&mut tx, run).await
    }

    async fn runs(&self, filter: &Filter) -> Result<Vec<Run>, StoreError> {
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

    async fn sweep(&self, recovery: Recovery) -> Result<Swept, StoreError> {
        self.sweep_all(recovery).await
    }
}
