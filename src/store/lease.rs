//! Leases: the worker of a job, and until when.

use super::id::{JobId, RunId};
use std::fmt;
use std::time::Duration;

/// A worker process: host, process number and start time, so that no two share a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerId(String);

/// The right of one worker to work on one job. Every write of the worker presents it and is refused when it is not the
/// current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub job: JobId,
    pub run: RunId,
    pub worker: WorkerId,
    /// Counts the claims of a job, so that an earlier claim of the same worker is not mistaken for the current one.
    pub generation: i64,
}

/// The job to claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimTarget {
    /// The oldest queued job of our kind that does not wait for an approval.
    Oldest,
    /// One run that ended and left something outside, to clean it up. Its job stays ended.
    Ended(RunId),
}

/// The answer to a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    Held,
    /// The lease is valid, and the job was cancelled: remove what is outside.
    Cancelled,
}

impl WorkerId {
    /// The worker with a process number on a host, started at a time in milliseconds since 1970.
    pub fn new(host: &str, process: u32, started_at: u64) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let plain: String = host.chars().filter(|c| is_plain(*c)).take(64).collect();
        Self(format!("{plain}-{process}-{started_at}"))
    }

    /// The text in a row.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Lease {
    /// The validity of a claim or a renewal.
    pub const LENGTH: Duration = Duration::from_mins(1);
    /// The time between two renewals.
    pub const RENEWED_EVERY: Duration = Duration::from_secs(30);
}

impl fmt::Display for WorkerId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
