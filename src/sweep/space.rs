//! What can be selected of a catalogue: its questions, their answers, and which answers never go together.

use crate::catalog::{Catalog, SelectionType};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use std::collections::BTreeMap;

/// One answer to one question, by its number.
pub type Answer = usize;

/// The questions of a catalogue. A SINGLE category is one question; each option of a MULTI category is one, whose other
/// answer is to leave it out. Answers are numbered in the catalogue's order.
#[derive(Clone, Debug)]
pub struct Space {
    /// The answers to each question.
    pub(super) questions: Vec<Vec<Answer>>,
    /// The option that an answer selects, if any, and the question it belongs to.
    answers: Vec<(Option<OptionRef>, usize)>,
    by_option: BTreeMap<OptionRef, Answer>,
    /// Answers that cannot be given together with this one; it is among those of each of them.
    pub(super) excludes: Vec<Vec<Answer>>,
    /// Answers that need this one.
    pub(super) needed_by: Vec<Vec<Answer>>,
    /// Sets of answers of which one has to be given: the options of a required MULTI category.
    pub(super) one_of: Vec<Vec<Answer>>,
    /// Which of these sets an answer belongs to.
    pub(super) set_of: Vec<Option<usize>>,
}

impl Space {
    /// The questions of a catalogue and the rules between their answers.
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
        for category in catalog.categories() {
            for option in &category.options {
                let own = self.by_option[&OptionRef::new(&category.slug, &option.slug)];
                for other in &option.conflicts {
                    self.exclude_option(own, other);
                }
                for required in &option.requires {
                    self.require_option(own, required);
                }
            }
        }
    }

    /// An answer and an option that do not go together.
    pub(super) fn exclude_option(&mut self, own: Answer, other: &OptionRef) {
        let other = self.by_option[other];
        self.exclude(own, other);
    }

    /// An answer that needs an option.
    pub(super) fn require_option(&mut self, own: Answer, required: &OptionRef) {
        let required = self.by_option[required];
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

    /// How many answers there are to all questions together.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The option that an answer selects; nothing when it leaves something out.
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

    /// The answers that make up a selection; nothing when it names an option that is not there.
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

    /// The selection that answers make.
    pub(super) fn selection(&self, answers: impl IntoIterator<Item = Answer>) -> Selection {
        let mut selection = Selection::default();
        for option in answers.into_iter().filter_map(|answer| self.option(answer)) {
            let slug = |text: &str| Slug::parse(text).expect("an option is made of slugs");
            selection.insert(slug(option.category()), slug(option.option()));
        }
        selection
    }
}
