//! Failures, printed once: a message with hints for people, and one JSON document for programs.

use crate::cli::error::{self, CommandError, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::output::{Format, findings, render};
use crate::error::{ErrorBody, Explain as _};
use serde::Serialize;
use serde_json::{Map, Value};

/// An error as a JSON document, with the fields of the result that it ended.
#[derive(Serialize)]
struct Document<'a> {
    error: ErrorBody,
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
}

/// Prints a failure and returns its exit code.
pub(crate) fn print(failure: &Failure, terminal: &mut Terminal) -> u8 {
    let printed = match failure {
        Failure::Error(error) => {
            let printed = document(error, terminal);
            terminal.error(&message(error, terminal), &error.hints());
            printed.map(|()| error::exit_code(error.class()))
        }
        Failure::Findings(found) => findings::print(found, terminal).map(|()| 1),
        Failure::Report(refused) => render::refused(refused, terminal).map(|()| 1),
        Failure::ReaderGone => Ok(0),
    };
    match printed.and_then(|code| terminal.finish().map(|()| code)) {
        Ok(code) => code,
        Err(Failure::Error(error)) => {
            // The output failed only at its end.
            if !matches!(failure, Failure::Error(_)) {
                terminal.error(&message(&error, terminal), &error.hints());
            }
            error::exit_code(error.class())
        }
        Err(_) => 0,
    }
}

/// The message of an error. Where only the output failed, it names what the command has done.
fn message(error: &CommandError, terminal: &Terminal) -> String {
    match terminal.effects() {
        effects if error.code() == Failure::OUTPUT && !effects.is_empty() => {
            format!("{}; {}", error.message(), effects.join("; "))
        }
        _ => error.message(),
    }
}

/// Prints the JSON document of an error where JSON is wanted.
pub(crate) fn document(error: &CommandError, terminal: &mut Terminal) -> Result<(), Failure> {
    if terminal.format() != Format::Json {
        return Ok(());
    }
    let hints = error.hints();
    terminal.json(&Document {
        error: ErrorBody {
            code: error.code().to_owned(),
            class: error.class(),
            message: terminal.scrubbed(&error.message()),
            hints: hints.iter().map(|hint| terminal.scrubbed(hint)).collect(),
        },
        fields: error.fields(),
    })
}
