//! What a preview says (design §7). Field names are camelCase; `schema/report.schema.json` is their contract.

use super::action::RiskLevel;
use super::content::Mode;
use super::diagnostic::{Diagnostic, Location};
use super::digest::{Digest, GitId};
use super::path::TreePath;
use super::plan::{Origin, Placeholder, TemplatePin};
use super::preflight::Preflight;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// At most this many entries in [`Report::file_tree`] (R74).
pub const MAX_TREE_ENTRIES: usize = 500;

/// At most this many bytes of [`Report::action_log`] text (R46).
pub const MAX_LOG_BYTES: usize = 256 * 1024;

/// Exactly what the repository will hold, or why it cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// The files of the repository, without build output and the like (R73), at most 500 (R74).
    pub file_tree: Vec<TreeEntry>,
    /// Whether `fileTree` leaves files out because there are too many.
    pub truncated: bool,
    /// How many files the repository holds, shown or not.
    pub file_count: usize,
    pub action_log: Vec<LogEntry>,
    /// Whether `actionLog` was cut at 256 KiB.
    pub action_log_truncated: bool,
    pub warnings: Vec<Diagnostic>,
    /// Whether the repository can be made: no collision, no error.
    pub can_proceed: bool,
    /// Two contents that want one path, or two repositories that want one name.
    pub collisions: Vec<Diagnostic>,
    /// Whatever else stops the work.
    pub errors: Vec<Diagnostic>,
    /// The git tree id of the result; absent when the plan gives none.
    pub tree_id: Option<GitId>,
    /// The id of the first commit; absent when the plan gives none.
    pub commit_id: Option<GitId>,
    pub object_format: ObjectFormat,
    pub plan_hash: Digest,
    pub recipe_hash: Digest,
    pub catalog_version: Digest,
    pub template: TemplatePin,
    /// How the result differs from the template, or from the repository before, by path.
    pub changes: Vec<Change>,
    pub risk: Risk,
    /// What the repository held before, when the plan is added to one; `fileTree` is what the plan gives then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<Existing>,
    /// What the forge says that the repository is for, when one was asked. No id depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge: Option<Preflight>,
}

impl Report {
    /// What keeps the repository from being made.
    pub fn obstacles(&self) -> impl Iterator<Item = &Diagnostic> {
        self.collisions.iter().chain(&self.errors)
    }
}

/// The repository that a plan is added to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Existing {
    /// The branch that gets the commit.
    pub branch: String,
    /// Its last commit; absent when it has none.
    pub commit: Option<GitId>,
    /// Files of the plan that are there already.
    pub same: Vec<TreePath>,
    /// Files of the plan that are there with other content. They stay as they are.
    pub kept: Vec<TreePath>,
}

/// One file of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TreeEntry {
    pub path: TreePath,
    pub mode: Mode,
    /// In bytes.
    pub size: u64,
}

/// One action and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogEntry {
    pub origin: Origin,
    pub kind: String,
    pub path: String,
    pub outcome: ActionOutcome,
    pub message: String,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ActionOutcome {
    /// It made or changed at least one file.
    Done,
    /// Everything was already as it wants it.
    Unchanged,
    /// It could not be done; see `errors` and `collisions`.
    Failed,
}

/// How one file differs from the template, or from the repository that the plan is added to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    pub path: TreePath,
    pub change: ChangeKind,
    pub mode: Mode,
    /// In bytes.
    pub size: usize,
    pub added_lines: usize,
    pub removed_lines: usize,
    /// Who made the change, in order.
    pub origin: Vec<ChangeOrigin>,
    /// A unified diff; absent for binary files and for diffs over 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// The word for a change.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Modified,
    Removed,
}

impl ChangeKind {
    /// What became of something between two looks at it; nothing when it is as it was.
    pub fn between<T: PartialEq>(was: Option<&T>, is: Option<&T>) -> Option<Self> {
        match (was, is) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::Added),
            (Some(_), None) => Some(Self::Removed),
            (Some(was), Some(is)) => (was != is).then_some(Self::Modified),
        }
    }
}

/// What changed a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum ChangeOrigin {
    /// An action of a selected option.
    Action(ActionOrigin),
    /// Placeholders of the template that were replaced.
    Placeholders { placeholders: Vec<Placeholder> },
    /// The provenance file.
    Provenance {},
    /// The template, as it is.
    Template {},
}

impl ChangeOrigin {
    /// Where the recipe asks for the change.
    pub fn location(&self) -> Option<Location> {
        match self {
            Self::Action(action) => Some(action.origin.location()),
            Self::Placeholders { .. } | Self::Provenance {} | Self::Template {} => None,
        }
    }
}

/// The action behind a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionOrigin {
    pub kind: String,
    #[serde(flatten)]
    pub origin: Origin,
}

/// How much attention the result deserves before it is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Risk {
    pub level: RiskLevel,
    pub reasons: Vec<RiskReason>,
}

/// Why the level is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskReason {
    pub level: RiskLevel,
    pub path: TreePath,
    pub message: String,
}

/// The hash function of git ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ObjectFormat {
    #[default]
    Sha1,
}
