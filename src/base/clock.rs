//! Time and jitter behind a trait, so that tests need neither; and the machine's clock for limits and ages.

use async_trait::async_trait;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time, waiting, and random jitter for waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;

    /// Waits.
    async fn sleep(&self, time: Duration);

    /// A random number from 0 to 1. It spreads waits, so that programs that fail together do not retry together.
    fn jitter(&self) -> f64;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> i64 {
        system_time().duration_since(UNIX_EPOCH).map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn jitter(&self) -> f64 {
        // Without randomness all wait the longest time, which does no harm.
        getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
    }
}

/// The monotonic clock, for time limits and durations.
#[expect(
    clippy::disallowed_methods,
    reason = "time limits need the real time; no plan sees it"
)]
pub fn instant() -> Instant {
    Instant::now()
}

/// The time of day, for the age of files and answers.
#[expect(
    clippy::disallowed_methods,
    reason = "ages need the real time; no plan sees it"
)]
pub fn system_time() -> SystemTime {
    SystemTime::now()
}
