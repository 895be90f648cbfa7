//! What is done about runs whose worker is gone.

use super::id::RunId;
use crate::forge::repository::RepoPath;

/// How recovery treats a run whose lease ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It has failed; a person retries or cleans up (R123–R125).
    Fail,
    /// It goes back into the queue while it was queued again fewer than so many times, and fails after that.
    Resume { attempts: i64 },
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Failed, nothing left outside.
    pub failed: Vec<RunId>,
    /// Failed or cancelled, and something is or may be left outside.
    pub needs_cleanup: Vec<RunId>,
    /// Cancelled by somebody, nothing left outside.
    pub cancelled: Vec<RunId>,
    /// Back in the queue.
    pub requeued: Vec<RunId>,
    /// Something is or may be left of runs whose rows somebody deleted, as with their product. Nobody can do anything
    /// with such a run here any more: it is told at every sweep until its ledger is deleted as well.
    pub orphaned: Vec<OrphanedRun>,
}

/// A run that only its ledger remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrphanedRun {
    pub run: RunId,
    /// Where its repository is or may be.
    pub repo: RepoPath,
}

impl Recovery {
    /// How often a run is queued again by itself where that is wanted.
    pub const ATTEMPTS: i64 = 3;
}
