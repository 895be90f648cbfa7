//! The last question before a repository is created.

use super::{asking, interrupted, theme};
use crate::cli::error::Failure;
use dialoguer::Input;

/// The answer to the last question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Creation {
    Create,
    Cancel,
    ShowDiff,
}

/// Asks for the creation of what was shown. The enter key alone means yes.
pub(crate) fn creation() -> Result<Creation, Failure> {
    asking(|| {
        let style = theme();
        let field = Input::<String>::with_theme(style.as_ref())
            .with_prompt("Create? [Y/n/diff]")
            .allow_empty(true)
            .validate_with(|text: &String| match parse(text) {
                Some(_) => Ok(()),
                None => Err("expected `y`, `n` or `diff`"),
            });
        let answer = field
            .interact_text()
            .map_err(|error| interrupted(error, "answer with flags for all questions"))?;
        Ok(parse(&answer).unwrap_or(Creation::Cancel))
    })
}

fn parse(answer: &str) -> Option<Creation> {
    match answer.trim().to_lowercase().as_str() {
        "" | "y" | "yes" => Some(Creation::Create),
        "n" | "no" => Some(Creation::Cancel),
        "d" | "diff" => Some(Creation::ShowDiff),
        _ => None,
    }
}
