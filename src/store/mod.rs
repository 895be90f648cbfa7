//! Jobs and runs: what was asked for, who holds it, how far it came, and everything that was done outside for it.

pub mod catalog;
pub mod change;
pub mod error;
pub mod event;
pub mod id;
pub mod job;
pub mod lease;
pub mod recovery;
pub mod remains;
pub mod run;
pub mod sql;
pub mod submission;
pub mod transition;

use crate::publish::ledger::LedgerEntry;
use async_trait::async_trait;
use change::{Actor, RunChange};
use error::StoreError;
use event::Event;
use id::RunId;
use lease::{ClaimTarget, Lease, Renewal, WorkerId};
use recovery::{Recovery, RecoveryReport};
use run::{JobPayload, Run, RunFilter};
use submission::Submission;

/// Keeps jobs and runs for many workers at once. Each call is one transaction that either happened or did not, and no
/// transaction stays open between calls (I4). Whoever listens is told after the commit, never before.
///
/// Times are the database's own, so that workers whose clocks disagree agree on leases.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores a run and its queued job. A second run for a product that has an active one is refused.
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError>;

    /// Takes a job for a worker, for [`Lease::LENGTH`]. Nothing when there is nothing to take.
    async fn claim(
        &self,
        worker: &WorkerId,
        pick: &ClaimTarget,
    ) -> Result<Option<Lease>, StoreError>;

    /// Holds a lease for another [`Lease::LENGTH`] from now.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it ran out or somebody else has the job: nothing more may be done for it.
    async fn renew(&self, lease: &Lease) -> Result<Renewal, StoreError>;

    /// Everything that a worker needs for the job it holds.
    async fn payload(&self, lease: &Lease) -> Result<JobPayload, StoreError>;

    /// Moves a run and its job together, and records the event. The only way a status changes.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when a worker's lease is not its own any more, [`StoreError::Conflict`] when the run's
    /// status does not allow the change.
    async fn change(
        &self,
        run: &RunId,
        actor: Actor<'_>,
        change: &RunChange,
    ) -> Result<Run, StoreError>;

    /// Adds an entry to the run's ledger of effects, and what it proves to the run itself. An entry that is the last one
    /// already is not added again, so that a call whose answer was lost can be repeated.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] as above; [`StoreError::Cancelled`] for an intent other than a removal when the run
    /// was cancelled: what is outside is then taken back.
    async fn record(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), StoreError>;

    /// The run's ledger of effects, in order.
    async fn entries(&self, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError>;

    /// Runs, newest first.
    async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StoreError>;

    /// At most `limit` events after a sequence number, of one run or of all, in the order of their commits.
    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// Brings every run whose worker is gone, and every pair of run and job that contradict each other, to one truth.
    async fn recover_expired(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError>;
}
