//! Recovery: what is done about runs whose worker is gone, and about pairs that other programs left in contradiction.

use super::made::{begun, ended, intended, made, unknown_creation};
use crate::support::jobs::{StoreFixture, on_both_databases, user};
use groundplan::publish::ledger::{PublishStep, StepOutcome};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::lease::Lease;
use groundplan::store::recovery::{Recovery, RecoveryReport};
use groundplan::store::run::Run;

/// A run that a worker started and then left.
async fn started(desk: &StoreFixture, product: &str) -> (Run, Lease) {
    let run = desk.submit(product).await;
    let lease = desk.claim(1).await;
    let start = desk
        .store
        .change(&run.id, Actor::Worker(&lease), &RunChange::Start);
    start.await.unwrap();
    (run, lease)
}

#[test]
fn what_a_dead_worker_left_is_split_by_what_may_stand_outside() {
    on_both_databases(async |desk| {
        let (nothing, _) = started(&desk, "p0").await;
        let (unknown, lease) = started(&desk, "p1").await;
        for entry in unknown_creation() {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        let (standing, lease) = started(&desk, "p2").await;
        for entry in [begun(), intended(PublishStep::Create, 1), ended(1, made())] {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        let (gone, lease) = started(&desk, "p3").await;
        let removed = [
            begun(),
            intended(PublishStep::Create, 1),
            ended(1, made()),
            intended(PublishStep::Delete, 2),
            ended(2, StepOutcome::Done),
        ];
        for entry in removed {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        let (alive, _) = started(&desk, "p4").await;
        desk.expire_leases().await;
        desk.hold(&alive).await;
        let swept = desk.store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(
            swept,
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
            assert_eq!(desk.status(&run.id).await, expected);
        }
        let failed = desk.run(&nothing.id).await;
        assert_eq!(failed.error.as_deref(), Some("lease expired"));
        assert_eq!(failed.worker, None);
        let again = desk.store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(again, RecoveryReport::default());
    });
}

#[test]
fn what_a_deleted_run_left_is_told_as_long_as_its_ledger_is_there() {
    on_both_databases(async |desk| {
        let (unfinished, lease) = started(&desk, "p0").await;
        for entry in [begun(), intended(PublishStep::Create, 1), ended(1, made())] {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        let (nothing, lease) = started(&desk, "p1").await;
        desk.store.record(&lease, &begun()).await.unwrap();
        // As when an application deletes a product, which takes its jobs and runs along.
        for run in [&unfinished, &nothing] {
            let product = format!("DELETE FROM products WHERE id = '{}'", run.product);
            assert_eq!(desk.write(&product).await, 1);
        }
        let swept = async || desk.store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(
            swept().await,
            RecoveryReport::default(),
            "a worker may be busy with it"
        );
        desk.expire_leases().await;
        let told = swept().await;
        assert_eq!(told.orphaned.len(), 1);
        assert_eq!(told.orphaned[0].run, unfinished.id);
        assert!(told.orphaned[0].repo.to_string().contains('/'));
        assert_eq!(swept().await, told);
        let ledger = format!(
            "DELETE FROM bootstrap_effects WHERE run_id = '{}'",
            unfinished.id
        );
        desk.write(&ledger).await;
        assert_eq!(swept().await, RecoveryReport::default());
    });
}

#[test]
fn two_sweeps_at_one_time_treat_each_run_once() {
    on_both_databases(async |desk| {
        let mut runs = Vec::new();
        for number in 0..6 {
            runs.push(started(&desk, &format!("p{number}")).await.0.id);
        }
        desk.expire_leases().await;
        let (one, two) = tokio::join!(
            desk.store.recover_expired(Recovery::Fail),
            desk.store.recover_expired(Recovery::Fail)
        );
        let mut failed = [one.unwrap().failed, two.unwrap().failed].concat();
        failed.sort();
        runs.sort();
        assert_eq!(failed, runs);
        for run in runs {
            assert_eq!(desk.story(&run).await, ["submitted", "started", "failed"]);
        }
    });
}

#[test]
fn a_run_is_resumed_so_often_and_fails_after_that() {
    on_both_databases(async |desk| {
        let run = desk.submit("p0").await;
        let recovery = Recovery::Resume { attempts: 2 };
        for attempt in 1..=2 {
            desk.claim(1).await;
            desk.expire_leases().await;
            let swept = desk.store.recover_expired(recovery).await.unwrap();
            assert_eq!(swept.requeued, std::slice::from_ref(&run.id));
            assert_eq!(desk.run(&run.id).await.retries, attempt);
        }
        desk.claim(1).await;
        desk.expire_leases().await;
        let swept = desk.store.recover_expired(recovery).await.unwrap();
        assert_eq!(swept.failed, std::slice::from_ref(&run.id));
        assert_eq!(
            desk.story(&run.id).await,
            ["submitted", "recovered", "recovered", "failed"]
        );
    });
}

#[test]
fn a_cancelled_run_whose_worker_is_gone_is_withdrawn() {
    on_both_databases(async |desk| {
        let (run, _) = started(&desk, "p0").await;
        let (left, lease) = started(&desk, "p1").await;
        for entry in unknown_creation() {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        let ada = user("ada");
        for id in [&run.id, &left.id] {
            let cancel = desk
                .store
                .change(id, Actor::Person(&ada), &RunChange::Cancel);
            cancel.await.unwrap();
        }
        desk.expire_leases().await;
        let swept = desk.store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(swept.cancelled, [run.id]);
        assert_eq!(swept.needs_cleanup, [left.id]);
    });
}

#[test]
fn a_job_that_another_runner_queued_again_goes_on_with_its_ledger() {
    on_both_databases(async |desk| {
        let (run, lease) = started(&desk, "p0").await;
        for entry in unknown_creation() {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        desk.expire_leases().await;
        // As the other runner does it: it looks neither at the kind nor at the run, and leaves the worker's name.
        desk.write(
            "UPDATE claude_jobs SET status = 'QUEUED', claimed_at = NULL, lease_until = NULL, \
             retry_count = retry_count + 1",
        )
        .await;
        assert_eq!(desk.status(&run.id).await, "RUNNING/QUEUED");
        let fresh = desk.claim(2).await;
        let start = desk
            .store
            .change(&run.id, Actor::Worker(&fresh), &RunChange::Start);
        start.await.unwrap();
        assert_eq!(desk.status(&run.id).await, "RUNNING/RUNNING");
        let task = desk.store.payload(&fresh).await.unwrap();
        assert_eq!(task.entries, unknown_creation());
        assert!(desk.store.renew(&lease).await.is_err());
    });
}

#[test]
fn a_sweep_that_comes_before_the_claim_brings_run_and_job_together() {
    on_both_databases(async |desk| {
        let (run, _) = started(&desk, "p0").await;
        desk.expire_leases().await;
        desk.write(
            "UPDATE claude_jobs SET status = 'QUEUED', claimed_at = NULL, lease_until = NULL",
        )
        .await;
        let swept = desk.store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(swept.requeued, std::slice::from_ref(&run.id));
        assert_eq!(desk.status(&run.id).await, "PENDING/QUEUED");
        assert_eq!(desk.claim(1).await.run, run.id);
    });
}

#[test]
fn a_job_that_another_runner_failed_takes_its_run_along() {
    on_both_databases(async |desk| {
        let (run, _) = started(&desk, "p0").await;
        let (left, lease) = started(&desk, "p1").await;
        for entry in unknown_creation() {
            desk.store.record(&lease, &entry).await.unwrap();
        }
        desk.expire_leases().await;
        desk.write("UPDATE claude_jobs SET status = 'FAILED', error = 'stale', lease_until = NULL")
            .await;
        let swept = desk
            .store
            .recover_expired(Recovery::Resume { attempts: 9 })
            .await;
        let swept = swept.unwrap();
        assert_eq!(swept.failed, std::slice::from_ref(&run.id));
        assert_eq!(swept.needs_cleanup, [left.id]);
        assert_eq!(desk.status(&run.id).await, "FAILED/FAILED");
    });
}

#[test]
fn jobs_of_other_kinds_and_jobs_that_wait_are_left_alone() {
    on_both_databases(async |desk| {
        let waiting = desk.submit("p0").await;
        desk.write(
            "INSERT INTO claude_jobs (id, user_id, product_id, kind, status, lease_until, created_at, updated_at) \
             SELECT 'foreign', user_id, product_id, 'PLAN_CHAT', 'RUNNING', created_at, created_at, created_at \
             FROM claude_jobs",
        )
        .await;
        let swept = desk.store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(swept, RecoveryReport::default());
        assert_eq!(desk.status(&waiting.id).await, "PENDING/QUEUED");
        let foreign = "claude_jobs WHERE id = 'foreign'";
        assert_eq!(desk.value("status", foreign).await, "RUNNING");
    });
}
