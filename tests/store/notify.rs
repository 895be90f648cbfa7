//! Whoever listens is told after the commit, never before it and never about what did not happen.

use super::changes::{by_ada, by_worker, succeed};
use crate::support::jobs::{BOTH, StoreFixture, on, submission, wait};
use crate::support::postgres::Cluster;
use groundplan::model::action::RiskLevel;
use groundplan::store::Store as _;
use groundplan::store::change::RunChange;
use groundplan::store::sql::Dialect;
use groundplan::store::sql::wakeups::Wakeup;
use serde_json::{Value, json};
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Executor as _};
use std::time::Duration;

async fn listen(desk: &StoreFixture) -> PgListener {
    let mut listener = PgListener::connect(&desk.address).await.unwrap();
    listener.listen("scrum4me_changes").await.unwrap();
    listener
}

/// Everything that was told up to now.
async fn told(desk: &StoreFixture, listener: &mut PgListener) -> Vec<Value> {
    desk.write("SELECT CAST(pg_notify('scrum4me_changes', '\"end\"') AS TEXT)")
        .await;
    let mut all = Vec::new();
    loop {
        let notification = listener.recv().await.unwrap();
        assert!(notification.payload().len() < 8000);
        let value: Value = serde_json::from_str(notification.payload()).unwrap();
        if value == "end" {
            return all;
        }
        all.push(value);
    }
}

#[test]
fn each_change_is_told_in_the_shape_that_the_application_reads() {
    on(Dialect::Postgres, async |desk| {
        let mut listener = listen(&desk).await;
        let run = desk.submit("p0").await;
        let base = json!({ "job_id": run.job, "user_id": "ada", "product_id": "p0", "kind": "BOOTSTRAP_REPO" });
        let with = |more: Value| {
            let mut whole = base.clone();
            let more = more.as_object().unwrap().clone();
            whole.as_object_mut().unwrap().extend(more);
            whole
        };
        let status = |status: &str| {
            with(
                json!({ "type": "claude_job_status", "status": status, "bootstrap_run_id": run.id }),
            )
        };
        let queued = with(json!({ "type": "claude_job_enqueued", "status": "queued" }));
        let enqueued = told(&desk, &mut listener).await;
        assert_eq!(enqueued, std::slice::from_ref(&queued));
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        assert_eq!(told(&desk, &mut listener).await, [status("running")]);
        let long = "é\n\"".repeat(5000);
        let fail = RunChange::Fail {
            error: long.clone(),
            left: None,
        };
        by_worker(&desk.store, &lease, fail).await.unwrap();
        let failed = told(&desk, &mut listener).await.remove(0);
        assert_eq!(failed["status"], "failed");
        let error = failed["error"].as_str().unwrap();
        assert!(!error.is_empty() && long.starts_with(error));
        by_ada(&desk.store, &run.id, RunChange::Retry)
            .await
            .unwrap();
        assert_eq!(told(&desk, &mut listener).await, [status("queued"), queued]);
        let lease = desk.claim(1).await;
        by_worker(&desk.store, &lease, RunChange::Start)
            .await
            .unwrap();
        by_worker(&desk.store, &lease, succeed()).await.unwrap();
        assert_eq!(
            told(&desk, &mut listener).await,
            [status("running"), status("done")]
        );
    });
}

#[test]
fn what_did_not_happen_is_not_told() {
    on(Dialect::Postgres, async |desk| {
        let run = desk.submit("p0").await;
        let mut listener = listen(&desk).await;
        let second = desk.store.submit(&submission("p0", RiskLevel::Low)).await;
        second.unwrap_err();
        let retry = by_ada(&desk.store, &run.id, RunChange::Retry).await;
        retry.unwrap_err();
        let lease = desk.claim(1).await;
        // The success gets as far as the database, and is undone there.
        desk.write(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
        )
        .await;
        desk.write(
            "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON claude_jobs DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
        let started = by_worker(&desk.store, &lease, RunChange::Start).await;
        assert_eq!(
            started.unwrap_err().to_string(),
            "the database refused a statement: no"
        );
        assert_eq!(desk.status(&run.id).await, "PENDING/CLAIMED");
        assert_eq!(told(&desk, &mut listener).await, [] as [Value; 0]);
    });
}

#[test]
fn a_worker_is_woken_by_a_job_that_is_queued() {
    for dialect in BOTH {
        on(dialect, async |desk| {
            let mut wakeups = desk.store.wakeups().await;
            assert!(wakeups.is_listening());
            let (woken, _) = tokio::join!(wakeups.next(), desk.submit("p0"));
            assert_eq!(woken, Wakeup::Queued);
        });
    }
}

#[test]
fn what_is_not_a_job_of_ours_wakes_nobody_and_a_cut_line_is_said() {
    on(Dialect::Postgres, async |desk| {
        let mut wakeups = desk.store.wakeups().await;
        for payload in [
            "",
            "no json",
            "{\"op\":\"UPDATE\",\"kind\":\"BOOTSTRAP_REPO\"}",
            "{\"type\":\"claude_job_enqueued\",\"kind\":\"PLAN_CHAT\"}",
            "{\"type\":\"claude_worker_heartbeat\"}",
        ] {
            desk.write(&format!(
                "SELECT CAST(pg_notify('scrum4me_changes', '{payload}') AS TEXT)"
            ))
            .await;
        }
        desk.write(
            "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity \
             WHERE query LIKE 'LISTEN%' AND datname = current_database()",
        )
        .await;
        let next = tokio::time::timeout(Duration::from_secs(20), wakeups.next());
        assert_eq!(next.await.unwrap(), Wakeup::Reconnected);
        let (woken, _) = tokio::join!(wakeups.next(), desk.submit("p0"));
        assert_eq!(woken, Wakeup::Queued);
    });
}

#[test]
fn listening_begins_when_a_database_that_was_away_is_there() {
    wait(async {
        let cluster = Cluster::get();
        let name = cluster.migrated().await;
        let store = crate::support::postgres::open(&cluster.address(&name)).await;
        let mut admin = cluster.connect("postgres").await;
        let allow = |allowed: bool| {
            AssertSqlSafe(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}"))
        };
        admin.execute(allow(false)).await.unwrap();
        let mut wakeups = store.wakeups().await;
        assert!(!wakeups.is_listening());
        admin.execute(allow(true)).await.unwrap();
        assert_eq!(wakeups.next().await, Wakeup::Reconnected);
        assert!(wakeups.is_listening());
    });
}
