//! Options beside a selection: which of them can be added, and what each one brings.

use crate::catalog::{Catalog, OptionEntry, SelectionType};
use crate::model::action::{Action, RiskLevel};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;

/// The reason why an option cannot be added to a selection; `None` if it can. An option that it replaces, because its
/// category allows only one, prevents nothing.
pub fn obstacle(
    catalog: &Catalog,
    selection: &Selection,
    entry: &OptionEntry<'_>,
) -> Option<String> {
    let reference = entry.reference();
    let is_single = entry.category.selection == SelectionType::Single;
    let stays = |selected: &OptionRef| {
        *selected != reference && !(is_single && selected.category() == reference.category())
    };
    let conflict = selection.options().filter(stays).find(|selected| {
        entry.option.conflicts.contains(selected)
            || find(catalog, selected)
                .is_some_and(|other| other.option.conflicts.contains(&reference))
    });
    if let Some(conflict) = conflict {
        let title = title(catalog, &conflict);
        return Some(format!("Cannot be combined with {title}."));
    }
    let missing = entry
        .option
        .requires
        .iter()
        .find(|required| !selection.contains(required))?;
    Some(format!("Requires {}.", title(catalog, missing)))
}

/// An option of a catalogue by its reference.
pub fn find<'c>(catalog: &'c Catalog, reference: &OptionRef) -> Option<OptionEntry<'c>> {
    catalog
        .options()
        .find(|entry| entry.reference() == *reference)
}

/// `Title (Category)` of an option; its reference if the catalogue does not have it.
pub fn title(catalog: &Catalog, reference: &OptionRef) -> String {
    find(catalog, reference).map_or_else(
        || reference.to_string(),
        |entry| format!("{} ({})", entry.option.title, entry.category.title),
    )
}

/// True if an option brings an architecture decision record.
pub fn has_decision_record(catalog: &Catalog, reference: &OptionRef) -> bool {
    actions(catalog, reference).any(|action| matches!(action, Action::CreateAdrStub(_)))
}

/// The highest risk that the recipe of an option states.
pub fn stated_risk(catalog: &Catalog, reference: &OptionRef) -> Option<RiskLevel> {
    actions(catalog, reference)
        .filter_map(|action| action.common().risk_level)
        .max()
}

/// The actions of an option, in order.
pub fn actions<'c>(
    catalog: &'c Catalog,
    reference: &OptionRef,
) -> impl Iterator<Item = &'c Action> {
    let recipe = catalog.recipe(reference).into_iter();
    recipe.flat_map(|recipe| recipe.actions.iter().map(|action| &action.action))
}
