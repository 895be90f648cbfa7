//! The options that cause a failure: those that its findings name, and those without which it does not occur.

use super::assignment::Assignment;
use super::space::Space;
use super::trial::{Trial, TrialInput, TrialOutcome};
use crate::catalog::Catalog;
use crate::engine::PreviewError;
use crate::model::diagnostic::Diagnostic;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use std::collections::{BTreeMap, BTreeSet};

/// Options that fail together although the catalogue allows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The option whose action fails; none if the finding is about the selection as a whole.
    pub option: Option<OptionRef>,
    /// The options with which it fails. Without any one of them it succeeds.
    pub with: Vec<OptionRef>,
    /// The options without which it fails. With any one of them it succeeds.
    pub without: Vec<OptionRef>,
    pub finding: Diagnostic,
    /// The first selection with the collision.
    pub selection: Selection,
}

/// The result for a pair of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairStatus {
    /// A selection with both was built.
    Compatible,
    /// They fail together. For a pair of one option with itself: it always fails.
    Collides,
    /// The catalogue does not allow a selection with both.
    Excluded,
    /// No selection with both was built.
    Untested,
}

/// The maximum number of diagnosed collisions.
pub const MAX_COLLISIONS: usize = 100;

impl Collision {
    /// True if the selection has the collision.
    fn is_in(&self, selection: &Selection) -> bool {
        let mut with = self.option.iter().chain(&self.with);
        with.all(|option| selection.contains(option))
            && !self.without.iter().any(|option| selection.contains(option))
    }

    fn is_about(&self, finding: &Diagnostic) -> bool {
        is_same(&self.finding, finding)
    }
}

/// The collisions behind failed trials. If a finding names only one option, the others are found by building the
/// selection again with one changed answer.
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
            let is_known =
                |known: &Collision| known.is_about(finding) && known.is_in(&trial.selection);
            if collisions.len() == MAX_COLLISIONS || collisions.iter().any(is_known) {
                continue;
            }
            let mut named = named_options(finding, &by_file).into_iter();
            let mut collision = Collision {
                option: named.next(),
                with: named.collect(),
                without: Vec::new(),
                finding: finding.clone(),
                selection: trial.selection.clone(),
            };
            if collision.with.is_empty() && collision.option.is_some() {
                find_partners(input, space, &mut collision)?;
            }
            collisions.push(collision);
        }
    }
    Ok(collisions)
}

/// The options whose recipes a finding names, without repetitions.
fn named_options(finding: &Diagnostic, by_file: &BTreeMap<&str, OptionRef>) -> Vec<OptionRef> {
    let related = finding.related.iter().map(|related| &related.location);
    let mut named: Vec<OptionRef> = Vec::new();
    for location in finding.location.iter().chain(related) {
        if let Some(option) = by_file.get(location.file.as_str())
            && !named.contains(option)
        {
            named.push(option.clone());
        }
    }
    named
}

/// Changes each answer in turn and checks whether the finding still occurs.
fn find_partners(
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
            let changed: Vec<_> = row
                .iter()
                .map(|answer| if answer == given { *instead } else { *answer })
                .collect();
            let is_valid =
                instead != given && changed.iter().all(|answer| assignment.choose(*answer));
            assignment.undo_to(start);
            if !is_valid {
                continue;
            }
            let outcome = input.attempt(&space.selection(changed))?;
            let still_fails = matches!(&outcome, TrialOutcome::Failed(findings)
                if findings.iter().any(|finding| collision.is_about(finding)));
            if !still_fails {
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

/// The status of every pair of options of a catalogue, and of each option with itself.
pub struct Matrix {
    pub options: Vec<OptionRef>,
    statuses: Vec<PairStatus>,
}

impl Matrix {
    /// The matrix of trials and collisions.
    pub fn of(space: &Space, trials: &[Trial], collisions: &[Collision]) -> Self {
        let answers: Vec<usize> = (0..space.len())
            .filter(|at| space.option(*at).is_some())
            .collect();
        let options: Vec<OptionRef> = answers
            .iter()
            .filter_map(|at| space.option(*at).cloned())
            .collect();
        let mut built: BTreeSet<(OptionRef, OptionRef)> = BTreeSet::new();
        for trial in trials
            .iter()
            .filter(|trial| matches!(trial.outcome, TrialOutcome::Built(_)))
        {
            let selected: Vec<OptionRef> = trial.selection.options().collect();
            for one in &selected {
                built.extend(selected.iter().map(|other| (one.clone(), other.clone())));
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
            let is_valid = assignment.choose(one) && assignment.choose(other);
            assignment.undo_to(start);
            !is_valid
        };
        let mut statuses = Vec::with_capacity(options.len() * options.len());
        for (one, first) in answers.iter().zip(&options) {
            for (other, second) in answers.iter().zip(&options) {
                statuses.push(if collides(first, second) {
                    PairStatus::Collides
                } else if built.contains(&(first.clone(), second.clone())) {
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

    /// The status of two options, by their indices in [`Self::options`].
    pub fn status(&self, one: usize, other: usize) -> PairStatus {
        self.statuses[one * self.options.len() + other]
    }

    /// The matrix of the options at the kept indices.
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
    let options = catalog.options().map(|entry| entry.reference());
    let file = |option: OptionRef| Some((catalog.recipe(&option)?.file.as_str(), option));
    options.filter_map(file).collect()
}

fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    (one.code, &one.location, &one.pointer) == (other.code, &other.location, &other.pointer)
}
