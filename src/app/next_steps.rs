//! The steps after the creation of a repository, as its catalogue names them.

use crate::catalog::Catalog;
use crate::engine;
use crate::model::plan::Plan;

/// The steps of the catalogue and of the selected options, in order, with their placeholders replaced.
pub fn of(catalog: &Catalog, plan: &Plan) -> Vec<String> {
    let own = catalog.file().next_steps.iter();
    let selected = catalog
        .options()
        .filter(|entry| plan.recipe.selections.contains(&entry.reference()));
    own.chain(selected.flat_map(|entry| &entry.option.next_steps))
        .map(|step| engine::fill(plan, step.as_str()))
        .collect()
}
