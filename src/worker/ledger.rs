//! The ledger of a run in the store, written under its lease.

use super::hold::Hold;
use super::log::RunLog;
use super::meter::{Meter, Step as Timed};
use super::patience::Patience;
use crate::forge::clock::Clock;
use crate::publish::ledger::{Entry, Ledger, LedgerError, Outcome, Step};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::lease::Lease;
use async_trait::async_trait;
use tokio::time::Instant;

/// Writes entries while the lease holds. A database that is away is waited for.
pub(super) struct StoreLedger<'l> {
    pub(super) store: &'l dyn Store,
    pub(super) lease: &'l Lease,
    pub(super) hold: &'l Hold,
    pub(super) clock: &'l dyn Clock,
    pub(super) meter: &'l Meter,
    pub(super) log: &'l RunLog,
    /// The step whose intent was written last, and when.
    pub(super) begun: Option<(Step, Instant)>,
}

#[async_trait]
impl Ledger for StoreLedger<'_> {
    async fn record(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        if let Some(refusal) = self.hold.refuses(entry) {
            return Err(refusal);
        }
        let mut patience = Patience::new(self.clock, self.hold);
        loop {
            let written = self.store.record(self.lease, entry).await;
            if let Some(written) = patience.settle(written).await {
                written.map_err(|error| self.told(error))?;
                self.tell(entry);
                return Ok(());
            }
        }
    }

    async fn entries(&mut self) -> Result<Vec<Entry>, LedgerError> {
        let mut patience = Patience::new(self.clock, self.hold);
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
    fn tell(&mut self, entry: &Entry) {
        let now = self.clock.now();
        match entry {
            Entry::Begun { order } => {
                let text = format!("`{}` is to hold commit {}", order.place, order.commit);
                self.log.say(now, "order", &text);
            }
            Entry::Intended { step, .. } => {
                self.begun = Some((*step, Instant::now()));
                self.log.say(now, "begin", &step.to_string());
            }
            Entry::Ended { outcome, .. } => {
                let text = match outcome {
                    Outcome::Made { made } => format!("`{}` is made", made.full_name),
                    Outcome::Done => "done".to_owned(),
                    Outcome::NotDone { message } => format!("not done: {message}"),
                    Outcome::Unknown { message } => format!("outcome unknown: {message}"),
                };
                self.log.say(now, "ended", &text);
                if let Some((step, begun)) = self.begun.take() {
                    let step = match step {
                        Step::Create => Timed::create,
                        Step::Push => Timed::push,
                        Step::Describe => Timed::describe,
                        Step::Delete => Timed::delete,
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
            StoreError::Unavailable { message } => LedgerError::Unavailable { message },
            other => LedgerError::Storage {
                ledger: self.lease.run.to_string(),
                action: "used",
                message: other.to_string(),
            },
        }
    }
}
