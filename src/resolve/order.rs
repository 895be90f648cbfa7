//! The order of execution.

use crate::catalog::Catalog;
use crate::model::condition::{InputValues, applies};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use crate::recipe::RecipeAction;

/// An action with its option and its position in the recipe, from 0.
pub(super) type Step<'c> = (OptionRef, usize, &'c RecipeAction);

/// The actions of a selection by `execution_order`, then by category, option and list order of the catalogue.
pub(super) fn ordered<'c>(
    catalog: &'c Catalog,
    selection: &Selection,
    values: &InputValues,
) -> Vec<Step<'c>> {
    let options = catalog.options().map(|entry| entry.reference());
    let mut steps = Vec::new();
    for option in options.filter(|option| selection.contains(option)) {
        let Some(recipe) = catalog.recipe(&option) else {
            continue;
        };
        for (index, step) in recipe.actions.iter().enumerate() {
            let common = step.action.common();
            if applies(&common.when, &common.unless, selection, values) {
                steps.push((option.clone(), index, step));
            }
        }
    }
    steps.sort_by_key(|(.., step)| step.action.common().order());
    steps
}
