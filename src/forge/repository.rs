//! Repositories on a forge, and the places they stand at.

use super::account::OwnerKind;
use super::ownership::Marker;
use crate::model::digest::GitId;
use crate::model::input::{Owner, RepoName};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use url::Url;

/// The number that a forge gives a repository for life: a new name does not change it, a new repository has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(pub u64);

/// Where a repository is to stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepoPath {
    pub owner: Owner,
    pub name: RepoName,
}

/// A repository as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub id: RepositoryId,
    /// `owner/name` in the forge's own letters.
    pub full_name: String,
    pub description: String,
    /// In seconds since 1970.
    pub created_at: i64,
    pub is_private: bool,
    pub content: Content,
    /// Issues, pull requests, stars and forks: what only others leave in a repository that was just made.
    pub traces: u64,
    pub remote: Remote,
}

/// What a repository holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Empty,
    One(Branch),
    /// Several branches or any tag, by name.
    Several(Vec<String>),
}

/// A branch and what it points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    pub name: String,
    pub commit: GitId,
    pub tree: GitId,
}

/// What is pushed to. A URL is built from the configured address, never taken from an answer, and holds no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    Url(Url),
    Folder(PathBuf),
}

/// A repository to be made: private, and without any content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRepository {
    pub place: RepoPath,
    pub kind: OwnerKind,
    pub marker: Marker,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    Free,
    Taken {
        id: RepositoryId,
        full_name: String,
    },
    /// Nothing but a pointer to a repository that was renamed; making a new one here breaks the pointer.
    Moved,
}

impl RepoPath {
    /// Whether this is the name in the forge's own letters.
    pub fn is(&self, full_name: &str) -> bool {
        self.to_string() == full_name
    }

    /// Whether a forge takes the two for the same: they do not tell small letters from capitals.
    pub fn is_alike(&self, full_name: &str) -> bool {
        self.to_string().eq_ignore_ascii_case(full_name)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)
    }
}

impl fmt::Display for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("nothing"),
            Self::One(Branch { name, commit, tree }) => {
                write!(formatter, "`{name}` at commit {commit} with tree {tree}")
            }
            Self::Several(names) => {
                write!(formatter, "several branches or tags ({})", names.join(", "))
            }
        }
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(formatter, "{url}"),
            Self::Folder(folder) => write!(formatter, "{}", folder.display()),
        }
    }
}
