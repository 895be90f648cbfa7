//! The shortest condition that describes a set of selections.

use super::report::Affected;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use std::collections::BTreeSet;

/// The maximum number of combined options.
const MAX_OPTIONS: usize = 200;

/// The options that distinguish the affected selections (indices) from the others. Options in `likely` come first,
/// because in few selections other options may occur equally often by chance.
pub(super) fn when(
    selections: &[&Selection],
    affected: &BTreeSet<usize>,
    likely: &[OptionRef],
) -> Affected {
    let answer = |with| Affected {
        selections: affected.len(),
        with,
    };
    if affected.len() == selections.len() {
        return answer(Some(Vec::new()));
    }
    let all: BTreeSet<OptionRef> = selections
        .iter()
        .flat_map(|selection| selection.options())
        .collect();
    let mut options: Vec<&OptionRef> = likely
        .iter()
        .filter(|option| all.contains(*option))
        .collect();
    options.extend(
        all.iter()
            .filter(|option| !likely.contains(option))
            .take(MAX_OPTIONS),
    );
    let is_condition = |with: &[&OptionRef]| {
        selections.iter().enumerate().all(|(at, selection)| {
            with.iter().all(|option| selection.contains(option)) == affected.contains(&at)
        })
    };
    let owned = |with: &[&OptionRef]| Some(with.iter().map(|option| (*option).clone()).collect());
    for option in &options {
        if is_condition(&[option]) {
            return answer(owned(&[option]));
        }
    }
    for (at, one) in options.iter().enumerate() {
        for other in &options[at + 1..] {
            if is_condition(&[one, other]) {
                return answer(owned(&[one, other]));
            }
        }
    }
    answer(None)
}
