//! Questions about options, category by category: an answer limits the later ones, so that no selection ends in an error.

use super::choices::{find, title, with_requirements};
use crate::catalog::{Catalog, CatalogOption, Category, OptionEntry, SelectionType};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;

/// The question of one category, after the answers to those before it.
#[derive(Debug)]
pub struct OptionQuestion<'c> {
    pub category: &'c Category,
    /// The options that fit the earlier answers.
    pub offered: Vec<&'c CatalogOption>,
    /// Options that an earlier answer requires, each with the title of the one that does.
    pub required: Vec<(&'c CatalogOption, String)>,
    /// Options that no longer fit, each with the reason.
    pub unavailable: Vec<(&'c CatalogOption, String)>,
}

/// The answers so far.
struct EarlierAnswers<'c> {
    catalog: &'c Catalog,
    /// The number of categories that are answered.
    answered: usize,
    selected: Vec<OptionRef>,
    /// The options that the selected ones require, each with the one that does.
    required: Vec<(OptionRef, OptionRef)>,
}

/// The question of the category at an index. The selection answers all categories before it.
pub fn question<'c>(
    catalog: &'c Catalog,
    selection: &Selection,
    index: usize,
) -> Option<OptionQuestion<'c>> {
    let category = catalog.categories().get(index)?;
    let answers = EarlierAnswers::new(catalog, selection, index);
    let mut question = OptionQuestion {
        category,
        offered: Vec::new(),
        required: Vec::new(),
        unavailable: Vec::new(),
    };
    for option in &category.options {
        let reference = OptionRef::new(&category.slug, &option.slug);
        if let Some(by) = answers.requirer(&reference) {
            question.required.push((option, title(catalog, by)));
        } else if let Some(reason) = answers.obstacle(&reference) {
            question.unavailable.push((option, reason));
        } else {
            question.offered.push(option);
        }
    }
    Some(question)
}

/// The options of one category that an answer selects: the chosen ones, and those of the category that they require.
///
/// # Errors
/// The reason why the chosen options cannot be selected together, after earlier answers.
pub fn selected(
    catalog: &Catalog,
    selection: &Selection,
    chosen: &[OptionRef],
) -> Result<Vec<OptionRef>, String> {
    let mut together = selection.clone();
    let mut selected: Vec<OptionRef> = Vec::new();
    for option in chosen {
        let answers = EarlierAnswers::new(catalog, &together, 0);
        if let Some(reason) = answers.conflict(option) {
            return Err(format!("{}: {reason}", title(catalog, option)));
        }
        together.insert_option(option);
        let of_category = |one: &OptionRef| one.category() == option.category();
        let required = with_requirements(catalog, option).into_iter();
        for one in required.filter(of_category) {
            if !selected.contains(&one) {
                selected.push(one);
            }
        }
    }
    Ok(selected)
}

impl<'c> EarlierAnswers<'c> {
    fn new(catalog: &'c Catalog, selection: &Selection, answered: usize) -> Self {
        let selected: Vec<OptionRef> = selection.options().collect();
        let needed = selected.iter().flat_map(|by| {
            let needed = with_requirements(catalog, by).into_iter();
            needed.map(move |option| (option, by.clone()))
        });
        let required = needed
            .filter(|(option, _)| !selected.contains(option))
            .collect();
        Self {
            catalog,
            answered,
            selected,
            required,
        }
    }

    /// The selected option that requires another one.
    fn requirer(&self, option: &OptionRef) -> Option<&OptionRef> {
        let mut required = self.required.iter();
        required.find(|(one, _)| one == option).map(|(_, by)| by)
    }

    /// The reason why an option does not fit the answers.
    fn obstacle(&self, option: &OptionRef) -> Option<String> {
        let is_answered = |required: &OptionRef| {
            let mut answered = self.catalog.categories().iter().take(self.answered);
            answered.any(|category| category.slug.as_str() == required.category())
        };
        let missing = with_requirements(self.catalog, option)
            .into_iter()
            .find(|required| is_answered(required) && !self.selected.contains(required));
        match missing {
            Some(missing) => Some(format!("requires {}", title(self.catalog, &missing))),
            None => self.conflict(option),
        }
    }

    /// The reason why an option, or one that it requires, cannot be combined with the answers and what they require.
    fn conflict(&self, option: &OptionRef) -> Option<String> {
        let required = self.required.iter().map(|(option, by)| (option, Some(by)));
        let present: Vec<_> = self
            .selected
            .iter()
            .map(|option| (option, None))
            .chain(required)
            .collect();
        with_requirements(self.catalog, option)
            .iter()
            .find_map(|one| {
                let mut others = present.iter();
                let (other, by) = others.find(|(other, _)| self.excludes(one, other))?;
                let other = title(self.catalog, other);
                Some(match by {
                    Some(by) => format!(
                        "cannot be combined with {other}, which {} requires",
                        title(self.catalog, by)
                    ),
                    None => format!("cannot be combined with {other}"),
                })
            })
    }

    /// True for two options that cannot be selected together.
    fn excludes(&self, one: &OptionRef, other: &OptionRef) -> bool {
        let entry = |option| find(self.catalog, option);
        let (Some(first), Some(second)) = (entry(one), entry(other)) else {
            return false;
        };
        let names = |entry: &OptionEntry<'_>, option| entry.option.conflicts.contains(option);
        let is_single = first.category.selection == SelectionType::Single;
        names(&first, other)
            || names(&second, one)
            || (is_single && one != other && one.category() == other.category())
    }
}
