//! Recovery of runs whose worker died.

use super::id::RunId;
use super::listed::UnreadableRow;
use crate::forge::repository::RepoPath;

/// The treatment of a run whose lease expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It fails; a person retries it or cleans up.
    Fail,
    /// It is requeued at most `attempts` times, and fails after that.
    Resume { attempts: i64 },
}

/// The runs that a recovery changed, by their new state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Failed, nothing left outside.
    pub failed: Vec<RunId>,
    /// Failed or cancelled, and something is or may be left outside.
    pub needs_cleanup: Vec<RunId>,
    /// Cancelled, nothing left outside.
    pub cancelled: Vec<RunId>,
    /// Back in the queue.
    pub requeued: Vec<RunId>,
    /// Runs whose rows were deleted, for example with their product, and that may have left something outside. They are
    /// reported by every recovery until their ledger is deleted too.
    pub orphaned: Vec<OrphanedRun>,
    /// Runs that cannot be recovered, because a row of theirs cannot be read or changed.
    pub unreadable: Vec<UnreadableRow>,
}

/// A run of which only the ledger is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrphanedRun {
    pub run: RunId,
    /// The repository that exists or may exist.
    pub repo: RepoPath,
}

impl Recovery {
    /// The usual limit of automatic retries.
    pub const ATTEMPTS: i64 = 3;
}
