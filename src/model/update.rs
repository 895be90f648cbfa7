//! The words of an update: the result for one path, and a person's choice for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The result for one path.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The repository gets the new version.
    Take,
    /// The repository's version stays, because only the repository changed it or somebody decided so.
    Keep,
    /// Both changed the file apart from each other; the repository gets both changes.
    Merge,
    /// The repository has the new version already.
    Already,
    /// The file is removed.
    Remove,
    /// The file moves, with the repository's changes to it.
    Move,
    /// The repository has deleted the file; it stays deleted.
    Declined,
    /// Both changed the same; the repository's version stays until somebody decides.
    Conflict,
}

/// A person's choice for one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The repository's version stays.
    Mine,
    /// The repository gets the plan's version.
    Theirs,
    /// The file is removed.
    Remove,
}

impl Verdict {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Keep => "keep",
            Self::Merge => "merge",
            Self::Already => "already",
            Self::Remove => "remove",
            Self::Move => "move",
            Self::Declined => "declined",
            Self::Conflict => "conflict",
        }
    }
}
