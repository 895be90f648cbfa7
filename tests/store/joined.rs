//! Beside an application that owns the tables: only our own rows move, and what is missing is said before anything is done.

use crate::store::changes::{by_ada, by_worker, succeed};
use crate::store::made::{begun, ended, intended, made};
use crate::support::Sandbox;
use crate::support::jobs::{published_catalog, submission, user, wait, worker};
use crate::support::postgres::{Cluster, open};
use groundplan::app::caller::Caller;
use groundplan::app::jobs;
use groundplan::model::action::RiskLevel;
use groundplan::model::digest::Digest;
use groundplan::model::slug::Slug;
use groundplan::publish::ledger::{PublishStep, StepOutcome};
use groundplan::store::Store as _;
use groundplan::store::catalog::PublishedCatalog;
use groundplan::store::change::RunChange;
use groundplan::store::error::StoreError;
use groundplan::store::job_list::JobFilter;
use groundplan::store::lease::ClaimTarget;
use groundplan::store::recovery::{Recovery, RecoveryReport};
use groundplan::store::sql::Database;
use groundplan::store::sql::migrations::Tables;
use groundplan::store::sql::workers::Presence;
use groundplan::store::update::{UpdateMode, UpdateSubmission};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use std::process::Command;

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
        by_ada(&store, &run.id, RunChange::Approve { tree, note: None })
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
fn jobs_of_every_kind_of_an_application_are_listed_and_counted() {
    wait(async {
        let (store, _) = application("SELECT 1").await;
        store.migrate(Tables::Own).await.unwrap();
        let filter = JobFilter {
            kinds: vec!["SOMETHING_NEW".to_owned()],
            ..JobFilter::default()
        };
        let listed = store.jobs(&filter, 100).await.unwrap();
        let mut statuses: Vec<_> = listed
            .into_iter()
            .map(|job| job.into_result("job").unwrap().status)
            .collect();
        statuses.sort_unstable();
        // PAUSED is a status of a newer application.
        let expected = ["cancelled", "claimed", "queued", "running", "unknown"];
        assert_eq!(statuses, expected);
        let operator = Caller::Operator(user("ada"));
        let counts = jobs::counts(&store, &operator, JobFilter::default())
            .await
            .unwrap();
        assert_eq!(counts.total.count, 15);
        let newer = counts.kinds.last().unwrap();
        let shown = (newer.info.label.as_str(), newer.info.colour);
        assert_eq!((shown, newer.number.count), (("SOMETHING_NEW", "grey"), 5));
        let newer = counts.statuses.last().unwrap();
        assert_eq!((newer.status, newer.number.count), ("unknown", 3));
    });
}

#[test]
fn an_update_beside_an_application_needs_one_more_kind_of_jobs() {
    wait(async {
        let (store, mut raw) = application("SELECT 1").await;
        store.migrate(Tables::Own).await.unwrap();
        let run = store
            .submit(&submission("p0", RiskLevel::Low))
            .await
            .unwrap();
        let worker = worker(1);
        let claim = || store.claim(&worker, &ClaimTarget::Oldest);
        let lease = claim().await.unwrap().expect("our job waits");
        assert_eq!(lease.run, run.id);
        by_worker(&store, &lease, RunChange::Start).await.unwrap();
        by_worker(&store, &lease, succeed()).await.unwrap();
        let refused = store.check_updates().await.unwrap_err().to_string();
        assert!(
            refused.contains("the application lacks UPDATE_REPO"),
            "{refused}"
        );

        // The statement of docs/database.md.
        let statement = "ALTER TYPE \"ClaudeJobKind\" ADD VALUE IF NOT EXISTS 'UPDATE_REPO'";
        raw.execute(statement).await.unwrap();
        store.check_updates().await.unwrap();
        let update = UpdateSubmission {
            user: user("ada"),
            product: crate::support::jobs::product("p0"),
            mode: UpdateMode::Compare,
            key: None,
        };
        let update = store.submit_update(&update).await.unwrap();
        let lease = claim().await.unwrap().expect("our job waits");
        assert_eq!(lease.run, update.id);
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

#[test]
fn a_worker_is_listed_beside_an_application_under_the_user_of_a_token() {
    wait(async {
        let (store, mut raw) = application("SELECT 1").await;
        store.migrate(Tables::Own).await.unwrap();
        for (id, user, end) in [
            ("valid", "ada", "NULL, NULL"),
            ("revoked", "ada", "now(), NULL"),
            ("expired", "ada", "NULL, '2001-01-01'"),
            ("later", "ada", "NULL, '2999-01-01'"),
            ("demo", "eve", "NULL, NULL"),
        ] {
            let hash = Digest::of(format!("secret of {id}").as_bytes());
            let insert = format!(
                "INSERT INTO api_tokens (id, user_id, token_hash, revoked_at, expires_at) VALUES ('{id}', '{user}', '{hash}', {end})"
            );
            raw.execute(AssertSqlSafe(insert)).await.unwrap();
        }
        raw.execute("UPDATE users SET is_demo = true WHERE id = 'eve'")
            .await
            .unwrap();
        let owner = async |id: &str| {
            let hash = Digest::of(format!("secret of {id}").as_bytes());
            store.token_owner(&hash).await.unwrap()
        };
        for refused in ["revoked", "expired", "demo", "unknown"] {
            assert_eq!(owner(refused).await, None, "{refused}");
        }
        assert!(owner("later").await.is_some());
        let presence = Presence {
            worker: worker(1),
            host: "host".to_owned(),
            process: 1,
            owner: owner("valid").await,
        };
        for _ in 0..2 {
            store.heartbeat(&presence).await.unwrap();
        }
        let listed = raw
            .fetch_one("SELECT user_id || ' ' || token_id AS owner FROM claude_workers")
            .await
            .unwrap();
        assert_eq!(listed.get::<String, _>("owner"), "ada valid");
    });
}

#[test]
fn the_program_beside_an_application_is_listed_with_a_token_and_warns_without_one() {
    let name = wait(async {
        let cluster = Cluster::get();
        let name = cluster.empty().await;
        let mut raw = cluster.connect(&name).await;
        raw.execute(AssertSqlSafe(APPLICATION)).await.unwrap();
        let hash = Digest::of(b"secret");
        let insert = format!(
            "INSERT INTO api_tokens (id, user_id, token_hash) VALUES ('token', 'ada', '{hash}')"
        );
        raw.execute(AssertSqlSafe(insert)).await.unwrap();
        raw.execute(AssertSqlSafe(
            "CREATE TABLE seen AS SELECT * FROM claude_workers; \
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen SELECT NEW.*; RETURN NEW; END $$; \
             CREATE TRIGGER see AFTER INSERT ON claude_workers FOR EACH ROW EXECUTE FUNCTION see()",
        ))
        .await
        .unwrap();
        open(&cluster.address(&name))
            .await
            .migrate(Tables::Own)
            .await
            .unwrap();
        raw.close().await.unwrap();
        name
    });
    let sandbox = Sandbox::with_demo();
    sandbox.write("forge/.keep", "").write("token", "secret\n");
    let work = |token: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command
            .args(["work", "--once", "--forge", "local", "--forge-url", "forge"])
            .args(["--catalogs", ".", "--state", "state"])
            .env("DATABASE_URL", Cluster::get().address(&name));
        command.envs(token.map(|token| ("GROUNDPLAN_AS_TOKEN", token)));
        sandbox.run(&mut command).exits(0).stderr
    };
    for (token, warning) in [
        (None, "the worker is not listed in claude_workers"),
        (Some("another"), "is unknown, revoked or expired"),
    ] {
        let log = work(token);
        assert!(log.contains(warning) && log.contains("--as-token"), "{log}");
    }
    for token in ["secret", "@token"] {
        let log = work(Some(token));
        assert!(
            !log.contains("not listed") && !log.contains("secret"),
            "{log}"
        );
    }
    wait(async {
        let mut raw = Cluster::get().connect(&name).await;
        let seen = raw
            .fetch_one(
                "SELECT COUNT(*) AS number FROM seen WHERE user_id = 'ada' AND token_id = 'token'",
            )
            .await
            .unwrap();
        assert!(seen.get::<i64, _>("number") >= 1);
    });
}

#[test]
fn categories_beside_an_application_have_their_own_names_once() {
    wait(async {
        let (store, mut raw) = application("SELECT 1").await;
        store.migrate(Tables::Own).await.unwrap();
        raw.execute("INSERT INTO bootstrap_categories (id, slug, name, selection_type, updated_at) VALUES ('seed', 'auth', 'Auth', 'SINGLE', '2026-01-01')")
            .await
            .unwrap();
        let demo = published_catalog();
        for _ in 0..2 {
            store.publish_catalog(&demo, "ada").await.unwrap();
        }
        let names = "SELECT string_agg(slug, ' ' ORDER BY slug) AS names FROM bootstrap_categories WHERE id <> 'other'";
        let names = raw.fetch_one(names).await.unwrap();
        let mut expected: Vec<&str> = demo
            .categories
            .iter()
            .map(|one| one.slug.as_str())
            .collect();
        expected.sort_unstable();
        assert_eq!(names.get::<String, _>("names"), expected.join(" "));
        let other = PublishedCatalog {
            catalog: Slug::parse("second").unwrap(),
            catalog_version: Digest::of(b"second"),
            ..demo
        };
        let refused = store.publish_catalog(&other, "ada").await.unwrap_err();
        assert!(
            matches!(refused, StoreError::CategoryTaken { .. }),
            "{refused}"
        );
    });
}
