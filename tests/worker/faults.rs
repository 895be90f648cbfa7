//! Faults at every call of the store: no answer, death of the worker, cancellation, a lost lease, a shutdown. Each run
//! ends once and has exactly one repository or none.

use super::support::{Options, WorkerFixture};
use crate::support::faulty::{Call, Fault, FaultTiming, FaultyStore, Point, at_every_call};
use crate::support::jobs::{on, on_both_databases, user};
use groundplan::publish::ledger::PublishStep;
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::id::RunId;
use groundplan::store::recovery::Recovery;
use groundplan::store::run::RunFilter;
use groundplan::store::sql::{Database, Dialect};
use groundplan::worker::lease_keeper::Shutdown;
use groundplan::worker::outcome::AttemptOutcome;
use std::sync::Arc;
use tokio::sync::watch;

/// The calls of a run without a fault, in order.
const CALLS: [Call; 11] = [
    Call::Payload,
    Call::Start,
    Call::Entries,
    Call::RecordRequest,
    CREATE_INTENT,
    Call::RecordOutcome(PublishStep::Create),
    Call::RecordIntent(PublishStep::Push),
    Call::RecordOutcome(PublishStep::Push),
    Call::RecordIntent(PublishStep::Describe),
    DESCRIBE_OUTCOME,
    Call::Succeed,
];
/// From here on a repository may exist.
const CREATE_INTENT: Call = Call::RecordIntent(PublishStep::Create);
/// From here on the repository has its final description instead of the marker.
const DESCRIBE_OUTCOME: Call = Call::RecordOutcome(PublishStep::Describe);
const TIMINGS: [FaultTiming; 2] = [FaultTiming::Before, FaultTiming::After];
const RESUME: Recovery = Recovery::Resume {
    attempts: Recovery::ATTEMPTS,
};

fn all_calls() -> Vec<Point> {
    CALLS.into_iter().map(Point::from).collect()
}

/// All calls but the last one, which records the success.
fn calls_before_success() -> Vec<Point> {
    let mut points = all_calls();
    points.pop();
    points
}

/// True if a run reaches `point` earlier than `call`.
fn is_before(point: Point, call: Call) -> bool {
    let position = |wanted| CALLS.iter().position(|call| *call == wanted).unwrap();
    position(point.call) < position(call)
}

#[test]
fn a_run_without_a_fault_makes_eleven_calls() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        fixture.submit(1).await;
        let store = Arc::new(FaultyStore::recording(fixture.store()));
        let context = fixture.context(fixture.options(store.clone()));
        assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
        assert_eq!(store.calls(), CALLS);
    });
}

#[test]
fn a_call_that_the_database_does_not_answer_is_repeated_and_the_run_succeeds() {
    for timing in TIMINGS {
        on_both_databases(async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            fixture.add_product(10).await;
            let fault = || Fault::NoAnswer(timing);
            let case = async |number, point: Point, store: Arc<FaultyStore>| {
                let run = fixture.submit(number).await;
                let context = fixture.context(fixture.options(store));
                let outcome = fixture.work(&context).await;
                assert_eq!(outcome, AttemptOutcome::Succeeded, "{timing:?} {point:?}");
                assert!(fixture.is_right(number), "{timing:?} {point:?}");
                let kinds = fixture.event_kinds(&run.id).await;
                assert_eq!(kinds.len(), 9, "{timing:?} {point:?}: {kinds:?}");
            };
            at_every_call(&fixture.store(), &all_calls(), fault, case).await;
            assert_eq!(fixture.repositories().len(), CALLS.len());
        });
    }
}

/// Submits a run and executes it with this store.
async fn execute(
    fixture: &WorkerFixture,
    number: u32,
    store: Arc<FaultyStore>,
) -> (RunId, AttemptOutcome) {
    let run = fixture.submit(number).await;
    let context = fixture.context(Options {
        recovery: RESUME,
        ..fixture.options(store)
    });
    let outcome = fixture.work(&context).await;
    (run.id, outcome)
}

/// Executes a run with a fault at the call that records the success.
async fn execute_until_success(fixture: &WorkerFixture, fault: Fault) -> (RunId, AttemptOutcome) {
    let store = FaultyStore::new(fixture.store(), Call::Succeed, fault);
    execute(fixture, 1, store).await
}

/// True if a worker that was killed ended as it must: without an answer.
fn is_dead(outcome: AttemptOutcome) -> bool {
    matches!(
        outcome,
        AttemptOutcome::RetryLater | AttemptOutcome::LeaseLost
    )
}

#[test]
fn a_worker_that_dies_at_any_call_is_recovered_and_the_run_succeeds_once() {
    for timing in TIMINGS {
        on_both_databases(async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let fault = || Fault::Death(timing);
            let case = async |number, point: Point, store: Arc<FaultyStore>| {
                let case = format!("{timing:?} {point:?}");
                let (run, outcome) = execute(&fixture, number, store).await;
                assert!(is_dead(outcome), "{case}: {outcome:?}");
                fixture.jobs.expire_leases().await;
                let recovered = fixture.jobs.store.recover_expired(RESUME).await.unwrap();
                assert_eq!(recovered.requeued, std::slice::from_ref(&run), "{case}");
                let context = fixture.context(fixture.options(fixture.store()));
                let outcome = fixture.work(&context).await;
                assert_eq!(outcome, AttemptOutcome::Succeeded, "{case}");
                assert!(fixture.is_right(number), "{case}");
                fixture.event_kinds(&run).await;
                assert_eq!(fixture.jobs.status(&run).await, "SUCCEEDED/DONE", "{case}");
            };
            let points = calls_before_success();
            at_every_call(&fixture.store(), &points, fault, case).await;
            assert_eq!(fixture.repositories().len(), points.len());
            assert_eq!(fixture.leftovers(), Vec::<String>::new());
        });
    }
}

#[test]
fn a_worker_that_dies_while_it_records_the_success_has_recorded_it_or_not() {
    for timing in TIMINGS {
        on_both_databases(async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let (run, outcome) = execute_until_success(&fixture, Fault::Death(timing)).await;
            assert!(is_dead(outcome), "{outcome:?}");
            fixture.jobs.expire_leases().await;
            let recovered = fixture.jobs.store.recover_expired(RESUME).await.unwrap();
            if timing == FaultTiming::Before {
                assert_eq!(recovered.requeued, std::slice::from_ref(&run));
                let context = fixture.context(fixture.options(fixture.store()));
                assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
            }
            assert!(fixture.is_right(1));
            fixture.event_kinds(&run).await;
            assert_eq!(fixture.jobs.status(&run).await, "SUCCEEDED/DONE");
            assert_eq!(fixture.repositories().len(), 1);
        });
    }
}

#[test]
fn a_worker_that_dies_at_any_call_and_is_not_resumed_leaves_a_recorded_repository_or_none() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let fault = || Fault::Death(FaultTiming::After);
        let case = async |number, point: Point, store: Arc<FaultyStore>| {
            let before = fixture.repositories().len();
            let (run, _) = execute(&fixture, number, store).await;
            fixture.jobs.expire_leases().await;
            let store = &fixture.jobs.store;
            store.recover_expired(Recovery::Fail).await.unwrap();
            let exists = fixture.repositories().len() > before;
            let status = fixture.jobs.status(&run).await;
            fixture.event_kinds(&run).await;
            if is_before(point, CREATE_INTENT) {
                assert_eq!(status, "FAILED/FAILED", "{point:?}");
                assert!(!exists, "{point:?}");
                return;
            }
            assert_eq!(status, "FAILED_NEEDS_CLEANUP/FAILED", "{point:?}");
            assert_eq!(exists, point.call != CREATE_INTENT, "{point:?}");
            // Removed, or kept because it is complete and its marker is gone.
            let context = fixture.context(fixture.options(fixture.store()));
            let cleaned = fixture.clean_up(&context, &run).await;
            let has_marker = is_before(point, DESCRIBE_OUTCOME);
            assert_eq!(cleaned.is_ok(), has_marker, "{point:?}: {cleaned:?}");
            assert_eq!(
                fixture.repositories().len() > before,
                !has_marker,
                "{point:?}"
            );
        };
        at_every_call(&fixture.store(), &calls_before_success(), fault, case).await;
    });
}

/// The newest run is cancelled by its user just before the call.
fn cancellation(store: &Database) -> Fault {
    let store = store.clone();
    Fault::interlude(move || {
        let store = store.clone();
        async move {
            let run = store.runs(&RunFilter::default()).await.unwrap().remove(0);
            let run = run.readable().unwrap();
            let ada = user("ada");
            store
                .change(&run.id, Actor::Person(&ada), &RunChange::Cancel)
                .await
                .unwrap();
        }
    })
}

#[test]
fn a_run_that_is_cancelled_before_any_call_leaves_nothing_or_a_recorded_repository() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let fault = || cancellation(&fixture.jobs.store);
        let case = async |number, point: Point, store: Arc<FaultyStore>| {
            let before = fixture.repositories().len();
            let (run, outcome) = execute(&fixture, number, store).await;
            let status = fixture.jobs.status(&run).await;
            let remains = !is_before(point, DESCRIBE_OUTCOME);
            assert_eq!(outcome, AttemptOutcome::Cancelled { remains }, "{point:?}");
            if remains {
                assert_eq!(status, "FAILED_NEEDS_CLEANUP/CANCELLED", "{point:?}");
                assert!(fixture.is_right(number), "{point:?}");
            } else {
                assert_eq!(status, "CANCELLED/CANCELLED", "{point:?}");
                assert_eq!(fixture.repositories().len(), before, "{point:?}");
            }
            fixture.event_kinds(&run).await;
        };
        at_every_call(&fixture.store(), &calls_before_success(), fault, case).await;
    });
}

#[test]
fn a_run_that_is_cancelled_while_its_success_is_recorded_stays_cancelled() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let fault = cancellation(&fixture.jobs.store);
        let (run, outcome) = execute_until_success(&fixture, fault).await;
        assert_eq!(outcome, AttemptOutcome::Cancelled { remains: true });
        assert_eq!(
            fixture.jobs.status(&run).await,
            "FAILED_NEEDS_CLEANUP/CANCELLED"
        );
        fixture.event_kinds(&run).await;
    });
}

#[test]
fn a_worker_whose_job_was_taken_over_is_refused_and_the_other_one_creates_the_repository() {
    on_both_databases(async |jobs| {
        let fixture = Arc::new(WorkerFixture::over(jobs));
        let fault = || {
            let fixture = Arc::clone(&fixture);
            Fault::interlude(move || {
                let fixture = Arc::clone(&fixture);
                async move {
                    // The lease expires and another worker executes the job.
                    fixture.jobs.expire_leases().await;
                    let recovered = fixture.jobs.store.recover_expired(RESUME).await.unwrap();
                    assert_eq!(recovered.requeued.len(), 1);
                    let context = fixture.context(fixture.options(fixture.store()));
                    assert_eq!(fixture.work(&context).await, AttemptOutcome::Succeeded);
                }
            })
        };
        let case = async |number, point: Point, store: Arc<FaultyStore>| {
            let (run, outcome) = execute(&fixture, number, store).await;
            assert_eq!(outcome, AttemptOutcome::LeaseLost, "{point:?}");
            assert!(fixture.is_right(number), "{point:?}");
            let status = fixture.jobs.status(&run).await;
            assert_eq!(status, "SUCCEEDED/DONE", "{point:?}");
            fixture.event_kinds(&run).await;
        };
        let points = calls_before_success();
        at_every_call(&fixture.store(), &points, fault, case).await;
        assert_eq!(fixture.repositories().len(), points.len());
    });
}

#[test]
fn an_expired_lease_is_lost_even_if_no_other_worker_has_claimed_the_job() {
    on_both_databases(async |jobs| {
        let fixture = Arc::new(WorkerFixture::over(jobs));
        let other = Arc::clone(&fixture);
        let expiry = Fault::interlude(move || {
            let fixture = Arc::clone(&other);
            async move { fixture.jobs.expire_leases().await }
        });
        let store = FaultyStore::new(fixture.store(), CREATE_INTENT, expiry);
        let (run, outcome) = execute(&fixture, 1, store).await;
        assert_eq!(outcome, AttemptOutcome::LeaseLost);
        assert_eq!(fixture.repositories(), Vec::<String>::new());
        assert_eq!(fixture.jobs.status(&run).await, "RUNNING/RUNNING");
        let store = &fixture.jobs.store;
        store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(fixture.jobs.status(&run).await, "FAILED/FAILED");
    });
}

#[test]
fn a_worker_that_shuts_down_hands_the_job_back_at_its_next_step_and_another_one_finishes_it() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let phase = Arc::new(watch::channel(Shutdown::Running).0);
        let fault = || {
            let phase = Arc::clone(&phase);
            Fault::interlude(move || {
                phase.send_replace(Shutdown::Draining);
                async {}
            })
        };
        let case = async |number, point: Point, store: Arc<FaultyStore>| {
            phase.send_replace(Shutdown::Running);
            let run = fixture.submit(number).await;
            let context = fixture.context(fixture.options(store));
            let lease = fixture.claim(&context).await;
            let log = fixture.log(&lease);
            let outcome =
                groundplan::worker::execute(&context, lease, log, phase.subscribe()).await;
            // The last intent begins the last step.
            if is_before(point, Call::RecordIntent(PublishStep::Describe)) {
                assert_eq!(outcome, AttemptOutcome::HandedBack, "{point:?}");
                let status = fixture.jobs.status(&run.id).await;
                assert_eq!(status, "PENDING/QUEUED", "{point:?}");
                let context = fixture.context(fixture.options(fixture.store()));
                let outcome = fixture.work(&context).await;
                assert_eq!(outcome, AttemptOutcome::Succeeded, "{point:?}");
            } else {
                assert_eq!(outcome, AttemptOutcome::Succeeded, "{point:?}");
            }
            assert!(fixture.is_right(number), "{point:?}");
            fixture.event_kinds(&run.id).await;
        };
        let points = calls_before_success();
        at_every_call(&fixture.store(), &points, fault, case).await;
        assert_eq!(fixture.repositories().len(), points.len());
    });
}
