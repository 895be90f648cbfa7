//! Questions that are answered one after the other: every answer takes away those that no longer go with it.

use super::space::{Answer, Space};
use thiserror::Error;

/// So many answers are tried before a search is given up.
const MAX_TRIES: usize = 200_000;

/// A search that does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the rules of this catalogue are too tangled: {MAX_TRIES} tries gave no selection")]
pub struct SearchLimit;

/// Some questions answered, and what can still be answered to the others.
pub(super) struct Assignment<'s> {
    space: &'s Space,
    is_open: Vec<bool>,
    /// How many answers each question has left.
    left: Vec<usize>,
    /// What was taken away, in order, so that it can be given back.
    trail: Vec<Answer>,
}

impl<'s> Assignment<'s> {
    /// Nothing answered but what has one answer only; nothing when no selection is possible at all.
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

    /// A point to come back to.
    pub(super) fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Forgets everything since a mark.
    pub(super) fn undo_to(&mut self, mark: usize) {
        for answer in self.trail.drain(mark..) {
            self.is_open[answer] = true;
            self.left[self.space.question(answer)] += 1;
        }
    }

    pub(super) fn is_assigned(&self, question: usize) -> bool {
        self.left[question] == 1
    }

    /// The answers that a question has left.
    pub(super) fn open(&self, question: usize) -> impl Iterator<Item = Answer> + '_ {
        let answers = self.space.questions[question].iter().copied();
        answers.filter(|answer| self.is_open[*answer])
    }

    /// The answers given so far.
    pub(super) fn assigned(&self) -> impl Iterator<Item = Answer> + '_ {
        let questions = (0..self.left.len()).filter(|question| self.is_assigned(*question));
        questions.filter_map(|question| self.open(question).next())
    }

    /// Gives an answer and draws every conclusion; false when it cannot be given. Go back to a mark then.
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

/// Goes through the selections that go with what is answered already.
pub(super) struct Search<'p, 's> {
    assignment: &'p mut Assignment<'s>,
    /// In which order questions are answered.
    order: Vec<usize>,
    /// Where each question that was answered here began, what is left to try, and its place in the order.
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

    /// Answers all questions, each with the first that goes of those that `rank` gives; false when there is no further
    /// way. The answers stand in [`Self::assignment`] then.
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
