//! Which options are to diagnose for what cannot be made: those that are named, and those without which it can.

use super::assignment::Assignment;
use super::space::Space;
use super::trial::{Trial, TrialInput, TrialOutcome};
use crate::catalog::Catalog;
use crate::engine::PreviewError;
use crate::model::diagnostic::Diagnostic;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use std::collections::{BTreeMap, BTreeSet};

/// Options that do not go together though the catalogue lets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The option whose action cannot be done; none when the finding is about the selection as a whole.
    pub option: Option<OptionRef>,
    /// The options with which it cannot; leaving out any of them helps.
    pub with: Vec<OptionRef>,
    /// The options without which it cannot; adding any of them helps.
    pub without: Vec<OptionRef>,
    /// What it comes to.
    pub finding: Diagnostic,
    /// The first selection in which it was met.
    pub selection: Selection,
}

/// What is known of two options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairStatus {
    /// They were made together.
    Compatible,
    /// They do not go together, or, of one option, it does not go with anything.
    Collides,
    /// The catalogue does not let them be selected together.
    Excluded,
    /// No selection held both that could be made.
    Untested,
}

/// At most so many collisions are looked into.
pub const MAX_COLLISIONS: usize = 100;

impl Collision {
    /// Whether a selection runs into it.
    fn is_in(&self, selection: &Selection) -> bool {
        let mut with = self.option.iter().chain(&self.with);
        with.all(|option| selection.contains(option))
            && !self.without.iter().any(|option| selection.contains(option))
    }

    fn is_about(&self, finding: &Diagnostic) -> bool {
        is_same(&self.finding, finding)
    }
}

/// Every collision behind what could not be made, by making it once more with one answer changed.
pub fn diagnose(
    input: TrialInput<'_>,
    space: &Space,
    trials: &[Trial],
) -> Result<Vec<Collision>, PreviewError> {
    let by_file = recipe_files(input.catalog);
    let mut collisions: Vec<Collision> = Vec::new();
    for trial in trials {
        let TrialOutcome::Failed(findings) = &trial.outcome else {
            continue;
        };
        for finding in findings {
            let known =
                |known: &&Collision| known.is_about(finding) && known.is_in(&trial.selection);
            if collisions.len() == MAX_COLLISIONS || collisions.iter().find(known).is_some() {
                continue;
            }
            let places = finding
                .location
                .iter()
                .chain(finding.related.iter().map(|related| &related.location));
            let mut named: Vec<OptionRef> = Vec::new();
            for option in places.filter_map(|location| by_file.get(location.file.as_str())) {
                if !named.contains(option) {
                    named.push(option.clone());
                }
            }
            let mut named = named.into_iter();
            let mut collision = Collision {
                option: named.next(),
                with: named.collect(),
                without: Vec::new(),
                finding: finding.clone(),
                selection: trial.selection.clone(),
            };
            if collision.with.is_empty() && collision.option.is_some() {
                suspect(input, space, &mut collision)?;
            }
            collisions.push(collision);
        }
    }
    Ok(collisions)
}

/// Changes one answer after the other and looks whether the finding is gone.
fn suspect(
    input: TrialInput<'_>,
    space: &Space,
    collision: &mut Collision,
) -> Result<(), PreviewError> {
    let (Some(row), Some(mut assignment)) = (
        space.answers_of(&collision.selection),
        Assignment::of(space),
    ) else {
        return Ok(());
    };
    let start = assignment.mark();
    for (question, given) in row.iter().enumerate() {
        let own = space.option(*given);
        if own.is_some() && own == collision.option.as_ref() {
            continue;
        }
        for instead in &space.questions[question] {
            let changed = row
                .iter()
                .map(|answer| if answer == given { instead } else { answer });
            let changed: Vec<_> = changed.copied().collect();
            let fits = instead != given && changed.iter().all(|answer| assignment.choose(*answer));
            assignment.undo_to(start);
            if !fits {
                continue;
            }
            let outcome = input.attempt(&space.selection(changed))?;
            let is_there = matches!(&outcome, TrialOutcome::Failed(findings)
                if findings.iter().any(|finding| collision.is_about(finding)));
            if !is_there {
                match own {
                    Some(own) => collision.with.push(own.clone()),
                    None => collision.without.extend(space.option(*instead).cloned()),
                }
                break;
            }
        }
    }
    Ok(())
}

/// What is known of every two options of a catalogue, and of each by itself.
pub struct Matrix {
    pub options: Vec<OptionRef>,
    statuses: Vec<PairStatus>,
}

impl Matrix {
    /// The matrix of what was made and what collided.
    pub fn of(space: &Space, trials: &[Trial], collisions: &[Collision]) -> Self {
        let answers: Vec<usize> = (0..space.len())
            .filter(|at| space.option(*at).is_some())
            .collect();
        let options: Vec<OptionRef> = answers
            .iter()
            .filter_map(|at| space.option(*at).cloned())
            .collect();
        let mut made: BTreeSet<(OptionRef, OptionRef)> = BTreeSet::new();
        for trial in trials
            .iter()
            .filter(|trial| matches!(trial.outcome, TrialOutcome::Built(_)))
        {
            let selected: Vec<OptionRef> = trial.selection.options().collect();
            for one in &selected {
                made.extend(selected.iter().map(|other| (one.clone(), other.clone())));
            }
        }
        let collides = |one: &OptionRef, other: &OptionRef| {
            collisions.iter().any(|collision| {
                let (option, with) = (collision.option.as_ref(), &collision.with);
                if one == other {
                    return option == Some(one) && with.is_empty() && collision.without.is_empty();
                }
                option == Some(one) && with.contains(other)
                    || option == Some(other) && with.contains(one)
            })
        };
        let mut assignment = Assignment::of(space);
        let mut excluded = |one: usize, other: usize| {
            let Some(assignment) = &mut assignment else {
                return true;
            };
            let start = assignment.mark();
            let fits = assignment.choose(one) && assignment.choose(other);
            assignment.undo_to(start);
            !fits
        };
        let mut statuses = Vec::with_capacity(options.len() * options.len());
        for (one, first) in answers.iter().zip(&options) {
            for (other, second) in answers.iter().zip(&options) {
                statuses.push(if collides(first, second) {
                    PairStatus::Collides
                } else if made.contains(&(first.clone(), second.clone())) {
                    PairStatus::Compatible
                } else if excluded(*one, *other) {
                    PairStatus::Excluded
                } else {
                    PairStatus::Untested
                });
            }
        }
        Self { options, statuses }
    }

    /// What is known of two options, by their places in [`Self::options`].
    pub fn status(&self, one: usize, other: usize) -> PairStatus {
        self.statuses[one * self.options.len() + other]
    }

    /// The same matrix of fewer options.
    #[must_use]
    pub fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.options.len()).filter(|at| keep(*at)).collect();
        let pairs = kept
            .iter()
            .flat_map(|one| kept.iter().map(|other| self.status(*one, *other)));
        Self {
            statuses: pairs.collect(),
            options: kept.iter().map(|at| self.options[*at].clone()).collect(),
        }
    }
}

fn recipe_files(catalog: &Catalog) -> BTreeMap<&str, OptionRef> {
    let options = catalog.categories().iter().flat_map(|category| {
        let options = category.options.iter();
        options.map(|option| OptionRef::new(&category.slug, &option.slug))
    });
    let file = |option: OptionRef| Some((catalog.recipe(&option)?.file.as_str(), option));
    options.filter_map(file).collect()
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    (one.code, &one.location, &one.pointer) == (other.code, &other.location, &other.pointer)
}
