//! Beside an application that owns the tables: only our own rows move, and what is missing is said before anything is done.

use crate::store::changes::{by_ada, by_worker, succeed};
use crate::store::made::{begun, ended, intended, made};
use crate::support::jobs::{published_catalog, submission, user, wait, worker};
use crate::support::postgres::{Cluster, open};
use groundplan::model::action::RiskLevel;
use groundplan::publish::ledger::{PublishStep, StepOutcome};
use groundplan::store::Store as _;
use groundplan::store::change::RunChange;
use groundplan::store::lease::ClaimTarget;
use groundplan::store::recovery::{Recovery, RecoveryReport};
use groundplan::store::sql::Database;
use groundplan::store::sql::migrations::Tables;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};

const APPLICATION: &str = include_str!("../fixtures/application.sql");

/// A database as an application made it, after a statement that takes something away from it.
async fn application(change: &str) -> (Database, PgConnection) {
    let cluster = Cluster::get();
    let name = cluster.empty().await;
    let mut raw = cluster.connect(&name).await;
    raw.execute(AssertSqlSafe(APPLICATION)).await.unwrap();
    raw.execute(AssertSqlSafe(change.to_owned())).await.unwrap();
    (open(&cluster.address(&name)).await, raw)
}

/// Everything that is not ours, as text.
async fn others(raw: &mut PgConnection) -> String {
    let mut all = String::new();
    for rows in [
        "users t WHERE true",
        "products t WHERE id = 'foreign'",
        "sprints t WHERE true",
        "claude_jobs t WHERE user_id = 'eve'",
        "bootstrap_categories t WHERE slug LIKE 'other/%'",
    ] {
        let dump = format!(
            "SELECT COALESCE(string_agg(CAST(to_jsonb(t) AS text), E'\\n' ORDER BY t.id), '') AS dump FROM {rows}"
        );
        let row = raw.fetch_one(AssertSqlSafe(dump)).await.unwrap();
        all.push_str(&row.get::<String, _>("dump"));
        all.push('\n');
    }
    all
}

#[test]
fn a_run_beside_an_application_changes_no_other_row() {
    wait(async {
        let (store, mut raw) = application("SELECT 1").await;
        store.migrate(Tables::Own).await.unwrap();
        store.migrate(Tables::Own).await.unwrap();
        store.ready().await.unwrap();
        assert!(!store.is_own().await.unwrap());
        let before = others(&mut raw).await;
        assert!(before.contains("foreign-plan_chat-queued"), "{before}");

        let run = store
            .submit(&submission("p0", RiskLevel::High))
            .await
            .unwrap();
        let tree = submission("p0", RiskLevel::High).risk.tree;
        by_ada(&store, &run.id, RunChange::Approve { tree })
            .await
            .unwrap();
        let claim = store.claim(&worker(1), &ClaimTarget::Oldest).await.unwrap();
        let lease = claim.expect("our job waits");
        assert_eq!(lease.run, run.id);
        let none = store.claim(&worker(1), &ClaimTarget::Oldest).await.unwrap();
        assert_eq!(none, None, "the others are not ours");
        by_worker(&store, &lease, RunChange::Start).await.unwrap();
        for entry in [begun(), intended(PublishStep::Create, 1), ended(1, made())] {
            store.record(&lease, &entry).await.unwrap();
        }
        for entry in [intended(PublishStep::Push, 2), ended(2, StepOutcome::Done)] {
            store.record(&lease, &entry).await.unwrap();
        }
        store.renew(&lease).await.unwrap();
        by_worker(&store, &lease, succeed()).await.unwrap();
        let swept = store.recover_expired(Recovery::Fail).await.unwrap();
        assert_eq!(swept, RecoveryReport::default());
        store
            .publish_catalog(&published_catalog(), "ada")
            .await
            .unwrap();
        store.queue_stats().await.unwrap();

        assert_eq!(others(&mut raw).await, before);
        let product = raw
            .fetch_one("SELECT repo_owner || '/' || repo_slug AS place, last_bootstrap_run_id AS run FROM products WHERE id = 'p0'")
            .await
            .unwrap();
        assert_eq!(product.get::<String, _>("place"), "Acme/acme-web");
        assert_eq!(product.get::<String, _>("run"), run.id.as_str());
    });
}

#[test]
fn users_and_products_of_an_application_are_not_added() {
    wait(async {
        let (store, _raw) = application("SELECT 1").await;
        store.migrate(Tables::Own).await.unwrap();
        let product = crate::support::jobs::product("p0");
        store.ensure_local(&user("ada"), &product).await.unwrap();
        let stranger = store.ensure_local(&user("new"), &product).await;
        assert_eq!(
            stranger.unwrap_err().to_string(),
            "user `new` does not exist"
        );
    });
}

#[test]
fn everything_an_application_lacks_is_named_before_a_table_is_created() {
    for (change, lack) in [
        (
            "ALTER TABLE claude_jobs DROP COLUMN claimed_by_worker_id",
            "claude_jobs.claimed_by_worker_id",
        ),
        (
            "DROP TABLE bootstrap_actions",
            "the table bootstrap_actions",
        ),
        (
            "ALTER TYPE \"BootstrapRunStatus\" RENAME VALUE 'CANCELLED' TO 'STOPPED'",
            "CANCELLED in the enum \"BootstrapRunStatus\"",
        ),
        (
            "ALTER TYPE \"ClaudeJobKind\" RENAME VALUE 'BOOTSTRAP_REPO' TO 'OTHER'",
            "BOOTSTRAP_REPO in the enum \"ClaudeJobKind\"",
        ),
        (
            "ALTER TABLE bootstrap_runs ALTER github_repo_id TYPE text",
            "bootstrap_runs.github_repo_id as a whole number (it is text)",
        ),
        (
            "ALTER TABLE bootstrap_runs ADD updated_at timestamp(3) NOT NULL",
            "a default for bootstrap_runs.updated_at",
        ),
        (
            "DROP INDEX bootstrap_runs_one_active_per_product",
            "a unique index on bootstrap_runs (product_id)",
        ),
    ] {
        wait(async {
            let (store, _raw) = application(change).await;
            let error = store.migrate(Tables::Own).await.unwrap_err().to_string();
            assert!(error.contains(lack), "{lack}: {error}");
            store.ready().await.expect_err("nothing was made");
        });
    }
}

#[test]
fn the_tables_of_an_application_are_not_created_again() {
    wait(async {
        let (store, mut raw) = application("SELECT 1").await;
        let before = others(&mut raw).await;
        let error = store.migrate(Tables::All).await.unwrap_err().to_string();
        assert!(error.contains("migrate --joined"), "{error}");
        assert_eq!(others(&mut raw).await, before);
    });
}
