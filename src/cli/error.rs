//! Every way a command ends: the one file that turns an error into a code, a sentence and a hint.

use crate::cli::output::terminal::Terminal;
use crate::error::{self, Class, Explain, Setting};
use crate::scrub::scrub;
use std::borrow::Cow;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    /// There are findings; they are printed.
    Findings,
    /// A worker has its own codes, which its operators expect.
    Code(u8),
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error that states its class and hints.
    Explained(Box<dyn Explain>),
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

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Explained(Box::new(error))
    }
}

/// The exit code of a class.
fn exit_code(class: Class) -> u8 {
    match class {
        Class::Refused | Class::Conflict => 1,
        Class::Usage => 2,
        Class::Environment | Class::Retryable => 3,
        Class::Credential => 4,
        Class::Interrupted => 130,
    }
}

/// The flag of a setting.
fn flag(setting: Setting) -> String {
    format!("`--{}`", setting.name())
}

/// All hints of an error as one text.
fn hint_text(error: &dyn Explain) -> Option<String> {
    let hints: Vec<String> = error::hints(error)
        .iter()
        .map(|hint| hint.render(flag))
        .collect();
    (!hints.is_empty()).then(|| hints.join("; "))
}

impl Failure {
    /// A file or folder that could not be read.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
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
    pub(crate) fn report(&self, terminal: &mut Terminal) -> ExitCode {
        let (message, hint, code) = match self {
            Self::Explained(error) => {
                terminal.error(
                    &error::chain(error.as_ref()),
                    hint_text(error.as_ref()).as_deref(),
                );
                return ExitCode::from(exit_code(error.class()));
            }
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
    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        match self {
            Self::Explained(error) => (error::chain(error.as_ref()), hint_text(error.as_ref())),
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
    pub(crate) fn message(&self) -> Cow<'_, str> {
        match self {
            Self::Explained(error) => error::chain(error.as_ref()).into(),
            Self::Refused { message, .. }
            | Self::Usage { message, .. }
            | Self::Stopped { message, .. }
            | Self::Authentication { message, .. }
            | Self::Environment { message, .. } => message.into(),
            Self::Cancelled => "cancelled".into(),
            Self::ReaderGone => "the reader of the output is gone".into(),
        }
    }

    /// The same kind of failure in other words: the sentence and the hint, which is empty when there is none.
    pub(crate) fn reworded(self, say: impl Fn(&str, &str) -> (String, String)) -> Self {
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
            Self::Explained(error) => {
                let hint = hint_text(error.as_ref()).unwrap_or_default();
                let (message, hint) = say(&error::chain(error.as_ref()), &hint);
                match exit_code(error.class()) {
                    1 => Self::Refused { message, hint },
                    2 => Self::Usage { message, hint },
                    4 => Self::Authentication { message, hint },
                    130 => Self::Stopped { message, hint },
                    _ => {
                        let hint = (!hint.is_empty()).then_some(hint);
                        Self::Environment { message, hint }
                    }
                }
            }
            Self::Cancelled | Self::ReaderGone => self,
        }
    }
}

/// Prints clap's own message: help and version are results, everything else is a usage error.
pub(crate) fn for_usage(error: &clap::Error) -> ExitCode {
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
