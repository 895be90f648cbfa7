//! The values of a catalogue's inputs.

use super::{asking, cut, interrupted, note, theme};
use crate::app::previews::ProductRequest;
use crate::app::selection::SelectionRequest;
use crate::base::clock::SystemClock;
use crate::catalog::{Catalog, InputType};
use crate::cli::error::Failure;
use crate::model::action::SingleLine;
use crate::model::condition::InputValue;
use crate::resolve::{self, Question};
use dialoguer::theme::Theme;
use dialoguer::{Confirm, Input, Select};

/// The hint for a terminal on which no input can be asked.
const INPUTS: &str = "answer with `--input NAME=VALUE`";

/// Asks for the values of the inputs that are not given. The enter key takes the default.
pub(crate) fn inputs(
    catalog: &Catalog,
    selection: &mut SelectionRequest,
    product: &ProductRequest,
) -> Result<(), Failure> {
    asking(|| {
        let style = theme();
        let author = product.author();
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
    })
}

fn answer(theme: &dyn Theme, question: &Question<'_>) -> Result<InputValue, Failure> {
    let input = question.input;
    if let Some(help) = &input.help {
        note(help.as_str())?;
    }
    let title = cut(input.title.as_str());
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
                .items(options.iter().map(|option| cut(option)))
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
