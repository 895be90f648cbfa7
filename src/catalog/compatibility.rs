//! Compatibility of options: `requires`, `conflicts` and SINGLE categories.

use super::{CatalogFile, CatalogOption, SelectionType};
use crate::model::slug::{OptionRef, Slug};
use std::collections::{BTreeMap, BTreeSet};

/// The rules between the options of a catalogue. Empty for a recipe without its catalogue.
pub(super) struct Compatibility<'c> {
    options: BTreeMap<OptionRef, &'c CatalogOption>,
    single: BTreeSet<&'c str>,
}

/// Two options that cannot be selected together, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) one: OptionRef,
    pub(super) other: OptionRef,
    pub(super) reason: &'static str,
}

impl<'c> Compatibility<'c> {
    pub(super) fn of(catalog: &'c CatalogFile) -> Self {
        let options = catalog
            .options()
            .map(|entry| (entry.reference(), entry.option));
        let single = catalog
            .categories
            .iter()
            .filter(|category| category.selection == SelectionType::Single);
        Self {
            options: options.collect(),
            single: single.map(|category| category.slug.as_str()).collect(),
        }
    }

    /// The rules for a recipe without its catalogue: every category is SINGLE, because `when` names one option of each.
    pub(super) fn unknown() -> Self {
        Self {
            options: BTreeMap::new(),
            single: BTreeSet::new(),
        }
    }

    /// The maximum number of options that one may require, directly or indirectly. The requirements of every option and
    /// of every two actions on one path are followed, so a long chain would be followed thousands of times.
    pub(super) const MAX_NEEDED: usize = 50;

    /// The options that `start` requires, directly or indirectly, and `start` itself. Stops beyond
    /// [`Self::MAX_NEEDED`].
    pub(super) fn closure(
        &self,
        start: impl IntoIterator<Item = OptionRef>,
    ) -> BTreeSet<OptionRef> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<OptionRef> = start.into_iter().collect();
        let most = open.len() + Self::MAX_NEEDED;
        while let Some(option) = open.pop() {
            if reached.len() > most {
                break;
            }
            let requires = self
                .options
                .get(&option)
                .map_or(&[][..], |option| option.requires.as_slice());
            open.extend(
                requires
                    .iter()
                    .filter(|required| !reached.contains(*required))
                    .cloned(),
            );
            reached.insert(option);
        }
        reached
    }

    /// The first two options of a set that conflict.
    pub(super) fn conflict(&self, set: &BTreeSet<OptionRef>) -> Option<Conflict> {
        let mut by_category: BTreeMap<&str, &OptionRef> = BTreeMap::new();
        for option in set {
            let is_single = self.options.is_empty() || self.single.contains(option.category());
            if is_single && let Some(first) = by_category.insert(option.category(), option) {
                let reason = "the category allows only one option";
                return Some(Conflict {
                    one: first.clone(),
                    other: option.clone(),
                    reason,
                });
            }
        }
        set.iter().find_map(|one| {
            let conflicts = &self.options.get(one)?.conflicts;
            let other = conflicts.iter().find(|other| set.contains(*other))?;
            Some(Conflict {
                one: one.clone(),
                other: other.clone(),
                reason: "they conflict",
            })
        })
    }

    /// True if two actions can run in one plan, each with its option and its `when`.
    pub(super) fn can_run_together(&self, one: &Condition<'_>, other: &Condition<'_>) -> bool {
        let required = self.closure(one.options().chain(other.options()));
        self.conflict(&required).is_none()
    }
}

/// The options with which an action runs.
pub(super) struct Condition<'a> {
    pub(super) option: Option<&'a OptionRef>,
    pub(super) when: &'a BTreeMap<Slug, Slug>,
}

impl Condition<'_> {
    fn options(&self) -> impl Iterator<Item = OptionRef> {
        self.option.cloned().into_iter().chain(
            self.when
                .iter()
                .map(|(category, option)| OptionRef::new(category, option)),
        )
    }
}
