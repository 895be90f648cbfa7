//! Two worker processes, many jobs and kills at random moments: each job ends once, each success is one repository.

use super::process::Worker;
use super::support::WorkerFixture;
use crate::support::jobs::{BOTH, on};
use groundplan::store::Store as _;
use groundplan::store::event::EventKind;
use groundplan::store::recovery::Recovery;
use groundplan::store::run::{RunFilter, RunStatus};
use groundplan::store::sql::Dialect;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A pseudo-random sequence that depends on its seed alone.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Unlimited attempts, even for a run that was killed a hundred times.
const RESUME: Recovery = Recovery::Resume { attempts: i64::MAX };

/// Executes jobs with two workers. One of them is killed after each random number of events.
async fn crowd(fixture: &WorkerFixture, jobs: u32, seed: u64) -> (u32, Duration) {
    let mut numbers = Numbers(seed);
    for number in 10..jobs {
        fixture.add_product(number).await;
    }
    for number in 0..jobs {
        fixture.submit(number).await;
    }
    let begun = Instant::now();
    let flags = ["--recovery", "resume", "--concurrency", "4", "--grace", "5"];
    let mut workers = [
        Worker::start(fixture, &flags),
        Worker::start(fixture, &flags),
    ];
    let mut kills = 0;
    let sequence = async || {
        let last = fixture
            .jobs
            .value("MAX(sequence)", "bootstrap_events")
            .await;
        last.parse::<u64>().unwrap()
    };
    let mut next = sequence().await + numbers.below(60);
    let active = RunFilter {
        statuses: vec![RunStatus::Pending, RunStatus::Running],
        limit: Some(1),
        ..RunFilter::default()
    };
    let mut moved = (Instant::now(), 0);
    let mut dead = Vec::new();
    while !fixture.jobs.store.runs(&active).await.unwrap().is_empty() {
        let now = sequence().await;
        if now > moved.1 {
            moved = (Instant::now(), now);
        }
        assert!(
            moved.0.elapsed() < Duration::from_mins(2),
            "seed {seed}: nothing moves\n{}\n{}",
            workers[0].log(),
            workers[1].log()
        );
        if now < next {
            tokio::time::sleep(Duration::from_millis(1 + numbers.below(8))).await;
            if moved.0.elapsed() > Duration::from_secs(1) {
                // A claim may be stored after its worker has died.
                lapse(fixture, &dead).await;
            }
            continue;
        }
        let victim = usize::try_from(numbers.below(2)).unwrap();
        workers[victim].kill();
        kills += 1;
        dead.push(workers[victim].process());
        lapse(fixture, &dead).await;
        workers[victim] = Worker::start(fixture, &flags);
        next = sequence().await + 1 + numbers.below(60);
    }
    let took = begun.elapsed();
    for worker in &mut workers {
        worker.signal("TERM");
        assert_eq!(worker.wait(), Some(143), "{}", worker.log());
    }
    (kills, took)
}

/// Lets the leases of dead workers run out, and brings back what they had. Those of living ones stay.
async fn lapse(fixture: &WorkerFixture, dead: &[u32]) {
    let past = match fixture.jobs.dialect() {
        Dialect::Sqlite => "1",
        Dialect::Postgres => "timestamp 'epoch'",
    };
    for process in dead {
        fixture.jobs
            .write(&format!(
                "UPDATE bootstrap_claims SET lease_until = {past} WHERE worker_id LIKE '%-{process}-%'"
            ))
            .await;
    }
    fixture.jobs.store.recover_expired(RESUME).await.unwrap();
}

/// What holds in the end, whatever happened.
async fn check(fixture: &WorkerFixture, jobs: u32, seed: u64) -> BTreeMap<&'static str, usize> {
    let every = RunFilter {
        limit: Some(jobs + 1),
        ..RunFilter::default()
    };
    let runs = fixture.jobs.runs(&every).await;
    assert_eq!(runs.len(), jobs as usize);
    let mut ends = BTreeMap::new();
    let mut succeeded = Vec::new();
    for run in &runs {
        let events = fixture
            .jobs
            .store
            .events(0, Some(&run.id), 1000)
            .await
            .unwrap();
        for (at, event) in events.iter().enumerate() {
            assert_eq!(
                event.number,
                i64::try_from(at).unwrap() + 1,
                "seed {seed}: a gap in {}",
                run.id
            );
        }
        let terminal = events.iter().filter(|event| event.kind.is_terminal());
        let terminal: Vec<EventKind> = terminal.map(|event| event.kind).collect();
        assert_eq!(
            terminal.len(),
            1,
            "seed {seed}: {} ended as {terminal:?}",
            run.id
        );
        assert!(events.last().unwrap().kind.is_terminal(), "seed {seed}");
        *ends.entry(run.status.as_db()).or_default() += 1;
        if run.status == RunStatus::Succeeded {
            succeeded.push(format!("{}.git", run.repo));
        }
    }
    succeeded.sort();
    assert_eq!(fixture.repositories(), succeeded, "seed {seed}");
    ends
}

#[test]
fn jobs_whose_workers_are_killed_at_random_end_once_and_are_made_once() {
    const JOBS: u32 = 30;
    for dialect in BOTH {
        let seed = getrandom::u64().unwrap() | 1;
        on(dialect, async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let (kills, took) = crowd(&fixture, JOBS, seed).await;
            println!("{dialect:?} seed {seed}: {kills} kills in {took:?}");
            let ends = check(&fixture, JOBS, seed).await;
            assert_eq!(ends, [("SUCCEEDED", JOBS as usize)].into(), "seed {seed}");
            for number in 0..JOBS {
                assert!(fixture.is_right(number), "seed {seed}: {number}");
            }
        });
    }
}

/// The same at full size; `cargo test --test integration -- --ignored --nocapture a_thousand_jobs` prints the counts.
#[test]
#[ignore = "takes many minutes"]
fn a_thousand_jobs_whose_workers_are_killed_at_random_end_once_and_are_made_once() {
    const JOBS: u32 = 1000;
    for dialect in BOTH {
        let seed = getrandom::u64().unwrap() | 1;
        on(dialect, async |jobs| {
            let fixture = WorkerFixture::over(jobs);
            let (kills, took) = crowd(&fixture, JOBS, seed).await;
            let ends = check(&fixture, JOBS, seed).await;
            println!("{dialect:?} seed {seed}: {JOBS} jobs, {kills} kills, {took:?}, {ends:?}");
            assert_eq!(ends, [("SUCCEEDED", JOBS as usize)].into(), "seed {seed}");
        });
    }
}
