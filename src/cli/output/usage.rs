//! Answers of the argument parser: help and version are results, everything else is a usage error.

use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::failure;
use crate::cli::output::terminal::Terminal;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;

/// The longest value that a message quotes, in characters.
const MAX_QUOTED: usize = 200;

/// Prints an answer of the argument parser and returns its exit code.
pub(crate) fn print(mut error: clap::Error, terminal: &mut Terminal) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if !error.use_stderr() {
        let text = error.render().ansi().to_string();
        let printed = write!(terminal.out(), "{text}").map_err(Failure::from);
        return match printed.and_then(|()| terminal.finish()) {
            Ok(()) => code,
            Err(failure) => failure::print(&failure, terminal),
        };
    }
    clean(&mut error);
    let text = without_unsafe_source(&error, error.render().ansi().to_string());
    if let Failure::Error(error) = explained(&error) {
        // The exit code alone tells a reader that is gone.
        drop(failure::document(&error, terminal));
    }
    terminal.note(&text);
    code
}

/// Makes the values that the message quotes safe to show, and cuts them.
fn clean(error: &mut clap::Error) {
    let foreign: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(quoted(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(|text| quoted(text)).collect())
                }
                // A tip that quotes the value once more.
                ContextValue::StyledStrs(tips)
                    if tips.iter().any(|tip| is_unsafe(&tip.to_string())) =>
                {
                    ContextValue::None
                }
                _ => return None,
            };
            Some((kind, value))
        })
        .collect();
    for (kind, value) in foreign {
        error.insert(kind, value);
    }
}

/// The message with a safe form of what the parser of a value said.
fn without_unsafe_source(error: &clap::Error, text: String) -> String {
    match error.source().map(ToString::to_string) {
        Some(source) if is_unsafe(&source) => text.replace(&source, &quoted(&source)),
        _ => text,
    }
}

fn is_unsafe(text: &str) -> bool {
    text.chars().count() > MAX_QUOTED || text.contains(sanitize::is_unsafe)
}

fn quoted(text: &str) -> String {
    let is_cut = text.chars().nth(MAX_QUOTED).is_some();
    let start: String = text.chars().take(MAX_QUOTED).collect();
    format!(
        "{}{}",
        sanitize::line(&start),
        if is_cut { "…" } else { "" }
    )
}

/// The usage error for programs: the first paragraph as its message, the tips as its hints.
fn explained(error: &clap::Error) -> Failure {
    let text = without_unsafe_source(error, error.render().to_string());
    let mut paragraphs = text.trim().split("\n\n");
    let message = paragraphs
        .next()
        .unwrap_or("")
        .trim_start_matches("error: ")
        .to_owned();
    let tips = paragraphs.filter_map(|paragraph| paragraph.trim().strip_prefix("tip: "));
    let failure = Failure::usage(code(error.kind()), message);
    tips.fold(failure, |failure, tip| failure.hinted(tip.to_owned()))
        .hinted("run the command with `--help`")
}

fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8 => {
            "arguments_invalid_value"
        }
        ErrorKind::UnknownArgument => "arguments_unknown_flag",
        ErrorKind::InvalidSubcommand => "arguments_unknown_command",
        ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand => "arguments_missing",
        ErrorKind::ArgumentConflict => "arguments_conflict",
        _ => "arguments_invalid",
    }
}
