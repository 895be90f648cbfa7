//! The worker as a service: it hears of jobs, says how it is, survives its database, and ends as it is told.

use super::process::{Worker, page, program, work};
use super::support::Yard;
use crate::forge::fake::TOKEN;
use crate::support::jobs::{StoreFixture, on, on_both_databases};
use crate::support::postgres::open;
use groundplan::store::Store as _;
use groundplan::store::run::{Run, RunStatus};
use groundplan::store::sql::Dialect;
use groundplan::worker::health::{HealthServer, bind, serve};
use groundplan::worker::health_state::HealthState;
use groundplan::worker::metrics::Metrics;
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Waits until something is so. Nothing depends on how long that takes.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{what} did not happen"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_ended(yard: &Yard, run: &Run) -> RunStatus {
    until("the end of the run", async || {
        !yard.desk.run(&run.id).await.status.is_active()
    })
    .await;
    yard.desk.run(&run.id).await.status
}

#[test]
fn once_takes_what_is_queued_and_ends_with_zero() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        yard.sandbox.run(&mut work(&yard, &["--once"])).exits(0);
        let runs = [yard.submit(1).await, yard.submit(2).await];
        yard.sandbox.run(&mut work(&yard, &["--once"])).exits(0);
        for (number, run) in [1, 2].into_iter().zip(runs) {
            assert_eq!(yard.desk.status(&run.id).await, "SUCCEEDED/DONE");
            assert!(yard.is_right(number));
        }
        yard.holds_only_logs();
    });
}

#[test]
fn once_says_by_its_code_that_a_run_failed_or_a_token_was_refused() {
    on(Dialect::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        yard.submit(1).await;
        yard.desk
            .write("UPDATE bootstrap_runs SET recipe_snapshot = '{}'")
            .await;
        yard.sandbox.run(&mut work(&yard, &["--once"])).exits(1);
        yard.submit(2).await;
        let mut github = program(
            &yard,
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
        yard.sandbox.run(&mut github).exits(3);
    });
}

#[test]
fn what_is_missing_is_told_at_the_start() {
    on(Dialect::Sqlite, async |desk| {
        let yard = Yard::over(desk);
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
                "is no filter",
            ),
        ] {
            let mut command = program(&yard, &[&base, more].concat());
            let ran = yard.sandbox.run(&mut command).exits(2);
            assert!(ran.stderr.contains(hint), "{}", ran.stderr);
        }
    });
}

#[test]
fn an_address_that_is_taken_is_told_at_the_start() {
    on(Dialect::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let mut command = program(
            &yard,
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
        let ran = yard.sandbox.run(&mut command).exits(3);
        assert!(
            ran.stderr.contains(&format!("cannot answer at {address}")),
            "{}",
            ran.stderr
        );
    });
}

#[test]
fn a_job_that_is_queued_while_it_works_is_heard_of() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let mut worker = Worker::start(&yard, &[]);
        let run = yard.submit(1).await;
        let begun = Instant::now();
        assert_eq!(until_ended(&yard, &run).await, RunStatus::Succeeded);
        // By the poll it could take half a minute.
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert!(yard.is_right(1));
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
    });
}

#[test]
fn it_introduces_itself_in_one_line_and_says_no_secret() {
    on(Dialect::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        let mut command = work(&yard, &["--log-format", "json"]);
        command
            .env("GROUNDPLAN_FORGE_TOKEN", TOKEN)
            .env("GROUNDPLAN_GIT_TOKEN", TOKEN);
        command.arg("--once");
        let ran = yard.sandbox.run(&mut command).exits(0);
        let lines = ran
            .stderr
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let told = lines
            .into_iter()
            .find(|line| line["message"] == "working")
            .unwrap();
        for field in ["version", "schema_hash", "git", "worker"] {
            assert!(!told[field].as_str().unwrap().is_empty(), "{field}");
        }
        assert_eq!(told["action_schema_version"], 1);
        assert_eq!(told["database"], "sqlite");
        assert_eq!(told["concurrency"], 4);
        assert!(told["catalogs"].as_str().unwrap().starts_with("demo@"));
        assert!(!ran.stderr.contains("canary"));
    });
}

#[test]
fn its_pages_say_how_it_is() {
    on_both_databases(async |desk| {
        let yard = Yard::over(desk);
        let mut worker = Worker::start(&yard, &[]);
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
        let run = yard.submit(1).await;
        until_ended(&yard, &run).await;
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
fn health_turns_bad_when_the_loop_is_stuck() {
    on(Dialect::Sqlite, async |desk| {
        let yard = Yard::over(desk);
        let panel = Arc::new(HealthServer {
            pulse: Arc::new(HealthState::default()),
            meter: Arc::new(Metrics::new()),
            clock: yard.clock.clone(),
            database: OnceLock::new(),
        });
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = watch::channel(false);
        let pages = tokio::spawn(serve(listener, Arc::clone(&panel), stopped));
        let ask = async |path: &'static str| {
            let address = address.clone();
            tokio::task::spawn_blocking(move || page(&address, path))
                .await
                .unwrap()
                .0
        };
        let clock: &dyn groundplan::base::clock::Clock = &*yard.clock;
        panel.pulse.turn(clock.now());
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
        panel.pulse.turn(clock.now());
        assert_eq!(
            (ask("/health").await, ask("/health/live").await),
            (200, 200)
        );
        stop.send_replace(true);
        pages.await.unwrap().unwrap();
    });
}

#[test]
fn a_worker_waits_for_a_database_that_is_not_ready_and_says_so() {
    on(Dialect::Postgres, async |desk| {
        let yard = Yard::over(desk);
        let cluster = crate::support::postgres::Cluster::get();
        let empty = cluster.empty().await;
        let mut command = work(&yard, &[]);
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

/// Ends every session of the database but the test's own.
async fn cut(desk: &StoreFixture) {
    desk.value(
        "COUNT(pg_terminate_backend(pid))",
        "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'groundplan'",
    )
    .await;
}

#[test]
fn a_worker_whose_connections_are_cut_listens_again() {
    on(Dialect::Postgres, async |desk| {
        let yard = Yard::over(desk);
        let mut worker = Worker::start(&yard, &[]);
        until("readiness", async || worker.page("/health/ready").0 == 200).await;
        cut(&yard.desk).await;
        let other = open(&yard.desk.address).await;
        let run = other.submit(&yard.submission(1)).await.unwrap();
        assert_eq!(until_ended(&yard, &run).await, RunStatus::Succeeded);
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143));
    });
}
