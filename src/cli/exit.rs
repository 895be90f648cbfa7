//! Every way a command ends: the one file that turns an error into a code, a sentence and a hint.

use super::terminal::Terminal;
use crate::scrub::scrub;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Fine,
    /// There are findings; they are printed.
    Findings,
    /// A worker has its own codes, which its operators expect.
    Code(u8),
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was asked for cannot be, code 1.
    Refused { message: String, hint: String },
    /// The command line is wrong, code 2.
    Usage { message: String, hint: String },
    /// Files, folders or the system stand in the way, code 3.
    Environment {
        message: String,
        hint: Option<String>,
    },
    /// A forge does not accept the credential, code 4.
    Authentication { message: String, hint: String },
    /// A person or a signal stopped it, code 130.
    Cancelled,
    /// A signal stopped it in the middle of something outside, code 130.
    Stopped { message: String, hint: String },
    /// The reader of the output went away with what it wanted, as `head` does; code 0.
    ReaderGone,
}

impl Failure {
    /// A file or folder that could not be read.
    pub(super) fn reading(path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot read `{}`: {error}", path.display());
        let hint = match error.kind() {
            io::ErrorKind::NotFound => Some("check the path".to_owned()),
            io::ErrorKind::PermissionDenied => Some("check the permissions".to_owned()),
            io::ErrorKind::IsADirectory => Some("name a file".to_owned()),
            _ => None,
        };
        Self::Environment { message, hint }
    }

    /// Prints the failure and gives its code.
    pub(super) fn report(&self, terminal: &mut Terminal) -> ExitCode {
        let (message, hint, code) = match self {
            Self::Refused { message, hint } => (message, Some(hint), 1),
            Self::Usage { message, hint } => (message, Some(hint), 2),
            Self::Environment { message, hint } => (message, hint.as_ref(), 3),
            Self::Authentication { message, hint } => (message, Some(hint), 4),
            Self::Cancelled => {
                terminal.error("cancelled", Some("nothing was made"));
                return ExitCode::from(130);
            }
            Self::ReaderGone => return ExitCode::SUCCESS,
            Self::Stopped { message, hint } => (message, Some(hint), 130),
        };
        terminal.error(
            message,
            hint.map(String::as_str).filter(|hint| !hint.is_empty()),
        );
        ExitCode::from(code)
    }

    /// The sentence and the hint, where one failure is a line among others.
    pub(super) fn into_parts(self) -> (String, Option<String>) {
        match self {
            Self::Refused { message, hint }
            | Self::Usage { message, hint }
            | Self::Stopped { message, hint }
            | Self::Authentication { message, hint } => (message, Some(hint)),
            Self::Environment { message, hint } => (message, hint),
            Self::Cancelled => ("cancelled".to_owned(), None),
            Self::ReaderGone => ("the reader of the output is gone".to_owned(), None),
        }
    }

    /// The sentence.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Refused { message, .. }
            | Self::Usage { message, .. }
            | Self::Stopped { message, .. }
            | Self::Authentication { message, .. }
            | Self::Environment { message, .. } => message,
            Self::Cancelled => "cancelled",
            Self::ReaderGone => "the reader of the output is gone",
        }
    }

    /// The same kind of failure in other words: the sentence and the hint, which is empty when there is none.
    pub(super) fn reworded(self, say: impl Fn(&str, &str) -> (String, String)) -> Self {
        match self {
            Self::Refused { message, hint } => {
                let (message, hint) = say(&message, &hint);
                Self::Refused { message, hint }
            }
            Self::Usage { message, hint } => {
                let (message, hint) = say(&message, &hint);
                Self::Usage { message, hint }
            }
            Self::Stopped { message, hint } => {
                let (message, hint) = say(&message, &hint);
                Self::Stopped { message, hint }
            }
            Self::Authentication { message, hint } => {
                let (message, hint) = say(&message, &hint);
                Self::Authentication { message, hint }
            }
            Self::Environment { message, hint } => {
                let (message, hint) = say(&message, &hint.unwrap_or_default());
                let hint = (!hint.is_empty()).then_some(hint);
                Self::Environment { message, hint }
            }
            Self::Cancelled | Self::ReaderGone => self,
        }
    }
}

/// Prints clap's own message: help and version are results, everything else is a usage error.
pub(super) fn for_usage(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    let shown = scrub(&error.render().ansi().to_string(), &[]);
    let printed = if error.use_stderr() {
        write!(anstream::stderr(), "{shown}")
    } else {
        write!(anstream::stdout(), "{shown}")
    };
    match printed {
        Ok(()) => ExitCode::from(code),
        Err(error) => Failure::from(error).report(&mut Terminal::new()),
    }
}
