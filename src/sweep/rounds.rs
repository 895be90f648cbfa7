//! Rounds of trials: a failed selection proves nothing about its other pairs, so the next round covers them without
//! the known collisions.

use super::cover::{CoverError, Strength, cover};
use super::diagnose::{Collision, diagnose};
use super::space::Space;
use super::trial::{Trial, TrialInput, TrialOutcome, verify};
use crate::engine::PreviewError;
use crate::error::{Class, Explain};
use crate::model::selection::Selection;
use thiserror::Error;

/// The reasons to abort a sweep.
#[derive(Debug, Error)]
pub enum SweepError {
    #[error(transparent)]
    Cover(#[from] CoverError),
    #[error(transparent)]
    Preview(#[from] PreviewError),
}

impl Explain for SweepError {
    fn class(&self) -> Class {
        match self {
            Self::Cover(error) => error.class(),
            Self::Preview(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Cover(error) => error.code(),
            Self::Preview(error) => error.code(),
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::Cover(error) => Some(error),
            Self::Preview(error) => Some(error),
        }
    }
}

/// The maximum number of additional rounds.
const MAX_ROUNDS: usize = 5;

/// The trial of every selection, and the collisions behind failed ones. With a strength, adds selections until
/// everything is covered that is possible without the collisions.
pub fn sweep(
    input: TrialInput<'_>,
    space: &Space,
    selections: &[Selection],
    strength: Option<Strength>,
) -> Result<(Vec<Trial>, Vec<Collision>), SweepError> {
    let mut trials = verify(input, selections)?;
    let mut collisions = diagnose(input, space, &trials)?;
    for _ in 0..MAX_ROUNDS {
        let Some(strength) = strength.filter(|_| !collisions.is_empty()) else {
            break;
        };
        let is_built = |trial: &&Trial| matches!(trial.outcome, TrialOutcome::Built(_));
        let built: Vec<Selection> = trials
            .iter()
            .filter(is_built)
            .map(|trial| trial.selection.clone())
            .collect();
        // The collisions may exclude every selection.
        let Ok(around) = cover(&around(space, &collisions), strength, &built) else {
            break;
        };
        let is_new =
            |selection: &Selection| !trials.iter().any(|trial| trial.selection == *selection);
        let new: Vec<Selection> = around.selections.into_iter().filter(is_new).collect();
        if new.is_empty() {
            break;
        }
        trials.extend(verify(input, &new)?);
        collisions = diagnose(input, space, &trials)?;
    }
    Ok((trials, collisions))
}

/// The space with constraints against the collisions of one or two options.
fn around(space: &Space, collisions: &[Collision]) -> Space {
    let mut around = space.clone();
    for collision in collisions {
        let Some(own) = collision
            .option
            .as_ref()
            .and_then(|option| space.answer(option))
        else {
            continue;
        };
        match (collision.with.as_slice(), collision.without.as_slice()) {
            ([], []) => around.exclude(own, own),
            ([with], []) => around.exclude_option(own, with),
            ([], [without]) => around.require_option(own, without),
            (_, _) => {}
        }
    }
    around
}
