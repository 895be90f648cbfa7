//! Jobs and runs: submissions, leases of workers, the state of each run, and the ledger of its effects outside.

pub mod access;
pub mod answer;
pub mod catalog;
pub mod change;
pub mod error;
pub mod event;
pub mod id;
pub mod idea;
pub mod job;
pub mod job_list;
pub mod lease;
pub mod listed;
pub mod preview;
pub mod product;
pub mod recovery;
pub mod remains;
pub mod run;
pub mod sql;
pub mod submission;
pub mod transition;
pub mod update;

use crate::publish::ledger::LedgerEntry;
use async_trait::async_trait;
use change::{Actor, RunChange};
use error::StoreError;
use event::Event;
use id::RunId;
use lease::{ClaimTarget, Lease, Renewal, WorkerId};
use listed::Listed;
use recovery::{Recovery, RecoveryReport};
use run::{JobPayload, Run, RunFilter};
use submission::Submission;

/// Stores jobs and runs for many workers. Each call is one transaction; none stays open between calls. Notifications are
/// sent after the commit.
///
/// Times are the database's, so that workers whose clocks differ agree on leases.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores a run and its queued job. A second run for a product that has an active one is refused.
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError>;

    /// Claims a job for a worker, for [`Lease::LENGTH`]. `None` when there is no job to claim.
    async fn claim(
        &self,
        worker: &WorkerId,
        target: &ClaimTarget,
    ) -> Result<Option<Lease>, StoreError>;

    /// Extends a lease to [`Lease::LENGTH`] from now.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it expired or another worker has the job: the worker must stop.
    async fn renew(&self, lease: &Lease) -> Result<Renewal, StoreError>;

    /// The input of the job of a lease.
    async fn payload(&self, lease: &Lease) -> Result<JobPayload, StoreError>;

    /// Changes a run and its job together, and records the event. The only way a status changes.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when the worker's lease is not valid any more; [`StoreError::Conflict`] when the run's
    /// status does not allow the change.
    async fn change(
        &self,
        run: &RunId,
        actor: Actor<'_>,
        change: &RunChange,
    ) -> Result<Run, StoreError>;

    /// Adds an entry to the run's ledger of effects, and repeats in the run what it proves. An entry that equals the last
    /// one is not added again, so that a call whose answer was lost can be repeated.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] as above; [`StoreError::Cancelled`] for the intent of anything but a removal when the run
    /// was cancelled: the worker then removes what is outside.
    async fn record(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), StoreError>;

    /// The run's ledger of effects, in order.
    async fn entries(&self, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError>;

    /// Runs, newest first. A damaged row is listed as unreadable.
    async fn runs(&self, filter: &RunFilter) -> Result<Vec<Listed<Run>>, StoreError>;

    /// At most `limit` events after a sequence number, of one run or of all, in the order of their commits. A damaged row is
    /// an event of the kind [`event::EventKind::Unreadable`].
    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// Fails or requeues every run whose worker died, and repairs every run whose status contradicts that of its job. A run
    /// that cannot be read is reported and left as it is.
    async fn recover_expired(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError>;
}
