//! The error of every use case: findings in documents, or one error with its class and hints.

use crate::engine::PreviewError;
use crate::error::{Class, Explain, Hint, chain};
use crate::model::content::{File, Files};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::source::node::Document;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The error of a use case.
#[derive(Debug)]
pub enum AppError {
    /// Findings in documents, each with its place and its remedy.
    Findings(Box<Findings>),
    /// Any other error.
    Explained(Box<dyn Explain>),
}

/// Findings and the texts that they point into.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub findings: Vec<Diagnostic>,
    /// The documents, by the path that the findings name.
    pub files: Files,
    /// The folder that these paths are relative to. None for paths as they were typed.
    pub root: Option<PathBuf>,
}

/// The error of a use case as one error, for a caller that shows no documents.
#[derive(Debug)]
pub struct UseCaseError(Box<AppError>);

/// A file or folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`", path.display())]
pub struct ReadError {
    path: PathBuf,
    source: io::Error,
}

impl From<AppError> for UseCaseError {
    fn from(error: AppError) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for UseCaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            AppError::Findings(_) => formatter.write_str(&self.0.reason()),
            AppError::Explained(error) => error.fmt(formatter),
        }
    }
}

impl Error for UseCaseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            AppError::Findings(_) => None,
            AppError::Explained(error) => error.source(),
        }
    }
}

impl Explain for UseCaseError {
    fn class(&self) -> Class {
        match &*self.0 {
            AppError::Findings(_) => Class::Refused,
            AppError::Explained(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match &*self.0 {
            AppError::Findings(_) => "findings",
            AppError::Explained(error) => error.code(),
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match &*self.0 {
            AppError::Findings(_) => None,
            AppError::Explained(error) => Some(error.as_ref()),
        }
    }
}

impl<E: Explain> From<E> for AppError {
    fn from(error: E) -> Self {
        Self::Explained(Box::new(error))
    }
}

impl From<Findings> for AppError {
    fn from(findings: Findings) -> Self {
        Self::Findings(Box::new(findings))
    }
}

impl From<Vec<Diagnostic>> for AppError {
    fn from(findings: Vec<Diagnostic>) -> Self {
        Findings {
            findings,
            ..Findings::default()
        }
        .into()
    }
}

impl From<Diagnostic> for AppError {
    fn from(finding: Diagnostic) -> Self {
        vec![finding].into()
    }
}

impl AppError {
    /// The error in one line, with its causes.
    pub fn reason(&self) -> String {
        match self {
            Self::Findings(found) => {
                let findings = found.findings.iter();
                let messages = findings.map(|finding| finding.message.as_str());
                messages.collect::<Vec<_>>().join("; ")
            }
            Self::Explained(error) => chain(error.as_ref()),
        }
    }

    /// True for an error about the subject of a request, which others of its kind need not have.
    pub fn is_about_subject(&self) -> bool {
        match self {
            Self::Findings(_) => true,
            Self::Explained(error) => matches!(error.class(), Class::Conflict | Class::Refused),
        }
    }
}

impl Findings {
    /// Findings about a selection. Those that concern an entry of `document` get its place there.
    pub fn in_selection(findings: Vec<Diagnostic>, document: Option<&Document>) -> Self {
        let Some(document) = document else {
            return Self {
                findings,
                ..Self::default()
            };
        };
        let located = |finding: Diagnostic| {
            // What is missing belongs to the document as a whole.
            let is_missing = matches!(
                finding.code,
                Code::NothingSelected | Code::MissingInput | Code::InvalidInput | Code::InvalidSlug
            );
            let is_there = document.root.at(&finding.pointer).is_some() || is_missing;
            let location = is_there.then(|| document.location(&finding.pointer));
            Diagnostic {
                location,
                ..finding
            }
        };
        let text = &document.text;
        let file = File::regular(text.content().to_owned());
        Self {
            findings: findings.into_iter().map(located).collect(),
            files: Files::from([(text.name().to_owned(), file)]),
            root: None,
        }
    }

    /// The error of a preview; a selection that the catalogue refuses has its findings.
    pub(super) fn of_preview(error: PreviewError, document: Option<&Document>) -> AppError {
        match error {
            PreviewError::Selection(findings) => Self::in_selection(findings, document).into(),
            other => other.into(),
        }
    }

    /// Findings about files below a folder or address, of which no text is shown.
    pub fn below(findings: Vec<Diagnostic>, folder: &str) -> Self {
        Self {
            findings: findings
                .into_iter()
                .map(|finding| finding.below(folder))
                .collect(),
            ..Self::default()
        }
    }
}

impl ReadError {
    /// A failed attempt to read `path`.
    pub fn new(path: &Path, source: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            source,
        }
    }
}

impl Explain for ReadError {
    fn class(&self) -> Class {
        Class::Environment
    }

    fn code(&self) -> &'static str {
        "read_failed"
    }

    fn hint(&self) -> Option<Hint> {
        match self.source.kind() {
            io::ErrorKind::NotFound => Some("check the path".into()),
            io::ErrorKind::PermissionDenied => Some("check the permissions".into()),
            io::ErrorKind::IsADirectory => Some("name a file".into()),
            _ => None,
        }
    }
}
