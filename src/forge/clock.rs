//! Time and chance, handed in so that tests need neither.

use async_trait::async_trait;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time, waiting, and a spread for waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;

    /// Waits.
    async fn sleep(&self, time: Duration);

    /// A number from 0 to 1, another one each time, so that many waiting programs do not return together.
    fn spread(&self) -> f64;
}

/// The machine's own clock.
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

    fn spread(&self) -> f64 {
        // Without randomness everybody waits the longest time, which does no harm.
        getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
    }
}
