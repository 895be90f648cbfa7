//! Errors of reading a git repository on this disk.

use super::damaged_hint;
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::GitId;
use std::path::PathBuf;
use thiserror::Error;

/// An error of gix.
pub type GixError = Box<dyn std::error::Error + Send + Sync>;

/// An error of reading a repository or the template in it.
#[derive(Debug, Error)]
pub enum GitTreeError {
    #[error("`{path}` is not a git repository")]
    NotARepository { path: PathBuf, source: GixError },
    #[error("the repository has no tag, branch or commit `{reference}`")]
    NoReference { reference: String },
    #[error("the template's commit {commit} has no folder `{folder}`")]
    NoFolder { commit: GitId, folder: String },
    #[error("`{path}` has only its newest commits")]
    Shallow { path: PathBuf },
    #[error("the repository is too large to compare: {what}")]
    TooLarge { what: String },
    #[error("the template contains entries that a repository cannot take over")]
    Refused(Vec<Diagnostic>),
    #[error("the git object {id} cannot be read: the repository is damaged or incomplete")]
    Object { id: String, source: GixError },
}

impl GitTreeError {
    /// The error for an object, made from its source.
    pub(super) fn object<E: Into<GixError>>(id: impl ToString) -> impl FnOnce(E) -> Self {
        move |source| Self::Object {
            id: id.to_string(),
            source: source.into(),
        }
    }
}

impl Explain for GitTreeError {
    fn class(&self) -> Class {
        match self {
            Self::NotARepository { .. } | Self::NoReference { .. } | Self::NoFolder { .. } => {
                Class::Refused
            }
            Self::Shallow { .. }
            | Self::TooLarge { .. }
            | Self::Refused(_)
            | Self::Object { .. } => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotARepository { .. } => "git_not_a_repository",
            Self::NoReference { .. } => "git_no_reference",
            Self::NoFolder { .. } => "git_no_folder",
            Self::Shallow { .. } => "git_shallow",
            Self::TooLarge { .. } => "git_repository_too_large",
            Self::Refused(_) => "template_entries_refused",
            Self::Object { .. } => "git_object_unreadable",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotARepository { .. } => hint!(
                "name a git repository; without ",
                Setting::Ref,
                ", ",
                Setting::Template,
                " takes the files of a folder as they are"
            ),
            Self::NoReference { .. } => hint!("name a tag, a branch or a full commit id"),
            Self::NoFolder { .. } => hint!("check the path in that version of the template"),
            Self::Shallow { .. } => hint!("fetch the rest with `git fetch --unshallow`"),
            Self::TooLarge { .. } => hint!("compare the first commit with git itself"),
            Self::Refused(_) => hint!("see the findings"),
            Self::Object { .. } => damaged_hint(),
        })
    }
}
