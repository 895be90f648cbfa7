//! The ledger of a run in the store, written under the run's lease.

use super::context::WorkerContext;
use super::lease_keeper::LeaseKeeper;
use super::log::RunLog;
use super::metrics::MeasuredStep;
use super::retry::retry;
use crate::publish::ledger::{Ledger, LedgerEntry, LedgerError, PublishStep, StepOutcome};
use crate::store::error::StoreError;
use async_trait::async_trait;
use tokio::time::Instant;

/// Writes entries while the lease is held, and waits for a database that is unavailable.
pub(super) struct StoreLedger<'l> {
    context: &'l WorkerContext,
    lease: &'l LeaseKeeper,
    log: &'l RunLog,
    /// The step that was begun last, and the time.
    begun: Option<(PublishStep, Instant)>,
}

#[async_trait]
impl Ledger for StoreLedger<'_> {
    async fn record(&mut self, entry: &LedgerEntry) -> Result<(), LedgerError> {
        self.lease.check_entry(entry)?;
        let store = &self.context.store;
        retry(&*self.context.clock, self.lease, || {
            store.record(self.lease, entry)
        })
        .await
        .result
        .map_err(|error| self.ledger_error(error))?;
        self.report(entry);
        Ok(())
    }

    async fn entries(&mut self) -> Result<Vec<LedgerEntry>, LedgerError> {
        let store = &self.context.store;
        retry(&*self.context.clock, self.lease, || {
            store.entries(&self.lease.run)
        })
        .await
        .result
        .map_err(|error| self.ledger_error(error))
    }
}

impl<'l> StoreLedger<'l> {
    pub(super) fn new(context: &'l WorkerContext, lease: &'l LeaseKeeper, log: &'l RunLog) -> Self {
        Self {
            context,
            lease,
            log,
            begun: None,
        }
    }

    /// Logs an entry that was written, and measures the time between an intent and its outcome.
    fn report(&mut self, entry: &LedgerEntry) {
        let (step, text) = match entry {
            LedgerEntry::Started { request } => (
                "order",
                format!("publish commit {} to `{}`", request.commit, request.repo),
            ),
            LedgerEntry::UpdateStarted { update } => (
                "order",
                format!(
                    "propose commit {} on `{}` of `{}`",
                    update.commit, update.branch, update.repo
                ),
            ),
            LedgerEntry::Intended { step, .. } => {
                self.begun = Some((*step, Instant::now()));
                ("begin", step.to_string())
            }
            LedgerEntry::Finished { outcome, .. } => {
                if let Some((step, begun)) = self.begun.take() {
                    let metrics = &self.context.metrics;
                    metrics.observe(MeasuredStep::from(step), begun.elapsed());
                }
                let text = match outcome {
                    StepOutcome::Created { repo } => format!("`{}` is created", repo.full_name),
                    StepOutcome::Done => "done".to_owned(),
                    StepOutcome::NotDone { message } => format!("not done: {message}"),
                    StepOutcome::Unknown { message } => format!("outcome unknown: {message}"),
                };
                ("ended", text)
            }
        };
        self.log.write(self.context.clock.now(), step, &text);
    }

    fn ledger_error(&self, error: StoreError) -> LedgerError {
        match error {
            StoreError::LeaseLost { .. } => LedgerError::LeaseLost,
            StoreError::Cancelled { .. } => LedgerError::Cancelled,
            error if error.is_transient() => LedgerError::Unavailable {
                message: crate::error::chain(&error),
            },
            other => LedgerError::Storage {
                ledger: self.lease.run.to_string(),
                action: "used",
                message: crate::error::chain(&other),
            },
        }
    }
}
