//! Logs of runs: size, permissions, secrets, links of jobs, rotation, and errors that fail no run.

use crate::forge::fake::TOKEN;
use crate::support::Sandbox;
use groundplan::secret::Secret;
use groundplan::store::id::{JobId, RunId};
use groundplan::store::lease::{Lease, WorkerId};
use groundplan::worker::log::{Logs, MAX_BYTES, Rotated};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::time::{Duration, SystemTime};

const HOUR: Duration = Duration::from_hours(1);

fn lease(run: &str) -> Lease {
    Lease {
        job: JobId::parse("job1").unwrap(),
        run: RunId::parse(run).unwrap(),
        worker: WorkerId::new("host", 1, 1),
        generation: 1,
    }
}

/// Logs of a run with one line, and the time when that line has this age.
fn aged(sandbox: &Sandbox, age: Duration) -> (Logs, SystemTime) {
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    logs.run_log(&lease("run1")).write(0, "claim", "taken");
    let file = File::options()
        .append(true)
        .open(sandbox.join("logs/runs/run1.log"))
        .unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    (logs, written + age)
}

#[test]
fn a_job_has_a_relative_link_to_the_log_of_its_run() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    logs.run_log(&lease("run1"))
        .write(1_795_262_400_000, "claim", "taken\nby hand");
    let target = fs::read_link(sandbox.join("logs/jobs/job1")).unwrap();
    assert_eq!(target.to_str(), Some("../runs/run1.log"));
    assert_eq!(
        sandbox.read("logs/jobs/job1"),
        "2026-11-21T12:00:00Z claim: taken by hand\n"
    );
    let mode = fs::metadata(sandbox.join("logs/runs/run1.log"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    logs.run_log(&lease("run2")).write(0, "claim", "again");
    let target = fs::read_link(sandbox.join("logs/jobs/job1")).unwrap();
    assert_eq!(target.to_str(), Some("../runs/run2.log"));
}

#[test]
fn a_second_attempt_appends_to_the_same_file() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    logs.run_log(&lease("run1")).write(0, "claim", "first");
    logs.run_log(&lease("run1")).write(0, "claim", "second");
    assert_eq!(sandbox.read("logs/runs/run1.log").lines().count(), 2);
}

#[test]
fn a_log_is_cut_at_its_limit_with_a_mark_once() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    for _ in 0..2 {
        let log = logs.run_log(&lease("run1"));
        for _ in 0..400 {
            log.write(0, "build", &"ä".repeat(1000));
        }
    }
    let text = sandbox.read("logs/runs/run1.log");
    assert!(text.len() as u64 <= MAX_BYTES && text.len() as u64 > MAX_BYTES - 100);
    assert_eq!(text.matches("… cut here").count(), 1);
    assert!(text.ends_with("256 KiB\n"));
}

#[test]
fn a_secret_is_in_no_line_in_any_spelling() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    let log = logs.run_log(&lease("run1"));
    let plain = "0123456789abcdef0123456789abcdef01234567";
    log.hide_secret(&Secret::parse(plain.to_owned()).unwrap());
    log.write(0, "push", &format!("https://x:{TOKEN}@host/ and {plain}"));
    let text = sandbox.read("logs/runs/run1.log");
    assert!(!text.contains("canary") && !text.contains(plain), "{text}");
    assert!(text.contains("[secret]"), "{text}");
}

#[test]
fn a_log_is_compressed_after_a_day_and_linked_by_its_job() {
    let sandbox = Sandbox::new();
    let (logs, now) = aged(&sandbox, 24 * HOUR);
    assert_eq!(logs.rotate(now).unwrap(), Rotated::default());
    let rotated = logs.rotate(now + HOUR).unwrap();
    assert_eq!(
        rotated,
        Rotated {
            compressed: 1,
            ..Rotated::default()
        }
    );
    let target = fs::read_link(sandbox.join("logs/jobs/job1")).unwrap();
    assert_eq!(target.to_str(), Some("../runs/run1.log.gz"));
    let mut unpacked = String::new();
    let packed = File::open(sandbox.join("logs/jobs/job1")).unwrap();
    let mut decoder = flate2::read::GzDecoder::new(packed);
    std::io::Read::read_to_string(&mut decoder, &mut unpacked).unwrap();
    assert!(unpacked.ends_with("claim: taken\n"), "{unpacked}");
    assert_eq!(logs.rotate(now + HOUR).unwrap(), Rotated::default());
}

#[test]
fn a_log_is_deleted_after_thirty_days_and_its_link_pruned() {
    let sandbox = Sandbox::new();
    let (logs, now) = aged(&sandbox, 25 * HOUR);
    assert_eq!(logs.rotate(now).unwrap().compressed, 1);
    let rotated = logs.rotate(now + 30 * 24 * HOUR).unwrap();
    assert_eq!(
        rotated,
        Rotated {
            deleted: 1,
            pruned: 1,
            ..Rotated::default()
        }
    );
    assert_eq!(sandbox.files(), Vec::<String>::new());
}

#[test]
fn other_files_in_the_folder_are_not_touched() {
    let sandbox = Sandbox::new();
    let (logs, now) = aged(&sandbox, Duration::ZERO);
    sandbox
        .write("logs/runs/notes.txt", "mine")
        .write("logs/runs/folder.log/inside", "mine");
    sandbox.write("logs/jobs/plain", "mine");
    logs.rotate(now + 365 * 24 * HOUR).unwrap();
    assert_eq!(
        sandbox.files(),
        [
            "logs/jobs/plain",
            "logs/runs/folder.log/inside",
            "logs/runs/notes.txt"
        ]
    );
}

#[test]
fn a_log_that_is_a_link_is_not_followed_and_fails_nothing() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    sandbox.write("victim", "");
    sandbox.symlink("../../victim", "logs/runs/run1.log");
    logs.run_log(&lease("run1")).write(0, "claim", "taken");
    assert_eq!(sandbox.read("victim"), "");
}

#[test]
fn a_log_that_is_a_pipe_does_not_block() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    let pipe = sandbox.join("logs/runs/run1.log");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    logs.run_log(&lease("run1")).write(0, "claim", "taken");
    // It is not used as a log when the pipe has a reader either.
    let mut reader = File::options()
        .read(true)
        .write(true)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap())
        .open(&pipe)
        .unwrap();
    logs.run_log(&lease("run1")).write(0, "claim", "taken");
    let read = reader.read(&mut [0; 8]).unwrap_err();
    assert_eq!(read.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_log_is_written_even_if_its_link_cannot_be_created() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    sandbox.write("logs/jobs/job1/inside", "mine");
    logs.run_log(&lease("run1")).write(0, "claim", "taken");
    assert!(sandbox.read("logs/runs/run1.log").contains("taken"));
}

#[test]
fn a_log_that_cannot_be_rotated_does_not_keep_the_others() {
    let sandbox = Sandbox::new();
    let (logs, now) = aged(&sandbox, 25 * HOUR);
    for name in ["a", "z"] {
        sandbox.write(&format!("logs/runs/{name}.log"), "old");
        sandbox.write(&format!("logs/runs/{name}.log.gz/inside"), "in the way");
    }
    let rotated = logs.rotate(now).unwrap();
    assert_eq!(rotated.compressed, 1);
    assert!(sandbox.join("logs/runs/run1.log.gz").is_file());
    assert_eq!(sandbox.read("logs/runs/a.log"), "old");
}

#[test]
fn a_folder_that_was_removed_fails_nothing() {
    let sandbox = Sandbox::new();
    let logs = Logs::open(&sandbox.join("logs")).unwrap();
    fs::remove_dir_all(sandbox.join("logs")).unwrap();
    logs.run_log(&lease("run1")).write(0, "claim", "taken");
}
