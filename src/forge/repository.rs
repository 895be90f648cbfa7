//! Repositories on a forge and their addresses.

use super::marker::Marker;
use crate::base::pattern::pattern;
use crate::model::digest::GitId;
use crate::model::input::{Owner, RepoName};
use crate::model::preflight::OwnerKind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use url::Url;

/// The number of a repository. It survives a rename, and no other repository gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(pub u64);

/// The `owner/name` of a repository that may not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepoPath {
    pub owner: Owner,
    pub name: RepoName,
}

/// A repository at the moment it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub id: RepositoryId,
    /// `owner/name` in the forge's spelling.
    pub full_name: String,
    pub description: String,
    /// In seconds since 1970, by the forge's clock.
    pub created_at: i64,
    pub is_private: bool,
    pub content: Content,
    /// The number of issues, pull requests, stars and forks. A new repository has none.
    pub activity: u64,
    pub remote: Remote,
}

/// The refs of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Empty,
    /// One branch and no tag.
    Branch(Branch),
    /// The names of several branches, or of branches and tags.
    Refs(Vec<String>),
}

/// A branch with its commit and tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    pub name: String,
    pub commit: GitId,
    pub tree: GitId,
}

/// The address to push to. A URL is built from the configured address, never taken from an answer, and names no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    Url(Url),
    Folder(PathBuf),
}

/// The request for a private repository without content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRepository {
    pub repo: RepoPath,
    pub owner_kind: OwnerKind,
    pub marker: Marker,
}

/// The use of a name on a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// No repository has it, or a private one that the token cannot see.
    Free,
    Taken {
        id: RepositoryId,
        full_name: String,
    },
    /// It redirects to a repository that was renamed. A new repository ends the redirect.
    Moved,
}

/// The shape of the names that GitHub, Gitea and Forgejo give. Neither part is `.` or `..`, and no character has a meaning
/// in a URL.
const FULL_NAME: &str = r"^([A-Za-z0-9_][A-Za-z0-9_.-]*)/(\.*[A-Za-z0-9_-][A-Za-z0-9_.-]*)$";

/// The owner and the name in `owner/name`. Nothing for a text of another shape.
pub(super) fn split_full_name(full_name: &str) -> Option<(&str, &str)> {
    let (_, [owner, name]) = pattern!(FULL_NAME).captures(full_name)?.extract();
    Some((owner, name))
}

impl RepoPath {
    /// True if the forge spells the name in the same way.
    pub fn is_exactly(&self, full_name: &str) -> bool {
        self.to_string() == full_name
    }

    /// True if the forge takes both for the same name: it ignores case.
    pub fn is_same_name(&self, full_name: &str) -> bool {
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
            Self::Branch(Branch { name, commit, tree }) => {
                write!(formatter, "`{name}` at commit {commit} with tree {tree}")
            }
            Self::Refs(names) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_has_two_segments_without_a_meaning_in_a_url() {
        for (text, parts) in [
            ("acme/web", Some(("acme", "web"))),
            ("a.b/.github", Some(("a.b", ".github"))),
            ("_org/..web", Some(("_org", "..web"))),
            ("acme/..", None),
            ("../web", None),
            ("acme", None),
            ("acme/web/more", None),
            ("acme/web?x", None),
            ("acme/web%2f", None),
            ("acme/", None),
        ] {
            assert_eq!(split_full_name(text), parts, "{text}");
        }
    }
}
