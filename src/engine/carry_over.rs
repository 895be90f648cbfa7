//! The selection of an update: the recorded one, carried over to another version of the catalogue, with the changes that
//! somebody asked for.

use crate::catalog::{Catalog, Category};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::model::suggest;
use crate::resolve;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// The wanted changes of a selection.
#[derive(Clone, Debug, Default)]
pub struct SelectionChanges {
    /// These options replace the recorded ones of their categories.
    pub select: Vec<OptionRef>,
    pub drop: Vec<OptionRef>,
}

/// A category whose options change with an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangedChoice {
    pub category: String,
    pub before: Vec<String>,
    pub after: Vec<String>,
    pub reason: ChoiceReason,
}

/// The reason for a changed choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChoiceReason {
    /// The command asked for it.
    AskedFor,
    /// The catalogue has renamed it.
    Renamed,
    /// The catalogue has a new category; its default is selected.
    NewDefault,
}

impl fmt::Display for ChangedChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |options: &[String]| match options {
            [] => "none".to_owned(),
            some => some.join(", "),
        };
        let (before, after) = (list(&self.before), list(&self.after));
        let reason = self.reason.phrase();
        write!(
            formatter,
            "{}: {before} → {after} ({reason})",
            self.category
        )
    }
}

impl ChoiceReason {
    /// The reason as a phrase.
    fn phrase(self) -> &'static str {
        match self {
            Self::AskedFor => "asked for",
            Self::Renamed => "renamed by the catalogue",
            Self::NewDefault => "new question, default",
        }
    }
}

/// The recorded selection on a catalogue, with changes; and each category that differs.
///
/// # Errors
/// Recorded options that the catalogue no longer has and nobody decided on; options to drop that are not selected.
pub fn carry_over(
    catalog: &Catalog,
    recorded: &Selection,
    changes: &SelectionChanges,
) -> Result<(Selection, Vec<ChangedChoice>), Vec<Diagnostic>> {
    let asked: BTreeSet<&str> = changes.select.iter().map(OptionRef::category).collect();
    let mut findings = not_selected(recorded, &changes.drop);
    let mut selection = Selection::default();
    let mut renamed = BTreeSet::new();
    for option in recorded.options() {
        if changes.drop.contains(&option) {
            continue;
        }
        let Some(current) = resolve::current_option(catalog, &option) else {
            if !asked.contains(option.category()) {
                findings.push(gone(catalog, &option));
            }
            continue;
        };
        if asked.contains(current.category()) || changes.drop.contains(&current) {
            continue;
        }
        if current != option {
            renamed.insert(current.category().to_owned());
            renamed.insert(option.category().to_owned());
        }
        selection.insert_option(&current);
    }
    for option in &changes.select {
        selection.insert_option(option);
    }
    let is_new = |category: &&Category| is_new(category, recorded, changes);
    for category in catalog.categories().iter().filter(is_new) {
        for option in category.options.iter().filter(|option| option.default) {
            selection.insert(category.slug.clone(), option.slug.clone());
        }
    }
    if findings.is_empty() {
        let choices = choices(recorded, &selection, &renamed, changes);
        Ok((selection, choices))
    } else {
        Err(findings)
    }
}

/// True for a required category that the recorded selection knows nothing of: its question did not exist, or it would have an answer.
fn is_new(category: &Category, recorded: &Selection, changes: &SelectionChanges) -> bool {
    let slug = category.slug.as_str();
    let is_asked = changes
        .select
        .iter()
        .any(|option| option.category() == slug);
    let names = category.formerly.iter().map(Slug::as_str).chain([slug]);
    let is_recorded = |name: &str| recorded.of(name).next().is_some();
    category.required && !is_asked && !names.into_iter().any(is_recorded)
}

fn not_selected(recorded: &Selection, dropped: &[OptionRef]) -> Vec<Diagnostic> {
    let missing = dropped.iter().filter(|option| !recorded.contains(option));
    missing
        .map(|option| {
            let selected: Vec<String> = recorded
                .options()
                .map(|option| option.to_string())
                .collect();
            let all: Vec<&str> = selected.iter().map(String::as_str).collect();
            let message = format!("`{option}` is not selected, so that it cannot be dropped");
            let help = format!("the repository was created with {}", suggest::list(&all));
            Diagnostic::error(Code::UnknownOption, message).help(help)
        })
        .collect()
}

fn gone(catalog: &Catalog, option: &OptionRef) -> Diagnostic {
    let (category, name) = (option.category(), option.option());
    let message =
        format!("the catalogue no longer has `{option}`, which the repository was created with");
    let others: Vec<&str> = catalog
        .category(category)
        .into_iter()
        .flat_map(|category| &category.options)
        .map(|option| option.slug.as_str())
        .collect();
    let help = if others.is_empty() {
        format!("drop it with `--drop {category}={name}`")
    } else {
        format!(
            "choose another one with `--select {category}={}`, or drop it with `--drop {category}={name}`",
            others.join("|")
        )
    };
    Diagnostic::error(Code::UnknownOption, message).help(help)
}

fn choices(
    before: &Selection,
    after: &Selection,
    renamed: &BTreeSet<String>,
    changes: &SelectionChanges,
) -> Vec<ChangedChoice> {
    let categories: BTreeSet<&Slug> = before
        .iter()
        .chain(after.iter())
        .map(|(slug, _)| slug)
        .collect();
    let names = |selection: &Selection, category: &Slug| -> Vec<String> {
        let options = selection.of(category.as_str());
        options.map(Slug::to_string).collect()
    };
    let is_asked = |category: &Slug| {
        let all = changes.select.iter().chain(&changes.drop);
        all.into_iter()
            .any(|option| option.category() == category.as_str())
    };
    categories
        .into_iter()
        .map(|category| ChangedChoice {
            before: names(before, category),
            after: names(after, category),
            reason: if is_asked(category) {
                ChoiceReason::AskedFor
            } else if renamed.contains(category.as_str()) {
                ChoiceReason::Renamed
            } else {
                ChoiceReason::NewDefault
            },
            category: category.to_string(),
        })
        .filter(|choice| choice.before != choice.after)
        .collect()
}
