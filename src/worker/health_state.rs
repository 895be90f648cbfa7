//! The health of a worker, computed from the last iteration of its loop and the outcomes of its attempts.

use super::outcome::AttemptOutcome;
use crate::error::chain;
use crate::model::timestamp::Timestamp;
use crate::store::error::StoreError;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest time between two iterations of a loop that is not stuck.
const LONGEST_ITERATION: Duration = Duration::from_mins(5);
/// The number of consecutive failures after which a worker is unhealthy.
const UNHEALTHY_AFTER: u32 = 5;
/// Delays of the next claim after consecutive failures: 5 seconds, doubled up to 5 minutes.
const DELAYS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_secs(5))
    .with_max_delay(Duration::from_mins(5))
    .without_max_times();

/// The recorded state. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub struct HealthState(Mutex<Heartbeat>);

#[derive(Clone, Debug, Default)]
struct Heartbeat {
    iterated_at: i64,
    running: u32,
    last_batch_at: Option<i64>,
    last_batch_exit: Option<u8>,
    /// The start of the oldest batch that runs.
    batch_started_at: Option<i64>,
    failures: u32,
    refusals: u32,
    /// The reason why the worker cannot start to work, such as an invalid key.
    preflight: Option<String>,
    /// The reason why the database did not answer.
    database: Option<String>,
    /// The reason why the database cannot write. An answer to a read does not end it.
    full_disk: Option<String>,
}

/// The `status` in the answer of /health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthStatus {
    Running,
    Idle,
    Unhealthy,
    TokenExpired,
}

/// The answer of /health.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthReport {
    pub status: HealthStatus,
    /// False if the loop is stuck.
    pub is_alive: bool,
    /// The reason why an operator has to act, where one is known.
    pub reason: Option<String>,
    /// The answer of /health.
    pub body: Value,
    /// The content of the worker's state file.
    pub state: Value,
}

impl HealthReport {
    /// True if no operator has to act.
    pub fn is_healthy(&self) -> bool {
        self.is_alive && matches!(self.status, HealthStatus::Running | HealthStatus::Idle)
    }
}

impl HealthState {
    /// Records an iteration of the loop.
    pub fn iterated(&self, now: i64) {
        self.heartbeat().iterated_at = now;
    }

    /// Records the start of an attempt.
    pub fn attempt_started(&self, now: i64) {
        let mut heartbeat = self.heartbeat();
        heartbeat.running += 1;
        heartbeat.batch_started_at.get_or_insert(now);
    }

    /// Records the end of an attempt.
    pub fn attempt_finished(&self, now: i64, outcome: AttemptOutcome) {
        let mut heartbeat = self.heartbeat();
        heartbeat.running = heartbeat.running.saturating_sub(1);
        if heartbeat.running == 0 {
            heartbeat.batch_started_at = None;
        }
        heartbeat.last_batch_at = Some(now);
        heartbeat.last_batch_exit = Some(match outcome {
            AttemptOutcome::Succeeded
            | AttemptOutcome::Cancelled { .. }
            | AttemptOutcome::AwaitingApproval => 0,
            AttemptOutcome::Refused => 3,
            AttemptOutcome::HandedBack => 143,
            AttemptOutcome::Failed { .. }
            | AttemptOutcome::RetryLater
            | AttemptOutcome::LeaseLost => 1,
        });
        match outcome {
            AttemptOutcome::RetryLater => heartbeat.failures += 1,
            AttemptOutcome::Refused => heartbeat.refusals += 1,
            AttemptOutcome::Succeeded => {
                heartbeat.failures = 0;
                heartbeat.refusals = 0;
            }
            // The cause of such a failure is in the run, so the next run is not affected.
            AttemptOutcome::Failed { .. }
            | AttemptOutcome::Cancelled { .. }
            | AttemptOutcome::AwaitingApproval => heartbeat.failures = 0,
            AttemptOutcome::HandedBack | AttemptOutcome::LeaseLost => {}
        }
    }

    /// Records that the worker cannot start to work, and the reason.
    pub fn preflight_failed(&self, reason: String) {
        let mut heartbeat = self.heartbeat();
        heartbeat.failures += 1;
        heartbeat.preflight = Some(reason);
    }

    /// Records that the worker can work.
    pub fn preflight_passed(&self) {
        let mut heartbeat = self.heartbeat();
        if heartbeat.preflight.take().is_some() {
            heartbeat.failures = 0;
        }
    }

    /// Records that the database did not answer the loop.
    pub fn database_failed(&self, error: &StoreError) {
        self.write_failed(error);
        let mut heartbeat = self.heartbeat();
        heartbeat.failures += 1;
        heartbeat.database = Some(chain(error));
    }

    /// Records that a write failed. Only a full disk makes the worker unhealthy at once.
    pub fn write_failed(&self, error: &StoreError) {
        if matches!(error, StoreError::DiskFull { .. }) {
            self.heartbeat().full_disk = Some(chain(error));
        }
    }

    /// Records that the database answered the loop.
    pub fn database_answered(&self) {
        let mut heartbeat = self.heartbeat();
        if heartbeat.database.take().is_some() {
            heartbeat.failures = 0;
        }
    }

    /// Records that the database stored something.
    pub fn database_wrote(&self) {
        self.heartbeat().full_disk = None;
    }

    /// The delay before the next claim: none after a success, then 5 seconds, doubled up to 5 minutes.
    pub fn delay(&self) -> Duration {
        let failures = self.heartbeat().failures;
        let delay = |earlier| DELAYS.build().nth(earlier).unwrap_or(Duration::ZERO);
        failures
            .checked_sub(1)
            .map_or(Duration::ZERO, |earlier| delay(earlier.min(10) as usize))
    }

    /// The health at a time.
    pub fn report(&self, now: i64) -> HealthReport {
        let heartbeat = self.heartbeat().clone();
        let longest = i64::try_from(LONGEST_ITERATION.as_millis()).unwrap_or(i64::MAX);
        let is_alive = now.saturating_sub(heartbeat.iterated_at) <= longest;
        let status = heartbeat.status(is_alive);
        let reason = heartbeat.reason(status, is_alive);
        let mut state = json!({
            "status": status,
            "currentBatchStartedAt": heartbeat.batch_started_at.and_then(Timestamp::of_unix_millis),
            "consecutiveFailures": heartbeat.failures,
        });
        let mut body = json!({
            "status": status,
            "lastBatchAt": heartbeat.last_batch_at.and_then(Timestamp::of_unix_millis),
            "lastBatchExit": heartbeat.last_batch_exit,
            "consecutiveFailures": heartbeat.failures,
            "tokenStatus": {
                "db": match (&heartbeat.full_disk, &heartbeat.database) {
                    (Some(_), _) => "full",
                    (None, Some(_)) => "unreachable",
                    (None, None) => "ok",
                },
                "forge": match heartbeat.refusals {
                    0 => "ok",
                    refusals if refusals < UNHEALTHY_AFTER => "refused",
                    _ => "expired",
                },
            },
        });
        if let Some(reason) = &reason {
            for document in [&mut state, &mut body] {
                document["reason"] = json!(reason);
            }
        }
        HealthReport {
            status,
            is_alive,
            reason,
            body,
            state,
        }
    }

    fn heartbeat(&self) -> MutexGuard<'_, Heartbeat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heartbeat {
    fn status(&self, is_alive: bool) -> HealthStatus {
        if !is_alive || self.preflight.is_some() || self.full_disk.is_some() {
            HealthStatus::Unhealthy
        } else if self.refusals >= UNHEALTHY_AFTER {
            HealthStatus::TokenExpired
        } else if self.failures >= UNHEALTHY_AFTER {
            HealthStatus::Unhealthy
        } else if self.running > 0 {
            HealthStatus::Running
        } else {
            HealthStatus::Idle
        }
    }

    fn reason(&self, status: HealthStatus, is_alive: bool) -> Option<String> {
        match status {
            HealthStatus::Running | HealthStatus::Idle => None,
            HealthStatus::TokenExpired => {
                Some("the forge refused the tokens of several runs in a row".to_owned())
            }
            HealthStatus::Unhealthy if !is_alive => {
                Some("the loop of the worker is stuck".to_owned())
            }
            HealthStatus::Unhealthy => {
                let known = [&self.preflight, &self.full_disk, &self.database]
                    .into_iter()
                    .flatten()
                    .next()
                    .cloned();
                Some(known.unwrap_or_else(|| {
                    "runs fail for a reason that affects all of them".to_owned()
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> StoreError {
        StoreError::Unavailable {
            source: "no answer".into(),
        }
    }

    #[test]
    fn a_full_disk_is_unhealthy_at_once_until_something_is_stored() {
        let health = HealthState::default();
        health.database_failed(&StoreError::DiskFull {
            source: "no room".into(),
        });
        health.database_answered();
        let report = health.report(0);
        assert_eq!(report.status, HealthStatus::Unhealthy);
        assert_eq!(report.body["tokenStatus"]["db"], "full");
        let reason = "the disk of the database is full: no room";
        assert_eq!(report.body["reason"], reason);
        assert_eq!(report.state["reason"], reason);
        health.database_wrote();
        assert!(health.report(0).is_healthy());
    }

    #[test]
    fn a_failed_preflight_is_unhealthy_with_its_reason_until_it_passes() {
        let health = HealthState::default();
        health.preflight_failed("invalid key".to_owned());
        let report = health.report(0);
        assert!(!report.is_healthy());
        assert_eq!(report.reason.as_deref(), Some("invalid key"));
        health.preflight_passed();
        assert!(health.report(0).is_healthy());
        assert_eq!(health.report(0).body["reason"], Value::Null);
    }

    #[test]
    fn the_delay_doubles_with_each_failure_and_a_success_resets_it() {
        let health = HealthState::default();
        let mut delays = Vec::new();
        for _ in 0..9 {
            delays.push(health.delay().as_secs());
            health.attempt_finished(0, AttemptOutcome::RetryLater);
        }
        assert_eq!(delays, [0, 5, 10, 20, 40, 80, 160, 300, 300]);
        health.attempt_finished(0, AttemptOutcome::Succeeded);
        assert_eq!(health.delay(), Duration::ZERO);
    }

    #[test]
    fn five_consecutive_failures_are_unhealthy_and_one_success_is_healthy() {
        let health = HealthState::default();
        for failures in 0..5 {
            assert!(health.report(0).is_healthy(), "{failures}");
            health.database_failed(&away());
        }
        let report = health.report(0);
        assert_eq!(report.status, HealthStatus::Unhealthy);
        assert_eq!(report.body["tokenStatus"]["db"], "unreachable");
        assert_eq!(report.body["consecutiveFailures"], 5);
        health.database_answered();
        assert!(health.report(0).is_healthy());
    }

    #[test]
    fn five_consecutive_refused_tokens_are_reported_as_expired() {
        let health = HealthState::default();
        for _ in 0..5 {
            assert!(health.report(0).is_healthy());
            health.attempt_finished(0, AttemptOutcome::Refused);
        }
        let report = health.report(0);
        assert_eq!(report.status, HealthStatus::TokenExpired);
        assert_eq!(report.body["tokenStatus"]["forge"], "expired");
        assert_eq!(report.body["lastBatchExit"], 3);
    }

    #[test]
    fn failures_of_single_runs_leave_the_worker_healthy() {
        let health = HealthState::default();
        for _ in 0..50 {
            health.attempt_finished(0, AttemptOutcome::Failed { remains: true });
        }
        assert!(health.report(0).is_healthy());
        assert_eq!(health.delay(), Duration::ZERO);
    }

    #[test]
    fn a_loop_that_does_not_iterate_is_unhealthy_although_the_process_is_alive() {
        let health = HealthState::default();
        health.iterated(1_000);
        health.attempt_started(1_000);
        assert_eq!(health.report(301_000).status, HealthStatus::Running);
        let late = health.report(301_001);
        assert_eq!(late.status, HealthStatus::Unhealthy);
        assert!(!late.is_healthy());
    }
}
