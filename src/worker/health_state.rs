//! How the worker is: what /health says, computed from when the loop last turned and how its batches ended.

use serde::Serialize;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::outcome::AttemptOutcome;
use crate::model::timestamp::Timestamp;

/// A loop that has not turned for so long is stuck.
const LONGEST_TURN: Duration = Duration::from_mins(5);
/// So many failures in a row are not chance.
const UNHEALTHY_AFTER: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// What is remembered. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub struct HealthState(Mutex<Heartbeat>);

#[derive(Clone, Debug, Default)]
struct Heartbeat {
    turned_at: i64,
    running: u32,
    last_batch_at: Option<i64>,
    last_batch_exit: Option<u8>,
    failures: u32,
    refusals: u32,
    is_database_away: bool,
}

/// The word for how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Running,
    Idle,
    Unhealthy,
    TokenExpired,
}

/// What /health answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    pub status: Status,
    /// Whether the loop still turns.
    pub is_turning: bool,
    pub body: Value,
}

impl Health {
    /// Whether nobody has to look.
    pub fn is_good(&self) -> bool {
        self.is_turning && matches!(self.status, Status::Running | Status::Idle)
    }
}

impl HealthState {
    /// The loop turns.
    pub fn turn(&self, now: i64) {
        self.beat().turned_at = now;
    }

    /// An attempt begins.
    pub fn begin(&self) {
        self.beat().running += 1;
    }

    /// An attempt has ended.
    pub fn end(&self, now: i64, outcome: AttemptOutcome) {
        let mut beat = self.beat();
        beat.running = beat.running.saturating_sub(1);
        beat.last_batch_at = Some(now);
        beat.last_batch_exit = Some(match outcome {
            AttemptOutcome::Succeeded | AttemptOutcome::Cancelled { .. } | AttemptOutcome::Held => {
                0
            }
            AttemptOutcome::Refused => 3,
            AttemptOutcome::HandedBack => 143,
            AttemptOutcome::Failed { .. } | AttemptOutcome::Troubled | AttemptOutcome::Lost => 1,
        });
        match outcome {
            AttemptOutcome::Troubled => beat.failures += 1,
            AttemptOutcome::Refused => beat.refusals += 1,
            // A run that fails for a reason of its own says nothing about the next one.
            AttemptOutcome::Succeeded => {
                beat.failures = 0;
                beat.refusals = 0;
            }
            AttemptOutcome::Failed { .. }
            | AttemptOutcome::Cancelled { .. }
            | AttemptOutcome::Held => {
                beat.failures = 0;
            }
            AttemptOutcome::HandedBack | AttemptOutcome::Lost => {}
        }
    }

    /// The database did not answer the loop.
    pub fn away(&self) {
        let mut beat = self.beat();
        beat.failures += 1;
        beat.is_database_away = true;
    }

    /// The database answered the loop.
    pub fn answered(&self) {
        let mut beat = self.beat();
        if std::mem::take(&mut beat.is_database_away) {
            beat.failures = 0;
        }
    }

    /// How long to wait before the next claim: nothing after a success, then 5 s, doubling up to 300 s.
    pub fn pause(&self) -> Duration {
        match self.beat().failures {
            0 => Duration::ZERO,
            failures => LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow((failures - 1).min(10))),
        }
    }

    /// How it is at a time.
    pub fn health(&self, now: i64) -> Health {
        let beat = self.beat().clone();
        let status = if beat.refusals >= UNHEALTHY_AFTER {
            Status::TokenExpired
        } else if beat.failures >= UNHEALTHY_AFTER {
            Status::Unhealthy
        } else if beat.running > 0 {
            Status::Running
        } else {
            Status::Idle
        };
        let longest = i64::try_from(LONGEST_TURN.as_millis()).unwrap_or(i64::MAX);
        let is_turning = now.saturating_sub(beat.turned_at) <= longest;
        let status = if is_turning {
            status
        } else {
            Status::Unhealthy
        };
        Health {
            status,
            is_turning,
            body: json!({
                "status": status,
                "lastBatchAt": beat.last_batch_at.and_then(Timestamp::of_unix_millis),
                "lastBatchExit": beat.last_batch_exit,
                "consecutiveFailures": beat.failures,
                "tokenStatus": {
                    "db": if beat.is_database_away { "unreachable" } else { "ok" },
                    "forge": match beat.refusals {
                        0 => "ok",
                        refusals if refusals < UNHEALTHY_AFTER => "refused",
                        _ => "expired",
                    },
                },
            }),
        }
    }

    fn beat(&self) -> MutexGuard<'_, Heartbeat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_repeats_is_waited_for_longer_each_time_and_a_success_forgets_it() {
        let pulse = HealthState::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            pauses.push(pulse.pause().as_secs());
            pulse.end(0, AttemptOutcome::Troubled);
        }
        assert_eq!(pauses, [0, 5, 10, 20, 40, 80, 160, 300, 300]);
        pulse.end(0, AttemptOutcome::Succeeded);
        assert_eq!(pulse.pause(), Duration::ZERO);
    }

    #[test]
    fn five_failures_in_a_row_are_unhealthy_and_one_success_is_health() {
        let pulse = HealthState::default();
        for failures in 0..5 {
            assert!(pulse.health(0).is_good(), "{failures}");
            pulse.away();
        }
        let health = pulse.health(0);
        assert_eq!(health.status, Status::Unhealthy);
        assert_eq!(health.body["tokenStatus"]["db"], "unreachable");
        assert_eq!(health.body["consecutiveFailures"], 5);
        pulse.answered();
        assert!(pulse.health(0).is_good());
    }

    #[test]
    fn tokens_that_are_refused_one_after_the_other_are_said_to_be_expired() {
        let pulse = HealthState::default();
        for _ in 0..5 {
            assert!(pulse.health(0).is_good());
            pulse.end(0, AttemptOutcome::Refused);
        }
        let health = pulse.health(0);
        assert_eq!(health.status, Status::TokenExpired);
        assert_eq!(health.body["tokenStatus"]["forge"], "expired");
        assert_eq!(health.body["lastBatchExit"], 3);
    }

    #[test]
    fn runs_that_fail_for_reasons_of_their_own_leave_the_worker_healthy() {
        let pulse = HealthState::default();
        for _ in 0..50 {
            pulse.end(0, AttemptOutcome::Failed { left: true });
        }
        assert!(pulse.health(0).is_good());
        assert_eq!(pulse.pause(), Duration::ZERO);
    }

    #[test]
    fn a_loop_that_does_not_turn_is_stuck_although_the_process_lives() {
        let pulse = HealthState::default();
        pulse.turn(1_000);
        pulse.begin();
        assert_eq!(pulse.health(301_000).status, Status::Running);
        let late = pulse.health(301_001);
        assert_eq!(late.status, Status::Unhealthy);
        assert!(!late.is_good());
    }
}
