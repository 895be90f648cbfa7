//! The loop: sweeps, takes jobs when it is told of one or every 30 seconds, carries out several at a time, and stops
//! so that nothing is left in the middle.

use super::context::WorkerContext;
use super::health_state::HealthState;
use super::lease_keeper::Shutdown;
use super::log::Logs;
use super::outcome::AttemptOutcome;
use super::run::carry_out;
use crate::store::error::StoreError;
use crate::store::lease::ClaimTarget;
use crate::store::recovery::{OrphanedRun, RecoveryReport};
use crate::store::sql::Database;
use crate::store::sql::workers::Presence;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What the loop needs besides the means of its runs.
pub struct Service {
    pub means: Arc<WorkerContext>,
    pub database: Arc<Database>,
    pub pulse: Arc<HealthState>,
    pub logs: Arc<Logs>,
    pub presence: Presence,
    /// How many runs are carried out at a time.
    pub concurrency: usize,
    /// How long a step may go on when the program is to stop.
    pub grace: Duration,
    /// Whether it ends when there is nothing to take, and at the first thing that all runs would stumble over.
    pub is_once: bool,
}

/// What was done until the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    pub runs: u64,
    /// Whether any run or the database failed.
    pub has_failed: bool,
    /// Whether a user's token was refused.
    pub was_refused: bool,
}

const POLLED_EVERY: Duration = Duration::from_secs(30);
const SWEPT_EVERY: Duration = Duration::from_mins(5);
const ROTATED_EVERY: Duration = Duration::from_hours(1);
const BEATS_EVERY: Duration = Duration::from_secs(10);
/// For a run that is told to end at once.
const LAST_WORDS: Duration = Duration::from_secs(5);

impl Service {
    /// Works until `stop` says so, or, once, until nothing is left to take.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) -> Finished {
        // Listening comes before the first look, so that nothing is missed in between.
        let mut wakeups = self.database.wakeups().await;
        let (shift, _) = watch::channel(Shutdown::On);
        let mut runs = JoinSet::new();
        let mut finished = Finished::default();
        let presence = tokio::spawn(present(Arc::clone(&self.database), self.presence.clone()));
        let (mut sweep_at, mut rotate_at) = (Instant::now(), Instant::now());
        let mut not_before = Instant::now();
        while !*stop.borrow_and_update() {
            self.pulse.turn(self.means.clock.now());
            if Instant::now() >= rotate_at {
                self.rotate();
                rotate_at = Instant::now() + ROTATED_EVERY;
            }
            let mut is_empty = false;
            if Instant::now() >= not_before {
                let turned = self.turn(&mut sweep_at, &mut runs, &shift).await;
                is_empty = turned.unwrap_or_else(|error| {
                    self.pulse.away();
                    tracing::warn!("{error}");
                    finished.has_failed = true;
                    not_before = Instant::now() + self.pulse.pause();
                    self.is_once
                });
            }
            if self.is_once && runs.is_empty() && (is_empty || finished.has_failed) {
                break;
            }
            // However long the next claim has to wait, the loop turns.
            let now = Instant::now();
            let due = if not_before > now {
                not_before
            } else {
                sweep_at
            };
            let next = due.min(now + POLLED_EVERY);
            tokio::select! {
                Some(ended) = runs.join_next(), if !runs.is_empty() => {
                    let outcome = ended.unwrap_or(AttemptOutcome::Troubled);
                    if self.count(outcome, &mut finished) {
                        not_before = Instant::now() + self.pulse.pause();
                    }
                }
                _ = wakeups.next() => {}
                () = sleep_until(next) => {}
                _ = stop.changed() => {}
            }
        }
        self.close(runs, &shift, &mut finished).await;
        presence.abort();
        // Readers ignore who was silent for a minute, so that it need not arrive.
        drop(timeout(LAST_WORDS, self.database.remove_worker(&self.means.worker)).await);
        finished
    }

    /// Sweeps when it is time, and takes jobs until there is no room or none is left. Whether none is left.
    async fn turn(
        &self,
        sweep_at: &mut Instant,
        runs: &mut JoinSet<AttemptOutcome>,
        shift: &watch::Sender<Shutdown>,
    ) -> Result<bool, StoreError> {
        if Instant::now() >= *sweep_at {
            let swept = self
                .means
                .store
                .recover_expired(self.means.recovery)
                .await?;
            self.pulse.answered();
            tell(&swept);
            *sweep_at = Instant::now() + SWEPT_EVERY;
        }
        while runs.len() < self.concurrency {
            let claimed = self
                .means
                .store
                .claim(&self.means.worker, &ClaimTarget::Oldest);
            let claimed = claimed.await?;
            self.pulse.answered();
            let Some(lease) = claimed else {
                return Ok(true);
            };
            self.pulse.begin();
            self.means.meter.begin();
            let means = Arc::clone(&self.means);
            let (log, shift) = (self.logs.of(&lease), shift.subscribe());
            runs.spawn(async move { carry_out(&means, lease, log, shift).await });
        }
        Ok(false)
    }

    /// Writes down how an attempt ended. Whether the next one is to wait.
    fn count(&self, outcome: AttemptOutcome, finished: &mut Finished) -> bool {
        self.pulse.end(self.means.clock.now(), outcome);
        self.means.meter.end(outcome);
        finished.runs += 1;
        match outcome {
            AttemptOutcome::Failed { .. } | AttemptOutcome::Lost => finished.has_failed = true,
            AttemptOutcome::Troubled => {
                finished.has_failed = true;
                return true;
            }
            AttemptOutcome::Refused => finished.was_refused = true,
            AttemptOutcome::Succeeded
            | AttemptOutcome::Cancelled { .. }
            | AttemptOutcome::Held
            | AttemptOutcome::HandedBack => {}
        }
        false
    }

    /// Lets each run finish its step, then give its job back; what is not done by then is stopped where it stands.
    async fn close(
        &self,
        mut runs: JoinSet<AttemptOutcome>,
        shift: &watch::Sender<Shutdown>,
        finished: &mut Finished,
    ) {
        for (word, patience) in [
            (Shutdown::Closing, self.grace),
            (Shutdown::Over, LAST_WORDS),
        ] {
            shift.send_replace(word);
            let rest = async {
                while let Some(ended) = runs.join_next().await {
                    self.count(ended.unwrap_or(AttemptOutcome::Troubled), finished);
                }
            };
            if timeout(patience, rest).await.is_ok() {
                return;
            }
        }
        runs.shutdown().await;
    }

    /// Logs grow old by the machine's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the age of a log file is compared with the file system's own times"
    )]
    fn rotate(&self) {
        let logs = Arc::clone(&self.logs);
        let now = SystemTime::now();
        drop(tokio::task::spawn_blocking(move || {
            if let Err(error) = logs.rotate(now) {
                tracing::warn!("old logs were not put away: {error}");
            }
        }));
    }
}

/// Says every ten seconds that the worker is there. That nobody hears it changes nothing.
async fn present(database: Arc<Database>, presence: Presence) {
    loop {
        if let Err(error) = database.heartbeat(&presence).await {
            tracing::debug!("the worker's presence was not written: {error}");
        }
        sleep(BEATS_EVERY).await;
    }
}

fn tell(swept: &RecoveryReport) {
    let lists = [
        ("failed", &swept.failed),
        ("needs cleanup", &swept.needs_cleanup),
        ("cancelled", &swept.cancelled),
        ("requeued", &swept.requeued),
    ];
    for (what, runs) in lists {
        for run in runs {
            tracing::info!(run.id = %run, "swept: {what}");
        }
    }
    for OrphanedRun { run, repo: place } in &swept.orphaned {
        tracing::warn!(run.id = %run, %place, "the run was deleted, and something of it may be left on the forge");
    }
}
