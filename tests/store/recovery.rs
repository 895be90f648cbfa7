//! Recovery of runs whose worker died, and of contradictions that other programs left.

use super::made::{begun, ended, intended, made, unknown_creation};
use crate::support::jobs::{StoreFixture, promises, user};
use groundplan::publish::ledger::{PublishStep, StepOutcome};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::lease::Lease;
use groundplan::store::recovery::{Recovery, RecoveryReport};
use groundplan::store::run::Run;

promises! {
    runs_of_a_dead_worker_fail_by_what_they_may_have_left,
    a_deleted_run_with_remains_is_reported_until_its_ledger_is_deleted,
    two_simultaneous_recoveries_treat_each_run_once,
    a_run_is_requeued_up_to_the_limit_and_then_fails,
    a_cancelled_run_whose_worker_died_is_withdrawn,
    a_job_that_another_program_requeued_continues_with_its_ledger,
    a_recovery_before_the_claim_makes_run_and_job_agree,
    a_job_that_another_program_failed_fails_its_run,
    jobs_of_other_kinds_and_waiting_jobs_are_not_recovered,
}

/// A run that a worker started and then left.
async fn started(fixture: &StoreFixture, product: &str) -> (Run, Lease) {
    let run = fixture.submit(product).await;
    let lease = fixture.claim(1).await;
    let start = fixture
        .store
        .change(&run.id, Actor::Worker(&lease), &RunChange::Start);
    start.await.unwrap();
    (run, lease)
}

async fn runs_of_a_dead_worker_fail_by_what_they_may_have_left(fixture: StoreFixture) {
    let (nothing, _) = started(&fixture, "p0").await;
    let (unknown, lease) = started(&fixture, "p1").await;
    for entry in unknown_creation() {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    let (standing, lease) = started(&fixture, "p2").await;
    for entry in [begun(), intended(PublishStep::Create, 1), ended(1, made())] {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    let (gone, lease) = started(&fixture, "p3").await;
    let removed = [
        begun(),
        intended(PublishStep::Create, 1),
        ended(1, made()),
        intended(PublishStep::Delete, 2),
        ended(2, StepOutcome::Done),
    ];
    for entry in removed {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    let (alive, _) = started(&fixture, "p4").await;
    fixture.expire_leases().await;
    fixture.extend_lease(&alive).await;
    let report = fixture.store.recover_expired(Recovery::Fail).await.unwrap();
    assert_eq!(
        report,
        RecoveryReport {
            failed: vec![nothing.id.clone(), gone.id.clone()],
            needs_cleanup: vec![unknown.id.clone(), standing.id.clone()],
            ..RecoveryReport::default()
        }
    );
    for (run, expected) in [
        (&nothing, "FAILED/FAILED"),
        (&gone, "FAILED/FAILED"),
        (&unknown, "FAILED_NEEDS_CLEANUP/FAILED"),
        (&standing, "FAILED_NEEDS_CLEANUP/FAILED"),
        (&alive, "RUNNING/RUNNING"),
    ] {
        assert_eq!(fixture.status(&run.id).await, expected);
    }
    let failed = fixture.run(&nothing.id).await;
    assert_eq!(failed.error.as_deref(), Some("lease expired"));
    assert_eq!(failed.worker, None);
    let again = fixture.store.recover_expired(Recovery::Fail).await.unwrap();
    assert_eq!(again, RecoveryReport::default());
}

async fn a_deleted_run_with_remains_is_reported_until_its_ledger_is_deleted(fixture: StoreFixture) {
    let (unfinished, lease) = started(&fixture, "p0").await;
    for entry in [begun(), intended(PublishStep::Create, 1), ended(1, made())] {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    let (nothing, lease) = started(&fixture, "p1").await;
    fixture.store.record(&lease, &begun()).await.unwrap();
    // As when an application deletes a product, which takes its jobs and runs along.
    for run in [&unfinished, &nothing] {
        fixture.delete_product(run.product.as_str()).await;
    }
    let recover = async || fixture.store.recover_expired(Recovery::Fail).await.unwrap();
    assert_eq!(
        recover().await,
        RecoveryReport::default(),
        "a worker may be busy with it"
    );
    fixture.expire_leases().await;
    let report = recover().await;
    assert_eq!(report.orphaned.len(), 1);
    assert_eq!(report.orphaned[0].run, unfinished.id);
    assert!(report.orphaned[0].repo.to_string().contains('/'));
    assert_eq!(recover().await, report);
    fixture.delete_ledger(&unfinished.id).await;
    assert_eq!(recover().await, RecoveryReport::default());
}

async fn two_simultaneous_recoveries_treat_each_run_once(fixture: StoreFixture) {
    let mut runs = Vec::new();
    for number in 0..6 {
        runs.push(started(&fixture, &format!("p{number}")).await.0.id);
    }
    fixture.expire_leases().await;
    let (one, two) = tokio::join!(
        fixture.store.recover_expired(Recovery::Fail),
        fixture.store.recover_expired(Recovery::Fail)
    );
    let mut failed = [one.unwrap().failed, two.unwrap().failed].concat();
    failed.sort();
    runs.sort();
    assert_eq!(failed, runs);
    for run in runs {
        assert_eq!(
            fixture.event_kinds(&run).await,
            ["submitted", "started", "failed"]
        );
    }
}

async fn a_run_is_requeued_up_to_the_limit_and_then_fails(fixture: StoreFixture) {
    let run = fixture.submit("p0").await;
    let recovery = Recovery::Resume { attempts: 2 };
    for attempt in 1..=2 {
        fixture.claim(1).await;
        fixture.expire_leases().await;
        let report = fixture.store.recover_expired(recovery).await.unwrap();
        assert_eq!(report.requeued, std::slice::from_ref(&run.id));
        assert_eq!(fixture.run(&run.id).await.retries, attempt);
    }
    fixture.claim(1).await;
    fixture.expire_leases().await;
    let report = fixture.store.recover_expired(recovery).await.unwrap();
    assert_eq!(report.failed, std::slice::from_ref(&run.id));
    assert_eq!(
        fixture.event_kinds(&run.id).await,
        ["submitted", "recovered", "recovered", "failed"]
    );
}

async fn a_cancelled_run_whose_worker_died_is_withdrawn(fixture: StoreFixture) {
    let (run, _) = started(&fixture, "p0").await;
    let (left, lease) = started(&fixture, "p1").await;
    for entry in unknown_creation() {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    let ada = user("ada");
    for id in [&run.id, &left.id] {
        let cancel = fixture
            .store
            .change(id, Actor::Person(&ada), &RunChange::Cancel);
        cancel.await.unwrap();
    }
    fixture.expire_leases().await;
    let report = fixture.store.recover_expired(Recovery::Fail).await.unwrap();
    assert_eq!(report.cancelled, [run.id]);
    assert_eq!(report.needs_cleanup, [left.id]);
}

async fn a_job_that_another_program_requeued_continues_with_its_ledger(fixture: StoreFixture) {
    let (run, lease) = started(&fixture, "p0").await;
    for entry in unknown_creation() {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    fixture.expire_leases().await;
    // As the other runner does it: it looks neither at the kind nor at the run, and leaves the worker's name.
    fixture.requeue_as_another_program().await;
    assert_eq!(fixture.status(&run.id).await, "RUNNING/QUEUED");
    let fresh = fixture.claim(2).await;
    let start = fixture
        .store
        .change(&run.id, Actor::Worker(&fresh), &RunChange::Start);
    start.await.unwrap();
    assert_eq!(fixture.status(&run.id).await, "RUNNING/RUNNING");
    let payload = fixture.store.payload(&fresh).await.unwrap();
    assert_eq!(payload.entries, unknown_creation());
    assert!(fixture.store.renew(&lease).await.is_err());
}

async fn a_recovery_before_the_claim_makes_run_and_job_agree(fixture: StoreFixture) {
    let (run, _) = started(&fixture, "p0").await;
    fixture.expire_leases().await;
    fixture.requeue_as_another_program().await;
    let report = fixture.store.recover_expired(Recovery::Fail).await.unwrap();
    assert_eq!(report.requeued, std::slice::from_ref(&run.id));
    assert_eq!(fixture.status(&run.id).await, "PENDING/QUEUED");
    assert_eq!(fixture.claim(1).await.run, run.id);
}

async fn a_job_that_another_program_failed_fails_its_run(fixture: StoreFixture) {
    let (run, _) = started(&fixture, "p0").await;
    let (left, lease) = started(&fixture, "p1").await;
    for entry in unknown_creation() {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
    fixture.expire_leases().await;
    fixture.fail_as_another_program().await;
    let report = fixture
        .store
        .recover_expired(Recovery::Resume { attempts: 9 })
        .await;
    let report = report.unwrap();
    assert_eq!(report.failed, std::slice::from_ref(&run.id));
    assert_eq!(report.needs_cleanup, [left.id]);
    assert_eq!(fixture.status(&run.id).await, "FAILED/FAILED");
}

async fn jobs_of_other_kinds_and_waiting_jobs_are_not_recovered(fixture: StoreFixture) {
    let waiting = fixture.submit("p0").await;
    fixture.add_foreign_job("foreign", "RUNNING").await;
    let report = fixture.store.recover_expired(Recovery::Fail).await.unwrap();
    assert_eq!(report, RecoveryReport::default());
    assert_eq!(fixture.status(&waiting.id).await, "PENDING/QUEUED");
    assert_eq!(fixture.job("foreign").await.status, "RUNNING");
}
