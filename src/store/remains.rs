//! Whether a run may have left something outside, as its ledger tells it.

use crate::forge::repository::RepoPath;
use crate::publish::ledger::LedgerEntry;
use crate::publish::stage::{self, Stage};

/// Where something is or may be left, as the ledger alone tells it. What was finished is nobody's remainder.
pub fn unfinished(entries: &[LedgerEntry]) -> Option<RepoPath> {
    match stage::read(entries) {
        Ok((_, Stage::Gone | Stage::Begun | Stage::Published(_))) | Err(_) => None,
        Ok((order, _)) => Some(order.place),
    }
}

/// Whether something is or may be left outside. `is_recorded` says that the run's own row names a repository, which
/// counts unless the ledger proves that it is gone.
pub fn leaves(entries: &[LedgerEntry], is_recorded: bool) -> bool {
    if entries.is_empty() {
        return is_recorded;
    }
    match stage::read(entries) {
        Ok((_, Stage::Gone)) => false,
        Ok((_, Stage::Begun)) => is_recorded,
        // A ledger that cannot be followed proves nothing.
        Ok(_) | Err(_) => true,
    }
}
