//! The options of a catalogue, category by category. What no longer fits is shown with the reason.

use super::{asking, cut, interrupted, note, theme};
use crate::app::choices;
use crate::app::option_questions::{self, OptionQuestion};
use crate::catalog::{Catalog, CatalogOption, SelectionType};
use crate::cli::error::Failure;
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use dialoguer::theme::Theme;
use dialoguer::{MultiSelect, Select};

/// The hint for a terminal on which no question can be asked.
const ANSWERS: &str = "answer with `--select` or `--defaults`";

/// Asks for the options of every category. The enter key takes the marked defaults.
pub(crate) fn selection(catalog: &Catalog) -> Result<Selection, Failure> {
    asking(|| {
        let style = theme();
        let mut selection = Selection::default();
        let mut index = 0;
        while let Some(question) = option_questions::question(catalog, &selection, index) {
            for option in answer(style.as_ref(), catalog, &selection, &question)? {
                selection.insert_option(&option);
            }
            index += 1;
        }
        Ok(selection)
    })
}

/// The options of one category.
fn answer(
    theme: &dyn Theme,
    catalog: &Catalog,
    selection: &Selection,
    question: &OptionQuestion<'_>,
) -> Result<Vec<OptionRef>, Failure> {
    let category = question.category;
    for (option, by) in &question.required {
        let title = &category.title;
        note(&format!("{title}: {}, which {by} requires", option.title))?;
    }
    let reference = |option: &CatalogOption| OptionRef::new(&category.slug, &option.slug);
    let required = question
        .required
        .iter()
        .map(|(option, _)| reference(option));
    let mut answer: Vec<OptionRef> = required.collect();
    if category.selection == SelectionType::Single && !answer.is_empty() {
        return Ok(answer);
    }
    for (option, reason) in &question.unavailable {
        note(&format!("not available: {} ({reason})", option.title))?;
    }
    if question.offered.is_empty() && !category.required {
        return Ok(answer);
    }
    if question.offered.is_empty() {
        let title = &category.title;
        let message = format!("no option of `{title}` fits the earlier answers");
        return Err(Failure::usage("no_option_fits", message).hinted(ANSWERS));
    }
    loop {
        let indices: Vec<usize> = match category.selection {
            SelectionType::Single => one(theme, question)?.into_iter().collect(),
            SelectionType::Multi => many(theme, question)?,
        };
        let chosen: Vec<OptionRef> = indices
            .into_iter()
            .map(|index| reference(question.offered[index]))
            .collect();
        match option_questions::selected(catalog, selection, &chosen) {
            Ok(selected) => {
                for option in selected.iter().filter(|option| !chosen.contains(option)) {
                    let title = choices::title(catalog, option);
                    note(&format!("{title} is selected too: it is required"))?;
                }
                answer.extend(selected);
                return Ok(answer);
            }
            Err(reason) => note(&format!("{reason}; choose again"))?,
        }
    }
}

/// The index of the chosen option among the offered ones.
fn one(theme: &dyn Theme, question: &OptionQuestion<'_>) -> Result<Option<usize>, Failure> {
    let OptionQuestion {
        category, offered, ..
    } = question;
    let mut lines = items(question);
    if !category.required {
        lines.push("none of these".to_owned());
    }
    let default = offered.iter().position(|option| option.default);
    // Where the default no longer fits, a required category starts at its first option.
    let otherwise = if category.required { 0 } else { offered.len() };
    let select = Select::with_theme(theme)
        .with_prompt(cut(category.title.as_str()))
        .items(&lines)
        .default(default.unwrap_or(otherwise));
    let chosen = select
        .interact_opt()
        .map_err(|error| interrupted(error, ANSWERS))?
        .ok_or_else(Failure::cancelled)?;
    Ok(Some(chosen).filter(|chosen| *chosen < offered.len()))
}

/// The indices of the chosen options among the offered ones.
fn many(theme: &dyn Theme, question: &OptionQuestion<'_>) -> Result<Vec<usize>, Failure> {
    let defaults = question.offered.iter().map(|option| option.default);
    let prompt = format!(
        "{} (space to select, enter to confirm)",
        question.category.title
    );
    let select = MultiSelect::with_theme(theme)
        .with_prompt(cut(&prompt))
        .items(items(question))
        .defaults(&defaults.collect::<Vec<_>>());
    select
        .interact_opt()
        .map_err(|error| interrupted(error, ANSWERS))?
        .ok_or_else(Failure::cancelled)
}

fn items(question: &OptionQuestion<'_>) -> Vec<String> {
    let item = |option: &&CatalogOption| match &option.description {
        Some(description) => cut(&format!("{} — {description}", option.title)),
        None => cut(option.title.as_str()),
    };
    question.offered.iter().map(item).collect()
}
