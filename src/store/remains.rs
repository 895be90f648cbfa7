//! The repositories that runs may have left on a forge, according to their ledgers.

use crate::forge::repository::RepoPath;
use crate::publish::ledger::LedgerEntry;
use crate::publish::stage::{self, Stage};

/// The repository that an unfinished run may have left; `None` for a run that has left nothing or has published.
pub fn unfinished(entries: &[LedgerEntry]) -> Option<RepoPath> {
    match stage::read(entries) {
        Ok((_, Stage::Published(_))) | Err(_) => None,
        Ok((request, stage)) => stage
            .remains(&request.repo, None)
            .map(|remains| remains.repo),
    }
}

/// True if the run may have left a repository. `is_recorded` is true if the run's own row names a repository, which
/// counts unless the ledger proves that it was removed.
pub fn leaves(entries: &[LedgerEntry], is_recorded: bool) -> bool {
    // An update creates no repository: its branch belongs to the people of the one that it is for.
    if matches!(entries.first(), Some(LedgerEntry::UpdateStarted { .. })) {
        return false;
    }
    if entries.is_empty() {
        return is_recorded;
    }
    match stage::read(entries) {
        Ok((_, Stage::Removed)) => false,
        Ok((request, stage)) => is_recorded || stage.remains(&request.repo, None).is_some(),
        // A ledger that is damaged proves nothing.
        Err(_) => true,
    }
}
