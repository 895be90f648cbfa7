//! Questions on a terminal.

mod creation;
mod inputs;
mod names;
mod options;

pub(crate) use creation::{Creation, creation};
pub(crate) use inputs::inputs;
pub(crate) use names::{GivenNames, Names, Suggestions, folder, names};
pub(crate) use options::selection;

use crate::cli::error::Failure;
use crate::cli::signals;
use dialoguer::Confirm;
use dialoguer::console::{Term, truncate_str};
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};

/// The columns of a line beside its text: the marks of the lists.
const MARKS: usize = 8;

/// Asks for a confirmation. The enter key alone means no.
pub(crate) fn consent(question: &str) -> Result<bool, Failure> {
    asking(|| {
        let style = theme();
        let confirm = Confirm::with_theme(style.as_ref()).with_prompt(question);
        let answer = confirm.default(false).interact_opt();
        Ok(answer
            .map_err(|error| interrupted(error, "answer with `--yes`"))?
            .unwrap_or(false))
    })
}

/// Asks questions; an interrupted one would leave the cursor hidden.
fn asking<T>(ask: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    signals::end_while_asking();
    let asked = ask();
    drop(Term::stderr().show_cursor());
    asked
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

/// A text that fits on one line: lists with wrapped lines leave parts of them on the screen.
fn cut(text: &str) -> String {
    let (_, columns) = Term::stderr().size();
    let width = usize::from(columns).saturating_sub(MARKS).max(MARKS);
    truncate_str(text, width, "…").into_owned()
}

/// A line between questions.
fn note(text: &str) -> Result<(), Failure> {
    Term::stderr()
        .write_line(&format!("  {}", cut(text)))
        .map_err(|error| interrupted(dialoguer::Error::IO(error), "answer with flags"))
}

fn interrupted(error: dialoguer::Error, hint: &str) -> Failure {
    let dialoguer::Error::IO(error) = error;
    if error.kind() == std::io::ErrorKind::Interrupted {
        return Failure::cancelled();
    }
    Failure::environment("prompt_failed", "cannot ask a question")
        .caused_by(error)
        .hinted(hint.to_owned())
}
