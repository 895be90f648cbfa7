//! Questions about options: whatever is answered, the selection is one that the catalogue allows.

use groundplan::app::option_questions::{question, selected};
use groundplan::catalog::{self, Catalog, SelectionType};
use groundplan::model::content::{File, Files};
use groundplan::model::selection::Selection;
use groundplan::model::slug::OptionRef;
use groundplan::resolve;
use proptest::prelude::*;
use std::fmt::Write as _;

const CATEGORIES: usize = 5;
const OPTIONS: usize = 3;

/// An option by the numbers of its category and itself.
type Number = (usize, usize);

/// A catalogue with these relations between options. Odd categories are MULTI. None for one that no author may write.
fn catalog(requires: &[(Number, Number)], conflicts: &[(Number, Number)]) -> Option<Catalog> {
    let mut text =
        "catalog: demo\ntitle: Demo\ntemplate: { path: template, version: v1 }\ncategories:\n"
            .to_owned();
    for category in 0..CATEGORIES {
        let selection = if category % 2 == 0 { "SINGLE" } else { "MULTI" };
        writeln!(
            text,
            "  - slug: c{category}\n    title: C{category}\n    selection: {selection}\n    options:"
        )
        .unwrap();
        for option in 0..OPTIONS {
            let named = |relations: &[(Number, Number)]| {
                let of_option = relations
                    .iter()
                    .filter(|(one, _)| *one == (category, option));
                let named =
                    of_option.map(|(_, (category, option))| format!("c{category}/o{option}"));
                named.collect::<Vec<_>>().join(", ")
            };
            let (requires, conflicts) = (named(requires), named(conflicts));
            writeln!(
                text,
                "      - {{ slug: o{option}, title: O{option}, requires: [{requires}], conflicts: [{conflicts}] }}"
            )
            .unwrap();
        }
    }
    let files = Files::from([
        ("catalog/demo/catalog.yaml".to_owned(), File::regular(text)),
        (
            "catalog/demo/template/a.txt".to_owned(),
            File::regular("a\n"),
        ),
    ]);
    catalog::load(&files, "demo").catalog
}

/// The selection after an answer to each question, taken from random numbers; none where a question has no answer left.
fn answered(catalog: &Catalog, answers: &[usize]) -> Selection {
    let mut selection = Selection::default();
    for (index, answer) in answers.iter().enumerate() {
        let question =
            question(catalog, &selection, index).expect("one question for each category");
        let reference = |slug| OptionRef::new(&question.category.slug, slug);
        let required: Vec<OptionRef> = question
            .required
            .iter()
            .map(|(option, _)| reference(&option.slug))
            .collect();
        let offered: Vec<OptionRef> = question
            .offered
            .iter()
            .map(|option| reference(&option.slug))
            .collect();
        for option in &offered {
            let alone = selected(catalog, &selection, std::slice::from_ref(option));
            assert!(alone.is_ok(), "{option} is offered: {alone:?}");
        }
        let chosen: Vec<OptionRef> = match question.category.selection {
            SelectionType::Single if !required.is_empty() => Vec::new(),
            SelectionType::Single => offered
                .get(answer % (OPTIONS + 1))
                .cloned()
                .into_iter()
                .collect(),
            SelectionType::Multi => {
                let mut bits = answer >> 2;
                let is_chosen = |_: &OptionRef| {
                    bits >>= 1;
                    bits & 1 == 1
                };
                offered.into_iter().filter(is_chosen).collect()
            }
        };
        let selected = selected(catalog, &selection, &chosen).unwrap_or_default();
        for option in required.iter().chain(&selected) {
            selection.insert_option(option);
        }
    }
    selection
}

fn relations() -> impl Strategy<Value = Vec<(Number, Number)>> {
    let number = || (0..CATEGORIES, 0..OPTIONS);
    prop::collection::vec((number(), number()), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_answers_end_in_a_selection_that_is_refused(
        requires in relations(),
        conflicts in relations(),
        answers in prop::collection::vec(0usize..64, CATEGORIES),
    ) {
        if let Some(catalog) = catalog(&requires, &conflicts) {
            let selection = answered(&catalog, &answers);
            let checked = resolve::check(&catalog, &selection);
            prop_assert!(checked.is_ok(), "{selection:?}: {checked:?}");
        }
    }
}
