//! The clock of the network: how long a call takes, and when a repository was last asked. No result depends on it.

use std::time::{Instant, SystemTime};

#[expect(clippy::disallowed_methods, reason = "a call has a time limit")]
pub(super) fn instant() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the cache remembers when it last asked"
)]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}
