//! Leases: every write of a worker is refused once its lease is lost.

use crate::support::jobs::{StoreFixture, promises, user, worker};
use groundplan::publish::ledger::{LedgerEntry, PublishStep};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::lease::{ClaimTarget, Lease, Renewal};
use groundplan::store::recovery::Recovery;

promises! {
    a_claimed_job_is_renewed_and_its_row_names_the_worker,
    an_expired_lease_is_lost_even_when_no_other_worker_has_the_job,
    a_worker_that_was_suspended_cannot_change_the_run_of_another,
    a_lease_of_another_worker_job_or_generation_is_refused,
    a_job_that_another_program_changed_is_lost_to_its_worker,
    a_cancelled_job_keeps_its_lease_so_that_its_worker_can_clean_up,
    a_run_that_ended_with_remains_is_claimed_for_cleanup_by_one_worker,
}

/// Tries every write that a worker has, each of which must find the lease lost.
async fn assert_lost(fixture: &StoreFixture, lease: &Lease, why: &str) {
    let lost = |error: StoreError| {
        assert!(
            matches!(error, StoreError::LeaseLost { .. }),
            "{why}: {error}"
        );
    };
    let before = fixture.run(&lease.run).await;
    lost(fixture.store.renew(lease).await.unwrap_err());
    lost(fixture.store.payload(lease).await.unwrap_err());
    let intent = LedgerEntry::Intended {
        step: PublishStep::Create,
        nonce: 1,
        at: 0,
    };
    lost(fixture.store.record(lease, &intent).await.unwrap_err());
    for change in [
        RunChange::Start,
        RunChange::Succeed {
            repo_url: "https://x".to_owned(),
            statement: None,
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
        let changed = fixture
            .store
            .change(&lease.run, Actor::Worker(lease), &change);
        lost(changed.await.unwrap_err());
    }
    assert_eq!(fixture.run(&lease.run).await, before, "{why}");
}

async fn a_claimed_job_is_renewed_and_its_row_names_the_worker(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(7).await;
    assert_eq!(fixture.status(&run.id).await, "PENDING/CLAIMED");
    let held = fixture.run(&run.id).await;
    assert!(held.is_held);
    assert_eq!(held.worker.as_deref(), Some("host-7-1795000000000"));
    let job = fixture.job(run.job.as_str()).await;
    assert_eq!(job.worker.as_deref(), Some("host-7-1795000000000"));
    assert!(job.lease_until > job.claimed_at, "{job:?}");
    assert_eq!(fixture.store.renew(&lease).await.unwrap(), Renewal::Held);
}

async fn an_expired_lease_is_lost_even_when_no_other_worker_has_the_job(fixture: StoreFixture) {
    fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    fixture.expire_leases().await;
    assert_lost(&fixture, &lease, "ran out").await;
}

async fn a_worker_that_was_suspended_cannot_change_the_run_of_another(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let frozen = fixture.claim(1).await;
    let started = fixture
        .store
        .change(&run.id, Actor::Worker(&frozen), &RunChange::Start);
    started.await.unwrap();
    fixture.expire_leases().await;
    let recovery = Recovery::Resume { attempts: 3 };
    let swept = fixture.store.recover_expired(recovery).await.unwrap();
    assert_eq!(swept.requeued, std::slice::from_ref(&run.id));
    assert_lost(&fixture, &frozen, "swept").await;
    let fresh = fixture.claim(2).await;
    assert!(fresh.generation > frozen.generation);
    assert_lost(&fixture, &frozen, "claimed by another").await;
    let again = fixture.claim_again(&fresh).await;
    assert_lost(&fixture, &fresh, "claimed by the same worker once more").await;
    assert_eq!(fixture.store.renew(&again).await.unwrap(), Renewal::Held);
}

async fn a_lease_of_another_worker_job_or_generation_is_refused(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    fixture.submit("p1").await;
    let lease = fixture.claim(1).await;
    let other = fixture.claim(1).await;
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
        assert_lost(&fixture, &forged, why).await;
    }
    let changed = fixture
        .store
        .change(&run.id, Actor::Worker(&other), &RunChange::Start);
    let error = changed.await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
}

async fn a_job_that_another_program_changed_is_lost_to_its_worker(fixture: StoreFixture) {
    fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    for status in ["QUEUED", "FAILED", "DONE", "SKIPPED"] {
        fixture.set_job_status(status).await;
        assert_lost(&fixture, &lease, status).await;
    }
}

async fn a_cancelled_job_keeps_its_lease_so_that_its_worker_can_clean_up(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let lease = fixture.claim(1).await;
    let ada = user("ada");
    let cancelled = fixture
        .store
        .change(&run.id, Actor::Person(&ada), &RunChange::Cancel);
    cancelled.await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "PENDING/CANCELLED");
    assert_eq!(
        fixture.store.renew(&lease).await.unwrap(),
        Renewal::Cancelled
    );
    let payload = fixture.store.payload(&lease).await.unwrap();
    assert!(payload.run.is_held);
}

async fn a_run_that_ended_with_remains_is_claimed_for_cleanup_by_one_worker(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let pick = ClaimTarget::Ended(run.id.clone());
    let claim = async |number| fixture.store.claim(&worker(number), &pick).await.unwrap();
    assert_eq!(claim(1).await, None, "a queued run is not cleaned up after");
    let lease = fixture.claim(1).await;
    let fail = RunChange::Fail {
        error: "no network".to_owned(),
        left: Some("acme/acme-web may be there".to_owned()),
    };
    let failed = fixture.store.change(&run.id, Actor::Worker(&lease), &fail);
    failed.await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "FAILED_NEEDS_CLEANUP/FAILED");
    let (one, two) = tokio::join!(claim(1), claim(2));
    assert_eq!(usize::from(one.is_some()) + usize::from(two.is_some()), 1);
    let cleaner = one.or(two).unwrap();
    assert_eq!(fixture.status(&run.id).await, "FAILED_NEEDS_CLEANUP/FAILED");
    assert_eq!(fixture.store.renew(&cleaner).await.unwrap(), Renewal::Held);
    assert_eq!(fixture.job(run.job.as_str()).await.lease_until, None);
    let start = fixture
        .store
        .change(&run.id, Actor::Worker(&cleaner), &RunChange::Start);
    let error = start.await.unwrap_err().to_string();
    assert!(error.contains("it cannot be started"), "{error}");
    let back = RunChange::HandBack {
        why: "stopping".to_owned(),
    };
    let handed = fixture
        .store
        .change(&run.id, Actor::Worker(&cleaner), &back);
    assert!(!handed.await.unwrap().is_held);
    let cleaner = claim(3).await.unwrap();
    let cleaned = fixture
        .store
        .change(&run.id, Actor::Worker(&cleaner), &RunChange::CleanUp);
    cleaned.await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "FAILED/FAILED");
    assert_eq!(claim(1).await, None, "nothing is left");
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "needs_cleanup", "handed_back", "cleaned_up"]
    );
}
