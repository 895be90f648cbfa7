//! Repeats calls of the store while the database is unavailable and the lease may still be held.

use super::lease_keeper::{HeldLease, LeaseKeeper};
use crate::base::clock::Clock;
use crate::store::error::StoreError;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::time::Duration;

/// Delays between the tries of one call. Together they are half as long as a lease.
const DELAYS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(250))
    .with_max_delay(Duration::from_secs(8))
    .with_max_times(8);

/// The result of the last try of a call.
pub(super) struct Retried<T> {
    pub(super) result: Result<T, StoreError>,
    /// True if an earlier try was not answered, so that it may have had its effect.
    pub(super) is_repeated: bool,
}

/// Repeats `call` until it is answered, the lease is lost, or the delays are used up.
pub(super) async fn retry<T, F>(
    clock: &dyn Clock,
    lease: &LeaseKeeper,
    call: impl Fn() -> F + Send + Sync,
) -> Retried<T>
where
    F: Future<Output = Result<T, StoreError>> + Send,
    T: Send,
{
    let mut result = call().await;
    let mut is_repeated = false;
    for delay in DELAYS.build() {
        let is_transient = result.as_ref().is_err_and(StoreError::is_transient);
        if !is_transient || lease.state() == HeldLease::Lost {
            break;
        }
        clock.sleep(delay).await;
        result = call().await;
        is_repeated = true;
    }
    Retried {
        result,
        is_repeated,
    }
}
