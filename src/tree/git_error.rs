//! Errors of reading a git repository on this disk.

use super::damaged_hint;
use crate::base::git_dir::GitDirError;
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
    /// A shallow or single-branch clone, which may lack what its origin has.
    #[error("`{path}` is a shallow clone and has no tag, branch or commit `{reference}`")]
    NotInShallow { path: PathBuf, reference: String },
    #[error("`{path}` stores its references in the reftable format, which is not supported here")]
    Reftable { path: PathBuf },
    #[error("`{path}` uses SHA-256 object ids, which are not supported")]
    Sha256 { path: PathBuf },
    #[error("`{path}` is a partial clone and lacks the object {id}")]
    PartialClone { path: PathBuf, id: String },
    #[error("`{path}` is not safe to open")]
    Unsafe { path: PathBuf, source: GitDirError },
    #[error("`{path}` could not be opened within {seconds} seconds")]
    TimedOut { path: PathBuf, seconds: u64 },
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
            Self::NotARepository { .. }
            | Self::NoReference { .. }
            | Self::NoFolder { .. }
            | Self::NotInShallow { .. }
            | Self::Reftable { .. }
            | Self::Sha256 { .. }
            | Self::PartialClone { .. }
            | Self::Unsafe { .. }
            | Self::Shallow { .. } => Class::Refused,
            Self::TooLarge { .. }
            | Self::TimedOut { .. }
            | Self::Refused(_)
            | Self::Object { .. } => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotARepository { .. } => "git_not_a_repository",
            Self::NoReference { .. } => "git_no_reference",
            Self::NoFolder { .. } => "git_no_folder",
            Self::NotInShallow { .. } => "git_not_in_shallow",
            Self::Reftable { .. } => "git_reftable",
            Self::Sha256 { .. } => "git_sha256",
            Self::PartialClone { .. } => "git_partial_clone",
            Self::Unsafe { .. } => "git_unsafe_repository",
            Self::TimedOut { .. } => "git_open_timed_out",
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
            Self::NotInShallow { reference, .. } => format!(
                "fetch it there with `git fetch origin {reference}` or `git fetch --unshallow`, or name the repository that it was cloned from"
            )
            .into(),
            Self::Reftable { path } => format!(
                "convert it with `git refs migrate --ref-format=files`, or name it as `file://{}`, which git itself reads",
                path.display()
            )
            .into(),
            Self::Sha256 { .. } => hint!(
                "name a repository with SHA-1 object ids, or a folder with the files alone"
            ),
            Self::PartialClone { .. } => partial_clone_hint(),
            Self::Unsafe { .. } => hint!(
                "clone the repository with git, and name the clone: a clone has regular files only"
            ),
            Self::TimedOut { .. } => {
                hint!("check the disk, or clone the repository to another place")
            }
            Self::Shallow { .. } => hint!("fetch the rest with `git fetch --unshallow`"),
            Self::TooLarge { .. } => hint!("compare the first commit with git itself"),
            Self::Refused(_) => hint!("see the findings"),
            Self::Object { .. } => damaged_hint(),
        })
    }
}

/// The hint for an object that a partial clone has not fetched.
pub(super) fn partial_clone_hint() -> Hint {
    hint!(
        "fetch everything there with `git fetch --refetch --no-filter`, or name the repository that it was cloned from"
    )
}
