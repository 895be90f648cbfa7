//! How far a run is, as its ledger tells it.

use super::ledger::{
    CreatedRepo, LedgerEntry, LedgerError, PublishRequest, PublishStep, StepOutcome,
};

/// How far a run is. Every change goes through [`Stage::next`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was tried yet, or what was tried has certainly no effect.
    Begun,
    /// A repository was asked for and may be there.
    Creating {
        nonce: u64,
    },
    /// It is there and holds nothing of ours.
    Created(CreatedRepo),
    /// A push was tried and may have arrived.
    Pushing {
        made: CreatedRepo,
        nonce: u64,
    },
    /// It holds our commit.
    Pushed(CreatedRepo),
    /// The last description was asked for and may be set.
    Describing {
        made: CreatedRepo,
        nonce: u64,
    },
    Published(CreatedRepo),
    /// Its removal was tried and may have happened. It may hold our commit.
    Deleting {
        made: CreatedRepo,
        nonce: u64,
    },
    /// It was removed: nothing is left.
    Gone,
}

impl Stage {
    /// The stage after an entry, when the entry fits.
    #[must_use]
    pub fn next(self, entry: &LedgerEntry) -> Option<Self> {
        let ended = |nonce: u64| match entry {
            LedgerEntry::Ended {
                nonce: ended,
                outcome,
                ..
            } if *ended == nonce => Some(outcome),
            _ => None,
        };
        let intended = match entry {
            LedgerEntry::Intended { step, nonce, .. } => Some((*step, *nonce)),
            LedgerEntry::Begun { .. } | LedgerEntry::Ended { .. } => None,
        };
        Some(match (self, intended) {
            (Self::Begun | Self::Gone, Some((PublishStep::Create, nonce))) => {
                Self::Creating { nonce }
            }
            (Self::Creating { nonce }, None) => match ended(nonce)? {
                StepOutcome::Made { made } => Self::Created(made.clone()),
                StepOutcome::NotDone { .. } => Self::Begun,
                StepOutcome::Unknown { .. } => Self::Creating { nonce },
                StepOutcome::Done => return None,
            },
            (Self::Created(made), Some((PublishStep::Push, nonce))) => {
                Self::Pushing { made, nonce }
            }
            (Self::Pushing { made, nonce }, None) => match ended(nonce)? {
                StepOutcome::Done => Self::Pushed(made),
                StepOutcome::NotDone { .. } => Self::Created(made),
                StepOutcome::Unknown { .. } => Self::Pushing { made, nonce },
                StepOutcome::Made { .. } => return None,
            },
            (Self::Pushed(made), Some((PublishStep::Describe, nonce))) => {
                Self::Describing { made, nonce }
            }
            (Self::Describing { made, nonce }, None) => match ended(nonce)? {
                StepOutcome::Done => Self::Published(made),
                StepOutcome::NotDone { .. } => Self::Pushed(made),
                StepOutcome::Unknown { .. } => Self::Describing { made, nonce },
                StepOutcome::Made { .. } => return None,
            },
            (
                Self::Created(made)
                | Self::Pushing { made, .. }
                | Self::Pushed(made)
                | Self::Describing { made, .. }
                | Self::Deleting { made, .. },
                Some((PublishStep::Delete, nonce)),
            ) => Self::Deleting { made, nonce },
            (Self::Deleting { made, nonce }, None) => match ended(nonce)? {
                StepOutcome::Done => Self::Gone,
                // Whether a push had arrived before is looked at again, not remembered.
                StepOutcome::NotDone { .. } | StepOutcome::Unknown { .. } => {
                    Self::Deleting { made, nonce }
                }
                StepOutcome::Made { .. } => return None,
            },
            // A run that found its commit although nobody had told it of a push's end.
            (Self::Deleting { made, .. }, Some((PublishStep::Push, nonce))) => {
                Self::Pushing { made, nonce }
            }
            _ => return None,
        })
    }

    /// The repository that the run made, as far as it knows.
    pub fn made(&self) -> Option<&CreatedRepo> {
        match self {
            Self::Begun | Self::Creating { .. } | Self::Gone => None,
            Self::Created(made)
            | Self::Pushing { made, .. }
            | Self::Pushed(made)
            | Self::Describing { made, .. }
            | Self::Published(made)
            | Self::Deleting { made, .. } => Some(made),
        }
    }
}

/// The order of a ledger, and how far it came.
pub fn read(entries: &[LedgerEntry]) -> Result<(PublishRequest, Stage), LedgerError> {
    let Some((LedgerEntry::Begun { order }, rest)) = entries.split_first() else {
        return Err(LedgerError::OutOfOrder { at: 1 });
    };
    let mut stage = Stage::Begun;
    for (at, entry) in rest.iter().enumerate() {
        stage = stage
            .next(entry)
            .ok_or(LedgerError::OutOfOrder { at: at + 2 })?;
    }
    Ok((order.clone(), stage))
}
