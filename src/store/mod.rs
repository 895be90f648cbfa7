//! Jobs and runs: what was asked for, who holds it, how far it came, and everything that was done outside for it.

pub mod catalog;
pub mod change;
pub mod error;
pub mod event;
pub mod id;
pub mod job;
pub mod lease;
pub mod left;
pub mod run;
pub mod sql;
pub mod submission;
pub mod sweep;
pub mod transition;

use crate::publish::ledger::Entry;
use async_trait::async_trait;
use change::{Change, Hand};
use error::StoreError;
use event::Event;
use id::RunId;
use lease::{Lease, Pick, Standing, WorkerId};
use run::{Filter, Run, Task};
use submission::Submission;
use sweep::{Recovery, Swept};

/// Keeps jobs and runs for many workers at once. Each call is one transaction that either happened or did not, and no
/// transaction stays open between calls (I4). Whoever listens is told after the commit, never before.
///
/// Times are the database's own, so that workers whose clocks disagree agree on leases.
#[async_trait]
pub trait Store: Send + Sync {
    /// Stores a run and its queued job. A second run for a product that has an active one is refused.
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError>;

    /// Takes a job for a worker, for [`Lease::LENGTH`]. Nothing when there is nothing to take.
    async fn claim(&self, worker: &WorkerId, pick: &Pick) -> Result<Option<Lease>, StoreError>;

    /// Holds a lease for another [`Lease::LENGTH`] from now.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it ran out or somebody else has the job: nothing more may be done for it.
    async fn renew(&self, lease: &Lease) -> Result<Standing, StoreError>;

    /// Everything that a worker needs for the job it holds.
    async fn task(&self, lease: &Lease) -> Result<Task, StoreError>;

    /// Moves a run and its job together, and records the event. The only way a status changes.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when a worker's lease is not its own any more, [`StoreError::Conflict`] when the run's
    /// status does not allow the change.
    async fn change(&self, run: &RunId, hand: Hand<'_>, change: &Change)
    -> Result<Run, StoreError>;

    /// Adds an entry to the run's ledger of effects, and what it proves to the run itself. An entry that is the last one
    /// already is not added again, so that a call whose answer was lost can be repeated.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] as above; [`StoreError::Cancelled`] for an intent other than a removal when the run
    /// was cancelled: what is outside is then taken back.
    async fn record(&self, lease: &Lease, entry: &Entry) -> Result<(), StoreError>;

    /// The run's ledger of effects, in order.
    async fn entries(&self, run: &RunId) -> Result<Vec<Entry>, StoreError>;

    /// Runs, newest first.
    async fn runs(&self, filter: &Filter) -> Result<Vec<Run>, StoreError>;

    /// At most `limit` events after a sequence number, of one run or of all, in the order of their commits.
    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// Brings every run whose worker is gone, and every pair of run and job that contradict each other, to one truth.
    async fn sweep(&self, recovery: Recovery) -> Result<Swept, StoreError>;
}
