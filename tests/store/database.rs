//! Opening and migrating: what is missing, away or no database is said, and no password with it.

use crate::support::Sandbox;
use crate::support::jobs::{StoreFixture, on, on_both_databases, promises, wait};
use crate::support::postgres::{Cluster, open};
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::error::StoreError;
use groundplan::store::run::RunFilter;
use groundplan::store::sql::address::DatabaseUrl;
use groundplan::store::sql::migrations::Tables;
use groundplan::store::sql::{Database, DatabaseOptions, Dialect};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use std::process::Command;

promises! {
    every_statement_fits_the_tables_of_both_databases,
}

#[test]
fn a_postgres_without_tables_is_not_migrated() {
    wait(async {
        let cluster = Cluster::get();
        let store = open(&cluster.address(&cluster.empty().await)).await;
        for error in [
            store.ready().await.unwrap_err(),
            store.runs(&RunFilter::default()).await.unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::NotMigrated { .. }), "{error}");
        }
    });
}

async fn every_statement_fits_the_tables_of_both_databases(fixture: StoreFixture) {
    fixture.store.check_statements().await.unwrap();
}

#[test]
fn migrating_creates_the_tables_once() {
    let cluster = Cluster::get();
    let sandbox = Sandbox::new();
    let address = wait(async { cluster.address(&cluster.empty().await) });
    for _ in 0..2 {
        let migrate = sandbox.groundplan(["migrate", "--database-url", &address]);
        migrate.exits(0);
    }
    wait(async {
        let store = open(&address).await;
        store.ready().await.unwrap();
        assert!(store.is_own().await.unwrap());
    });
    let joined = sandbox.groundplan(["migrate", "--joined", "--database-url", "sqlite:jobs.db"]);
    assert!(joined.exits(3).stderr.contains("only on Postgres"));
}

#[test]
fn a_sqlite_file_is_created_and_migrated_when_it_is_opened() {
    let sandbox = Sandbox::new();
    let path = sandbox.join("odd name #1.db");
    for _ in 0..2 {
        wait(async {
            let store = open(&format!("sqlite:{}", path.display())).await;
            store.ready().await.unwrap();
            store.close().await;
        });
    }
    assert!(sandbox.files().contains(&"odd name #1.db".to_owned()));
}

#[test]
fn an_unusable_address_is_reported_without_its_password() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "text.db",
        "this is a text and no database at all".repeat(40),
    );
    let away = "postgres://canary:canary@127.0.0.1:9/app?sslmode=disable";
    let options = "postgres://canary:canary@127.0.0.1:9/app?sslmode=canary";
    for (url, code, expected) in [
        (away, 3, "the database cannot be reached"),
        (options, 3, "its address has an invalid option"),
        ("mysql://canary:canary@h/d", 2, "expected `postgres://…`"),
        ("sqlite:text.db", 3, "the file is not a SQLite database"),
        ("sqlite:missing/x.db", 3, "the database cannot be reached"),
    ] {
        let ran = sandbox.groundplan(["migrate", "--database-url", url]);
        let ran = ran.exits(code);
        assert!(ran.stderr.contains(expected), "{url}: {}", ran.stderr);
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    }
}

#[test]
fn a_database_is_used_again_after_its_sessions_ended() {
    wait(async {
        let cluster = Cluster::get();
        let name = cluster.migrated().await;
        let store = open(&cluster.address(&name)).await;
        store.runs(&RunFilter::default()).await.unwrap();
        let mut admin = cluster.connect("postgres").await;
        let kill = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        sqlx::Executor::execute(&mut admin, sqlx::AssertSqlSafe(kill))
            .await
            .unwrap();
        store.runs(&RunFilter::default()).await.unwrap();
    });
}

#[test]
fn a_pooled_address_leaves_nothing_in_its_sessions() {
    wait(async {
        let cluster = Cluster::get();
        let address = cluster.address(&cluster.migrated().await);
        let settings = DatabaseOptions {
            database: DatabaseUrl::parse(&format!(
                "{address}&pgbouncer=true&connection_limit=3&schema=public"
            ))
            .unwrap(),
            direct: Some(DatabaseUrl::parse(&address).unwrap()),
            connections: 50,
        };
        let store = Database::open(settings).await.unwrap();
        store.ready().await.unwrap();
        assert_eq!(store.runs(&RunFilter::default()).await.unwrap(), []);
    });
}

#[test]
fn the_query_of_the_documentation_shows_if_a_run_is_alive() {
    let documentation = include_str!("../../docs/database.md");
    let query = documentation.split("```sql").nth(1).unwrap();
    let query = query
        .split("```")
        .next()
        .unwrap()
        .trim()
        .trim_end_matches(';');
    on(Dialect::Postgres, async |fixture| {
        fixture.submit("p0").await;
        let lease = fixture.claim(1).await;
        let start = fixture
            .store
            .change(&lease.run, Actor::Worker(&lease), &RunChange::Start);
        start.await.unwrap();
        let shown = format!("({query}) AS shown");
        let alive = "status || ' ' || job || ' ' || lease_is_active";
        assert_eq!(fixture.value(alive, &shown).await, "RUNNING RUNNING true");
    });
}

#[test]
fn a_refused_direct_address_is_named_at_once_and_nothing_is_migrated() {
    let cluster = Cluster::get();
    let sandbox = Sandbox::new();
    let address = wait(async { cluster.address(&cluster.empty().await) });
    let mut migrate = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    migrate.args(["migrate", "--database-url", &address]);
    migrate.env(
        "DIRECT_URL",
        "postgres://canary:canary@127.0.0.1:9/app?sslmode=disable",
    );
    let ran = sandbox.run(&mut migrate).exits(3);
    assert!(
        ran.stderr
            .contains("cannot be reached at its direct address"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("check DIRECT_URL"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("DATABASE_URL and"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    let store = wait(open(&address));
    wait(store.ready()).unwrap_err();
}

#[test]
fn tables_that_a_newer_version_updated_are_refused_before_anything_is_changed() {
    on_both_databases(async |fixture| {
        for table in ["bootstrap_own_migrations", "bootstrap_app_migrations"] {
            let newest = format!(
                "INSERT INTO {table} (version, description, success, checksum, execution_time) \
                 SELECT 99, description, success, checksum, execution_time FROM {table} WHERE version = 1"
            );
            fixture.write(&newest).await;
            let sandbox = Sandbox::new();
            let ran = sandbox.groundplan(["migrate", "--database-url", &fixture.address]);
            let ran = ran.exits(3);
            let message = "its tables are newer than this program (migration 99)";
            assert!(ran.stderr.contains(message), "{}", ran.stderr);
            assert!(
                ran.stderr.contains("install a newer groundplan"),
                "{}",
                ran.stderr
            );
            fixture
                .write(&format!("DELETE FROM {table} WHERE version = 99"))
                .await;
        }
    });
}

#[test]
fn a_sqlite_file_that_is_deleted_is_missed_and_one_in_its_place_is_used() {
    on(Dialect::Sqlite, async |fixture| {
        let path = fixture.address.strip_prefix("sqlite:").unwrap();
        let store = &fixture.store;
        fixture.submit("p0").await;
        let kept = format!("{path}.kept");
        fixture.write(&format!("VACUUM INTO '{kept}'")).await;
        for suffix in ["", "-wal", "-shm"] {
            std::fs::remove_file(format!("{path}{suffix}")).unwrap();
        }
        for _ in 0..3 {
            let error = store.runs(&RunFilter::default()).await.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
            assert!(!std::fs::exists(path).unwrap());
        }
        std::fs::rename(&kept, path).unwrap();
        assert_eq!(fixture.runs(&RunFilter::default()).await.len(), 1);
    });
}

/// Rows as an earlier version stored them. `$` is a time.
const EARLIER_ROWS: &str = "
    INSERT INTO bootstrap_categories (id, slug, name, selection_type, updated_at) VALUES
        ('c1', 'nextjs/deploy', 'Deploy', 'SINGLE', $), ('c2', 'rust-cli/deploy', 'Deploy', 'SINGLE', $),
        ('c3', 'other/auth', 'Auth', 'SINGLE', $);
    INSERT INTO bootstrap_options (id, category_id, slug, name, updated_at) VALUES ('o1', 'c1', 'vercel', 'Vercel', $);
    INSERT INTO bootstrap_actions (id, option_id, kind, execution_order, config, updated_at)
        VALUES ('a1', 'o1', 'COPY_FILE', 1, '{}', $);
    INSERT INTO bootstrap_catalog_versions (catalog_version, catalog, number, snapshot, published_by, published_at)
        VALUES ('v1', 'nextjs', 1, '{}', 'ada', $), ('v2', 'rust-cli', 1, '{}', 'ada', $);";

#[test]
fn categories_of_an_earlier_version_get_their_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!(
        "sqlite:{}?mode=rwc",
        folder.path().join("jobs.db").display()
    );
    let postgres = [
        include_str!("../../schema/sql/postgres/app/0001_tables.sql"),
        include_str!("../../schema/sql/postgres/own/0001_tables.sql"),
        // It shows that the tables are our own.
        "CREATE TABLE bootstrap_app_migrations (version bigint)",
        EARLIER_ROWS,
        include_str!("../../schema/sql/postgres/app/0002_run_order_and_category_slugs.sql"),
        include_str!("../../schema/sql/postgres/own/0002_catalog_categories.sql"),
    ];
    let file = [
        include_str!("../../schema/sql/sqlite/app/0001_tables.sql"),
        include_str!("../../schema/sql/sqlite/own/0001_tables.sql"),
        EARLIER_ROWS,
        include_str!("../../schema/sql/sqlite/app/0002_run_order_and_category_slugs.sql"),
        include_str!("../../schema/sql/sqlite/own/0002_catalog_categories.sql"),
    ];
    wait(async {
        sqlx::any::install_default_drivers();
        let cluster = Cluster::get();
        let database = cluster.address(&cluster.empty().await);
        for (address, scripts, time) in [
            (&sqlite, &file[..], "0"),
            (&database, &postgres[..], "timestamp 'epoch'"),
        ] {
            let mut raw = AnyConnection::connect(address).await.unwrap();
            for script in scripts {
                let rows = script.replace("$)", &format!("{time})"));
                let script = format!("BEGIN; {rows}; COMMIT;");
                sqlx::raw_sql(AssertSqlSafe(script))
                    .execute(&mut raw)
                    .await
                    .unwrap();
            }
            let found: Vec<(String, String, Option<String>)> = sqlx::query_as(
                "SELECT c.id, c.slug, m.catalog FROM bootstrap_categories c \
                 LEFT JOIN bootstrap_catalog_categories m ON m.category_id = c.id ORDER BY c.id",
            )
            .fetch_all(&mut raw)
            .await
            .unwrap();
            let row = |id: &str, slug: &str, catalog: Option<&str>| {
                (id.to_owned(), slug.to_owned(), catalog.map(str::to_owned))
            };
            assert_eq!(
                found,
                [
                    row("c1", "deploy", Some("nextjs")),
                    row("c2", "deploy", Some("rust-cli")),
                    row("c3", "other/auth", None),
                ]
            );
            let kept: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM bootstrap_actions a JOIN bootstrap_options o ON o.id = a.option_id \
                 WHERE o.category_id = 'c1'",
            )
            .fetch_one(&mut raw)
            .await
            .unwrap();
            assert_eq!(kept, 1);
        }
    });
}

/// The repositories and trees of all runs, as a list shows them.
async fn listed(fixture: &StoreFixture) -> Vec<(String, Option<String>)> {
    let runs = fixture.runs(&RunFilter::default()).await;
    let mut listed: Vec<_> = runs.into_iter().map(|run| (run.repo, run.tree)).collect();
    listed.sort();
    listed
}

#[test]
fn a_list_reads_the_documents_of_no_run_but_those_of_older_versions() {
    on_both_databases(async |fixture| {
        let (one, other) = (fixture.submit("p0").await, fixture.submit("p1").await);
        let before = listed(&fixture).await;
        assert!(
            before
                .iter()
                .all(|(repo, tree)| !repo.is_empty() && tree.is_some())
        );
        // A version without the table wrote the first run.
        let forgotten = format!(
            "DELETE FROM bootstrap_run_targets WHERE run_id = '{}'",
            one.id
        );
        fixture.write(&forgotten).await;
        assert_eq!(listed(&fixture).await, before);
        let emptied = format!(
            "UPDATE bootstrap_runs SET recipe_snapshot = '{{}}', dry_run_report = '{{}}' WHERE id = '{}'",
            other.id
        );
        fixture.write(&emptied).await;
        assert_eq!(listed(&fixture).await, before);
    });
}

#[test]
fn a_migration_fills_the_columns_of_runs_of_an_older_version() {
    on_both_databases(async |fixture| {
        let run = fixture.submit("p0").await;
        let select = "bootstrap_run_targets";
        let columns = "owner || '/' || repo || ' ' || tree";
        let before = fixture.value(columns, select).await;
        assert_eq!(before, format!("{} {}", run.repo, run.tree.unwrap()));
        // The older version knew nothing of the later tables either.
        for table in [
            "bootstrap_run_targets",
            "bootstrap_catalog_drafts",
            "bootstrap_idea_log",
            "bootstrap_updates",
        ] {
            fixture.write(&format!("DROP TABLE {table}")).await;
        }
        fixture
            .write("DELETE FROM bootstrap_own_migrations WHERE version >= 4")
            .await;
        assert!(matches!(
            fixture.store.ready().await,
            Err(StoreError::NotMigrated { .. })
        ));
        fixture.store.migrate(Tables::All).await.unwrap();
        assert_eq!(fixture.value(columns, select).await, before);
    });
}

#[test]
fn the_migration_of_the_kinds_of_jobs_keeps_every_job_and_run() {
    on_both_databases(async |fixture| {
        let run = fixture.submit("p0").await;
        fixture
            .write("DELETE FROM bootstrap_app_migrations WHERE version = 7")
            .await;
        fixture.store.migrate(Tables::All).await.unwrap();
        assert_eq!(fixture.run(&run.id).await, run);
        assert_eq!(fixture.claim(1).await.run, run.id);
    });
}
