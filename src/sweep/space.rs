//! The configuration space of a catalogue: questions, answers, and the constraints between answers.

use crate::catalog::{Catalog, SelectionType};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use std::collections::BTreeMap;

/// The number of an answer. Each answer belongs to one question.
pub type Answer = usize;

/// The questions of a catalogue. A SINGLE category is one question; each option of a MULTI category is one, with the
/// answers "selected" and "not selected". Answers are numbered in the catalogue's order.
#[derive(Clone, Debug)]
pub struct Space {
    /// The answers to each question.
    pub(super) questions: Vec<Vec<Answer>>,
    /// The option that an answer selects, if any, and the question of the answer.
    answers: Vec<(Option<OptionRef>, usize)>,
    by_option: BTreeMap<OptionRef, Answer>,
    /// For each answer, those that conflict with it. Symmetric.
    pub(super) excludes: Vec<Vec<Answer>>,
    /// For each answer, those that require it.
    pub(super) needed_by: Vec<Vec<Answer>>,
    /// Sets of answers of which at least one is required: the options of a required MULTI category.
    pub(super) one_of: Vec<Vec<Answer>>,
    /// For each answer, its set in `one_of`.
    pub(super) set_of: Vec<Option<usize>>,
}

impl Space {
    /// The questions of a catalogue and the constraints between their answers.
    pub fn of(catalog: &Catalog) -> Self {
        let mut space = Self {
            questions: Vec::new(),
            answers: Vec::new(),
            by_option: BTreeMap::new(),
            excludes: Vec::new(),
            needed_by: Vec::new(),
            one_of: Vec::new(),
            set_of: Vec::new(),
        };
        for category in catalog.categories() {
            let options = category
                .options
                .iter()
                .map(|option| OptionRef::new(&category.slug, &option.slug));
            match category.selection {
                SelectionType::Single => {
                    let none = (!category.required).then_some(None);
                    space.ask(options.map(Some).chain(none));
                }
                SelectionType::Multi => {
                    let first = space.answers.len();
                    for option in options {
                        space.ask([Some(option), None]);
                    }
                    if category.required {
                        let set: Vec<Answer> = (first..space.answers.len()).step_by(2).collect();
                        for answer in &set {
                            space.set_of[*answer] = Some(space.one_of.len());
                        }
                        space.one_of.push(set);
                    }
                }
            }
        }
        space.relate(catalog);
        space
    }

    fn ask(&mut self, answers: impl IntoIterator<Item = Option<OptionRef>>) {
        let question = self.questions.len();
        let first = self.answers.len();
        for option in answers {
            if let Some(option) = &option {
                self.by_option.insert(option.clone(), self.answers.len());
            }
            self.answers.push((option, question));
            self.excludes.push(Vec::new());
            self.needed_by.push(Vec::new());
            self.set_of.push(None);
        }
        self.questions.push((first..self.answers.len()).collect());
    }

    fn relate(&mut self, catalog: &Catalog) {
        for entry in catalog.options() {
            let own = self.by_option[&entry.reference()];
            for other in &entry.option.conflicts {
                self.exclude_option(own, other);
            }
            for required in &entry.option.requires {
                self.require_option(own, required);
            }
        }
    }

    /// Adds a conflict between an answer and an option.
    pub(super) fn exclude_option(&mut self, own: Answer, other: &OptionRef) {
        self.exclude(own, self.by_option[other]);
    }

    /// Adds a requirement of an answer.
    pub(super) fn require_option(&mut self, own: Answer, option: &OptionRef) {
        let required = self.by_option[option];
        self.needed_by[required].push(own);
        let instead = self.questions[self.question(required)].clone();
        for answer in instead.into_iter().filter(|answer| *answer != required) {
            self.exclude(own, answer);
        }
    }

    pub(super) fn exclude(&mut self, one: Answer, other: Answer) {
        self.excludes[one].push(other);
        self.excludes[other].push(one);
    }

    /// The number of answers to all questions.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// True if there is no question.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The option that an answer selects; none for the answer "not selected".
    pub fn option(&self, answer: Answer) -> Option<&OptionRef> {
        self.answers[answer].0.as_ref()
    }

    /// The answer that selects an option.
    pub(super) fn answer(&self, option: &OptionRef) -> Option<Answer> {
        self.by_option.get(option).copied()
    }

    pub(super) fn question(&self, answer: Answer) -> usize {
        self.answers[answer].1
    }

    /// The answers of a selection; none if it contains an unknown option.
    pub(super) fn answers_of(&self, selection: &Selection) -> Option<Vec<Answer>> {
        let known = |option: OptionRef| self.by_option.get(&option).copied();
        let selected: Vec<Answer> = selection.options().map(known).collect::<Option<_>>()?;
        let answer = |answers: &Vec<Answer>| {
            let mut answers = answers.iter().copied();
            let chosen = answers.clone().find(|answer| selected.contains(answer));
            chosen.or_else(|| answers.find(|answer| self.option(*answer).is_none()))
        };
        self.questions.iter().map(answer).collect()
    }

    /// The selection of some answers.
    pub(super) fn selection(&self, answers: impl IntoIterator<Item = Answer>) -> Selection {
        let mut selection = Selection::default();
        for option in answers.into_iter().filter_map(|answer| self.option(answer)) {
            selection.insert_option(option);
        }
        selection
    }
}
