//! The progress of an update, computed from its ledger. Its one step can be repeated, so that the progress decides nothing but
//! which commits on a branch are those of the run itself.

use super::ledger::{LedgerEntry, LedgerError, ProposedCommit, PublishStep, StepOutcome};
use crate::model::digest::GitId;

/// The commits of an update that were tried, and the step that has no outcome yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateProgress {
    commits: Vec<ProposedCommit>,
    pending: Option<u64>,
}

impl UpdateProgress {
    /// The progress after the entries of a ledger; none for an empty one.
    ///
    /// # Errors
    /// [`LedgerError::OutOfOrder`] for an entry that does not follow from those before it.
    pub fn read(entries: &[LedgerEntry]) -> Result<Option<Self>, LedgerError> {
        let mut progress = None;
        for (number, entry) in (1..).zip(entries) {
            let next = Self::after(progress, entry);
            progress = Some(next.ok_or(LedgerError::OutOfOrder { entry: number })?);
        }
        Ok(progress)
    }

    fn after(before: Option<Self>, entry: &LedgerEntry) -> Option<Self> {
        let mut progress = match (before, entry) {
            (None, LedgerEntry::UpdateStarted { update }) => {
                return Some(Self {
                    commits: vec![update.clone()],
                    pending: None,
                });
            }
            (before, _) => before?,
        };
        match entry {
            LedgerEntry::UpdateStarted { update } => progress.commits.push(update.clone()),
            LedgerEntry::Intended {
                step: PublishStep::Propose,
                nonce,
                ..
            } => progress.pending = Some(*nonce),
            LedgerEntry::Finished { nonce, outcome, .. }
                if progress.pending == Some(*nonce)
                    && !matches!(outcome, StepOutcome::Created { .. }) =>
            {
                progress.pending = None;
            }
            _ => return None,
        }
        Some(progress)
    }

    /// True if `update` is the commit that was tried last.
    pub fn is_last(&self, update: &ProposedCommit) -> bool {
        self.commits.last() == Some(update)
    }

    /// The other commits that were or may have been pushed to the branch of `update`.
    pub fn earlier(&self, update: &ProposedCommit) -> Vec<GitId> {
        let others = self
            .commits
            .iter()
            .filter(|tried| tried.branch == update.branch && tried.commit != update.commit);
        others.map(|tried| tried.commit.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::repository::RepoPath;
    use crate::model::input::{Owner, RepoName};

    fn update(commit: &str) -> ProposedCommit {
        let id = |digit: &str| GitId::parse(&digit.repeat(40)).expect("an id");
        ProposedCommit {
            repo: RepoPath {
                owner: Owner::parse("acme").expect("an owner"),
                name: RepoName::parse("web").expect("a name"),
            },
            branch: "groundplan/update-1".to_owned(),
            commit: id(commit),
            tree: id("a"),
            head: id("b"),
        }
    }

    fn started(commit: &str) -> LedgerEntry {
        LedgerEntry::UpdateStarted {
            update: update(commit),
        }
    }

    fn intended(step: PublishStep, nonce: u64) -> LedgerEntry {
        LedgerEntry::Intended { step, nonce, at: 0 }
    }

    fn done(nonce: u64) -> LedgerEntry {
        LedgerEntry::Finished {
            nonce,
            at: 0,
            outcome: StepOutcome::Done,
        }
    }

    #[test]
    fn a_step_that_has_no_outcome_is_tried_again_and_earlier_commits_are_known() {
        let entries = [
            started("1"),
            intended(PublishStep::Propose, 7),
            started("2"),
            intended(PublishStep::Propose, 8),
            done(8),
        ];
        let progress = UpdateProgress::read(&entries).expect("a ledger");
        let progress = progress.expect("entries");
        assert!(progress.is_last(&update("2")));
        assert_eq!(progress.earlier(&update("2")), [update("1").commit]);
        assert_eq!(UpdateProgress::read(&[]), Ok(None));
    }

    #[test]
    fn an_entry_of_another_order_is_refused() {
        for (entries, entry) in [
            (vec![intended(PublishStep::Propose, 7)], 1),
            (vec![started("1"), intended(PublishStep::Push, 7)], 2),
            (vec![started("1"), done(7)], 2),
            (
                vec![started("1"), intended(PublishStep::Propose, 7), done(8)],
                3,
            ),
        ] {
            let refused = UpdateProgress::read(&entries);
            assert_eq!(refused, Err(LedgerError::OutOfOrder { entry }));
        }
    }
}
