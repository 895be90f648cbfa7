//! Workers that cannot work yet, or not any more: they stay up, say why, and continue once it is mended.

use super::process::{Worker, program, until, work};
use super::support::WorkerFixture;
use crate::support::Sandbox;
use crate::support::jobs::{StoreFixture, on, wait};
use groundplan::store::run::RunStatus;
use groundplan::store::sql::Dialect;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn health(worker: &Worker) -> (u16, Value) {
    let (code, body) = worker.page("/health");
    (code, serde_json::from_str(&body).unwrap())
}

#[test]
fn a_worker_with_an_invalid_key_answers_health_with_the_reason() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let args = [
            "work",
            "--forge",
            "github",
            "--catalogs",
            ".",
            "--state",
            "state",
        ];
        let mut command = program(
            &fixture,
            &[&args[..], &["--health", "127.0.0.1:0"]].concat(),
        );
        command.env("BOOTSTRAP_ENCRYPTION_KEY", "too short");
        let mut worker = Worker::of(command);
        until("unhealthy", async || health(&worker).0 == 503).await;
        let (_, body) = health(&worker);
        assert_eq!(body["status"], "unhealthy");
        let reason = body["reason"].as_str().unwrap();
        assert!(
            reason.contains("invalid BOOTSTRAP_ENCRYPTION_KEY"),
            "{reason}"
        );
        assert!(!reason.contains("too short"), "{reason}");
        assert_eq!(worker.page("/health/live").0, 200);
        assert_eq!(worker.page("/health/ready").0, 503);
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
    });
}

#[test]
fn a_worker_without_the_folder_of_its_forge_starts_to_work_once_it_is_there() {
    on(Dialect::Sqlite, async |jobs| {
        let fixture = WorkerFixture::over(jobs);
        let forge = fixture.sandbox.join("forge");
        fs::remove_dir(&forge).unwrap();
        let mut worker = Worker::start(&fixture, &[]);
        until("unhealthy", async || health(&worker).0 == 503).await;
        let reason = health(&worker).1["reason"].clone();
        assert!(
            reason.as_str().unwrap().contains("is not a folder"),
            "{reason}"
        );
        let marker = fixture.sandbox.join("state/UNHEALTHY");
        until("the marker", async || marker.exists()).await;
        let state: Value = serde_json::from_str(&fixture.sandbox.read("state/state.json")).unwrap();
        assert_eq!(state["status"], "unhealthy");
        assert_eq!(state["reason"], reason);
        assert_eq!(state["currentBatchStartedAt"], Value::Null);
        let run = fixture.submit(1).await;
        fs::create_dir(&forge).unwrap();
        until("the end of the run", async || {
            fixture.jobs.run(&run.id).await.status == RunStatus::Succeeded
        })
        .await;
        assert_eq!(health(&worker).0, 200);
        until("the end of the marker", async || !marker.exists()).await;
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
    });
}

/// A small file system in memory, unmounted when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn at(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.unwrap().success());
    }
}

#[test]
fn a_worker_whose_disk_is_full_says_so_and_continues_once_there_is_room() {
    let sandbox = Sandbox::new();
    let Some(disk) = SmallDisk::at(&sandbox.join("small")) else {
        println!("skipped: this process may not mount a file system");
        return;
    };
    wait(async {
        let jobs = StoreFixture::in_folder(&disk.0).await;
        let fixture = WorkerFixture::over(jobs);
        let runs = [fixture.submit(1).await, fixture.submit(2).await];
        let ballast = disk.0.join("ballast");
        fill(&ballast);
        let mut worker = Worker::of(work(&fixture, &[]));
        until("unhealthy", async || health(&worker).0 == 503).await;
        let (_, body) = health(&worker);
        assert_eq!(
            body["tokenStatus"]["db"],
            "full",
            "{body}\n{}",
            worker.log()
        );
        let reason = body["reason"].as_str().unwrap();
        assert!(
            reason.contains("the disk of the database is full"),
            "{reason}"
        );
        fs::remove_file(&ballast).unwrap();
        for run in &runs {
            until("the end of the run", async || {
                fixture.jobs.run(&run.id).await.status == RunStatus::Succeeded
            })
            .await;
        }
        until("healthy", async || health(&worker).0 == 200).await;
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
    });
}

/// Writes a file until there is no room left.
fn fill(path: &Path) {
    use std::io::Write as _;
    let mut file = fs::File::create(path).unwrap();
    for size in [65_536, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

#[test]
fn a_connection_whose_transaction_failed_on_a_full_disk_is_not_used_again() {
    let sandbox = Sandbox::new();
    let Some(disk) = SmallDisk::at(&sandbox.join("small")) else {
        println!("skipped: this process may not mount a file system");
        return;
    };
    wait(async {
        let jobs = StoreFixture::in_folder(&disk.0).await;
        let ballast = disk.0.join("ballast");
        fill(&ballast);
        for number in 0..20 {
            let submission = crate::support::jobs::submission(
                &format!("p{}", number % 10),
                groundplan::model::action::RiskLevel::Low,
            );
            let refused = groundplan::store::Store::submit(&jobs.store, &submission).await;
            let Err(error) = refused else {
                continue;
            };
            let is_full = matches!(
                error,
                groundplan::store::error::StoreError::DiskFull { .. }
                    | groundplan::store::error::StoreError::ActiveRun { .. }
            );
            assert!(is_full, "{}", groundplan::error::chain(&error));
        }
        fs::remove_file(&ballast).unwrap();
        // More often than there are connections.
        for number in 20..60 {
            let product = format!("q{number}");
            let user = crate::support::jobs::user("ada");
            let product = crate::support::jobs::product(&product);
            jobs.store.ensure_local(&user, &product).await.unwrap();
        }
    });
}
