//! Selections: options by category.

use super::slug::{OptionRef, Slug};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Category → options. Ordered by slug, so that equal selections have one form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Selection(BTreeMap<Slug, BTreeSet<Slug>>);

impl Selection {
    /// Adds one option.
    pub fn insert(&mut self, category: Slug, option: Slug) {
        self.0.entry(category).or_default().insert(option);
    }

    /// Removes all options of a category.
    pub fn remove(&mut self, category: &Slug) {
        self.0.remove(category);
    }

    /// Adds one option by its reference.
    pub fn insert_option(&mut self, option: &OptionRef) {
        let (category, option) = option.slugs();
        self.insert(category, option);
    }

    /// True if the option is selected.
    pub fn contains(&self, option: &OptionRef) -> bool {
        self.has(option.category(), option.option())
    }

    /// True if the option `option` of `category` is selected.
    pub fn has(&self, category: &str, option: &str) -> bool {
        self.of(category)
            .any(|selected| selected.as_str() == option)
    }

    /// The options selected in a category.
    pub fn of(&self, category: &str) -> impl Iterator<Item = &Slug> {
        self.0
            .iter()
            .filter(move |(slug, _)| slug.as_str() == category)
            .flat_map(|(_, options)| options)
    }

    /// Every category with its options.
    pub fn iter(&self) -> impl Iterator<Item = (&Slug, &BTreeSet<Slug>)> {
        self.0.iter()
    }

    /// Every selected option.
    pub fn options(&self) -> impl Iterator<Item = OptionRef> + '_ {
        self.0.iter().flat_map(|(category, options)| {
            options
                .iter()
                .map(|option| OptionRef::new(category, option))
        })
    }

    /// True if no option is selected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
