//! The ledger of a run in the store, written under its lease.

use super::lease_keeper::LeaseKeeper;
use super::log::RunLog;
use super::metrics::{MeasuredStep as Timed, Metrics};
use super::retry::Retry;
use crate::error::chain;
use crate::forge::clock::Clock;
use crate::publish::ledger::{Ledger, LedgerEntry, LedgerError, PublishStep, StepOutcome};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::lease::Lease;
use async_trait::async_trait;
use tokio::time::Instant;

/// Writes entries while the lease holds. A database that is away is waited for.
pub(super) struct StoreLedger<'l> {
    pub(super) store: &'l dyn Store,
    pub(super) lease: &'l Lease,
    pub(super) hold: &'l LeaseKeeper,
    pub(super) clock: &'l dyn Clock,
    pub(super) meter: &'l Metrics,
    pub(super) log: &'l RunLog,
    /// The step whose intent was written last, and when.
    pub(super) begun: Option<(PublishStep, Instant)>,
}

#[async_trait]
impl Ledger for StoreLedger<'_> {
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError> {
        if let Some(refusal) = self.hold.refuses(entry) {
            return Err(refusal);
        }
        let mut patience = Retry::new(self.clock, self.hold);
        loop {
            let written = self.store.record(self.lease, entry).await;
            if let Some(written) = patience.settle(written).await {
                written.map_err(|error| self.told(error))?;
                self.tell(entry);
                return Ok(());
            }
        }
    }

    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError> {
        let mut patience = Retry::new(self.clock, self.hold);
        loop {
            let read = self.store.entries(&self.lease.run).await;
            if let Some(read) = patience.settle(read).await {
                return read.map_err(|error| self.told(error));
            }
        }
    }
}

impl StoreLedger<'_> {
    /// Says and times what was written.
    fn tell(&mut self, entry: &LedgerEntry) {
        let now = self.clock.now();
        match entry {
            LedgerEntry::Begun { order } => {
                let text = format!("`{}` is to hold commit {}", order.place, order.commit);
                self.log.say(now, "order", &text);
            }
            LedgerEntry::Intended { step, .. } => {
                self.begun = Some((*step, Instant::now()));
                self.log.say(now, "begin", &step.to_string());
            }
            LedgerEntry::Ended { outcome, .. } => {
                let text = match outcome {
                    StepOutcome::Made { made } => format!("`{}` is made", made.full_name),
                    StepOutcome::Done => "done".to_owned(),
                    StepOutcome::NotDone { message } => format!("not done: {message}"),
                    StepOutcome::Unknown { message } => format!("outcome unknown: {message}"),
                };
                self.log.say(now, "ended", &text);
                if let Some((step, begun)) = self.begun.take() {
                    let step = match step {
                        PublishStep::Create => Timed::create,
                        PublishStep::Push => Timed::push,
                        PublishStep::Describe => Timed::describe,
                        PublishStep::Delete => Timed::delete,
                    };
                    self.meter.took(step, begun.elapsed());
                }
            }
        }
    }

    fn told(&self, error: StoreError) -> LedgerError {
        match error {
            StoreError::LeaseLost { .. } => LedgerError::Lost,
            StoreError::Cancelled { .. } => LedgerError::Withdrawn,
            StoreError::Unavailable { source } => LedgerError::Unavailable {
                message: source.to_string(),
            },
            other => LedgerError::Storage {
                ledger: self.lease.run.to_string(),
                action: "used",
                message: chain(&other),
            },
        }
    }
}
