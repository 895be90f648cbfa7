//! How far a run is, as its ledger tells it.

use super::ledger::{Entry, LedgerError, Made, Order, Outcome, Step};

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
    Created(Made),
    /// A push was tried and may have arrived.
    Pushing {
        made: Made,
        nonce: u64,
    },
    /// It holds our commit.
    Pushed(Made),
    /// The last description was asked for and may be set.
    Describing {
        made: Made,
        nonce: u64,
    },
    Published(Made),
    /// Its removal was tried and may have happened. It may hold our commit.
    Deleting {
        made: Made,
        nonce: u64,
    },
    /// It was removed: nothing is left.
    Gone,
}

impl Stage {
    /// The stage after an entry, when the entry fits.
    #[must_use]
    pub fn next(self, entry: &Entry) -> Option<Self> {
        let ended = |nonce: u64| match entry {
            Entry::Ended {
                nonce: ended,
                outcome,
                ..
            } if *ended == nonce => Some(outcome),
            _ => None,
        };
        let intended = match entry {
            Entry::Intended { step, nonce, .. } => Some((*step, *nonce)),
            Entry::Begun { .. } | Entry::Ended { .. } => None,
        };
        Some(match (self, intended) {
            (Self::Begun | Self::Gone, Some((Step::Create, nonce))) => Self::Creating { nonce },
            (Self::Creating { nonce }, None) => match ended(nonce)? {
                Outcome::Made { made } => Self::Created(made.clone()),
                Outcome::NotDone { .. } => Self::Begun,
                Outcome::Unknown { .. } => Self::Creating { nonce },
                Outcome::Done => return None,
            },
            (Self::Created(made), Some((Step::Push, nonce))) => Self::Pushing { made, nonce },
            (Self::Pushing { made, nonce }, None) => match ended(nonce)? {
                Outcome::Done => Self::Pushed(made),
                Outcome::NotDone { .. } => Self::Created(made),
                Outcome::Unknown { .. } => Self::Pushing { made, nonce },
                Outcome::Made { .. } => return None,
            },
            (Self::Pushed(made), Some((Step::Describe, nonce))) => Self::Describing { made, nonce },
            (Self::Describing { made, nonce }, None) => match ended(nonce)? {
                Outcome::Done => Self::Published(made),
                Outcome::NotDone { .. } => Self::Pushed(made),
                Outcome::Unknown { .. } => Self::Describing { made, nonce },
                Outcome::Made { .. } => return None,
            },
            (
                Self::Created(made)
                | Self::Pushing { made, .. }
                | Self::Pushed(made)
                | Self::Describing { made, .. }
                | Self::Deleting { made, .. },
                Some((Step::Delete, nonce)),
            ) => Self::Deleting { made, nonce },
            (Self::Deleting { made, nonce }, None) => match ended(nonce)? {
                Outcome::Done => Self::Gone,
                // Whether a push had arrived before is looked at again, not remembered.
                Outcome::NotDone { .. } | Outcome::Unknown { .. } => Self::Deleting { made, nonce },
                Outcome::Made { .. } => return None,
            },
            // A run that found its commit although nobody had told it of a push's end.
            (Self::Deleting { made, .. }, Some((Step::Push, nonce))) => {
                Self::Pushing { made, nonce }
            }
            _ => return None,
        })
    }

    /// The repository that the run made, as far as it knows.
    pub fn made(&self) -> Option<&Made> {
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
pub fn read(entries: &[Entry]) -> Result<(Order, Stage), LedgerError> {
    let Some((Entry::Begun { order }, rest)) = entries.split_first() else {
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
