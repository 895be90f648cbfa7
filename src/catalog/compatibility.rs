//! Which options can be selected together.

use super::{CatalogFile, CatalogOption, SelectionType};
use crate::model::slug::{OptionRef, Slug};
use std::collections::{BTreeMap, BTreeSet};

/// Answers about compatibility of one catalogue's options; of none, for a recipe checked by itself.
pub(super) struct Compatibility<'c> {
    options: BTreeMap<OptionRef, &'c CatalogOption>,
    single: BTreeSet<&'c str>,
}

/// Two options that cannot be selected together, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) one: OptionRef,
    pub(super) other: OptionRef,
    pub(super) reason: &'static str,
}

impl<'c> Compatibility<'c> {
    pub(super) fn of(catalog: &'c CatalogFile) -> Self {
        let options = catalog.categories.iter().flat_map(|category| {
            category
                .options
                .iter()
                .map(|option| (OptionRef::new(&category.slug, &option.slug), option))
        });
        let single = catalog
            .categories
            .iter()
            .filter(|category| category.selection == SelectionType::Single);
        Self {
            options: options.collect(),
            single: single.map(|category| category.slug.as_str()).collect(),
        }
    }

    /// For a recipe without its catalogue: every category counts as SINGLE, since `when` asks for one option of it.
    pub(super) fn unknown() -> Self {
        Self {
            options: BTreeMap::new(),
            single: BTreeSet::new(),
        }
    }

    /// The most options that one may need, directly or by way of others. Every option's needs are followed, and
    /// those of every two actions on one path, so a long chain would be walked thousands of times.
    pub(super) const MAX_NEEDED: usize = 50;

    /// Everything that is selected when `start` is, by way of `requires`; cut off beyond [`Self::MAX_NEEDED`].
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
                .map(|option| option.requires.as_slice())
                .unwrap_or_default();
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

    /// The first two options of a set that exclude each other.
    pub(super) fn conflict(&self, set: &BTreeSet<OptionRef>) -> Option<Conflict> {
        let mut by_category: BTreeMap<&str, &OptionRef> = BTreeMap::new();
        for option in set {
            let is_single = self.options.is_empty() || self.single.contains(option.category());
            if is_single && let Some(first) = by_category.insert(option.category(), option) {
                let reason = "only one option of that category can be selected";
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
                reason: "the catalogue says that they conflict",
            })
        })
    }

    /// Whether two actions can run in one plan, each with its option and its `when`.
    pub(super) fn can_run_together(&self, one: &Condition<'_>, other: &Condition<'_>) -> bool {
        let wanted = self.closure(one.options().chain(other.options()));
        self.conflict(&wanted).is_none()
    }
}

/// When an action runs.
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
