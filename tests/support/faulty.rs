//! A store that fails when it is told to: before a call does anything, or after it did everything.

use async_trait::async_trait;
use groundplan::publish::ledger::LedgerEntry;
use groundplan::store::Store;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::event::Event;
use groundplan::store::id::RunId;
use groundplan::store::lease::{ClaimTarget, Lease, Renewal, WorkerId};
use groundplan::store::recovery::{Recovery, RecoveryReport};
use groundplan::store::run::{JobPayload, Run, RunFilter};
use groundplan::store::submission::Submission;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing of it happened.
    Before,
    /// All of it happened, and the answer was lost.
    After,
}

/// Fails one call, and passes every other one on.
pub(crate) struct Faulty {
    inner: Arc<dyn Store>,
    /// Counted from 0.
    fails: usize,
    moment: Moment,
    calls: AtomicUsize,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<dyn Store>, fails: usize, moment: Moment) -> Self {
        Self {
            inner,
            fails,
            moment,
            calls: AtomicUsize::new(0),
        }
    }

    /// How many calls there were; a sweep over all of them ends when `fails` is not reached any more.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let is_struck = self.calls.fetch_add(1, Ordering::SeqCst) == self.fails;
        let broken = || StoreError::Unavailable {
            source: "the line went dead".into(),
        };
        if is_struck && self.moment == Moment::Before {
            return Err(broken());
        }
        let done = call.await?;
        if is_struck { Err(broken()) } else { Ok(done) }
    }
}

#[async_trait]
impl Store for Faulty {
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError> {
        self.pass(self.inner.submit(submission)).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        pick: &ClaimTarget,
    ) -> Result<Option<Lease>, StoreError> {
        self.pass(self.inner.claim(worker, pick)).await
    }

    async fn renew(&self, lease: &Lease) -> Result<Renewal, StoreError> {
        self.pass(self.inner.renew(lease)).await
    }

    async fn payload(&self, lease: &Lease) -> Result<JobPayload, StoreError> {
        self.pass(self.inner.payload(lease)).await
    }

    async fn change(
        &self,
        run: &RunId,
        actor: Actor<'_>,
        change: &RunChange,
    ) -> Result<Run, StoreError> {
        self.pass(self.inner.change(run, actor, change)).await
    }

    async fn record(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), StoreError> {
        self.pass(self.inner.record(lease, entry)).await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.pass(self.inner.entries(run)).await
    }

    async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
        self.pass(self.inner.runs(filter)).await
    }

    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.pass(self.inner.events(after, run, limit)).await
    }

    async fn recover_expired(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError> {
        self.pass(self.inner.recover_expired(recovery)).await
    }
}
