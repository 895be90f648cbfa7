//! The one order in which the actions of a selection run.

use crate::catalog::Catalog;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use crate::recipe::{Recipe, RecipeAction};

/// An action with its option, its recipe and its place in the recipe from 0.
pub(super) type Step<'c> = (OptionRef, &'c Recipe, usize, &'c RecipeAction);

/// The one order: `execution_order`, then category, option and list order of the catalogue.
pub(super) fn ordered<'c>(catalog: &'c Catalog, selection: &Selection) -> Vec<Step<'c>> {
    let options = catalog.categories().iter().flat_map(|category| {
        category
            .options
            .iter()
            .map(|option| OptionRef::new(&category.slug, &option.slug))
    });
    let mut steps = Vec::new();
    for option in options.filter(|option| selection.contains(option)) {
        let Some(recipe) = catalog.recipe(&option) else {
            continue;
        };
        for (index, step) in recipe.actions.iter().enumerate() {
            let when = &step.action.common().when;
            if when
                .iter()
                .all(|(category, option)| selection.has(category.as_str(), option.as_str()))
            {
                steps.push((option.clone(), recipe, index, step));
            }
        }
    }
    steps.sort_by_key(|(.., step)| step.action.common().order());
    steps
}
