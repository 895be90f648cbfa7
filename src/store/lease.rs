//! Who holds a job, and until when.

use super::id::{JobId, RunId};
use std::fmt;
use std::time::Duration;

/// A worker process: host, process number and start, so that no two have one name (R96).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerId(String);

/// A job held by a worker. Every write carries it, and is refused when it is not the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub job: JobId,
    pub run: RunId,
    pub worker: WorkerId,
    /// Counts the claims of a job, so that a worker cannot mistake its former claim for the present one.
    pub generation: i64,
}

/// Which job is to be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimTarget {
    /// The oldest queued one of our kind that waits for nobody's approval (R97).
    Oldest,
    /// One run that ended and left something, to clean up after it. Its job stays ended.
    Ended(RunId),
}

/// What a renewed lease says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    Held,
    /// Held, and somebody cancelled the job: take back what is outside.
    Cancelled,
}

impl WorkerId {
    /// The worker with a process number on a host, started at a time in milliseconds since 1970.
    pub fn new(host: &str, process: u32, started_at: u64) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let host: String = host.chars().filter(|c| is_plain(*c)).take(64).collect();
        Self(format!("{host}-{process}-{started_at}"))
    }

    /// As it stands in a row.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Lease {
    /// How long a claim or a renewal holds (R97).
    pub const LENGTH: Duration = Duration::from_mins(1);
    /// How often it is renewed (R98).
    pub const RENEWED_EVERY: Duration = Duration::from_secs(30);
}

impl fmt::Display for WorkerId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
