//! Selections without a plan behind them: all there are, or some by chance.

use super::partial::{Partial, Search, Tangled};
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
    Tangled(#[from] Tangled),
}

/// Every selection there is, in the catalogue's order.
pub fn every(space: &Space) -> Result<Vec<Selection>, PickError> {
    let mut found = Vec::new();
    let Some(mut partial) = Partial::of(space) else {
        return Ok(found);
    };
    let mut search = Search::of(&mut partial, (0..space.questions.len()).collect());
    while search.next(&mut |partial, question| partial.open(question).collect())? {
        if found.len() == MAX_SELECTIONS {
            return Err(PickError::TooMany);
        }
        found.push(space.selection(search.partial().settled()));
    }
    Ok(found)
}

/// Different selections by chance; the same seed gives the same ones. Fewer than asked for when so many are not found.
pub fn sample(space: &Space, count: usize, seed: u64) -> Result<Vec<Selection>, PickError> {
    /// So many tries in a row may give nothing new.
    const PATIENCE: usize = 200;
    if count > MAX_SELECTIONS {
        return Err(PickError::TooMany);
    }
    let mut dice = Dice(seed);
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

/// Numbers by chance from a seed (splitmix64): everywhere the same, and no secret hangs on them.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn shuffle(&mut self, mut values: Vec<usize>) -> Vec<usize> {
        for at in (1..values.len()).rev() {
            let below = u64::try_from(at + 1).expect("a place is a small number");
            let other = usize::try_from(self.roll() % below).expect("it is below a place");
            values.swap(at, other);
        }
        values
    }
}
