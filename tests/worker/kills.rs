//! Worker processes that are killed, suspended, asked to stop or disconnected at every entry of the ledger, by real signals.

use super::process::{Worker, program, until, work};
use super::support::WorkerFixture;
use crate::support::gate::Gate;
use crate::support::jobs::{StoreFixture, on, wait};
use crate::support::postgres::{CARELESS, Cluster};
use groundplan::store::Store as _;
use groundplan::store::recovery::Recovery;
use groundplan::store::run::RunStatus;
use groundplan::store::sql::Dialect;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};

/// The request, then intent and outcome of create, push and describe.
const ENTRIES: i64 = 7;

/// Finishes a requeued run with another worker and checks the result.
async fn finish(
    fixture: &WorkerFixture,
    number: u32,
    run: &groundplan::store::run::Run,
    case: &str,
) {
    let ran = fixture.sandbox.run(&mut work(fixture, &["--once"]));
    assert_eq!(ran.code, 0, "{case}: {}", ran.stderr);
    assert_eq!(
        fixture.jobs.status(&run.id).await,
        "SUCCEEDED/DONE",
        "{case}"
    );
    assert!(fixture.is_right(number), "{case}");
    fixture.event_kinds(&run.id).await;
}

#[test]
fn a_process_that_is_killed_at_any_entry_is_recovered_and_the_repository_created_once() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        for entry in 1..=ENTRIES {
            let number = u32::try_from(entry).unwrap();
            let run = fixture.submit(number).await;
            let mut gate = Gate::at(&fixture.jobs.address, entry).await;
            let mut worker = Worker::start(&fixture, &[]);
            gate.is_reached().await;
            worker.kill();
            gate.open().await;
            fixture.jobs.expire_leases().await;
            let mut recover = program(&fixture, &["recover", "--recovery", "resume"]);
            let ran = fixture.sandbox.run(&mut recover).exits(0);
            assert_eq!(ran.stdout, format!("requeued: {}\n", run.id));
            finish(&fixture, number, &run, &format!("killed at {entry}")).await;
        }
        assert_eq!(fixture.repositories().len(), 7);
        // The next worker removed the folders of the killed ones.
        fixture.assert_only_logs();
    });
}

#[test]
fn a_process_that_is_suspended_longer_than_its_lease_records_nothing() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        for entry in 1..=ENTRIES {
            let number = u32::try_from(entry).unwrap();
            let run = fixture.submit(number).await;
            let mut gate = Gate::at(&fixture.jobs.address, entry).await;
            let mut worker = Worker::start(&fixture, &[]);
            gate.is_reached().await;
            worker.signal("STOP");
            // Its transaction ends with its session, as it would after the time-out of an idle one.
            gate.disconnect().await;
            gate.open().await;
            fixture.jobs.expire_leases().await;
            let swept = fixture
                .jobs
                .store
                .recover_expired(Recovery::Resume { attempts: 3 })
                .await
                .unwrap();
            assert_eq!(
                swept.requeued,
                std::slice::from_ref(&run.id),
                "frozen at {entry}"
            );
            finish(&fixture, number, &run, &format!("frozen at {entry}")).await;
            let events = fixture
                .jobs
                .store
                .events(0, Some(&run.id), 100)
                .await
                .unwrap();
            worker.signal("CONT");
            let begun = Instant::now();
            while !worker.log().contains("lost") {
                assert!(begun.elapsed() < Duration::from_mins(1), "{}", worker.log());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            worker.signal("TERM");
            assert_eq!(worker.wait(), Some(143), "{}", worker.log());
            assert_eq!(
                fixture
                    .jobs
                    .store
                    .events(0, Some(&run.id), 100)
                    .await
                    .unwrap(),
                events
            );
            assert_eq!(fixture.jobs.status(&run.id).await, "SUCCEEDED/DONE");
        }
        assert_eq!(fixture.repositories().len(), 7);
    });
}

#[test]
fn a_process_that_is_suspended_between_intent_and_effect_has_no_second_effect() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        // The intents to create, to push and to describe.
        for entry in [2, 4, 6] {
            let number = u32::try_from(entry).unwrap();
            let run = fixture.submit(number).await;
            let mut gate = Gate::after(&fixture.jobs.address, entry).await;
            let mut worker = Worker::start(&fixture, &[]);
            gate.is_reached().await;
            worker.signal("STOP");
            gate.open().await;
            let stored = format!("bootstrap_effects WHERE run_id = '{}'", run.id);
            until("the intent is stored", async || {
                fixture.jobs.value("COUNT(*)", &stored).await == entry.to_string()
            })
            .await;
            fixture.jobs.expire_leases().await;
            let recovery = Recovery::Resume { attempts: 3 };
            let recovered = fixture.jobs.store.recover_expired(recovery).await.unwrap();
            assert_eq!(recovered.requeued, std::slice::from_ref(&run.id));
            finish(&fixture, number, &run, &format!("frozen after {entry}")).await;
            let events = fixture.jobs.store.events(0, Some(&run.id), 100).await;
            let events = events.unwrap();
            worker.signal("CONT");
            until("the lease is lost", async || worker.log().contains("lost")).await;
            worker.signal("TERM");
            assert_eq!(worker.wait(), Some(143), "{}", worker.log());
            let after = fixture.jobs.store.events(0, Some(&run.id), 100).await;
            assert_eq!(after.unwrap(), events, "{entry}");
            assert_eq!(fixture.jobs.status(&run.id).await, "SUCCEEDED/DONE");
            assert!(fixture.is_right(number), "{entry}");
        }
        assert_eq!(fixture.repositories().len(), 3);
        let recovered = fixture.jobs.store.recover_expired(Recovery::Fail).await;
        assert_eq!(recovered.unwrap().orphaned, []);
    });
}

#[test]
fn a_product_that_is_deleted_during_a_run_ends_it_and_its_repository_is_reported() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        for entry in [1, 3, 5, ENTRIES] {
            let number = u32::try_from(entry).unwrap();
            let run = fixture.submit(number).await;
            let mut gate = Gate::at(&fixture.jobs.address, entry).await;
            let mut worker = Worker::start(&fixture, &[]);
            gate.is_reached().await;
            // It waits for the transaction that waits at the gate.
            let product = format!("p{number}");
            tokio::join!(fixture.jobs.delete_product(&product), async {
                let waiting = "pg_stat_activity WHERE datname = current_database() \
                                   AND query LIKE 'DELETE FROM products%' AND wait_event_type = 'Lock'";
                until("the delete waits", async || {
                    fixture.jobs.value("COUNT(*)", waiting).await != "0"
                })
                .await;
                gate.open().await;
            });
            let missing = format!("run `{}` does not exist", run.id);
            until("the run ends", async || worker.log().contains(&missing)).await;
            // The worker goes on with other runs.
            let other = fixture.submit(9).await;
            until("the next run ends", async || {
                !fixture.jobs.run(&other.id).await.status.is_active()
            })
            .await;
            worker.signal("TERM");
            assert_eq!(worker.wait(), Some(143), "{}", worker.log());
            fixture.jobs.expire_leases().await;
            let recovered = fixture.jobs.store.recover_expired(Recovery::Fail).await;
            let orphaned = recovered.unwrap().orphaned;
            // Before the creation nothing is there, and after the last step it is the finished repository.
            assert_eq!(
                orphaned.iter().any(|orphan| orphan.run == run.id),
                matches!(entry, 3 | 5),
                "{entry}: {orphaned:?}"
            );
        }
    });
}

#[test]
fn a_process_that_is_asked_to_stop_finishes_its_step_and_hands_the_job_back() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        for (entry, expected) in [
            (1, "PENDING/QUEUED"),
            (3, "PENDING/QUEUED"),
            (7, "SUCCEEDED/DONE"),
        ] {
            let run = fixture.submit(entry).await;
            let mut gate = Gate::at(&fixture.jobs.address, i64::from(entry)).await;
            let mut worker = Worker::start(&fixture, &[]);
            gate.is_reached().await;
            worker.signal("TERM");
            let begun = Instant::now();
            while !worker.log().contains("asked to stop") {
                assert!(begun.elapsed() < Duration::from_mins(1), "{}", worker.log());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            gate.open().await;
            assert_eq!(worker.wait(), Some(143), "{}", worker.log());
            assert_eq!(
                fixture.jobs.status(&run.id).await,
                expected,
                "{entry}: {}",
                worker.log()
            );
            finish(&fixture, entry, &run, &format!("stopped at {entry}")).await;
        }
    });
}

#[test]
fn a_process_whose_connections_are_closed_during_a_run_finishes_it() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let mut worker = Worker::start(&fixture, &[]);
        for entry in 1..=ENTRIES {
            let number = u32::try_from(entry).unwrap();
            let mut gate = Gate::at(&fixture.jobs.address, entry).await;
            let run = fixture.submit(number).await;
            gate.is_reached().await;
            gate.disconnect().await;
            gate.open().await;
            let begun = Instant::now();
            while fixture.jobs.run(&run.id).await.status != RunStatus::Succeeded {
                assert!(
                    begun.elapsed() < Duration::from_mins(1),
                    "{entry}: {}",
                    worker.log()
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(fixture.is_right(number), "{entry}");
            fixture.event_kinds(&run.id).await;
        }
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143));
        assert_eq!(fixture.repositories().len(), 7);
    });
}

#[test]
fn a_run_is_finished_although_the_database_is_restarted() {
    let mut cluster = Cluster::start(CARELESS);
    wait(async {
        let fixture = WorkerFixture::over(StoreFixture::on(&cluster).await);
        let mut worker = Worker::start(&fixture, &[]);
        // Before the intent to create, between push and its outcome, before the last one.
        for (number, entry) in [(1, 2), (2, 5), (3, ENTRIES)] {
            let mut gate = Gate::at(&fixture.jobs.address, entry).await;
            let run = fixture.submit(number).await;
            gate.is_reached().await;
            cluster.restart();
            let mut keeper = PgConnection::connect(&fixture.jobs.address).await.unwrap();
            let gone = "DROP TRIGGER gate ON bootstrap_effects";
            keeper.execute(gone).await.unwrap();
            let begun = Instant::now();
            while fixture.jobs.run(&run.id).await.status != RunStatus::Succeeded {
                assert!(begun.elapsed() < Duration::from_mins(1), "{}", worker.log());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(fixture.is_right(number), "{entry}");
            fixture.event_kinds(&run.id).await;
        }
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
        assert_eq!(fixture.repositories().len(), 3);
    });
}
