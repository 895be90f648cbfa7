//! The loop of the worker: recovers expired leases, claims jobs when notified or every 30 seconds, executes several at
//! a time, and shuts down between two steps.

use super::attempt::execute;
use super::context::WorkerContext;
use super::health_state::HealthState;
use super::lease_keeper::Shutdown;
use super::log::Logs;
use super::outcome::AttemptOutcome;
use crate::error::chain;
use crate::store::error::StoreError;
use crate::store::lease::ClaimTarget;
use crate::store::listed::UnreadableRow;
use crate::store::recovery::{OrphanedRun, RecoveryReport};
use crate::store::sql::Database;
use crate::store::sql::workers::Presence;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// The settings of the loop, besides the context of its runs.
pub struct Service {
    pub context: Arc<WorkerContext>,
    pub database: Arc<Database>,
    pub health: Arc<HealthState>,
    pub logs: Arc<Logs>,
    /// The entry in the list of workers; `None` where it cannot be written.
    pub presence: Option<Presence>,
    /// The number of runs that are executed at the same time.
    pub concurrency: usize,
    /// The time limit of the current steps when the program is asked to stop.
    pub grace: Duration,
    /// True to end when the queue is empty or the database fails.
    pub is_once: bool,
}

/// The result of the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceReport {
    pub runs: u64,
    /// True if a run or the database failed.
    pub has_failed: bool,
    /// True if a user's token was refused.
    pub was_refused: bool,
}

/// The state of a loop.
struct Loop<'s> {
    service: &'s Service,
    runs: JoinSet<AttemptOutcome>,
    shutdown: watch::Sender<Shutdown>,
    report: ServiceReport,
    recover_at: Instant,
    rotate_at: Instant,
    claim_at: Instant,
}

const POLL_INTERVAL: Duration = Duration::from_secs(30);
const RECOVERY_INTERVAL: Duration = Duration::from_mins(5);
const ROTATION_INTERVAL: Duration = Duration::from_hours(1);
const PRESENCE_INTERVAL: Duration = Duration::from_secs(10);
/// The time limit of a run that was told to abort, and of the last statement.
const ABORT_TIMEOUT: Duration = Duration::from_secs(5);

impl Service {
    /// Executes jobs until `stop` is true or, with `is_once`, until the queue is empty.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) -> ServiceReport {
        // Subscribed before the first claim, so that no notification is missed in between.
        let mut wakeups = self.database.wakeups().await;
        let presence = self.presence.clone().map(|presence| {
            let (database, health) = (Arc::clone(&self.database), Arc::clone(&self.health));
            tokio::spawn(report_presence(database, health, presence))
        });
        let mut state = Loop::new(self);
        while !*stop.borrow_and_update() {
            let is_empty = state.iterate().await;
            if self.is_once && state.runs.is_empty() && (is_empty || state.report.has_failed) {
                break;
            }
            let next = state.next_iteration();
            tokio::select! {
                Some(finished) = state.runs.join_next(), if !state.runs.is_empty() => {
                    state.count(finished);
                }
                _ = wakeups.next() => {}
                () = sleep_until(next) => {}
                _ = stop.changed() => {}
            }
        }
        state.drain().await;
        if let Some(presence) = presence {
            presence.abort();
            self.remove_presence().await;
        }
        state.report
    }

    async fn remove_presence(&self) {
        // Readers ignore a worker that is silent for a minute, so this may fail.
        let left = timeout(
            ABORT_TIMEOUT,
            self.database.remove_worker(&self.context.worker),
        )
        .await;
        if !matches!(left, Ok(Ok(()))) {
            tracing::debug!("the worker's presence was not removed");
        }
    }

    /// Compresses and deletes old logs on a separate thread.
    #[expect(
        clippy::disallowed_methods,
        reason = "the age of a log file is compared with the file system's own times"
    )]
    fn rotate(&self) {
        let logs = Arc::clone(&self.logs);
        let now = SystemTime::now();
        let _detached = spawn_blocking(move || {
            if let Err(error) = logs.rotate(now) {
                tracing::warn!("old logs were not rotated: {error}");
            }
        });
    }
}

impl<'s> Loop<'s> {
    fn new(service: &'s Service) -> Self {
        let now = Instant::now();
        Self {
            service,
            runs: JoinSet::new(),
            shutdown: watch::channel(Shutdown::Running).0,
            report: ServiceReport::default(),
            recover_at: now,
            rotate_at: now,
            claim_at: now,
        }
    }

    /// Does what is due. True if the queue is empty or, with `is_once`, if the database fails.
    async fn iterate(&mut self) -> bool {
        let service = self.service;
        service.health.iterated(service.context.clock.now());
        if Instant::now() >= self.rotate_at {
            service.rotate();
            self.rotate_at = Instant::now() + ROTATION_INTERVAL;
        }
        if Instant::now() < self.claim_at {
            return false;
        }
        match self.poll_once().await {
            Ok(is_empty) => is_empty,
            Err(error) => {
                service.health.database_failed(&error);
                tracing::warn!("{}", chain(&error));
                self.report.has_failed = true;
                let mut delay = service.health.delay();
                if matches!(error, StoreError::DiskFull { .. }) {
                    // A look costs nothing, and work continues soon after there is room.
                    delay = delay.min(POLL_INTERVAL);
                }
                self.claim_at = Instant::now() + delay;
                service.is_once
            }
        }
    }

    /// The time of the next iteration, which comes even if the next claim has to wait longer.
    fn next_iteration(&self) -> Instant {
        let now = Instant::now();
        let due = if self.claim_at > now {
            self.claim_at
        } else {
            self.recover_at
        };
        due.min(now + POLL_INTERVAL)
    }

    /// Recovers expired leases if that is due, and claims jobs up to the concurrency. True if the queue is empty.
    async fn poll_once(&mut self) -> Result<bool, StoreError> {
        let Service {
            context,
            health,
            logs,
            concurrency,
            ..
        } = self.service;
        if Instant::now() >= self.recover_at {
            let recovered = context.store.recover_expired(context.recovery).await?;
            health.database_answered();
            log_recovered(&recovered);
            self.recover_at = Instant::now() + RECOVERY_INTERVAL;
        }
        while self.runs.len() < *concurrency {
            let claimed = context
                .store
                .claim(&context.worker, &ClaimTarget::Oldest)
                .await?;
            health.database_answered();
            let Some(lease) = claimed else {
                return Ok(true);
            };
            health.database_wrote();
            health.attempt_started(context.clock.now());
            context.metrics.attempt_started();
            let context = Arc::clone(context);
            let (log, shutdown) = (logs.run_log(&lease), self.shutdown.subscribe());
            self.runs
                .spawn(async move { execute(&context, lease, log, shutdown).await });
        }
        Ok(false)
    }

    /// Counts a finished attempt. The next claim is delayed if a later attempt may succeed.
    fn count(&mut self, finished: Result<AttemptOutcome, JoinError>) {
        let outcome = finished.unwrap_or_else(|crash| {
            tracing::error!("internal error during a run: {crash}");
            AttemptOutcome::RetryLater
        });
        let Service {
            context, health, ..
        } = self.service;
        health.attempt_finished(context.clock.now(), outcome);
        context.metrics.attempt_finished(outcome);
        self.report.runs += 1;
        match outcome {
            AttemptOutcome::Failed { .. } | AttemptOutcome::LeaseLost => {
                self.report.has_failed = true;
            }
            AttemptOutcome::RetryLater => {
                self.report.has_failed = true;
                self.claim_at = Instant::now() + health.delay();
            }
            AttemptOutcome::Refused => self.report.was_refused = true,
            AttemptOutcome::Succeeded
            | AttemptOutcome::Cancelled { .. }
            | AttemptOutcome::AwaitingApproval
            | AttemptOutcome::HandedBack => {}
        }
    }

    /// Lets each run finish its step and give its job back. Runs that exceed the grace period are aborted.
    async fn drain(&mut self) {
        let phases = [
            (Shutdown::Draining, self.service.grace),
            (Shutdown::Aborted, ABORT_TIMEOUT),
        ];
        for (phase, limit) in phases {
            self.shutdown.send_replace(phase);
            let rest = async {
                while let Some(finished) = self.runs.join_next().await {
                    self.count(finished);
                }
            };
            if timeout(limit, rest).await.is_ok() {
                return;
            }
        }
        self.runs.shutdown().await;
    }
}

/// Records every ten seconds that the worker is alive. It also shows if the database can write while no job waits.
async fn report_presence(database: Arc<Database>, health: Arc<HealthState>, presence: Presence) {
    let mut is_known = false;
    loop {
        match database.heartbeat(&presence).await {
            Ok(()) => {
                health.database_wrote();
                is_known = false;
            }
            Err(error) => {
                health.write_failed(&error);
                if !std::mem::replace(&mut is_known, true) {
                    tracing::warn!("the worker is not listed: {}", chain(&error));
                }
            }
        }
        sleep(PRESENCE_INTERVAL).await;
    }
}

fn log_recovered(report: &RecoveryReport) {
    let lists = [
        ("failed", &report.failed),
        ("needs cleanup", &report.needs_cleanup),
        ("cancelled", &report.cancelled),
        ("requeued", &report.requeued),
    ];
    for (result, runs) in lists {
        for run in runs {
            tracing::info!(run.id = %run, "recovered: {result}");
        }
    }
    for UnreadableRow { id, unreadable } in &report.unreadable {
        tracing::warn!(run.id = %id, "the run is not recovered: {unreadable}");
    }
    for OrphanedRun { run, repo } in &report.orphaned {
        tracing::warn!(run.id = %run, %repo, "the run was deleted, and its repository may still be on the forge");
    }
}
