//! Notifications: sent after the commit, and never for a change that was rolled back.

use super::changes::{by_ada, by_worker, succeed};
use crate::support::jobs::{BOTH, StoreFixture, on, submission, wait};
use crate::support::postgres::Cluster;
use groundplan::error::chain;
use groundplan::model::action::RiskLevel;
use groundplan::store::Store as _;
use groundplan::store::change::RunChange;
use groundplan::store::sql::Dialect;
use groundplan::store::sql::wakeups::Wakeup;
use serde_json::{Value, json};
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Executor as _};
use std::time::Duration;

async fn listen(fixture: &StoreFixture) -> PgListener {
    let mut listener = PgListener::connect(&fixture.address).await.unwrap();
    listener.listen("scrum4me_changes").await.unwrap();
    listener
}

/// Everything that was notifications up to now.
async fn notifications(fixture: &StoreFixture, listener: &mut PgListener) -> Vec<Value> {
    fixture.send_notification("\"end\"").await;
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
fn each_change_is_notified_in_the_shape_that_the_application_reads() {
    on(Dialect::Postgres, async |fixture| {
        let mut listener = listen(&fixture).await;
        let run = fixture.submit("p0").await;
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
        let enqueued = notifications(&fixture, &mut listener).await;
        assert_eq!(enqueued, std::slice::from_ref(&queued));
        let lease = fixture.claim(1).await;
        by_worker(&fixture.store, &lease, RunChange::Start)
            .await
            .unwrap();
        assert_eq!(
            notifications(&fixture, &mut listener).await,
            [status("claimed"), status("running")]
        );
        let long = "é\n\"".repeat(5000);
        let fail = RunChange::Fail {
            error: long.clone(),
            left: None,
        };
        by_worker(&fixture.store, &lease, fail).await.unwrap();
        let failed = notifications(&fixture, &mut listener).await.remove(0);
        assert_eq!(failed["status"], "failed");
        let error = failed["error"].as_str().unwrap();
        assert!(!error.is_empty() && long.starts_with(error));
        by_ada(&fixture.store, &run.id, RunChange::Retry)
            .await
            .unwrap();
        assert_eq!(
            notifications(&fixture, &mut listener).await,
            [status("queued"), queued]
        );
        let lease = fixture.claim(1).await;
        by_worker(&fixture.store, &lease, RunChange::Start)
            .await
            .unwrap();
        by_worker(&fixture.store, &lease, succeed()).await.unwrap();
        assert_eq!(
            notifications(&fixture, &mut listener).await,
            [status("claimed"), status("running"), status("done")]
        );
    });
}

#[test]
fn a_change_that_is_rolled_back_is_not_notified() {
    on(Dialect::Postgres, async |fixture| {
        let run = fixture.submit("p0").await;
        let second = fixture
            .store
            .submit(&submission("p0", RiskLevel::Low))
            .await;
        second.unwrap_err();
        let retry = by_ada(&fixture.store, &run.id, RunChange::Retry).await;
        retry.unwrap_err();
        let lease = fixture.claim(1).await;
        let mut listener = listen(&fixture).await;
        // The success gets as far as the database, and is undone there.
        fixture.refuse_commits().await;
        let started = by_worker(&fixture.store, &lease, RunChange::Start).await;
        assert_eq!(
            chain(&started.unwrap_err()),
            "the database refused a statement: no"
        );
        assert_eq!(fixture.status(&run.id).await, "PENDING/CLAIMED");
        assert_eq!(
            notifications(&fixture, &mut listener).await,
            [] as [Value; 0]
        );
    });
}

#[test]
fn a_worker_is_woken_by_a_job_that_is_queued() {
    for dialect in BOTH {
        on(dialect, async |fixture| {
            let mut wakeups = fixture.store.wakeups().await;
            assert!(wakeups.is_listening());
            let (woken, _) = tokio::join!(wakeups.next(), fixture.submit("p0"));
            assert_eq!(woken, Wakeup::Queued);
        });
    }
}

#[test]
fn other_payloads_wake_no_worker_and_a_lost_connection_is_reported() {
    on(Dialect::Postgres, async |fixture| {
        let mut wakeups = fixture.store.wakeups().await;
        for payload in [
            "",
            "no json",
            "{\"op\":\"UPDATE\",\"kind\":\"BOOTSTRAP_REPO\"}",
            "{\"type\":\"claude_job_enqueued\",\"kind\":\"PLAN_CHAT\"}",
            "{\"type\":\"claude_worker_heartbeat\"}",
        ] {
            fixture.send_notification(payload).await;
        }
        fixture.cut_listeners().await;
        let next = tokio::time::timeout(Duration::from_secs(20), wakeups.next());
        assert_eq!(next.await.unwrap(), Wakeup::Reconnected);
        let (woken, _) = tokio::join!(wakeups.next(), fixture.submit("p0"));
        assert_eq!(woken, Wakeup::Queued);
    });
}

#[test]
fn listening_starts_when_the_database_can_be_reached() {
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
