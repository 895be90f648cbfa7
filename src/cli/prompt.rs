//! Questions on a terminal, category by category.

use crate::catalog::{Catalog, Category, SelectionType};
use crate::cli::error::Failure;
use crate::cli::signals;
use crate::model::selection::Selection;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, MultiSelect, Select};

/// Asks for the options of every category. The enter key takes the marked defaults.
pub(crate) fn selection(catalog: &Catalog) -> Result<Selection, Failure> {
    signals::end_while_asking();
    let asked = ask(catalog);
    // An interrupted question leaves the cursor hidden.
    drop(dialoguer::console::Term::stderr().show_cursor());
    asked
}

/// Asks for a confirmation. The enter key alone means no.
pub(crate) fn consent(question: &str) -> Result<bool, Failure> {
    signals::end_while_asking();
    let style = theme();
    let confirm = Confirm::with_theme(style.as_ref()).with_prompt(question);
    let answer = confirm.default(false).interact_opt();
    drop(dialoguer::console::Term::stderr().show_cursor());
    let hint = "answer with `--yes`";
    Ok(answer
        .map_err(|error| interrupted(error, hint))?
        .unwrap_or(false))
}

fn ask(catalog: &Catalog) -> Result<Selection, Failure> {
    let style = theme();
    let mut selection = Selection::default();
    for category in catalog.categories() {
        let chosen = match category.selection {
            SelectionType::Single => one(style.as_ref(), category)?.into_iter().collect(),
            SelectionType::Multi => many(style.as_ref(), category)?,
        };
        for option in chosen {
            selection.insert(category.slug.clone(), category.options[option].slug.clone());
        }
    }
    Ok(selection)
}

fn theme() -> Box<dyn Theme> {
    let wants_color =
        anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    if wants_color {
        Box::new(ColorfulTheme::default())
    } else {
        Box::new(SimpleTheme)
    }
}

fn one(theme: &dyn Theme, category: &Category) -> Result<Option<usize>, Failure> {
    let mut lines = items(category);
    if !category.required {
        lines.push("none of these".to_owned());
    }
    let default = category
        .options
        .iter()
        .position(|option| option.default)
        .unwrap_or(lines.len() - 1);
    let select = Select::with_theme(theme)
        .with_prompt(category.title.as_str())
        .items(&lines)
        .default(default);
    let chosen = select
        .interact_opt()
        .map_err(|error| interrupted(error, ANSWERS))?
        .ok_or_else(Failure::cancelled)?;
    Ok(Some(chosen).filter(|chosen| *chosen < category.options.len()))
}

fn many(theme: &dyn Theme, category: &Category) -> Result<Vec<usize>, Failure> {
    let defaults: Vec<bool> = category
        .options
        .iter()
        .map(|option| option.default)
        .collect();
    let prompt = format!("{} (space to select, enter to confirm)", category.title);
    let select = MultiSelect::with_theme(theme)
        .with_prompt(prompt)
        .items(items(category))
        .defaults(&defaults);
    select
        .interact_opt()
        .map_err(|error| interrupted(error, ANSWERS))?
        .ok_or_else(Failure::cancelled)
}

fn items(category: &Category) -> Vec<String> {
    let item = |option: &crate::catalog::CatalogOption| match &option.description {
        Some(description) => format!("{} — {description}", option.title),
        None => option.title.to_string(),
    };
    category.options.iter().map(item).collect()
}

/// The hint for a terminal on which no question can be asked.
const ANSWERS: &str = "answer with `--select` or `--defaults`";

fn interrupted(error: dialoguer::Error, hint: &str) -> Failure {
    let dialoguer::Error::IO(error) = error;
    if error.kind() == std::io::ErrorKind::Interrupted {
        return Failure::cancelled();
    }
    Failure::environment("prompt_failed", "cannot ask a question")
        .caused_by(error)
        .hinted(hint.to_owned())
}
