//! Every call of the store fails, dies, is cancelled or loses its lease: one end of each run, one repository or none.

use super::support::{Blow, BoxFuture, Options, Struck, Yard};
use crate::support::faulty::{Faulty, Moment};
use crate::support::jobs::{on, on_both_databases, user};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::id::RunId;
use groundplan::store::lease::Lease;
use groundplan::store::recovery::Recovery;
use groundplan::store::run::RunFilter;
use groundplan::store::sql::{Database, Dialect};
use groundplan::worker::lease_keeper::Shutdown;
use groundplan::worker::outcome::AttemptOutcome;
use std::sync::Arc;
use tokio::sync::watch;

/// The calls of a run in which nothing fails: task, start, a look at the ledger, seven entries, success.
const CALLS: usize = 11;
const RESUME: Recovery = Recovery::Resume {
    attempts: Recovery::ATTEMPTS,
};

#[test]
fn a_run_without_faults_takes_eleven_calls() {
    on(Dialect::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        yard.submit(1).await;
        let faulty = Arc::new(Faulty::new(yard.store(), usize::MAX, Moment::Before));
        let means = yard.means(yard.options(faulty.clone()));
        assert_eq!(yard.work(&means).await, AttemptOutcome::Succeeded);
        assert_eq!(faulty.calls(), CALLS);
    });
}

#[test]
fn a_database_that_misses_one_call_is_asked_again_and_the_run_succeeds() {
    for moment in [Moment::Before, Moment::After] {
        on_both_databases(async |desk| {
            let yard = Yard::over(desk);
            for call in 0..CALLS {
                let number = u32::try_from(call % 10).unwrap();
                if call == 10 {
                    // There are ten products; the tenth call was about this one's first run.
                    std::fs::remove_dir_all(yard.sandbox.join("forge/acme/web-0.git")).unwrap();
                }
                let run = yard.submit(number).await;
                let faulty = Arc::new(Faulty::new(yard.store(), call, moment));
                let means = yard.means(yard.options(faulty));
                let outcome = yard.work(&means).await;
                assert_eq!(outcome, AttemptOutcome::Succeeded, "{moment:?} {call}");
                assert!(yard.is_right(number), "{moment:?} {call}");
                let story = yard.story(&run.id).await;
                assert_eq!(story.len(), 9, "{moment:?} {call}: {story:?}");
            }
            assert_eq!(yard.repositories().len(), 10);
        });
    }
}

/// Carries out a run with a store that is struck at a call.
async fn struck(
    yard: &Yard,
    number: u32,
    call: usize,
    blow: Blow,
) -> (RunId, AttemptOutcome, bool) {
    let run = yard.submit(number).await;
    let store = Struck::new(yard.store(), call, blow);
    let means = yard.means(Options {
        recovery: RESUME,
        ..yard.options(store.clone())
    });
    let outcome = yard.work(&means).await;
    (run.id, outcome, store.was_struck())
}

#[test]
fn a_worker_that_dies_at_any_call_is_recovered_and_the_run_succeeds_once() {
    for is_stored in [false, true] {
        on_both_databases(async |desk| {
            let yard = Yard::over(desk);
            for call in 0..CALLS - 1 {
                let number = u32::try_from(call).unwrap();
                let case = format!("{is_stored} {call}");
                let (run, outcome, _) = struck(&yard, number, call, Blow::Dies { is_stored }).await;
                assert!(
                    matches!(outcome, AttemptOutcome::Troubled | AttemptOutcome::Lost),
                    "{case}: {outcome:?}"
                );
                yard.desk.expire_leases().await;
                let swept = yard.desk.store.recover_expired(RESUME).await.unwrap();
                assert_eq!(swept.requeued, std::slice::from_ref(&run), "{case}");
                let means = yard.means(yard.options(yard.store()));
                assert_eq!(yard.work(&means).await, AttemptOutcome::Succeeded, "{case}");
                assert!(yard.is_right(number), "{case}");
                yard.story(&run).await;
                assert_eq!(yard.desk.status(&run).await, "SUCCEEDED/DONE", "{case}");
            }
            assert_eq!(yard.repositories().len(), CALLS - 1);
            assert_eq!(yard.rest(), Vec::<String>::new());
        });
    }
}

#[test]
fn a_worker_that_dies_while_it_writes_success_has_written_it_or_not() {
    for is_stored in [false, true] {
        on_both_databases(async |desk| {
            let yard = Yard::over(desk);
            let (run, outcome, _) = struck(&yard, 1, CALLS - 1, Blow::Dies { is_stored }).await;
            assert!(
                matches!(outcome, AttemptOutcome::Troubled | AttemptOutcome::Lost),
                "{outcome:?}"
            );
            yard.desk.expire_leases().await;
            let swept = yard.desk.store.recover_expired(RESUME).await.unwrap();
            if !is_stored {
                assert_eq!(swept.requeued, std::slice::from_ref(&run));
                let means = yard.means(yard.options(yard.store()));
                assert_eq!(yard.work(&means).await, AttemptOutcome::Succeeded);
            }
            assert!(yard.is_right(1));
            yard.story(&run).await;
            assert_eq!(yard.desk.status(&run).await, "SUCCEEDED/DONE");
            assert_eq!(yard.repositories().len(), 1);
        });
    }
}

#[test]
fn a_worker_that_dies_at_any_call_and_is_not_resumed_leaves_nothing_unsaid() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        for call in 0..CALLS - 1 {
            let number = u32::try_from(call).unwrap();
            let before = yard.repositories().len();
            let blow = Blow::Dies { is_stored: true };
            let (run, ..) = struck(&yard, number, call, blow).await;
            yard.desk.expire_leases().await;
            yard.desk
                .store
                .recover_expired(Recovery::Fail)
                .await
                .unwrap();
            let is_there = yard.repositories().len() > before;
            let status = yard.desk.status(&run).await;
            yard.story(&run).await;
            // Before the create nothing can be there; after it, something may.
            let expected = if call < 4 {
                "FAILED/FAILED"
            } else {
                "FAILED_NEEDS_CLEANUP/FAILED"
            };
            assert_eq!(status, expected, "{call}");
            assert!(!is_there || call >= 5, "{call}");
            if call >= 4 {
                // Cleaned up, or kept because it is complete and its marker is gone.
                let means = yard.means(yard.options(yard.store()));
                let cleaned = yard.clean_up(&means, &run).await;
                assert_eq!(cleaned.is_ok(), call < 9, "{call}: {cleaned:?}");
                assert_eq!(yard.repositories().len() > before, call >= 9, "{call}");
            }
        }
    });
}

/// Something that a person or another worker does meanwhile.
fn meanwhile(
    store: &Database,
    act: impl Fn(Database) -> BoxFuture + Send + Sync + 'static,
) -> Blow {
    let store = store.clone();
    Blow::Meanwhile(Box::new(move || act(store.clone())))
}

/// Somebody cancels the newest run meanwhile.
fn cancelled(yard: &Yard) -> Blow {
    meanwhile(&yard.desk.store, |store| {
        Box::pin(async move {
            let run = store.runs(&RunFilter::default()).await.unwrap().remove(0);
            let ada = user("ada");
            store
                .change(&run.id, Actor::Person(&ada), &RunChange::Cancel)
                .await
                .unwrap();
        })
    })
}

#[test]
fn a_run_that_is_cancelled_before_any_call_ends_cancelled_with_nothing_left_or_says_what() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        for call in 0..CALLS - 1 {
            let number = u32::try_from(call).unwrap();
            let before = yard.repositories().len();
            let blow = cancelled(&yard);
            let (run, outcome, was_struck) = struck(&yard, number, call, blow).await;
            assert!(was_struck);
            let status = yard.desk.status(&run).await;
            // The last entry says that the description, and with it the marker, is already the final one.
            if call < 9 {
                assert_eq!(outcome, AttemptOutcome::Cancelled { left: false }, "{call}");
                assert_eq!(status, "CANCELLED/CANCELLED", "{call}");
                assert_eq!(yard.repositories().len(), before, "{call}");
            } else {
                assert_eq!(outcome, AttemptOutcome::Cancelled { left: true }, "{call}");
                assert_eq!(status, "FAILED_NEEDS_CLEANUP/CANCELLED", "{call}");
                assert!(yard.is_right(number), "{call}");
            }
            yard.story(&run).await;
        }
    });
}

#[test]
fn a_cancel_that_lands_while_success_is_being_written_stays_cancelled() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let blow = cancelled(&yard);
        let (run, outcome, _) = struck(&yard, 1, CALLS - 1, blow).await;
        assert_eq!(outcome, AttemptOutcome::Cancelled { left: true });
        assert_eq!(
            yard.desk.status(&run).await,
            "FAILED_NEEDS_CLEANUP/CANCELLED"
        );
        yard.story(&run).await;
    });
}

#[test]
fn a_frozen_worker_that_thaws_is_refused_and_the_other_one_makes_the_repository() {
    on_both_databases(async |desk| {
        let yard = Arc::new(Yard::over(desk));
        for call in 0..CALLS - 1 {
            let number = u32::try_from(call).unwrap();
            let other = Arc::clone(&yard);
            let blow = Blow::Meanwhile(Box::new(move || {
                let yard = Arc::clone(&other);
                Box::pin(async move {
                    // The lease runs out while nobody looks, and another worker gets the job.
                    yard.desk.expire_leases().await;
                    let swept = yard.desk.store.recover_expired(RESUME).await.unwrap();
                    assert_eq!(swept.requeued.len(), 1);
                    let means = yard.means(yard.options(yard.store()));
                    assert_eq!(yard.work(&means).await, AttemptOutcome::Succeeded);
                })
            }));
            let (run, outcome, _) = struck(&yard, number, call, blow).await;
            assert_eq!(outcome, AttemptOutcome::Lost, "{call}");
            assert!(yard.is_right(number), "{call}");
            assert_eq!(yard.desk.status(&run).await, "SUCCEEDED/DONE", "{call}");
            yard.story(&run).await;
        }
        assert_eq!(yard.repositories().len(), CALLS - 1);
    });
}

#[test]
fn a_lease_that_lapsed_is_lost_although_nobody_took_it() {
    on_both_databases(async |desk| {
        let yard = Arc::new(Yard::over(desk));
        let other = Arc::clone(&yard);
        let blow = Blow::Meanwhile(Box::new(move || {
            let yard = Arc::clone(&other);
            Box::pin(async move { yard.desk.expire_leases().await })
        }));
        let (run, outcome, _) = struck(&yard, 1, 4, blow).await;
        assert_eq!(outcome, AttemptOutcome::Lost);
        assert_eq!(yard.repositories(), Vec::<String>::new());
        assert_eq!(yard.desk.status(&run).await, "RUNNING/RUNNING");
        yard.desk
            .store
            .recover_expired(Recovery::Fail)
            .await
            .unwrap();
        assert_eq!(yard.desk.status(&run).await, "FAILED/FAILED");
    });
}

#[test]
fn a_worker_that_is_to_stop_gives_the_job_back_at_its_next_step_and_another_one_finishes_it() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        for call in 0..CALLS - 1 {
            let number = u32::try_from(call).unwrap();
            let run = yard.submit(number).await;
            let (say, shift) = watch::channel(Shutdown::On);
            let say = Arc::new(say);
            let blow = Blow::Meanwhile(Box::new(move || {
                let say = Arc::clone(&say);
                Box::pin(async move {
                    say.send_replace(Shutdown::Closing);
                })
            }));
            let store = Struck::new(yard.store(), call, blow);
            let means = yard.means(yard.options(store.clone()));
            let lease: Lease = yard.claim(&means).await;
            let log = yard.log(&lease);
            let outcome = groundplan::worker::carry_out(&means, lease, log, shift).await;
            // From the last intent on there is nothing left to begin.
            if call < 8 {
                assert_eq!(outcome, AttemptOutcome::HandedBack, "{call}");
                assert_eq!(yard.desk.status(&run.id).await, "PENDING/QUEUED", "{call}");
                let means = yard.means(yard.options(yard.store()));
                assert_eq!(yard.work(&means).await, AttemptOutcome::Succeeded, "{call}");
            } else {
                assert_eq!(outcome, AttemptOutcome::Succeeded, "{call}");
            }
            assert!(yard.is_right(number), "{call}");
            yard.story(&run.id).await;
        }
        assert_eq!(yard.repositories().len(), CALLS - 1);
    });
}
