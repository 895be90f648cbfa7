//! Partial assignments with constraint propagation, and the backtracking search over them.

use super::space::{Answer, Space};
use crate::error::{Class, Explain, Hint};
use thiserror::Error;

/// The maximum number of answers that a search tries for one selection.
const MAX_TRIES: usize = 200_000;

/// A search that exceeds `MAX_TRIES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no selection found after {MAX_TRIES} tries: the rules of this catalogue are too complex")]
pub struct SearchLimit;

impl Explain for SearchLimit {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "selections_search_limit"
    }

    fn hint(&self) -> Option<Hint> {
        Some("relax `requires` and `conflicts` of its options".into())
    }
}

/// The possible answers to each question. A question with one possible answer is assigned.
pub(super) struct Assignment<'s> {
    space: &'s Space,
    is_open: Vec<bool>,
    /// The number of possible answers to each question.
    left: Vec<usize>,
    /// The removed answers in order, for [`Self::undo_to`].
    trail: Vec<Answer>,
}

impl<'s> Assignment<'s> {
    /// The assignment of the questions with a single answer; none if no selection is possible.
    pub(super) fn of(space: &'s Space) -> Option<Self> {
        let mut assignment = Self {
            space,
            is_open: vec![true; space.len()],
            left: space.questions.iter().map(Vec::len).collect(),
            trail: Vec::new(),
        };
        let only = |answers: &Vec<Answer>| (answers.len() == 1).then(|| answers[0]);
        let assigned: Vec<Answer> = space.questions.iter().filter_map(only).collect();
        assignment.propagate(&assigned).then_some(assignment)
    }

    pub(super) fn space(&self) -> &'s Space {
        self.space
    }

    /// The current state, for [`Self::undo_to`].
    pub(super) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Restores the state at a mark.
    pub(super) fn undo_to(&mut self, mark: usize) {
        for answer in self.trail.drain(mark..) {
            self.is_open[answer] = true;
            self.left[self.space.question(answer)] += 1;
        }
    }

    pub(super) fn is_assigned(&self, question: usize) -> bool {
        self.left[question] == 1
    }

    /// The possible answers to a question.
    pub(super) fn open(&self, question: usize) -> impl Iterator<Item = Answer> + '_ {
        let answers = self.space.questions[question].iter().copied();
        answers.filter(|answer| self.is_open[*answer])
    }

    /// The answers to all assigned questions.
    pub(super) fn assigned(&self) -> impl Iterator<Item = Answer> + '_ {
        let questions = (0..self.left.len()).filter(|question| self.is_assigned(*question));
        questions.filter_map(|question| self.open(question).next())
    }

    /// Assigns an answer and removes all answers that it excludes. Returns false if that is impossible; the caller then
    /// restores the state.
    pub(super) fn choose(&mut self, answer: Answer) -> bool {
        if !self.is_open[answer] {
            return false;
        }
        let question = self.space.question(answer);
        if self.is_assigned(question) {
            return true;
        }
        let others: Vec<Answer> = self
            .open(question)
            .filter(|other| *other != answer)
            .collect();
        self.remove(others)
    }

    fn propagate(&mut self, answers: &[Answer]) -> bool {
        let excluded = |answer: &Answer| self.space.excludes[*answer].clone();
        let excluded: Vec<Answer> = answers.iter().flat_map(excluded).collect();
        self.remove(excluded)
    }

    fn remove(&mut self, answers: Vec<Answer>) -> bool {
        let mut waiting = answers;
        while let Some(answer) = waiting.pop() {
            if !self.is_open[answer] {
                continue;
            }
            let question = self.space.question(answer);
            self.is_open[answer] = false;
            self.left[question] -= 1;
            self.trail.push(answer);
            if self.left[question] == 0 {
                return false;
            }
            waiting.extend(&self.space.needed_by[answer]);
            if self.left[question] == 1 {
                let assigned = self.open(question).next();
                waiting.extend(
                    assigned
                        .iter()
                        .flat_map(|assigned| &self.space.excludes[*assigned]),
                );
            }
            if let Some(set) = self.space.set_of[answer] {
                let set = &self.space.one_of[set];
                let mut left = set.iter().copied().filter(|answer| self.is_open[*answer]);
                match (left.next(), left.next()) {
                    (None, _) => return false,
                    (Some(last), None) => {
                        let others = self.open(self.space.question(last));
                        waiting.extend(others.filter(|other| *other != last));
                    }
                    (Some(_), Some(_)) => {}
                }
            }
        }
        true
    }
}

/// A depth-first search for complete assignments.
pub(super) struct Search<'p, 's> {
    assignment: &'p mut Assignment<'s>,
    /// The questions in the order of the search.
    order: Vec<usize>,
    /// For each question assigned by the search: the state before, the remaining answers, and its index in `order`.
    stack: Vec<(usize, std::vec::IntoIter<Answer>, usize)>,
    tries: usize,
    is_started: bool,
}

impl<'p, 's> Search<'p, 's> {
    pub(super) fn of(assignment: &'p mut Assignment<'s>, order: Vec<usize>) -> Self {
        Self {
            assignment,
            order,
            stack: Vec::new(),
            tries: 0,
            is_started: false,
        }
    }

    /// Assigns all questions, each with the first possible answer in the order of `rank`. Returns false if there is no
    /// further assignment. The result is in [`Self::assignment`].
    pub(super) fn next(
        &mut self,
        rank: &mut dyn FnMut(&Assignment<'s>, usize) -> Vec<Answer>,
    ) -> Result<bool, SearchLimit> {
        self.tries = 0;
        let mut at = 0;
        let mut is_new = !std::mem::replace(&mut self.is_started, true);
        loop {
            if is_new {
                let open = (at..self.order.len())
                    .find(|place| !self.assignment.is_assigned(self.order[*place]));
                let Some(place) = open else {
                    return Ok(true);
                };
                let answers = rank(self.assignment, self.order[place]);
                self.stack
                    .push((self.assignment.mark(), answers.into_iter(), place));
            }
            let Some((mark, answers, place)) = self.stack.last_mut() else {
                return Ok(false);
            };
            self.assignment.undo_to(*mark);
            let Some(answer) = answers.next() else {
                self.stack.pop();
                is_new = false;
                continue;
            };
            self.tries += 1;
            if self.tries > MAX_TRIES {
                return Err(SearchLimit);
            }
            at = *place + 1;
            is_new = self.assignment.choose(answer);
        }
    }

    pub(super) fn assignment(&self) -> &Assignment<'s> {
        self.assignment
    }
}
