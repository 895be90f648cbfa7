//! Questions on a terminal, category by category.

use crate::app::previews::ProductRequest;
use crate::app::selection::SelectionRequest;
use crate::base::clock::SystemClock;
use crate::catalog::{Catalog, Category, InputType, SelectionType};
use crate::cli::error::Failure;
use crate::cli::signals;
use crate::model::action::SingleLine;
use crate::model::condition::InputValue;
use crate::model::selection::Selection;
use crate::resolve::{self, Question};
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, MultiSelect, Select};

/// Asks for the options of every category. The enter key takes the marked defaults.
pub(crate) fn selection(catalog: &Catalog) -> Result<Selection, Failure> {
    signals::end_while_asking();
    let asked = ask(catalog);
    // An interrupted question leaves the cursor hidden.
    drop(dialoguer::console::Term::stderr().show_cursor());
    asked
}

/// Asks for the values of the inputs that are not given. The enter key takes the default.
pub(crate) fn inputs(
    catalog: &Catalog,
    selection: &mut SelectionRequest,
    product: &ProductRequest,
) -> Result<(), Failure> {
    signals::end_while_asking();
    let asked = ask_inputs(catalog, selection, product);
    drop(dialoguer::console::Term::stderr().show_cursor());
    asked
}

fn ask_inputs(
    catalog: &Catalog,
    selection: &mut SelectionRequest,
    product: &ProductRequest,
) -> Result<(), Failure> {
    let style = theme();
    let author = product.author.clone().unwrap_or_default();
    let mut inputs = product.inputs(&SystemClock)?;
    inputs.values.clone_from(&selection.inputs);
    loop {
        let questions = resolve::questions(catalog, &selection.selection, &inputs, &author);
        let Some(question) = questions.iter().find(|question| question.given.is_none()) else {
            selection.inputs = inputs.values;
            return Ok(());
        };
        let value = answer(style.as_ref(), question)?;
        inputs.values.insert(question.input.name.clone(), value);
    }
}

fn answer(theme: &dyn Theme, question: &Question<'_>) -> Result<InputValue, Failure> {
    let input = question.input;
    let title = match &input.help {
        Some(help) => format!("{} ({help})", input.title),
        None => input.title.to_string(),
    };
    let default = question.default.as_ref().map(ToString::to_string);
    let text = match input.r#type {
        InputType::Boolean => {
            let confirm = Confirm::with_theme(theme)
                .with_prompt(title)
                .default(default.as_deref() == Some("true"));
            let answer = confirm
                .interact_opt()
                .map_err(|error| interrupted(error, INPUTS))?;
            answer.ok_or_else(Failure::cancelled)?.to_string()
        }
        InputType::Choice => {
            let options: Vec<&str> = input.options.iter().map(SingleLine::as_str).collect();
            let default = options
                .iter()
                .position(|option| Some(*option) == default.as_deref());
            let select = Select::with_theme(theme)
                .with_prompt(title)
                .items(&options)
                .default(default.unwrap_or(0));
            let chosen = select
                .interact_opt()
                .map_err(|error| interrupted(error, INPUTS))?
                .ok_or_else(Failure::cancelled)?;
            options[chosen].to_owned()
        }
        InputType::Text | InputType::Integer => {
            let field = Input::<String>::with_theme(theme)
                .with_prompt(title)
                .allow_empty(true)
                .validate_with(|text: &String| {
                    let value = input.value(&InputValue::Text(text.clone()));
                    value
                        .map(drop)
                        .map_err(|problem| format!("expected {}", problem.expected))
                });
            let field = match default {
                Some(default) => field.default(default),
                None => field,
            };
            field
                .interact_text()
                .map_err(|error| interrupted(error, INPUTS))?
        }
    };
    Ok(InputValue::Text(text))
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

/// The hint for a terminal on which no input can be asked.
const INPUTS: &str = "answer with `--input NAME=VALUE`";

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
