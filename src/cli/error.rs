//! Ends of a command: success with an exit code, or a failure with class, code, message and hints.

use crate::app::error::AppError;
pub(crate) use crate::app::error::Findings as FindingsInFiles;
use crate::cli::output::findings;
use crate::error::{self, Class, Explain, Hint, Setting};
use crate::model::content::Files;
use crate::model::plan::Plan;
use crate::model::report::Report;
use serde::Serialize;
use serde_json::{Map, Value};
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The code of the error of an object that turned out to be damaged.
const DAMAGED: &str = "tree_object_unreadable";

/// The end of a command that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    /// The result is printed, and it contains findings: exit code 1.
    Findings,
    /// An exit code of `groundplan work`.
    Code(u8),
}

/// The end of a command that did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(Box<CommandError>),
    Findings(Box<FindingsInFiles>),
    /// A plan that cannot be carried out, with the findings in its report.
    Report(Box<RefusedPlan>),
    /// The reader of the output closed it, as `head` does. Nothing more is printed, and the exit code is 0.
    ReaderGone,
}

/// An error with the facts, hints and result fields that the command adds to it.
#[derive(Debug)]
pub(crate) struct CommandError {
    error: Box<dyn Explain>,
    source: Option<Box<dyn Error + Send + Sync>>,
    notes: Vec<String>,
    hints: Vec<Hint>,
    fields: Map<String, Value>,
}

/// A plan that cannot be carried out, and its report.
#[derive(Debug)]
pub(crate) struct RefusedPlan {
    pub(crate) plan: Plan,
    pub(crate) report: Report,
    /// The catalogue's files, which the findings quote.
    pub(crate) files: Files,
    pub(crate) root: Option<PathBuf>,
}

/// An error of the command line itself.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct PlainError {
    class: Class,
    code: &'static str,
    message: String,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Code(code) => code,
        }
    }
}

impl Explain for PlainError {
    fn class(&self) -> Class {
        self.class
    }

    fn code(&self) -> &'static str {
        self.code
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::explained(Box::new(error))
    }
}

impl From<FindingsInFiles> for Failure {
    fn from(findings: FindingsInFiles) -> Self {
        Self::Findings(Box::new(findings))
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Findings(findings) => Self::Findings(findings),
            AppError::Explained(error) => Self::explained(error),
        }
    }
}

/// For use cases that ask a shell for something, such as a catalogue of the database.
impl From<Failure> for AppError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) => Self::Explained(error),
            Failure::Findings(findings) => Self::Findings(findings),
            other @ (Failure::Report(_) | Failure::ReaderGone) => {
                let message = other.message();
                let (class, code) = (Class::Refused, "cancelled");
                PlainError {
                    class,
                    code,
                    message,
                }
                .into()
            }
        }
    }
}

impl From<io::Error> for Failure {
    /// An error of the output. [`Failure::reading`] is for files.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::environment(Self::OUTPUT, "cannot write the output").caused_by(error)
    }
}

impl Failure {
    /// The code of an output that cannot be written.
    pub(crate) const OUTPUT: &'static str = "output_failed";

    fn explained(error: Box<dyn Explain>) -> Self {
        Self::Error(Box::new(CommandError {
            error,
            source: None,
            notes: Vec::new(),
            hints: Vec::new(),
            fields: Map::new(),
        }))
    }

    /// The request cannot be carried out as asked.
    pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::plain(Class::Refused, code, message)
    }

    /// The command line or a setting is wrong.
    pub(crate) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::plain(Class::Usage, code, message)
    }

    /// A file, a program or the system prevents it.
    pub(crate) fn environment(code: &'static str, message: impl Into<String>) -> Self {
        Self::plain(Class::Environment, code, message)
    }

    /// A signal or a person stopped it.
    pub(crate) fn interrupted(code: &'static str, message: impl Into<String>) -> Self {
        Self::plain(Class::Interrupted, code, message)
    }

    /// A signal or a person stopped it before anything was created.
    pub(crate) fn cancelled() -> Self {
        Self::interrupted("cancelled", "cancelled").hinted("nothing was created")
    }

    /// A file or folder that cannot be read.
    pub(crate) fn reading(path: &Path, error: io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => Some("check the path"),
            io::ErrorKind::PermissionDenied => Some("check the permissions"),
            io::ErrorKind::IsADirectory => Some("name a file"),
            _ => None,
        };
        let message = format!("cannot read `{}`", path.display());
        let failure = Self::environment("read_failed", message).caused_by(error);
        match hint {
            Some(hint) => failure.hinted(hint),
            None => failure,
        }
    }

    pub(crate) fn plain(class: Class, code: &'static str, message: impl Into<String>) -> Self {
        PlainError {
            class,
            code,
            message: message.into(),
        }
        .into()
    }

    /// Adds the error that caused it. Its message follows the own one.
    pub(crate) fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.edited(|error| error.source = Some(source.into()))
    }

    /// Adds a hint after those of the error.
    pub(crate) fn hinted(self, hint: impl Into<Hint>) -> Self {
        self.edited(|error| error.hints.push(hint.into()))
    }

    /// Adds a fact after the message.
    pub(crate) fn noted(self, note: impl Into<String>) -> Self {
        self.edited(|error| error.notes.push(note.into()))
    }

    /// Adds the fields of a result to the JSON document of the error.
    pub(crate) fn with_fields(self, fields: &impl Serialize) -> Self {
        self.edited(|error| match serde_json::to_value(fields) {
            Ok(Value::Object(fields)) => error.fields.extend(fields),
            Ok(_) | Err(_) => unreachable!("a result is a struct of plain values"),
        })
    }

    /// True if an object of a tree is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Error(error) if error.code() == DAMAGED)
    }

    /// The message, for a line among others.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Error(error) => error.message(),
            Self::Findings(found) => findings::count(&found.findings),
            Self::Report(_) => "the plan cannot be carried out".to_owned(),
            Self::ReaderGone => "the reader of the output is gone".to_owned(),
        }
    }

    /// The message and the hints, for a line among others.
    pub(crate) fn into_parts(self) -> (String, Vec<String>) {
        let hints = match &self {
            Self::Error(error) => error.hints(),
            _ => Vec::new(),
        };
        (self.message(), hints)
    }

    fn edited(mut self, edit: impl FnOnce(&mut CommandError)) -> Self {
        if let Self::Error(error) = &mut self {
            edit(error);
        }
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message())
    }
}

impl Error for CommandError {}

impl Explain for CommandError {
    fn class(&self) -> Class {
        self.error.class()
    }

    fn code(&self) -> &'static str {
        self.error.code()
    }

    fn hint(&self) -> Option<Hint> {
        self.hints.first().cloned()
    }

    fn inner(&self) -> Option<&dyn Explain> {
        Some(self.error.as_ref())
    }
}

impl CommandError {
    /// The message of the error and its sources, then the facts that the command added.
    pub(crate) fn message(&self) -> String {
        let mut message = error::chain(self.error.as_ref());
        if let Some(source) = &self.source {
            message = format!("{message}: {}", error::chain(source.as_ref()));
        }
        for note in &self.notes {
            message = format!("{message}; {note}");
        }
        message
    }

    /// The hints of the error and its sources, then those of the command, each setting named by its flag.
    pub(crate) fn hints(&self) -> Vec<String> {
        let flag = |setting: Setting| format!("`--{}`", setting.name());
        let own = error::hints(self.error.as_ref());
        let hints = own.iter().chain(&self.hints);
        hints.map(|hint| hint.render(flag)).collect()
    }

    /// The fields of the result that the error ended.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }
}

/// The exit code of a class.
pub(crate) fn exit_code(class: Class) -> u8 {
    match class {
        Class::Refused | Class::Conflict => 1,
        Class::Usage => 2,
        Class::Environment | Class::Retryable => 3,
        Class::Credential => 4,
        Class::Interrupted => 130,
    }
}
