//! Who holds a job: every write of a worker is refused from the moment that it is not the holder any more.

use crate::support::jobs::{StoreFixture, on_both_databases, user, worker};
use groundplan::publish::ledger::{LedgerEntry, PublishStep};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::lease::{ClaimTarget, Lease, Renewal};
use groundplan::store::recovery::Recovery;

/// Tries every write that a worker has, each of which must find the lease lost.
async fn assert_lost(desk: &StoreFixture, lease: &Lease, why: &str) {
    let lost = |error: StoreError| {
        assert!(
            matches!(error, StoreError::LeaseLost { .. }),
            "{why}: {error}"
        );
    };
    let before = desk.run(&lease.run).await;
    lost(desk.store.renew(lease).await.unwrap_err());
    lost(desk.store.payload(lease).await.unwrap_err());
    let intent = LedgerEntry::Intended {
        step: PublishStep::Create,
        nonce: 1,
        at: 0,
    };
    lost(desk.store.record(lease, &intent).await.unwrap_err());
    for change in [
        RunChange::Start,
        RunChange::Succeed {
            repo_url: "https://x".to_owned(),
        },
        RunChange::Fail {
            error: "e".to_owned(),
            left: None,
        },
        RunChange::Withdraw { left: None },
        RunChange::HandBack {
            why: "w".to_owned(),
        },
        RunChange::CleanUp,
        RunChange::Release,
    ] {
        let changed = desk.store.change(&lease.run, Actor::Worker(lease), &change);
        lost(changed.await.unwrap_err());
    }
    assert_eq!(desk.run(&lease.run).await, before, "{why}");
}

#[test]
fn a_held_job_is_renewed_and_its_row_says_who_holds_it() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(7).await;
        assert_eq!(desk.status(&run.id).await, "PENDING/CLAIMED");
        let held = desk.run(&run.id).await;
        assert!(held.is_held);
        assert_eq!(held.worker.as_deref(), Some("host-7-1795000000000"));
        let column = desk.value("claimed_by_worker_id", "claude_jobs").await;
        assert_eq!(column, "host-7-1795000000000");
        let until = "CASE WHEN lease_until > claimed_at THEN 'later' ELSE 'not later' END";
        assert_eq!(desk.value(until, "claude_jobs").await, "later");
        assert_eq!(desk.store.renew(&lease).await.unwrap(), Renewal::Held);
    });
}

#[test]
fn a_lease_that_ran_out_is_lost_even_when_nobody_took_the_job() {
    on_both_databases(async |desk| {
        desk.submit("p0").await;
        let lease = desk.claim(1).await;
        desk.expire_leases().await;
        assert_lost(&desk, &lease, "ran out").await;
    });
}

#[test]
fn a_worker_that_thaws_cannot_touch_what_another_one_has_now() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let frozen = desk.claim(1).await;
        let started = desk
            .store
            .change(&run.id, Actor::Worker(&frozen), &RunChange::Start);
        started.await.unwrap();
        desk.expire_leases().await;
        let recovery = Recovery::Resume { attempts: 3 };
        let swept = desk.store.recover_expired(recovery).await.unwrap();
        assert_eq!(swept.requeued, std::slice::from_ref(&run.id));
        assert_lost(&desk, &frozen, "swept").await;
        let fresh = desk.claim(2).await;
        assert!(fresh.generation > frozen.generation);
        assert_lost(&desk, &frozen, "claimed by another").await;
        let again = desk.claim_again(&fresh).await;
        assert_lost(&desk, &fresh, "claimed by the same worker once more").await;
        assert_eq!(desk.store.renew(&again).await.unwrap(), Renewal::Held);
    });
}

#[test]
fn a_lease_of_another_worker_job_or_generation_is_none() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        desk.submit("p1").await;
        let lease = desk.claim(1).await;
        let other = desk.claim(1).await;
        for (forged, why) in [
            (
                Lease {
                    worker: worker(2),
                    ..lease.clone()
                },
                "another worker",
            ),
            (
                Lease {
                    generation: lease.generation + 1,
                    ..lease.clone()
                },
                "a later generation",
            ),
            (
                Lease {
                    job: other.job.clone(),
                    ..lease.clone()
                },
                "another job",
            ),
        ] {
            assert_lost(&desk, &forged, why).await;
        }
        let changed = desk
            .store
            .change(&run.id, Actor::Worker(&other), &RunChange::Start);
        let error = changed.await.unwrap_err();
        assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    });
}

#[test]
fn a_job_that_another_program_moved_is_lost_to_its_worker() {
    on_both_databases(async |desk| {
        desk.submit("p0").await;
        let lease = desk.claim(1).await;
        for status in ["QUEUED", "FAILED", "DONE", "SKIPPED"] {
            desk.write(&format!("UPDATE claude_jobs SET status = '{status}'"))
                .await;
            assert_lost(&desk, &lease, status).await;
        }
    });
}

#[test]
fn a_cancelled_job_is_still_held_so_that_its_worker_can_take_back() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let lease = desk.claim(1).await;
        let ada = user("ada");
        let cancelled = desk
            .store
            .change(&run.id, Actor::Person(&ada), &RunChange::Cancel);
        cancelled.await.unwrap();
        assert_eq!(desk.status(&run.id).await, "PENDING/CANCELLED");
        assert_eq!(desk.store.renew(&lease).await.unwrap(), Renewal::Cancelled);
        let task = desk.store.payload(&lease).await.unwrap();
        assert!(task.run.is_held);
    });
}

#[test]
fn what_ended_with_something_left_is_taken_for_cleanup_by_one_worker_and_only_then() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let pick = ClaimTarget::Ended(run.id.clone());
        let claim = async |number| desk.store.claim(&worker(number), &pick).await.unwrap();
        assert_eq!(claim(1).await, None, "a queued run is not cleaned up after");
        let lease = desk.claim(1).await;
        let fail = RunChange::Fail {
            error: "no network".to_owned(),
            left: Some("acme/acme-web may be there".to_owned()),
        };
        let failed = desk.store.change(&run.id, Actor::Worker(&lease), &fail);
        failed.await.unwrap();
        assert_eq!(desk.status(&run.id).await, "FAILED_NEEDS_CLEANUP/FAILED");
        let (one, two) = tokio::join!(claim(1), claim(2));
        assert_eq!(usize::from(one.is_some()) + usize::from(two.is_some()), 1);
        let cleaner = one.or(two).unwrap();
        assert_eq!(desk.status(&run.id).await, "FAILED_NEEDS_CLEANUP/FAILED");
        assert_eq!(desk.store.renew(&cleaner).await.unwrap(), Renewal::Held);
        assert_eq!(desk.value("lease_until", "claude_jobs").await, "-");
        let start = desk
            .store
            .change(&run.id, Actor::Worker(&cleaner), &RunChange::Start);
        let error = start.await.unwrap_err().to_string();
        assert!(error.contains("it cannot be started"), "{error}");
        let back = RunChange::HandBack {
            why: "stopping".to_owned(),
        };
        let handed = desk.store.change(&run.id, Actor::Worker(&cleaner), &back);
        assert!(!handed.await.unwrap().is_held);
        let cleaner = claim(3).await.unwrap();
        let cleaned = desk
            .store
            .change(&run.id, Actor::Worker(&cleaner), &RunChange::CleanUp);
        cleaned.await.unwrap();
        assert_eq!(desk.status(&run.id).await, "FAILED/FAILED");
        assert_eq!(claim(1).await, None, "nothing is left");
        assert_eq!(
            desk.story(&run.id).await,
            ["submitted", "needs_cleanup", "handed_back", "cleaned_up"]
        );
    });
}
