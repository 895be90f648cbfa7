//! The health of a worker, computed from the last iteration of its loop and the outcomes of its attempts.

use super::outcome::AttemptOutcome;
use crate::model::timestamp::Timestamp;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use serde::Serialize;
use serde_json::{Value, json};
use std::mem;
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
    failures: u32,
    refusals: u32,
    is_database_unavailable: bool,
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
    pub body: Value,
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
    pub fn attempt_started(&self) {
        self.heartbeat().running += 1;
    }

    /// Records the end of an attempt.
    pub fn attempt_finished(&self, now: i64, outcome: AttemptOutcome) {
        let mut heartbeat = self.heartbeat();
        heartbeat.running = heartbeat.running.saturating_sub(1);
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

    /// Records that the database did not answer the loop.
    pub fn database_failed(&self) {
        let mut heartbeat = self.heartbeat();
        heartbeat.failures += 1;
        heartbeat.is_database_unavailable = true;
    }

    /// Records that the database answered the loop.
    pub fn database_answered(&self) {
        let mut heartbeat = self.heartbeat();
        if mem::take(&mut heartbeat.is_database_unavailable) {
            heartbeat.failures = 0;
        }
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
        HealthReport {
            status,
            is_alive,
            body: json!({
                "status": status,
                "lastBatchAt": heartbeat.last_batch_at.and_then(Timestamp::of_unix_millis),
                "lastBatchExit": heartbeat.last_batch_exit,
                "consecutiveFailures": heartbeat.failures,
                "tokenStatus": {
                    "db": if heartbeat.is_database_unavailable { "unreachable" } else { "ok" },
                    "forge": match heartbeat.refusals {
                        0 => "ok",
                        refusals if refusals < UNHEALTHY_AFTER => "refused",
                        _ => "expired",
                    },
                },
            }),
        }
    }

    fn heartbeat(&self) -> MutexGuard<'_, Heartbeat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heartbeat {
    fn status(&self, is_alive: bool) -> HealthStatus {
        if !is_alive {
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
            health.database_failed();
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
        health.attempt_started();
        assert_eq!(health.report(301_000).status, HealthStatus::Running);
        let late = health.report(301_001);
        assert_eq!(late.status, HealthStatus::Unhealthy);
        assert!(!late.is_healthy());
    }
}
