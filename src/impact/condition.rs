//! The shortest answer to "in which selections?".

use super::report::Affected;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use std::collections::BTreeSet;

/// At most so many options are combined.
const MAX_OPTIONS: usize = 200;

/// Which options tell the affected selections from the others, by their places. Options in `likely` are named first,
/// since in few selections others may happen to occur just as often.
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
    let is_it = |with: &[&OptionRef]| {
        selections.iter().enumerate().all(|(at, selection)| {
            with.iter().all(|option| selection.contains(option)) == affected.contains(&at)
        })
    };
    let owned = |with: &[&OptionRef]| Some(with.iter().map(|option| (*option).clone()).collect());
    for option in &options {
        if is_it(&[option]) {
            return answer(owned(&[option]));
        }
    }
    for (at, one) in options.iter().enumerate() {
        for other in &options[at + 1..] {
            if is_it(&[one, other]) {
                return answer(owned(&[one, other]));
            }
        }
    }
    answer(None)
}
