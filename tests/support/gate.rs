//! A gate in Postgres that stops a run at one entry of its ledger.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};

/// Keeps the database from storing one entry of a ledger until the gate is opened.
pub(crate) struct Gate(PgConnection);

impl Gate {
    /// A gate before the entry with this number, counted from 1.
    pub(crate) async fn at(address: &str, entry: i64) -> Self {
        let mut keeper = PgConnection::connect(address).await.unwrap();
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

    /// A gate at the end of the transaction that stores the entry: a worker that is suspended there has stored it and done
    /// nothing after it.
    pub(crate) async fn after(address: &str, entry: i64) -> Self {
        let mut gate = Self::at(address, entry).await;
        gate.0
            .execute("DROP TRIGGER gate ON bootstrap_effects")
            .await
            .unwrap();
        let trigger = format!(
            "CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON bootstrap_effects DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW WHEN (NEW.number = {entry}) EXECUTE FUNCTION gate()"
        );
        gate.0.execute(AssertSqlSafe(trigger)).await.unwrap();
        gate
    }

    /// Waits until a worker waits at the gate.
    pub(crate) async fn is_reached(&mut self) {
        let waiting = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let begun = Instant::now();
        loop {
            let count: i64 = sqlx::query_scalar(waiting)
                .fetch_one(&mut self.0)
                .await
                .unwrap();
            if count > 0 {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "no worker reached the gate"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets all workers pass.
    pub(crate) async fn open(mut self) {
        self.0
            .execute("SELECT pg_advisory_unlock(4711)")
            .await
            .unwrap();
        self.0
            .execute("DROP TRIGGER gate ON bootstrap_effects")
            .await
            .unwrap();
    }

    /// Closes every connection of the workers.
    pub(crate) async fn disconnect(&mut self) {
        let disconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'groundplan' AND pid <> pg_backend_pid()";
        self.0.execute(disconnect).await.unwrap();
    }
}
