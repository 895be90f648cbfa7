//! Covering arrays: few selections, found by a greedy search, that contain every possible pair of answers.

use super::assignment::{Assignment, Search, SearchLimit};
use super::rng::Rng;
use super::space::{Answer, Space};
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use thiserror::Error;

/// The combinations that a covering array must contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Every answer.
    Each,
    /// Every two answers together.
    Pairs,
}

/// A covering array.
#[derive(Clone, Debug)]
pub struct Cover {
    pub selections: Vec<Selection>,
    /// The number of covered answers or pairs of answers.
    pub covered: usize,
    /// Options that cannot be selected together. A pair of an option with itself: it cannot be selected.
    pub impossible: Vec<(OptionRef, OptionRef)>,
    /// The lower bound of the number of selections.
    pub at_least: usize,
}

/// The reasons to compute no covering array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CoverError {
    #[error("{answers} answers are too many for pairs, the maximum is {MAX_ANSWERS}")]
    TooLarge { answers: usize },
    #[error(transparent)]
    SearchLimit(#[from] SearchLimit),
}

impl Explain for CoverError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "selections_too_many_pairs",
            Self::SearchLimit(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::TooLarge { .. } => Some(hint!(
                "build fewer selections with ",
                Setting::Sample,
                " or ",
                Setting::Each
            )),
            Self::SearchLimit(error) => error.hint(),
        }
    }
}

/// The maximum number of answers for pairs, whose table is in memory and read for every selection.
pub const MAX_ANSWERS: usize = 600;

/// The number of candidates for each selection. The one that covers most is taken.
const CANDIDATES: usize = 8;

/// Computes a covering array. The valid selections of `known` come first, so that a saved list changes little.
pub fn cover(space: &Space, strength: Strength, known: &[Selection]) -> Result<Cover, CoverError> {
    let answers = space.len();
    if strength == Strength::Pairs && answers > MAX_ANSWERS {
        return Err(CoverError::TooLarge { answers });
    }
    let Some(mut assignment) = Assignment::of(space) else {
        return Err(SearchLimit.into());
    };
    let known = valid_rows(&mut assignment, known);
    let all = Uncovered::all(space, strength);
    // Greedy searches end slightly above the minimum; the best of several is often smaller.
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

/// The valid selections, as rows of answers.
fn valid_rows(assignment: &mut Assignment<'_>, selections: &[Selection]) -> Vec<Vec<Answer>> {
    let space = assignment.space();
    let start = assignment.mark();
    let mut rows = Vec::new();
    for selection in selections {
        let Some(row) = space.answers_of(selection) else {
            continue;
        };
        let is_valid = row.iter().all(|answer| assignment.choose(*answer));
        assignment.undo_to(start);
        if is_valid && space.selection(row.iter().copied()) == *selection && !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

/// The result of one greedy search.
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
    let mut uncovered = all.clone();
    let mut rows = known;
    for row in &rows {
        uncovered.remove_row(row);
    }
    let mut impossible = Vec::new();
    while let Some((one, other)) = uncovered.first() {
        let mut best: Option<(usize, Vec<Answer>)> = None;
        if assignment.choose(one) && assignment.choose(other) {
            let chosen = assignment.mark();
            for _ in 0..CANDIDATES {
                let order = rng.shuffle((0..questions).collect());
                let mut search = Search::of(assignment, order);
                let rank = &mut |assignment: &Assignment<'_>, question| {
                    let open = rng.shuffle(assignment.open(question).collect());
                    uncovered.rank(assignment, open)
                };
                if !search.next(rank)? {
                    break;
                }
                let row: Vec<Answer> = search.assignment().assigned().collect();
                let gain = uncovered.gain(&row);
                if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                    best = Some((gain, row));
                }
                assignment.undo_to(chosen);
            }
        }
        assignment.undo_to(start);
        if let Some((_, row)) = best {
            uncovered.remove_row(&row);
            rows.push(row);
        } else {
            uncovered.remove_pair(one, other);
            impossible.push((one, other));
        }
    }
    Ok(Greedy {
        rows: match without_redundant(rows, all) {
            // Without questions there is one selection: the empty one.
            rows if rows.is_empty() => vec![Vec::new()],
            rows => rows,
        },
        impossible,
    })
}

/// The combinations that are not covered yet: a table of answers by answers, of which the half with `one <= other` is
/// used.
#[derive(Clone)]
struct Uncovered {
    table: Vec<bool>,
    size: usize,
    /// The number of combinations at the start, without pairs of an answer with itself.
    count: usize,
    /// For each answer, the number of its uncovered pairs.
    partners: Vec<usize>,
    /// The index of the first uncovered combination or less.
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
        let is_required = |at: usize| {
            let (one, other) = (at / size, at % size);
            // Pairs of an answer with itself cover catalogues of one question, which have no other pairs.
            !is_paired
                || one == other
                || one < other && space.question(one) != space.question(other)
        };
        let table: Vec<bool> = (0..space.len() * size).map(is_required).collect();
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

    fn index(&self, one: Answer, other: Answer) -> usize {
        if self.is_paired {
            one.min(other) * self.size + one.max(other)
        } else {
            one
        }
    }

    fn first(&mut self) -> Option<(Answer, Answer)> {
        let at = self.begin
            + self.table[self.begin..]
                .iter()
                .position(|is_uncovered| *is_uncovered)?;
        self.begin = at;
        Some(if self.is_paired {
            (at / self.size, at % self.size)
        } else {
            (at, at)
        })
    }

    fn remove_pair(&mut self, one: Answer, other: Answer) {
        self.remove(self.index(one, other));
    }

    fn remove(&mut self, index: usize) {
        if std::mem::take(&mut self.table[index]) && self.is_paired {
            self.partners[index / self.size] -= 1;
            self.partners[index % self.size] -= 1;
        }
    }

    /// The table indices that a row covers.
    fn indices<'r>(&'r self, row: &'r [Answer]) -> impl Iterator<Item = usize> + 'r {
        let others = move |at: usize| {
            if self.is_paired {
                &row[at..]
            } else {
                &row[at..=at]
            }
        };
        let pairs = row.iter().enumerate();
        pairs.flat_map(move |(at, one)| others(at).iter().map(|other| self.index(*one, *other)))
    }

    fn gain(&self, row: &[Answer]) -> usize {
        self.indices(row).filter(|index| self.table[*index]).count()
    }

    fn remove_row(&mut self, row: &[Answer]) {
        let indices: Vec<usize> = self.indices(row).collect();
        for index in indices {
            self.remove(index);
        }
    }

    /// Sorts answers by the uncovered combinations they complete now, then by those they can complete later.
    fn rank(&self, assignment: &Assignment<'_>, mut answers: Vec<Answer>) -> Vec<Answer> {
        let assigned: Vec<Answer> = assignment.assigned().collect();
        let gain = |answer: Answer| {
            if !self.is_paired {
                return usize::from(self.table[answer]);
            }
            let is_uncovered = |other: &&Answer| self.table[self.index(answer, **other)];
            assigned
                .iter()
                .chain([&answer])
                .filter(is_uncovered)
                .count()
        };
        answers.sort_by_cached_key(|answer| {
            std::cmp::Reverse((gain(*answer), self.partners[*answer]))
        });
        answers
    }
}

/// The rows without redundant ones, whose combinations other rows cover too. Later rows are removed first.
fn without_redundant(mut rows: Vec<Vec<Answer>>, all: &Uncovered) -> Vec<Vec<Answer>> {
    let mut times = vec![0_usize; all.table.len()];
    for index in rows.iter().flat_map(|row| all.indices(row)) {
        times[index] += 1;
    }
    for at in (0..rows.len()).rev() {
        if all.indices(&rows[at]).all(|index| times[index] > 1) {
            for index in all.indices(&rows[at]) {
                times[index] -= 1;
            }
            rows.remove(at);
        }
    }
    rows
}

/// The lower bound: each selection contains one answer of each question, so one pair of every two questions.
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
