//! The actions of every option over the template: those that fail wherever they run.

use super::cover::{CoverError, Strength, cover};
use super::space::Space;
use super::trial::{TrialInput, sample_inputs};
use crate::catalog::Catalog;
use crate::engine::{ActionOutcomes, PreviewError};
use crate::model::condition::{Condition, InputValues};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::input::Inputs;
use crate::model::plan::Origin;
use crate::model::report::ActionOutcome;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// An action of an option, by its position in the recipe.
type ActionKey = (OptionRef, usize);

/// The findings of each action: those of its last trial, or none once it succeeded.
#[derive(Default)]
struct Outcomes(BTreeMap<ActionKey, Vec<Diagnostic>>);

/// The findings about actions that fail in every trial: what an action edits, replaces or copies is not there. A few
/// selections cover every option; actions that failed in them are tried again alone, so that a conflict between options
/// is not reported.
pub fn check(input: TrialInput<'_>) -> Result<Vec<Diagnostic>, PreviewError> {
    let space = Space::of(input.catalog);
    let selections = match cover(&space, Strength::Each, &[]) {
        Ok(cover) => cover.selections,
        Err(CoverError::TooLarge { .. } | CoverError::SearchLimit(_)) => Vec::new(),
    };
    let mut outcomes = Outcomes::default();
    let together = selections
        .into_iter()
        .map(|selection| (selection, InputValues::new()));
    outcomes.add_all(input, together.collect())?;
    let alone = alone(input.catalog, &outcomes);
    outcomes.add_all(input, alone)?;
    Ok(outcomes.0.into_values().flatten().collect())
}

/// The selections of single options, with what they require and what the conditions of their actions name, for all
/// actions that have not succeeded.
fn alone(catalog: &Catalog, outcomes: &Outcomes) -> Vec<(Selection, InputValues)> {
    let mut trials = Vec::new();
    for entry in catalog.options() {
        let option = entry.reference();
        let Some(recipe) = catalog.recipe(&option) else {
            continue;
        };
        let mut conditions: Vec<&Condition> = Vec::new();
        for (index, action) in recipe.actions.iter().enumerate() {
            let key = (option.clone(), index + 1);
            let has_succeeded = outcomes.0.get(&key).is_some_and(Vec::is_empty);
            let condition = &action.action.common().when;
            if !has_succeeded && !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        for condition in conditions {
            trials.push(trial(catalog, &option, condition));
        }
    }
    trials
}

fn trial(catalog: &Catalog, option: &OptionRef, condition: &Condition) -> (Selection, InputValues) {
    let mut selection = Selection::default();
    let named = condition
        .categories
        .iter()
        .filter_map(|(category, options)| {
            let option = options.0.first()?;
            Some(OptionRef::new(category, option))
        });
    let mut open: Vec<OptionRef> = named.chain([option.clone()]).collect();
    while let Some(option) = open.pop() {
        if selection.contains(&option) {
            continue;
        }
        selection.insert_option(&option);
        let known = catalog
            .category(option.category())
            .and_then(|category| category.option(option.option()));
        open.extend(known.into_iter().flat_map(|known| known.requires.clone()));
    }
    let wanted = condition.inputs.iter().filter_map(|(name, values)| {
        let value = values.0.first()?;
        Some((name.clone(), value.clone()))
    });
    (selection, wanted.collect())
}

impl Outcomes {
    /// Adds the outcomes of trials, which run on all cores, in their order.
    fn add_all(
        &mut self,
        input: TrialInput<'_>,
        trials: Vec<(Selection, InputValues)>,
    ) -> Result<(), PreviewError> {
        let outcomes = trials.into_par_iter().map(|(selection, values)| {
            let inputs = Inputs {
                values,
                ..sample_inputs()
            };
            input.action_outcomes(selection, inputs)
        });
        for outcome in outcomes
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
        {
            self.add(&outcome);
        }
        Ok(())
    }

    /// Adds the outcomes of one trial.
    fn add(&mut self, outcomes: &ActionOutcomes) {
        for entry in &outcomes.log {
            let key = (entry.origin.option.clone(), entry.origin.index);
            let findings: Vec<Diagnostic> = outcomes
                .findings
                .iter()
                .filter(|finding| is_about(finding, &entry.origin))
                .filter(|finding| finding.is_error() || finding.code == Code::FileMissing)
                .cloned()
                .collect();
            if entry.outcome == ActionOutcome::Failed || !findings.is_empty() {
                self.0.entry(key).or_insert(findings);
            } else {
                self.0.insert(key, Vec::new());
            }
        }
    }
}

/// True for a finding at the place of an action.
fn is_about(finding: &Diagnostic, origin: &Origin) -> bool {
    finding.location.as_ref().is_some_and(|place| {
        (&place.file, place.line, place.column) == (&origin.file, origin.line, origin.column)
    })
}
