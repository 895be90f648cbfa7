//! The worker as a service: notifications, health pages, an unavailable database, and shutdown.

use super::process::{Worker, page, program, until, work};
use super::support::WorkerFixture;
use crate::forge::fake::TOKEN;
use crate::support::jobs::{StoreFixture, on, on_both_databases};
use crate::support::postgres::open;
use groundplan::store::Store as _;
use groundplan::store::run::{Run, RunStatus};
use groundplan::store::sql::Dialect;
use groundplan::worker::health_state::HealthState;
use groundplan::worker::metrics::Metrics;
use groundplan::worker::server::{HealthServer, bind, serve};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

async fn until_ended(fixture: &WorkerFixture, run: &Run) -> RunStatus {
    until("the end of the run", async || {
        !fixture.jobs.run(&run.id).await.status.is_active()
    })
    .await;
    fixture.jobs.run(&run.id).await.status
}

#[test]
fn once_executes_the_queue_and_exits_with_zero() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        fixture
            .sandbox
            .run(&mut work(&fixture, &["--once"]))
            .exits(0);
        let runs = [fixture.submit(1).await, fixture.submit(2).await];
        fixture
            .sandbox
            .run(&mut work(&fixture, &["--once"]))
            .exits(0);
        for (number, run) in [1, 2].into_iter().zip(runs) {
            assert_eq!(fixture.jobs.status(&run.id).await, "SUCCEEDED/DONE");
            assert!(fixture.is_right(number));
        }
        fixture.assert_only_logs();
    });
}

#[test]
fn the_exit_code_of_once_reports_a_failed_run_or_a_refused_token() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        fixture.submit(1).await;
        fixture
            .jobs
            .write("UPDATE bootstrap_runs SET recipe_snapshot = '{}'")
            .await;
        fixture
            .sandbox
            .run(&mut work(&fixture, &["--once"]))
            .exits(1);
        fixture.submit(2).await;
        let mut github = program(
            &fixture,
            &[
                "work",
                "--once",
                "--forge",
                "github",
                "--catalogs",
                ".",
                "--state",
                "state",
                "--health",
                "127.0.0.1:0",
            ],
        );
        github.env(
            "BOOTSTRAP_ENCRYPTION_KEY",
            "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
        );
        fixture.sandbox.run(&mut github).exits(3);
    });
}

#[test]
fn missing_settings_are_reported_at_the_start() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let base = [
            "work",
            "--once",
            "--state",
            "state",
            "--health",
            "127.0.0.1:0",
        ];
        for (more, hint) in [
            (&[][..], "`--forge` is missing"),
            (
                &["--forge", "github"][..],
                "BOOTSTRAP_ENCRYPTION_KEY is not set",
            ),
            (
                &["--forge", "local", "--forge-url", "nowhere"][..],
                "`nowhere` is not a folder",
            ),
            (
                &["--forge", "local", "--forge-url", "forge", "--log", "a=b=c"][..],
                "invalid log filter",
            ),
        ] {
            let mut command = program(&fixture, &[&base, more].concat());
            let ran = fixture.sandbox.run(&mut command).exits(2);
            assert!(ran.stderr.contains(hint), "{}", ran.stderr);
        }
    });
}

#[test]
fn an_address_in_use_is_reported_at_the_start() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mut command = program(
            &fixture,
            &[
                "work",
                "--forge",
                "local",
                "--forge-url",
                "forge",
                "--health",
                &address,
            ],
        );
        let ran = fixture.sandbox.run(&mut command).exits(3);
        assert!(
            ran.stderr.contains(&format!("cannot listen on {address}")),
            "{}",
            ran.stderr
        );
    });
}

#[test]
fn a_job_that_is_queued_later_is_executed_before_the_next_poll() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let mut worker = Worker::start(&fixture, &[]);
        let run = fixture.submit(1).await;
        let begun = Instant::now();
        assert_eq!(until_ended(&fixture, &run).await, RunStatus::Succeeded);
        // By the poll it could take half a minute.
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert!(fixture.is_right(1));
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
    });
}

#[test]
fn the_first_log_line_describes_the_worker_without_secrets() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let mut command = work(&fixture, &["--log-format", "json"]);
        command
            .env("GROUNDPLAN_FORGE_TOKEN", TOKEN)
            .env("GROUNDPLAN_GIT_TOKEN", TOKEN);
        command.arg("--once");
        let ran = fixture.sandbox.run(&mut command).exits(0);
        let lines = ran
            .stderr
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let line = lines
            .into_iter()
            .find(|line| line["message"] == "working")
            .unwrap();
        for field in ["version", "schema_hash", "git", "worker"] {
            assert!(!line[field].as_str().unwrap().is_empty(), "{field}");
        }
        assert_eq!(line["action_schema_version"], 1);
        assert_eq!(line["database"], "sqlite");
        assert_eq!(line["concurrency"], 4);
        assert!(line["catalogs"].as_str().unwrap().starts_with("demo@"));
        assert!(!ran.stderr.contains("canary"));
    });
}

#[test]
fn the_pages_show_health_and_metrics() {
    on_both_databases(async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let mut worker = Worker::start(&fixture, &[]);
        until("readiness", async || worker.page("/health/ready").0 == 200).await;
        assert_eq!(worker.page("/health/live").0, 200);
        let (code, body) = worker.page("/health");
        let health: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(code, 200, "{body}");
        assert_eq!(
            health,
            serde_json::json!({
                "status": "idle",
                "lastBatchAt": null,
                "lastBatchExit": null,
                "consecutiveFailures": 0,
                "tokenStatus": { "db": "ok", "forge": "ok" },
            })
        );
        let run = fixture.submit(1).await;
        until_ended(&fixture, &run).await;
        until("the count", async || {
            worker
                .page("/metrics")
                .1
                .contains("groundplan_runs_total{outcome=\"succeeded\"} 1")
        })
        .await;
        let (code, metrics) = worker.page("/metrics");
        assert_eq!(code, 200);
        for name in [
            "groundplan_queue_depth 0",
            "groundplan_queue_oldest_seconds 0",
            "groundplan_step_seconds_count{step=\"push\"} 1",
            "groundplan_build_info{version=",
        ] {
            assert!(metrics.contains(name), "{name}: {metrics}");
        }
        assert!(worker.page("/health").1.contains("\"lastBatchExit\":0"));
        worker.signal("INT");
        assert_eq!(worker.wait(), Some(130));
    });
}

#[test]
fn a_stuck_loop_is_unhealthy() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let server = Arc::new(HealthServer {
            health: Arc::new(HealthState::default()),
            metrics: Arc::new(Metrics::new()),
            clock: fixture.clock.clone(),
            database: OnceLock::new(),
        });
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = watch::channel(false);
        let pages = tokio::spawn(serve(listener, Arc::clone(&server), stopped));
        let ask = async |path: &'static str| {
            let address = address.clone();
            tokio::task::spawn_blocking(move || page(&address, path))
                .await
                .unwrap()
                .0
        };
        let clock: &dyn groundplan::base::clock::Clock = &*fixture.clock;
        server.health.iterated(clock.now());
        assert_eq!(
            (ask("/health").await, ask("/health/live").await),
            (200, 200)
        );
        assert_eq!(ask("/health/ready").await, 503);
        clock.sleep(Duration::from_secs(301)).await;
        assert_eq!(
            (ask("/health").await, ask("/health/live").await),
            (503, 503)
        );
        server.health.iterated(clock.now());
        assert_eq!(
            (ask("/health").await, ask("/health/live").await),
            (200, 200)
        );
        stop.send_replace(true);
        pages.await.unwrap().unwrap();
    });
}

#[test]
fn a_worker_waits_for_a_database_that_is_not_ready() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let cluster = crate::support::postgres::Cluster::get();
        let empty = cluster.empty().await;
        let mut command = work(&fixture, &[]);
        command.env("DATABASE_URL", cluster.address(&empty));
        let mut worker = Worker::of(command);
        assert!(
            worker.log().contains("groundplan migrate"),
            "{}",
            worker.log()
        );
        assert_eq!(worker.page("/health/ready").0, 503);
        assert_eq!(worker.page("/health/live").0, 200);
        let (code, body) = worker.page("/health");
        assert_eq!(code, 200);
        assert!(body.contains("\"consecutiveFailures\":1"), "{body}");
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143));
    });
}

/// Closes every connection to the database except the test's own.
async fn cut(jobs: &StoreFixture) {
    jobs.value(
        "COUNT(pg_terminate_backend(pid))",
        "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'groundplan'",
    )
    .await;
}

#[test]
fn a_worker_whose_connections_are_cut_listens_again() {
    on(Dialect::Postgres, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let mut worker = Worker::start(&fixture, &[]);
        until("readiness", async || worker.page("/health/ready").0 == 200).await;
        cut(&fixture.jobs).await;
        let other = open(&fixture.jobs.address).await;
        let run = other.submit(&fixture.submission(1)).await.unwrap();
        assert_eq!(until_ended(&fixture, &run).await, RunStatus::Succeeded);
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143));
    });
}
