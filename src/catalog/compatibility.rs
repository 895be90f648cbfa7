//! Compatibility of options: `requires`, `conflicts` and SINGLE categories.

use super::{CatalogFile, CatalogOption, SelectionType};
use crate::model::condition::{Condition, InputValue, OneOrMany};
use crate::model::placeholder::PlaceholderName;
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

    /// True if two actions can run in one plan, each with its option and its conditions. Of conditions with very many
    /// combinations it is not known, and the answer is no.
    pub(super) fn can_run_together(
        &self,
        one: &RunCondition<'_>,
        other: &RunCondition<'_>,
    ) -> bool {
        let both = [one, other];
        if !inputs_allow(both) {
            return false;
        }
        let fixed: BTreeSet<OptionRef> = both
            .iter()
            .filter_map(|condition| condition.option.cloned())
            .collect();
        let alternatives: Vec<Vec<OptionRef>> = both
            .iter()
            .flat_map(|condition| &condition.when.categories)
            .map(|(category, options)| {
                let named = options.0.iter();
                named
                    .map(|option| OptionRef::new(category, option))
                    .collect()
            })
            .collect();
        combinations(&alternatives).is_some_and(|mut all| {
            all.any(|chosen| {
                let selected = self.closure(fixed.iter().cloned().chain(chosen));
                self.conflict(&selected).is_none()
                    && !both
                        .iter()
                        .any(|condition| condition.is_excluded(&selected))
            })
        })
    }
}

/// One option of each list, in all combinations; `None` if there are too many.
fn combinations(lists: &[Vec<OptionRef>]) -> Option<impl Iterator<Item = Vec<OptionRef>>> {
    const MAX: usize = 1000;
    let count = lists
        .iter()
        .try_fold(1_usize, |count, list| count.checked_mul(list.len()))
        .filter(|count| *count <= MAX)?;
    Some((0..count).map(|number| {
        let mut rest = number;
        let pick = |list: &Vec<OptionRef>| {
            let picked = list[rest % list.len()].clone();
            rest /= list.len();
            picked
        };
        lists.iter().map(pick).collect()
    }))
}

/// False if the conditions on inputs exclude each other.
fn inputs_allow(both: [&RunCondition<'_>; 2]) -> bool {
    let wanted = |name: &PlaceholderName| -> Option<Vec<&InputValue>> {
        let mut lists = both
            .iter()
            .filter_map(|condition| condition.when.inputs.get(name));
        let first = lists.next()?.0.iter();
        let rest: Vec<_> = lists.collect();
        Some(
            first
                .filter(|value| rest.iter().all(|list| list.0.contains(value)))
                .collect(),
        )
    };
    let is_possible = |name| wanted(name).is_none_or(|values| !values.is_empty());
    let is_excluded = |condition: &&RunCondition<'_>| {
        let unless = condition.unless;
        let is_certain = |(name, list): (&PlaceholderName, &OneOrMany<InputValue>)| {
            wanted(name).is_some_and(|values| values.iter().all(|value| list.0.contains(value)))
        };
        unless.categories.is_empty()
            && !unless.inputs.is_empty()
            && unless.inputs.iter().all(is_certain)
    };
    both.iter()
        .flat_map(|condition| condition.when.inputs.keys())
        .all(is_possible)
        && !both.iter().any(is_excluded)
}

/// The options and conditions with which an action runs.
pub(super) struct RunCondition<'a> {
    pub(super) option: Option<&'a OptionRef>,
    pub(super) when: &'a Condition,
    pub(super) unless: &'a Condition,
}

impl RunCondition<'_> {
    /// True if the action does not run with some options, whatever the inputs are.
    fn is_excluded(&self, selected: &BTreeSet<OptionRef>) -> bool {
        let is_selected = |(category, options): (&Slug, &OneOrMany<Slug>)| {
            let mut named = options.0.iter();
            named.any(|option| selected.contains(&OptionRef::new(category, option)))
        };
        !self.unless.is_empty()
            && self.unless.inputs.is_empty()
            && self.unless.categories.iter().all(is_selected)
    }
}
