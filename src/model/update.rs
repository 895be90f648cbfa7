//! The words of an update: the result for one path, a person's choice for it, and the state of a whole repository.

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

/// The state of a repository against its new plan.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FleetState {
    /// It has all of the new plan.
    Current,
    /// Its update has no conflict.
    BehindClean,
    /// Its update has conflicts.
    BehindConflicts,
    /// It is behind, and nobody changed it since it was created or last updated.
    Untouched,
    /// The comparison is not possible.
    CannotBeRemade,
}

/// The outcome of a request for a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalOutcome {
    Opened,
    /// It was open with exactly this update.
    Adopted,
    /// An open one of an earlier update got this one.
    Advanced,
    /// Somebody pushed to its branch; it got a comment, and the branch stays.
    Commented,
}

impl ProposalOutcome {
    /// The outcome as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Opened => "It was opened by this run.",
            Self::Adopted => "It was open with exactly this update.",
            Self::Advanced => "It was open for an earlier update and has this one now.",
            Self::Commented => {
                "Somebody pushed to its branch, which stays as it is. Merge or close it, then propose the update again."
            }
        }
    }
}

impl FleetState {
    /// The state as a phrase.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::BehindClean => "behind, clean",
            Self::BehindConflicts => "behind, conflicts",
            Self::Untouched => "behind, untouched",
            Self::CannotBeRemade => "cannot be remade",
        }
    }
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
