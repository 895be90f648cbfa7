//! The repository that a failed run leaves on the forge.

use crate::forge::error::ForgeError;
use crate::forge::repository::{RepoPath, RepositoryId};
use serde::{Serialize, Serializer};
use std::fmt::{self, Display};

/// A repository that is or may be on the forge after a failed run. [`Stage::remains`](super::stage::Stage::remains) is
/// the only place that decides on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remains {
    #[serde(rename = "fullName", serialize_with = "as_text")]
    pub repo: RepoPath,
    /// The forge's number of the repository, if the run knows it.
    pub id: Option<RepositoryId>,
    pub kind: RemainsKind,
    /// The reason why an attempt to remove it failed.
    #[serde(serialize_with = "as_optional_text")]
    pub kept: Option<ForgeError>,
    /// The command that removes it, if the forge is known.
    pub removal: Option<String>,
}

/// The condition of a repository that a run left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemainsKind {
    /// It was requested and not found; it may still appear.
    MayAppear,
    /// It was created and does not have the right content.
    Unfinished,
    /// It has the right commit; the confirmation or the final description is missing.
    Complete,
}

impl Remains {
    /// A repository that was requested and was not found.
    pub(super) fn may_appear(repo: &RepoPath, removal: String) -> Self {
        Self {
            repo: repo.clone(),
            id: None,
            kind: RemainsKind::MayAppear,
            kept: None,
            removal: Some(removal),
        }
    }

    /// One clause on the condition of the repository, without the removal: `` `acme/web` was created and is unfinished
    /// (id 42) ``.
    pub fn summary(&self) -> String {
        let repo = &self.repo;
        let condition = match self.kind {
            RemainsKind::MayAppear => "was requested and not found; it may still appear",
            RemainsKind::Unfinished => "was created and is unfinished",
            RemainsKind::Complete => "was created with the right commit and is not confirmed",
        };
        match self.id {
            Some(id) => format!("`{repo}` {condition} (id {id})"),
            None => format!("`{repo}` {condition}"),
        }
    }
}

impl Display for Remains {
    /// The summary, the reason why it was not removed, and the command that removes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.summary())?;
        if let Some(kept) = &self.kept {
            write!(formatter, ", not removed: {kept}")?;
        }
        if let Some(removal) = &self.removal {
            write!(formatter, "; to remove it: {removal}")?;
        }
        Ok(())
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn as_optional_text<S: Serializer>(
    value: &Option<ForgeError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value
        .as_ref()
        .map(ToString::to_string)
        .serialize(serializer)
}
