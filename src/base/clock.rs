//! The time, waiting and jitter, behind a trait so that tests need none of them.

use async_trait::async_trait;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;

    /// Waits for a time.
    async fn sleep(&self, time: Duration);

    /// A random number from 0 to 1. It spreads waits, so that programs that fail together do not retry together.
    fn jitter(&self) -> f64;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "waits and the age of a repository need the real time; no plan sees it"
    )]
    fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn jitter(&self) -> f64 {
        // Without randomness every program waits the longest time, which is harmless.
        getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
    }
}
