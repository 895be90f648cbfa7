//! Selections without a plan behind them: all there are, or some by chance.

use super::partial::{Partial, Search, SearchLimit};
use super::rng::Rng;
use super::space::{Answer, Space};
use crate::model::selection::Selection;
use std::collections::BTreeSet;
use thiserror::Error;

/// At most so many selections are listed.
pub const MAX_SELECTIONS: usize = 100_000;

/// Why not all selections are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PickError {
    #[error("there are more than {MAX_SELECTIONS} selections")]
    TooMany,
    #[error(transparent)]
    SearchLimit(#[from] SearchLimit),
}

/// Every selection there is, in the catalogue's order.
pub fn every(space: &Space) -> Result<Vec<Selection>, PickError> {
    let mut count = 0;
    each(space, |_| {
        count += 1;
        count <= MAX_SELECTIONS
    })?;
    if count > MAX_SELECTIONS {
        return Err(PickError::TooMany);
    }
    let mut found = Vec::with_capacity(count);
    each(space, |partial| {
        found.push(space.selection(partial.settled()));
        true
    })?;
    Ok(found)
}

/// Shows every selection, until it is told to stop.
fn each(space: &Space, mut go_on: impl FnMut(&Partial<'_>) -> bool) -> Result<(), SearchLimit> {
    let Some(mut partial) = Partial::of(space) else {
        return Ok(());
    };
    let mut search = Search::of(&mut partial, (0..space.questions.len()).collect());
    while search.next(&mut |partial, question| partial.open(question).collect())? {
        if !go_on(search.partial()) {
            break;
        }
    }
    Ok(())
}

/// Different selections by chance; the same seed gives the same ones. Fewer than asked for when so many are not found.
pub fn sample(space: &Space, count: usize, seed: u64) -> Result<Vec<Selection>, PickError> {
    /// So many tries in a row may give nothing new.
    const PATIENCE: usize = 200;
    if count > MAX_SELECTIONS {
        return Err(PickError::TooMany);
    }
    let mut dice = Rng::of(seed);
    let mut known: BTreeSet<Vec<Answer>> = BTreeSet::new();
    let mut found = Vec::new();
    let Some(mut partial) = Partial::of(space) else {
        return Ok(found);
    };
    let start = partial.mark();
    let mut misses = 0;
    while found.len() < count && misses < PATIENCE {
        let order = dice.shuffle((0..space.questions.len()).collect());
        let mut search = Search::of(&mut partial, order);
        let rank = &mut |partial: &Partial<'_>, question: usize| {
            dice.shuffle(partial.open(question).collect())
        };
        if !search.next(rank)? {
            break;
        }
        let row: Vec<Answer> = search.partial().settled().collect();
        partial.back_to(start);
        if known.insert(row.clone()) {
            found.push(space.selection(row));
            misses = 0;
        } else {
            misses += 1;
        }
    }
    Ok(found)
}
