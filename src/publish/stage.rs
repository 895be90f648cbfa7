//! The progress of a run, computed from its ledger.

use super::error::FailureCause;
use super::ledger::{
    CreatedRepo, LedgerEntry, LedgerError, PublishRequest, PublishStep, StepOutcome,
};
use super::remains::{Remains, RemainsKind};
use crate::forge::repository::RepoPath;

/// The progress of a run. Only [`Stage::next`] moves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No step was tried, or the steps that were tried had no effect.
    Started,
    /// The repository was requested and may exist.
    Creating {
        nonce: u64,
    },
    /// The repository exists and is empty.
    Created(CreatedRepo),
    /// A push was tried and may have arrived.
    Pushing {
        repo: CreatedRepo,
        nonce: u64,
    },
    /// The repository has the right commit.
    Pushed(CreatedRepo),
    /// Settings of the repository were requested, and some may be set.
    Configuring {
        repo: CreatedRepo,
        nonce: u64,
    },
    /// The repository has its commit and its settings.
    Configured(CreatedRepo),
    /// The final description was requested and may be set.
    Describing {
        repo: CreatedRepo,
        nonce: u64,
    },
    Published(CreatedRepo),
    /// The removal was tried and may have happened. The repository may have the right commit.
    Deleting {
        repo: CreatedRepo,
        nonce: u64,
    },
    /// The repository was removed.
    Removed,
}

impl Stage {
    /// The stage after an entry; `None` if the entry does not follow from this stage.
    #[must_use]
    pub fn next(self, entry: &LedgerEntry) -> Option<Self> {
        match entry {
            LedgerEntry::Started { .. } | LedgerEntry::UpdateStarted { .. } => None,
            LedgerEntry::Intended { step, nonce, .. } => self.begin(*step, *nonce),
            LedgerEntry::Finished { nonce, outcome, .. } => self.finish(*nonce, outcome),
        }
    }

    fn begin(self, step: PublishStep, nonce: u64) -> Option<Self> {
        Some(match (step, self) {
            (PublishStep::Create, Self::Started | Self::Removed) => Self::Creating { nonce },
            // After a failed removal: an earlier push may have arrived unnoticed, and another one is tried.
            (PublishStep::Push, Self::Created(repo) | Self::Deleting { repo, .. }) => {
                Self::Pushing { repo, nonce }
            }
            (PublishStep::Configure, Self::Pushed(repo)) => Self::Configuring { repo, nonce },
            (PublishStep::Describe, Self::Pushed(repo) | Self::Configured(repo)) => {
                Self::Describing { repo, nonce }
            }
            (
                PublishStep::Delete,
                Self::Created(repo)
                | Self::Pushing { repo, .. }
                | Self::Pushed(repo)
                | Self::Configuring { repo, .. }
                | Self::Configured(repo)
                | Self::Describing { repo, .. }
                | Self::Deleting { repo, .. },
            ) => Self::Deleting { repo, nonce },
            _ => return None,
        })
    }

    fn finish(self, finished: u64, outcome: &StepOutcome) -> Option<Self> {
        if self.pending() != Some(finished) {
            return None;
        }
        Some(match (self, outcome) {
            (Self::Creating { .. }, StepOutcome::Created { repo }) => Self::Created(repo.clone()),
            (Self::Creating { .. }, StepOutcome::NotDone { .. }) => Self::Started,
            (Self::Pushing { repo, .. }, StepOutcome::NotDone { .. }) => Self::Created(repo),
            (Self::Pushing { repo, .. }, StepOutcome::Done)
            | (Self::Configuring { repo, .. }, StepOutcome::NotDone { .. }) => Self::Pushed(repo),
            (Self::Configuring { repo, .. }, StepOutcome::Done)
            | (Self::Describing { repo, .. }, StepOutcome::NotDone { .. }) => {
                Self::Configured(repo)
            }
            (Self::Describing { repo, .. }, StepOutcome::Done) => Self::Published(repo),
            (Self::Deleting { .. }, StepOutcome::Done) => Self::Removed,
            // The content before the removal is read again instead of remembered.
            (stage @ Self::Deleting { .. }, StepOutcome::NotDone { .. })
            | (stage, StepOutcome::Unknown { .. }) => stage,
            _ => return None,
        })
    }

    /// The nonce of the step that was begun and has no outcome, or an unknown one.
    fn pending(&self) -> Option<u64> {
        match self {
            Self::Creating { nonce }
            | Self::Pushing { nonce, .. }
            | Self::Configuring { nonce, .. }
            | Self::Describing { nonce, .. }
            | Self::Deleting { nonce, .. } => Some(*nonce),
            Self::Started
            | Self::Created(_)
            | Self::Pushed(_)
            | Self::Configured(_)
            | Self::Published(_)
            | Self::Removed => None,
        }
    }

    /// The repository that the run created, as recorded in the ledger.
    pub fn created(&self) -> Option<&CreatedRepo> {
        match self {
            Self::Started | Self::Creating { .. } | Self::Removed => None,
            Self::Created(repo)
            | Self::Pushing { repo, .. }
            | Self::Pushed(repo)
            | Self::Configuring { repo, .. }
            | Self::Configured(repo)
            | Self::Describing { repo, .. }
            | Self::Published(repo)
            | Self::Deleting { repo, .. } => Some(repo),
        }
    }

    /// True if the repository has the right commit, so that nothing has to be built or pushed.
    pub fn is_pushed(&self) -> bool {
        matches!(
            self,
            Self::Pushed(_)
                | Self::Configuring { .. }
                | Self::Configured(_)
                | Self::Describing { .. }
                | Self::Published(_)
        )
    }

    /// The repository that a run which stops here leaves on the forge at `repo`; `None` if it leaves nothing. With the
    /// cause [`FailureCause::Differs`] a pushed repository counts as unfinished, because its content was read and is
    /// another one.
    pub fn remains(&self, repo: &RepoPath, cause: Option<&FailureCause>) -> Option<Remains> {
        let kind = match self {
            Self::Started | Self::Removed => return None,
            Self::Creating { .. } => RemainsKind::MayAppear,
            _ if self.is_pushed() && !matches!(cause, Some(FailureCause::Differs { .. })) => {
                RemainsKind::Complete
            }
            _ => RemainsKind::Unfinished,
        };
        Some(Remains {
            repo: repo.clone(),
            id: self.created().map(|repo| repo.id),
            kind,
            kept: None,
            removal: None,
        })
    }
}

/// The request of a ledger and the stage after its last entry.
pub fn read(entries: &[LedgerEntry]) -> Result<(PublishRequest, Stage), LedgerError> {
    let Some((LedgerEntry::Started { request }, rest)) = entries.split_first() else {
        return Err(LedgerError::OutOfOrder { entry: 1 });
    };
    let stage = rest
        .iter()
        .zip(2..)
        .try_fold(Stage::Started, |stage, (entry, number)| {
            stage
                .next(entry)
                .ok_or(LedgerError::OutOfOrder { entry: number })
        })?;
    Ok((request.clone(), stage))
}
