//! Covering arrays: as few selections as a greedy search finds, such that all pairs of answers occur together.

use super::assignment::{Assignment, Search, SearchLimit};
use super::rng::Rng;
use super::space::{Answer, Space};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use thiserror::Error;

/// What is to occur in at least one selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Every answer.
    Each,
    /// Every two answers together.
    Pairs,
}

/// Selections in which everything occurs.
#[derive(Clone, Debug)]
pub struct Cover {
    pub selections: Vec<Selection>,
    /// How many answers or pairs of answers occur.
    pub covered: usize,
    /// Options that never occur together, or, as a pair of one, never occur at all.
    pub impossible: Vec<(OptionRef, OptionRef)>,
    /// No fewer selections than this can cover as much.
    pub at_least: usize,
}

/// Why there is no cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CoverError {
    #[error("{answers} answers make too many pairs, at most {MAX_ANSWERS} are paired")]
    TooLarge { answers: usize },
    #[error(transparent)]
    SearchLimit(#[from] SearchLimit),
}

/// At most so many answers are paired: their pairs are kept in memory, and looked at for every selection.
pub const MAX_ANSWERS: usize = 600;

/// So many ways are tried for each selection, and the one that covers most is taken.
const CANDIDATES: usize = 8;

/// Selections that cover everything. Those of `known` that fit come first, so that a written list changes little.
pub fn cover(space: &Space, strength: Strength, known: &[Selection]) -> Result<Cover, CoverError> {
    let answers = space.len();
    if strength == Strength::Pairs && answers > MAX_ANSWERS {
        return Err(CoverError::TooLarge { answers });
    }
    let Some(mut assignment) = Assignment::of(space) else {
        return Err(SearchLimit.into());
    };
    let known = fitting(&mut assignment, known);
    let all = Uncovered::all(space, strength);
    // A greedy search ends a little above the least; of several ends one is often lower.
    let attempts = (1000 / answers.max(1)).clamp(1, 30);
    let mut best: Option<Cover> = None;
    for attempt in 0..attempts {
        let mut rng = Rng::of(attempt as u64);
        let greedy = cover_once(&mut assignment, &all, known.clone(), &mut rng)?;
        let is_better = |best: &Cover| greedy.rows.len() < best.selections.len();
        if best.as_ref().is_none_or(is_better) {
            best = Some(greedy.into_cover(space, strength, &all));
        }
        if best
            .as_ref()
            .is_some_and(|best| best.selections.len() <= best.at_least)
        {
            break;
        }
    }
    best.ok_or_else(|| SearchLimit.into())
}

/// The selections that are possible, as rows of answers.
fn fitting(assignment: &mut Assignment<'_>, selections: &[Selection]) -> Vec<Vec<Answer>> {
    let space = assignment.space();
    let start = assignment.mark();
    let mut rows = Vec::new();
    for selection in selections {
        let Some(row) = space.answers_of(selection) else {
            continue;
        };
        let fits = row.iter().all(|answer| assignment.choose(*answer));
        assignment.undo_to(start);
        if fits && space.selection(row.iter().copied()) == *selection && !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

/// What one greedy search found.
struct Greedy {
    rows: Vec<Vec<Answer>>,
    impossible: Vec<(Answer, Answer)>,
}

impl Greedy {
    fn into_cover(self, space: &Space, strength: Strength, all: &Uncovered) -> Cover {
        let options = |(one, other): &(Answer, Answer)| {
            space
                .option(*one)
                .cloned()
                .zip(space.option(*other).cloned())
        };
        let is_counted = |(one, other): &&(Answer, Answer)| !all.is_paired || one != other;
        let lost = self.impossible.iter().filter(is_counted).count();
        Cover {
            covered: all.count - lost,
            at_least: at_least(space, strength, &self.impossible),
            impossible: self.impossible.iter().filter_map(options).collect(),
            selections: self
                .rows
                .into_iter()
                .map(|row| space.selection(row))
                .collect(),
        }
    }
}

fn cover_once(
    assignment: &mut Assignment<'_>,
    all: &Uncovered,
    known: Vec<Vec<Answer>>,
    rng: &mut Rng,
) -> Result<Greedy, SearchLimit> {
    let questions = assignment.space().questions.len();
    let start = assignment.mark();
    let mut wanted = all.clone();
    let mut rows = known;
    for row in &rows {
        wanted.cross_off(row);
    }
    let mut impossible = Vec::new();
    while let Some((one, other)) = wanted.first() {
        let mut best: Option<(usize, Vec<Answer>)> = None;
        if assignment.choose(one) && assignment.choose(other) {
            let begun = assignment.mark();
            for _ in 0..CANDIDATES {
                let order = rng.shuffle((0..questions).collect());
                let mut search = Search::of(assignment, order);
                let rank = &mut |assignment: &Assignment<'_>, question| {
                    let open = rng.shuffle(assignment.open(question).collect());
                    wanted.rank(assignment, open)
                };
                if !search.next(rank)? {
                    break;
                }
                let row: Vec<Answer> = search.assignment().assigned().collect();
                let gain = wanted.gain(&row);
                if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                    best = Some((gain, row));
                }
                assignment.undo_to(begun);
            }
        }
        assignment.undo_to(start);
        if let Some((_, row)) = best {
            wanted.cross_off(&row);
            rows.push(row);
        } else {
            wanted.give_up(one, other);
            impossible.push((one, other));
        }
    }
    Ok(Greedy {
        rows: match without_idle(rows, all) {
            // Where nothing is asked, there is one selection: nothing.
            rows if rows.is_empty() => vec![Vec::new()],
            rows => rows,
        },
        impossible,
    })
}

/// What still has to occur, as a table of answers by answers of which the half with `one <= other` is used.
#[derive(Clone)]
struct Uncovered {
    table: Vec<bool>,
    size: usize,
    /// How much there is, without pairs of one.
    count: usize,
    /// With how many others each answer is still wanted.
    partners: Vec<usize>,
    /// Nothing is wanted before this place.
    begin: usize,
    is_paired: bool,
}

impl Uncovered {
    fn all(space: &Space, strength: Strength) -> Self {
        let size = match strength {
            Strength::Each => 1,
            Strength::Pairs => space.len(),
        };
        let is_paired = strength == Strength::Pairs;
        let is_wanted = |at: usize| {
            let (one, other) = (at / size, at % size);
            // A pair of one wants the answer itself, for a catalogue of one question has no pairs.
            !is_paired
                || one == other
                || one < other && space.question(one) != space.question(other)
        };
        let table: Vec<bool> = (0..space.len() * size).map(is_wanted).collect();
        let is_counted = |at: &usize| table[*at] && (!is_paired || at / size != at % size);
        let mut partners = vec![0; space.len()];
        for at in (0..table.len()).filter(|at| is_paired && table[*at]) {
            partners[at / size] += 1;
            partners[at % size] += 1;
        }
        Self {
            count: (0..table.len()).filter(is_counted).count(),
            partners,
            table,
            size,
            begin: 0,
            is_paired,
        }
    }

    fn place(&self, one: Answer, other: Answer) -> usize {
        if self.is_paired {
            one.min(other) * self.size + one.max(other)
        } else {
            one
        }
    }

    fn first(&mut self) -> Option<(Answer, Answer)> {
        let at = self.begin + self.table[self.begin..].iter().position(|wanted| *wanted)?;
        self.begin = at;
        Some(if self.is_paired {
            (at / self.size, at % self.size)
        } else {
            (at, at)
        })
    }

    fn give_up(&mut self, one: Answer, other: Answer) {
        let place = self.place(one, other);
        self.strike(place);
    }

    fn strike(&mut self, place: usize) {
        if std::mem::take(&mut self.table[place]) && self.is_paired {
            self.partners[place / self.size] -= 1;
            self.partners[place % self.size] -= 1;
        }
    }

    /// The places that a row covers, wanted or not.
    fn places<'r>(&'r self, row: &'r [Answer]) -> impl Iterator<Item = usize> + 'r {
        let others = move |at: usize| {
            if self.is_paired {
                &row[at..]
            } else {
                &row[at..=at]
            }
        };
        let pairs = row.iter().enumerate();
        pairs.flat_map(move |(at, one)| others(at).iter().map(|other| self.place(*one, *other)))
    }

    fn gain(&self, row: &[Answer]) -> usize {
        self.places(row).filter(|place| self.table[*place]).count()
    }

    fn cross_off(&mut self, row: &[Answer]) {
        let places: Vec<usize> = self.places(row).collect();
        for place in places {
            self.strike(place);
        }
    }

    /// The answers with those first with which most that is wanted occurs, now and later.
    fn rank(&self, assignment: &Assignment<'_>, mut answers: Vec<Answer>) -> Vec<Answer> {
        let assigned: Vec<Answer> = assignment.assigned().collect();
        let gain = |answer: Answer| {
            if !self.is_paired {
                return usize::from(self.table[answer]);
            }
            let wanted = |other: &&Answer| self.table[self.place(answer, **other)];
            assigned.iter().chain([&answer]).filter(wanted).count()
        };
        answers.sort_by_cached_key(|answer| {
            std::cmp::Reverse((gain(*answer), self.partners[*answer]))
        });
        answers
    }
}

/// The rows without those that cover nothing that no other row covers; later ones go first.
fn without_idle(mut rows: Vec<Vec<Answer>>, all: &Uncovered) -> Vec<Vec<Answer>> {
    let mut times = vec![0_usize; all.table.len()];
    for place in rows.iter().flat_map(|row| all.places(row)) {
        times[place] += 1;
    }
    for at in (0..rows.len()).rev() {
        if all.places(&rows[at]).all(|place| times[place] > 1) {
            for place in all.places(&rows[at]) {
                times[place] -= 1;
            }
            rows.remove(at);
        }
    }
    rows
}

/// Each selection holds one answer of each question, so one pair of each two questions.
fn at_least(space: &Space, strength: Strength, impossible: &[(Answer, Answer)]) -> usize {
    let sizes = space.questions.iter().map(Vec::len);
    if strength == Strength::Each {
        let without = |(question, size): (usize, usize)| {
            let lost = impossible
                .iter()
                .filter(|(one, _)| space.question(*one) == question);
            size - lost.count()
        };
        return sizes.enumerate().map(without).max().unwrap_or(1);
    }
    let count = space.questions.len();
    let mut pairs = vec![0_usize; count * count];
    for (question, size) in sizes.enumerate() {
        pairs[question * count + question] = size;
    }
    for one in 0..count {
        for other in one + 1..count {
            pairs[one * count + other] = space.questions[one].len() * space.questions[other].len();
        }
    }
    for (one, other) in impossible.iter().filter(|(one, other)| one != other) {
        pairs[space.question(*one) * count + space.question(*other)] -= 1;
    }
    pairs.into_iter().max().unwrap_or(1).max(1)
}
