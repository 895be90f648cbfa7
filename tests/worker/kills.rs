//! Worker processes that are killed, frozen, asked to stop and cut off at every entry of the ledger, by real signals.

use super::process::{Worker, program, work};
use super::support::Yard;
use crate::support::jobs::{StoreFixture, on, wait};
use crate::support::postgres::{CARELESS, Cluster};
use groundplan::store::Store as _;
use groundplan::store::recovery::Recovery;
use groundplan::store::run::RunStatus;
use groundplan::store::sql::Dialect;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};

/// Begun, then intent and outcome of create, push and describe.
const ENTRIES: i64 = 7;

/// Keeps the database from storing one entry of a ledger until it is let go.
struct Gate(PgConnection);

impl Gate {
    /// Holds the entry with a number, counted from 1.
    async fn at(yard: &Yard, entry: i64) -> Self {
        let mut keeper = PgConnection::connect(&yard.desk.address).await.unwrap();
        for statement in [
            "CREATE OR REPLACE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM pg_advisory_lock(4711); PERFORM pg_advisory_unlock(4711); RETURN NEW; END $$"
                .to_owned(),
            format!(
                "CREATE TRIGGER gate BEFORE INSERT ON bootstrap_effects FOR EACH ROW WHEN (NEW.number = {entry}) \
                 EXECUTE FUNCTION gate()"
            ),
            "SELECT pg_advisory_lock(4711)".to_owned(),
        ] {
            keeper.execute(AssertSqlSafe(statement)).await.unwrap();
        }
        Self(keeper)
    }

    /// Waits until a worker stands before it.
    async fn is_reached(&self, yard: &Yard) {
        let waiting = "pg_locks WHERE locktype = 'advisory' AND NOT granted \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let begun = Instant::now();
        while yard.desk.value("COUNT(*)", waiting).await == "0" {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "no worker came to the gate"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets everybody pass, and waits until the one who stood there has gone on or is gone.
    async fn open(mut self) {
        self.0
            .execute("SELECT pg_advisory_unlock(4711)")
            .await
            .unwrap();
        self.0
            .execute("DROP TRIGGER gate ON bootstrap_effects")
            .await
            .unwrap();
    }

    /// Ends every session of the workers.
    async fn cut(&mut self) {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'groundplan' AND pid <> pg_backend_pid()";
        self.0.execute(cut).await.unwrap();
    }
}

/// Lets another worker finish what was queued again, and looks at the result.
async fn finishes(yard: &Yard, number: u32, run: &groundplan::store::run::Run, case: &str) {
    let ran = yard.sandbox.run(&mut work(yard, &["--once"]));
    assert_eq!(ran.code, 0, "{case}: {}", ran.stderr);
    assert_eq!(yard.desk.status(&run.id).await, "SUCCEEDED/DONE", "{case}");
    assert!(yard.is_right(number), "{case}");
    yard.story(&run.id).await;
}

#[test]
fn a_process_that_is_killed_at_any_entry_is_recovered_and_the_repository_made_once() {
    on(Dialect::Postgres, async |desk| {
        let yard = Yard::over(desk);
        for entry in 1..=ENTRIES {
            let number = u32::try_from(entry).unwrap();
            let run = yard.submit(number).await;
            let gate = Gate::at(&yard, entry).await;
            let mut worker = Worker::start(&yard, &[]);
            gate.is_reached(&yard).await;
            worker.kill();
            gate.open().await;
            yard.desk.expire_leases().await;
            let mut recover = program(&yard, &["recover", "--recovery", "resume"]);
            let ran = yard.sandbox.run(&mut recover).exits(0);
            assert_eq!(ran.stdout, format!("back in the queue: {}\n", run.id));
            finishes(&yard, number, &run, &format!("killed at {entry}")).await;
        }
        assert_eq!(yard.repositories().len(), 7);
        // The killed workers' folders went with the next worker's start.
        yard.holds_only_logs();
    });
}

#[test]
fn a_process_that_is_frozen_past_its_lease_and_thaws_writes_nothing() {
    on(Dialect::Postgres, async |desk| {
        let yard = Yard::over(desk);
        for entry in 1..=ENTRIES {
            let number = u32::try_from(entry).unwrap();
            let run = yard.submit(number).await;
            let mut gate = Gate::at(&yard, entry).await;
            let mut worker = Worker::start(&yard, &[]);
            gate.is_reached(&yard).await;
            worker.signal("STOP");
            // Its transaction ends with its session, as it would after the time-out of an idle one.
            gate.cut().await;
            gate.open().await;
            yard.desk.expire_leases().await;
            let swept = yard
                .desk
                .store
                .recover_expired(Recovery::Resume { attempts: 3 })
                .await
                .unwrap();
            assert_eq!(
                swept.requeued,
                std::slice::from_ref(&run.id),
                "frozen at {entry}"
            );
            finishes(&yard, number, &run, &format!("frozen at {entry}")).await;
            let events = yard.desk.store.events(0, Some(&run.id), 100).await.unwrap();
            worker.signal("CONT");
            let begun = Instant::now();
            while !worker.log().contains("lost") {
                assert!(begun.elapsed() < Duration::from_mins(1), "{}", worker.log());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            worker.signal("TERM");
            assert_eq!(worker.wait(), Some(143), "{}", worker.log());
            assert_eq!(
                yard.desk.store.events(0, Some(&run.id), 100).await.unwrap(),
                events
            );
            assert_eq!(yard.desk.status(&run.id).await, "SUCCEEDED/DONE");
        }
        assert_eq!(yard.repositories().len(), 7);
    });
}

#[test]
fn a_process_that_is_asked_to_stop_finishes_its_step_gives_the_job_back_and_says_so_by_its_code() {
    on(Dialect::Postgres, async |desk| {
        let yard = Yard::over(desk);
        for (entry, expected) in [
            (1, "PENDING/QUEUED"),
            (3, "PENDING/QUEUED"),
            (7, "SUCCEEDED/DONE"),
        ] {
            let run = yard.submit(entry).await;
            let gate = Gate::at(&yard, i64::from(entry)).await;
            let mut worker = Worker::start(&yard, &[]);
            gate.is_reached(&yard).await;
            worker.signal("TERM");
            let begun = Instant::now();
            while !worker.log().contains("asked to stop") {
                assert!(begun.elapsed() < Duration::from_mins(1), "{}", worker.log());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            gate.open().await;
            assert_eq!(worker.wait(), Some(143), "{}", worker.log());
            assert_eq!(
                yard.desk.status(&run.id).await,
                expected,
                "{entry}: {}",
                worker.log()
            );
            finishes(&yard, entry, &run, &format!("stopped at {entry}")).await;
        }
    });
}

#[test]
fn a_process_whose_database_goes_away_in_the_middle_of_a_run_finishes_it() {
    on(Dialect::Postgres, async |desk| {
        let yard = Yard::over(desk);
        let mut worker = Worker::start(&yard, &[]);
        for entry in 1..=ENTRIES {
            let number = u32::try_from(entry).unwrap();
            let mut gate = Gate::at(&yard, entry).await;
            let run = yard.submit(number).await;
            gate.is_reached(&yard).await;
            gate.cut().await;
            gate.open().await;
            let begun = Instant::now();
            while yard.desk.run(&run.id).await.status != RunStatus::Succeeded {
                assert!(
                    begun.elapsed() < Duration::from_mins(1),
                    "{entry}: {}",
                    worker.log()
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(yard.is_right(number), "{entry}");
            yard.story(&run.id).await;
        }
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143));
        assert_eq!(yard.repositories().len(), 7);
    });
}

#[test]
fn a_database_that_is_restarted_in_the_middle_of_a_run_costs_nothing() {
    let mut cluster = Cluster::start(CARELESS);
    wait(async {
        let yard = Yard::over(StoreFixture::on(&cluster).await);
        let mut worker = Worker::start(&yard, &[]);
        // Before the intent to create, between push and its outcome, before the last one.
        for (number, entry) in [(1, 2), (2, 5), (3, ENTRIES)] {
            let gate = Gate::at(&yard, entry).await;
            let run = yard.submit(number).await;
            gate.is_reached(&yard).await;
            cluster.restart();
            let mut keeper = PgConnection::connect(&yard.desk.address).await.unwrap();
            let gone = "DROP TRIGGER gate ON bootstrap_effects";
            keeper.execute(gone).await.unwrap();
            let begun = Instant::now();
            while yard.desk.run(&run.id).await.status != RunStatus::Succeeded {
                assert!(begun.elapsed() < Duration::from_mins(1), "{}", worker.log());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(yard.is_right(number), "{entry}");
            yard.story(&run.id).await;
        }
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
        assert_eq!(yard.repositories().len(), 3);
    });
}
