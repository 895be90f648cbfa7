//! A store with one fault at a named call.

use async_trait::async_trait;
use groundplan::publish::ledger::{LedgerEntry, PublishStep};
use groundplan::store::Store;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::event::Event;
use groundplan::store::id::RunId;
use groundplan::store::lease::{ClaimTarget, Lease, Renewal, WorkerId};
use groundplan::store::listed::Listed;
use groundplan::store::recovery::{Recovery, RecoveryReport};
use groundplan::store::run::{JobPayload, Run, RunFilter};
use groundplan::store::submission::Submission;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A call of the store, with what distinguishes it from other calls of the same method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Submit,
    Claim,
    Renew,
    Payload,
    Start,
    Succeed,
    /// Every other change of a run.
    Change,
    RecordRequest,
    RecordIntent(PublishStep),
    RecordOutcome(PublishStep),
    Entries,
    Runs,
    Events,
    Recover,
}

/// One of several equal calls, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub call: Call,
    pub repetition: usize,
}

/// The time of a fault within its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultTiming {
    /// The call has no effect.
    Before,
    /// The call has its effect, and the answer is lost.
    After,
}

/// The event at a point.
pub(crate) enum Fault {
    /// The database does not answer this call.
    NoAnswer(FaultTiming),
    /// The worker is killed: no later call is answered either.
    Death(FaultTiming),
    /// Something else happens just before the call.
    Interlude(Box<dyn Fn() -> BoxFuture + Send + Sync>),
}

pub(crate) type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store with a fault at one point. It records its calls.
pub(crate) struct FaultyStore {
    inner: Arc<dyn Store>,
    fault: Option<(Point, Fault)>,
    is_hit: AtomicBool,
    calls: Mutex<Vec<Call>>,
}

impl From<Call> for Point {
    fn from(call: Call) -> Self {
        Self {
            call,
            repetition: 0,
        }
    }
}

impl Fault {
    /// A fault that runs `action` just before the call.
    pub(crate) fn interlude<F>(action: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::Interlude(Box::new(move || Box::pin(action())))
    }
}

impl FaultyStore {
    pub(crate) fn new(inner: Arc<dyn Store>, at: impl Into<Point>, fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            fault: Some((at.into(), fault)),
            ..Self::recording(inner)
        })
    }

    /// A store that only records its calls.
    pub(crate) fn recording(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            fault: None,
            is_hit: AtomicBool::new(false),
            calls: Mutex::default(),
        }
    }

    /// The calls so far, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls so far as points.
    pub(crate) fn points(&self) -> Vec<Point> {
        let calls = self.calls();
        let earlier = |at: usize| {
            calls[..at]
                .iter()
                .filter(|call| **call == calls[at])
                .count()
        };
        (0..calls.len())
            .map(|at| Point {
                call: calls[at],
                repetition: earlier(at),
            })
            .collect()
    }

    fn is_at(&self, point: Point, call: Call) -> bool {
        let mut calls = self.calls.lock().unwrap();
        let repetition = calls.iter().filter(|earlier| **earlier == call).count();
        calls.push(call);
        (Point { call, repetition }) == point
    }

    /// The step of the newest intent.
    fn intended(&self) -> PublishStep {
        let calls = self.calls.lock().unwrap();
        let intent = calls.iter().rev().find_map(|call| match call {
            Call::RecordIntent(step) => Some(*step),
            _ => None,
        });
        intent.expect("an outcome follows an intent")
    }

    async fn pass<T>(
        &self,
        call: Call,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Some((point, fault)) = &self.fault else {
            self.calls.lock().unwrap().push(call);
            return answer.await;
        };
        let was_hit = self.is_hit.load(Ordering::SeqCst);
        let is_hit = self.is_at(*point, call);
        if is_hit {
            self.is_hit.store(true, Ordering::SeqCst);
        }
        let silence = Err(StoreError::Unavailable {
            source: "the connection was closed".into(),
        });
        match fault {
            Fault::Death(_) if was_hit => silence,
            Fault::NoAnswer(FaultTiming::Before) | Fault::Death(FaultTiming::Before) if is_hit => {
                silence
            }
            Fault::NoAnswer(FaultTiming::After) | Fault::Death(FaultTiming::After) if is_hit => {
                answer.await?;
                silence
            }
            Fault::Interlude(action) if is_hit => {
                action().await;
                answer.await
            }
            _ => answer.await,
        }
    }
}

/// Tests a case at each point. Fails if a case does not reach its point.
pub(crate) async fn at_every_call(
    store: &Arc<dyn Store>,
    points: &[Point],
    fault: impl Fn() -> Fault,
    case: impl AsyncFn(u32, Point, Arc<FaultyStore>),
) {
    for (number, point) in (0..).zip(points) {
        let faulty = FaultyStore::new(Arc::clone(store), *point, fault());
        case(number, *point, Arc::clone(&faulty)).await;
        let is_hit = faulty.is_hit.load(Ordering::SeqCst);
        assert!(is_hit, "{point:?} was not reached: {:?}", faulty.calls());
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError> {
        self.pass(Call::Submit, self.inner.submit(submission)).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        target: &ClaimTarget,
    ) -> Result<Option<Lease>, StoreError> {
        self.pass(Call::Claim, self.inner.claim(worker, target))
            .await
    }

    async fn renew(&self, lease: &Lease) -> Result<Renewal, StoreError> {
        self.pass(Call::Renew, self.inner.renew(lease)).await
    }

    async fn payload(&self, lease: &Lease) -> Result<JobPayload, StoreError> {
        self.pass(Call::Payload, self.inner.payload(lease)).await
    }

    async fn change(
        &self,
        run: &RunId,
        actor: Actor<'_>,
        change: &RunChange,
    ) -> Result<Run, StoreError> {
        let call = match change {
            RunChange::Start => Call::Start,
            RunChange::Succeed { .. } | RunChange::FinishUpdate { .. } => Call::Succeed,
            _ => Call::Change,
        };
        self.pass(call, self.inner.change(run, actor, change)).await
    }

    async fn record(&self, lease: &Lease, entry: &LedgerEntry) -> Result<(), StoreError> {
        let call = match entry {
            LedgerEntry::Started { .. } | LedgerEntry::UpdateStarted { .. } => Call::RecordRequest,
            LedgerEntry::Intended { step, .. } => Call::RecordIntent(*step),
            LedgerEntry::Finished { .. } => Call::RecordOutcome(self.intended()),
        };
        self.pass(call, self.inner.record(lease, entry)).await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.pass(Call::Entries, self.inner.entries(run)).await
    }

    async fn runs(&self, filter: &RunFilter) -> Result<Vec<Listed<Run>>, StoreError> {
        self.pass(Call::Runs, self.inner.runs(filter)).await
    }

    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.pass(Call::Events, self.inner.events(after, run, limit))
            .await
    }

    async fn recover_expired(&self, recovery: Recovery) -> Result<RecoveryReport, StoreError> {
        self.pass(Call::Recover, self.inner.recover_expired(recovery))
            .await
    }
}
