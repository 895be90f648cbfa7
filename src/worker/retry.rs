//! Waiting for a database that is away, for as long as the lease may still be held.

use super::lease_keeper::{HeldLease, LeaseKeeper};
use crate::base::clock::Clock;
use crate::store::error::StoreError;
use std::time::Duration;

/// How often something is tried: together the waits are as long as half a lease.
const TRIES: u32 = 9;
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// The tries of one call.
pub(super) struct Retry<'p> {
    clock: &'p dyn Clock,
    hold: &'p LeaseKeeper,
    wait: Duration,
    tries: u32,
}

impl<'p> Retry<'p> {
    /// Before the first try.
    pub(super) fn new(clock: &'p dyn Clock, hold: &'p LeaseKeeper) -> Self {
        Self {
            clock,
            hold,
            wait: FIRST_WAIT,
            tries: 1,
        }
    }

    /// Whether it was tried before, and may have happened although no answer came.
    pub(super) fn is_again(&self) -> bool {
        self.tries > 1
    }

    /// The answer, when it is one; otherwise waits, and it is to be tried again.
    pub(super) async fn settle<T>(
        &mut self,
        done: Result<T, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        match &done {
            Err(StoreError::Unavailable { .. })
                if self.tries < TRIES && self.hold.grip() != HeldLease::Lost => {}
            Err(_) | Ok(_) => return Some(done),
        }
        self.clock.sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        self.tries += 1;
        None
    }
}
