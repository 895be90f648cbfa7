//! Options beside a selection: which of them can be added, and what each one brings.

use crate::catalog::{Catalog, OptionEntry, SelectionType};
use crate::model::action::{Action, RiskLevel};
use crate::model::condition::InputValues;
use crate::model::date::Day;
use crate::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::resolve::{self, Question};
use crate::sweep::trial::sample_inputs;

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
        let other = title(catalog, &conflict);
        return Some(format!("Cannot be combined with {other}."));
    }
    let missing = entry
        .option
        .requires
        .iter()
        .find(|required| !selection.contains(required))?;
    Some(format!("Requires {}.", title(catalog, missing)))
}

/// A small valid selection with an option: what it requires, and the defaults that can be combined with it. A required
/// category whose defaults cannot gets its first option that can.
pub fn around(catalog: &Catalog, option: &OptionRef) -> Selection {
    let mut selection = Selection::default();
    for option in with_requirements(catalog, option) {
        selection.insert_option(&option);
    }
    for category in catalog.categories() {
        if selection.of(category.slug.as_str()).next().is_some() {
            continue;
        }
        let options = catalog.options();
        let possible: Vec<OptionEntry<'_>> = options
            .filter(|entry| entry.category.slug == category.slug)
            .filter(|entry| obstacle(catalog, &selection, entry).is_none())
            .collect();
        let defaults: Vec<_> = possible
            .iter()
            .filter(|entry| entry.option.default)
            .collect();
        let substitute = possible.first().filter(|_| category.required);
        let added = if defaults.is_empty() {
            substitute.into_iter().collect()
        } else {
            defaults
        };
        for entry in added {
            selection.insert_option(&entry.reference());
        }
    }
    selection
}

/// An option and all that it requires.
pub(super) fn with_requirements(catalog: &Catalog, option: &OptionRef) -> Vec<OptionRef> {
    let mut all = vec![option.clone()];
    let mut next = 0;
    while let Some(entry) = all.get(next).and_then(|option| find(catalog, option)) {
        let required = entry.option.requires.iter();
        let new: Vec<OptionRef> = required
            .filter(|required| !all.contains(required))
            .cloned()
            .collect();
        all.extend(new);
        next += 1;
    }
    all
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

/// The path that an action writes or edits, as the recipe names it.
pub fn target(action: &Action) -> String {
    match action {
        Action::CreateAdrStub(action) => action.path(),
        other => other
            .paths()
            .last()
            .map_or_else(String::new, |(_, path)| path.to_string()),
    }
}

/// The names of a product, as far as they are valid.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    pub name: Option<ProductName>,
    pub slug: Option<Slug>,
    pub owner: Option<Owner>,
    pub repo: Option<RepoName>,
    pub date: Option<Day>,
}

/// The inputs that apply to a selection, with the values that were given. Defaults that are derived from a name that is
/// not known come from the sample product.
pub fn questions<'c>(
    catalog: &'c Catalog,
    selection: &Selection,
    known: KnownNames,
    values: InputValues,
) -> Vec<Question<'c>> {
    let sample = sample_inputs();
    let title = known.name.as_ref().map(ProductName::as_str);
    let derived = title.and_then(Slug::from_title);
    let inputs = Inputs {
        product_slug: known.slug.or(derived).unwrap_or(sample.product_slug),
        product_name: known.name.unwrap_or(sample.product_name),
        owner: known.owner.unwrap_or(sample.owner),
        repo: known.repo.unwrap_or(sample.repo),
        date: known.date.unwrap_or(sample.date),
        repo_url: None,
        values,
    };
    let author = Identity::default();
    let mut questions = resolve::questions(catalog, selection, &inputs, &author);
    // On a page all questions are visible, in the order of their author.
    questions.sort_by_key(|question| {
        let mut all = catalog.file().inputs.iter();
        all.position(|input| input.name == question.input.name)
    });
    questions
}
