//! Damaged rows: each column of each table with values that no version of this program wrote. Lists, claims and recovery go
//! on with the other rows, and a run that cannot be read is listed with its id.

use super::made::{begun, intended};
use crate::support::jobs::{
    BOTH, StoreFixture, on, on_both_databases, product, published_catalog, submission, user, worker,
};
use groundplan::model::action::RiskLevel;
use groundplan::publish::ledger::PublishStep;
use groundplan::store::Store as _;
use groundplan::store::change::{Actor, RunChange};
use groundplan::store::event::EventKind;
use groundplan::store::id::RunId;
use groundplan::store::lease::ClaimTarget;
use groundplan::store::listed::Listed;
use groundplan::store::recovery::Recovery;
use groundplan::store::run::{Run, RunFilter};
use groundplan::store::sql::Dialect;
use groundplan::store::sql::workers::Presence;
use sqlx::{AssertSqlSafe, Executor as _};
use std::collections::BTreeSet;

/// The tables with rows of a run, and the column that names the run, its job, its product or its user.
const TABLES: [(&str, Key); 9] = [
    ("bootstrap_runs", Key::Run("id")),
    ("claude_jobs", Key::Job("id")),
    ("bootstrap_claims", Key::Run("run_id")),
    ("bootstrap_effects", Key::Run("run_id")),
    ("bootstrap_events", Key::Run("run_id")),
    ("bootstrap_tiers", Key::Run("run_id")),
    ("bootstrap_run_targets", Key::Run("run_id")),
    ("products", Key::Product("id")),
    ("users", Key::User("id")),
];

#[derive(Clone, Copy)]
enum Key {
    Run(&'static str),
    Job(&'static str),
    Product(&'static str),
    User(&'static str),
}

impl Key {
    /// The condition that selects the rows of a run.
    fn of(self, run: &Run) -> String {
        match self {
            Self::Run(column) => format!("{column} = '{}'", run.id),
            Self::Job(column) => format!("{column} = '{}'", run.job),
            Self::Product(column) => format!("{column} = '{}'", run.product),
            Self::User(column) => format!("{column} = '{}'", run.user),
        }
    }
}

/// Values that are wrong, unknown, infinite, too large or of another type, for a column of this type.
fn damages(dialect: Dialect, column_type: &str) -> Vec<&'static str> {
    match (dialect, column_type) {
        (Dialect::Sqlite, _) => vec![
            "NULL",
            "''",
            "'infinity'",
            "x'00ff'",
            "CAST(x'ff' AS TEXT)",
            "9223372036854775807",
        ],
        (Dialect::Postgres, "text") => vec!["NULL", "''", "'a b'", "repeat('x', 300)"],
        (Dialect::Postgres, "timestamp") => vec!["NULL", "'infinity'", "'-infinity'"],
        (Dialect::Postgres, "int4") => vec!["NULL", "2147483647", "-1"],
        (Dialect::Postgres, "int8") => vec!["NULL", "9223372036854775807", "-1"],
        (Dialect::Postgres, "jsonb") => vec!["NULL", "'[]'", "'{}'", "'\"x\"'", "'1'"],
        (Dialect::Postgres, "BootstrapRunStatus" | "ClaudeJobStatus") => vec!["'DAMAGED'"],
        (Dialect::Postgres, _) => vec!["NULL"],
    }
}

/// A run of its own user and product.
async fn submit(fixture: &StoreFixture, number: usize) -> Run {
    let (user, product) = (user(&format!("u{number}")), product(&format!("q{number}")));
    fixture.store.ensure_local(&user, &product).await.unwrap();
    let mut submission = submission("p0", RiskLevel::Low);
    submission.user = user;
    submission.product = product;
    fixture.store.submit(&submission).await.unwrap()
}

/// Claims and starts the oldest run, which has begun to publish.
async fn start(fixture: &StoreFixture) {
    let lease = fixture.claim(1).await;
    let start = RunChange::Start;
    let started = fixture
        .store
        .change(&lease.run, Actor::Worker(&lease), &start);
    started.await.unwrap();
    for entry in [begun(), intended(PublishStep::Create, 1)] {
        fixture.store.record(&lease, &entry).await.unwrap();
    }
}

/// Runs of which one has no damage, and each other one has one damaged column.
struct Damaged {
    healthy: Run,
    /// The others, without those whose own key was damaged.
    others: Vec<Run>,
}

impl Damaged {
    async fn of(fixture: &StoreFixture, (table, key): (&str, Key), are_started: bool) -> Self {
        let dialect = fixture.dialect();
        let columns = fixture.columns(table).await;
        let damages: Vec<(&str, &str)> = columns
            .iter()
            .flat_map(|(name, column_type)| {
                let values = damages(dialect, column_type);
                values.into_iter().map(|value| (name.as_str(), value))
            })
            .collect();
        let mut others = Vec::new();
        for number in 0..damages.len() {
            others.push(submit(fixture, number).await);
        }
        let healthy = submit(fixture, damages.len()).await;
        if are_started {
            for _ in 0..=damages.len() {
                start(fixture).await;
            }
            fixture.expire_leases().await;
        }
        let mut connection = fixture.unprotected().await;
        let mut damaged = 0;
        for (run, (column, value)) in others.iter().zip(&damages) {
            let update = format!(
                "UPDATE {table} SET {column} = {value} WHERE {}",
                key.of(run)
            );
            // Not every column can have every value.
            damaged += usize::from(connection.execute(AssertSqlSafe(update)).await.is_ok());
        }
        assert!(damaged >= columns.len() / 3, "{table}: {damaged}");
        let has_key =
            |(_, (column, _)): &(Run, (&str, &str))| table != "bootstrap_runs" || *column != "id";
        let others = others.into_iter().zip(damages).filter(has_key);
        let others = others.map(|(run, _)| run).collect();
        Self { healthy, others }
    }

    /// Fails unless every list shows the healthy run, and every other run whose row has its key, readable or not.
    async fn are_listed(&self, fixture: &StoreFixture, table: &str) {
        let store = &fixture.store;
        let every = RunFilter {
            limit: Some(1000),
            ..RunFilter::default()
        };
        let listed = store.runs(&every).await.unwrap_or_else(|error| {
            panic!("{table}: {}", groundplan::error::chain(&error));
        });
        let is_healthy = |listed: &Listed<Run>| match listed {
            Listed::Readable(run) => run.id == self.healthy.id,
            Listed::Unreadable(_) => false,
        };
        assert!(listed.iter().any(is_healthy), "{table}");
        let id = |listed: Listed<Run>| match listed {
            Listed::Readable(run) => run.id.to_string(),
            Listed::Unreadable(row) => {
                assert!(!row.unreadable.is_empty(), "{row:?}");
                row.id
            }
        };
        let ids: BTreeSet<String> = listed.into_iter().map(id).collect();
        for run in &self.others {
            assert!(ids.contains(run.id.as_str()), "{table}: {run:?}");
        }
        let mut after = 0;
        let mut healthy_events = 0;
        loop {
            let page = store.events(after, None, 50).await.unwrap();
            let Some(last) = page.last() else {
                break;
            };
            after = last.sequence;
            let is_readable = |event: &&groundplan::store::event::Event| {
                event.run == self.healthy.id && event.kind != EventKind::Unreadable
            };
            healthy_events += page.iter().filter(is_readable).count();
        }
        assert!(healthy_events > 0, "{table}");
        store.queue_stats().await.unwrap();
    }
}

/// Runs a test on each database for each table.
fn on_each_table(test: impl AsyncFn(StoreFixture, (&'static str, Key))) {
    for dialect in BOTH {
        for table in TABLES {
            on(dialect, async |fixture| test(fixture, table).await);
        }
    }
}

#[test]
fn started_runs_beside_damaged_ones_are_listed_and_recovered() {
    on_each_table(async |fixture, table| {
        let damaged = Damaged::of(&fixture, table, true).await;
        damaged.are_listed(&fixture, table.0).await;
        let recovered = fixture.store.recover_expired(Recovery::Fail).await;
        let recovered = recovered.unwrap_or_else(|error| {
            panic!("{}: {}", table.0, groundplan::error::chain(&error));
        });
        let healthy = &damaged.healthy.id;
        assert!(recovered.needs_cleanup.contains(healthy), "{}", table.0);
        let again = fixture.store.recover_expired(Recovery::Fail).await.unwrap();
        assert!(!again.needs_cleanup.contains(healthy), "{}", table.0);
    });
}

#[test]
fn queued_runs_beside_damaged_ones_are_listed_and_claimed() {
    on_each_table(async |fixture, table| {
        let damaged = Damaged::of(&fixture, table, false).await;
        damaged.are_listed(&fixture, table.0).await;
        let mut claimed: Vec<RunId> = Vec::new();
        loop {
            let next = fixture.store.claim(&worker(1), &ClaimTarget::Oldest).await;
            let next = next.unwrap_or_else(|error| {
                panic!("{}: {}", table.0, groundplan::error::chain(&error));
            });
            let Some(lease) = next else {
                break;
            };
            assert!(!claimed.contains(&lease.run), "{}", table.0);
            // A damaged run may be refused, and the worker goes on.
            drop(fixture.store.payload(&lease).await);
            claimed.push(lease.run);
        }
        assert!(claimed.contains(&damaged.healthy.id), "{}", table.0);
    });
}

#[test]
fn damaged_versions_of_a_catalogue_are_listed_and_the_next_one_is_published() {
    on_both_databases(async |fixture| {
        let first = published_catalog();
        let mut connection = fixture.unprotected().await;
        for (column, column_type) in fixture.columns("bootstrap_catalog_versions").await {
            for value in damages(fixture.dialect(), &column_type) {
                fixture
                    .write("DELETE FROM bootstrap_catalog_versions")
                    .await;
                fixture.store.publish_catalog(&first, "ada").await.unwrap();
                let update = format!("UPDATE bootstrap_catalog_versions SET {column} = {value}");
                if connection.execute(AssertSqlSafe(update)).await.is_err() {
                    continue;
                }
                let mut second = first.clone();
                second.catalog_version = groundplan::model::digest::Digest::of(b"second");
                let published = fixture.store.publish_catalog(&second, "ada").await;
                published.unwrap_or_else(|error| {
                    panic!("{column} = {value}: {}", groundplan::error::chain(&error))
                });
                let history = fixture.store.catalog_history(&first.catalog).await.unwrap();
                let readable = history.into_iter().filter_map(Listed::readable);
                let versions: Vec<_> = readable.map(|one| one.catalog_version).collect();
                assert!(
                    versions.contains(&second.catalog_version),
                    "{column} = {value}"
                );
            }
        }
    });
}

#[test]
fn a_damaged_entry_in_the_list_of_workers_keeps_no_worker_from_it() {
    on_both_databases(async |fixture| {
        let mut connection = fixture.unprotected().await;
        for (number, (column, column_type)) in (10..)
            .step_by(20)
            .zip(fixture.columns("claude_workers").await)
        {
            for (number, value) in (number..).zip(damages(fixture.dialect(), &column_type)) {
                let presence = Presence {
                    worker: worker(number),
                    host: "host".to_owned(),
                    process: number,
                    owner: None,
                };
                fixture.store.heartbeat(&presence).await.unwrap();
                let update = format!(
                    "UPDATE claude_workers SET {column} = {value} WHERE instance_id = '{}'",
                    presence.worker
                );
                // Not every column can have every value.
                drop(connection.execute(AssertSqlSafe(update)).await);
                fixture.store.heartbeat(&presence).await.unwrap();
                fixture.store.remove_worker(&presence.worker).await.unwrap();
            }
        }
    });
}
