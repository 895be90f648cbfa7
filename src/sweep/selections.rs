//! All selections of a catalogue, or a random sample.

use super::assignment::{Assignment, Search, SearchLimit};
use super::rng::Rng;
use super::space::{Answer, Space};
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::selection::Selection;
use std::collections::BTreeSet;
use thiserror::Error;

/// The maximum number of listed selections.
pub const MAX_SELECTIONS: usize = 100_000;

/// The reasons to list no selections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SelectionsError {
    #[error("more than {MAX_SELECTIONS} selections")]
    TooMany,
    #[error(transparent)]
    SearchLimit(#[from] SearchLimit),
}

impl Explain for SelectionsError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooMany => "selections_too_many",
            Self::SearchLimit(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::TooMany => Some(hint!(
                "cover all pairs with ",
                Setting::Pairwise,
                ", or build a random sample with ",
                Setting::Sample
            )),
            Self::SearchLimit(error) => error.hint(),
        }
    }
}

/// All valid selections, in the catalogue's order.
pub fn every(space: &Space) -> Result<Vec<Selection>, SelectionsError> {
    let mut count = 0;
    each(space, |_| {
        count += 1;
        count <= MAX_SELECTIONS
    })?;
    if count > MAX_SELECTIONS {
        return Err(SelectionsError::TooMany);
    }
    let mut found = Vec::with_capacity(count);
    each(space, |assignment| {
        found.push(space.selection(assignment.assigned()));
        true
    })?;
    Ok(found)
}

/// Visits the selections until `go_on` returns false.
fn each(space: &Space, mut go_on: impl FnMut(&Assignment<'_>) -> bool) -> Result<(), SearchLimit> {
    let Some(mut assignment) = Assignment::of(space) else {
        return Ok(());
    };
    let mut search = Search::of(&mut assignment, (0..space.questions.len()).collect());
    while search.next(&mut |assignment, question| assignment.open(question).collect())? {
        if !go_on(search.assignment()) {
            break;
        }
    }
    Ok(())
}

/// A random sample of different selections, equal for equal seeds. Smaller than `count` if the search finds no more.
pub fn sample(space: &Space, count: usize, seed: u64) -> Result<Vec<Selection>, SelectionsError> {
    /// The number of consecutive repetitions that ends the search.
    const MAX_MISSES: usize = 200;
    if count > MAX_SELECTIONS {
        return Err(SelectionsError::TooMany);
    }
    let mut rng = Rng::of(seed);
    let mut known: BTreeSet<Vec<Answer>> = BTreeSet::new();
    let mut found = Vec::new();
    let Some(mut assignment) = Assignment::of(space) else {
        return Ok(found);
    };
    let start = assignment.mark();
    let mut misses = 0;
    while found.len() < count && misses < MAX_MISSES {
        let order = rng.shuffle((0..space.questions.len()).collect());
        let mut search = Search::of(&mut assignment, order);
        let rank = &mut |assignment: &Assignment<'_>, question: usize| {
            rng.shuffle(assignment.open(question).collect())
        };
        if !search.next(rank)? {
            break;
        }
        let row: Vec<Answer> = search.assignment().assigned().collect();
        assignment.undo_to(start);
        if known.insert(row.clone()) {
            found.push(space.selection(row));
            misses = 0;
        } else {
            misses += 1;
        }
    }
    Ok(found)
}
