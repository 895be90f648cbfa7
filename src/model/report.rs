//! The report of a preview. Field names are camelCase; `schema/report.schema.json` is their contract.

use super::action::RiskLevel;
use super::content::Mode;
use super::diagnostic::{Diagnostic, Location};
use super::digest::{Digest, GitId};
use super::path::TreePath;
use super::placeholder::PlaceholderName;
use super::plan::{Origin, TemplatePin};
use super::preflight::Preflight;
use super::repository_settings::RepositorySettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The maximum number of entries in [`Report::file_tree`].
pub const MAX_TREE_ENTRIES: usize = 500;

/// The maximum number of bytes of text in [`Report::action_log`].
pub const MAX_LOG_BYTES: usize = 256 * 1024;

/// The content of the planned repository, or the reasons why it cannot be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// The files of the repository, without folders of build output and dependencies, at most 500.
    pub file_tree: Vec<TreeEntry>,
    /// True if `fileTree` omits files because of its limit.
    pub truncated: bool,
    /// The number of files in the repository, listed or not.
    pub file_count: usize,
    pub action_log: Vec<LogEntry>,
    /// True if `actionLog` was cut at 256 KiB.
    pub action_log_truncated: bool,
    pub warnings: Vec<Diagnostic>,
    /// True if the repository can be created: no collision, no error.
    pub can_proceed: bool,
    /// Two contents for one path, or two repositories for one name.
    pub collisions: Vec<Diagnostic>,
    /// All other errors.
    pub errors: Vec<Diagnostic>,
    /// The git tree id of the result; absent if the plan has no result.
    pub tree_id: Option<GitId>,
    /// The id of the first commit; absent if the plan has no result.
    pub commit_id: Option<GitId>,
    pub object_format: ObjectFormat,
    pub plan_hash: Digest,
    pub recipe_hash: Digest,
    pub catalog_version: Digest,
    pub template: TemplatePin,
    /// The differences from the template, or from the existing repository, by path.
    pub changes: Vec<Change>,
    pub risk: Risk,
    /// The existing repository that the plan is added to; `fileTree` then lists the files of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<Existing>,
    /// The settings of the repository on its forge, which are set after the push. The recipe hash covers them.
    #[serde(default, skip_serializing_if = "RepositorySettings::is_empty")]
    pub settings: RepositorySettings,
    /// The facts about the forge, if one was asked. No id depends on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forge: Option<Preflight>,
}

impl Report {
    /// The findings that prevent the creation of the repository.
    pub fn obstacles(&self) -> impl Iterator<Item = &Diagnostic> {
        self.collisions.iter().chain(&self.errors)
    }
}

/// The repository that a plan is added to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Existing {
    /// The branch of the new commit.
    pub branch: String,
    /// Its last commit; absent if it has none.
    pub commit: Option<GitId>,
    /// Files of the plan that exist with the same content.
    pub same: Vec<TreePath>,
    /// Files of the plan that exist with other content. They are not changed.
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

/// An action and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogEntry {
    pub origin: Origin,
    pub kind: String,
    pub path: String,
    pub outcome: ActionOutcome,
    pub message: String,
}

/// The outcome of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ActionOutcome {
    /// The action created or changed at least one file.
    Done,
    /// The files were already in the requested state.
    Unchanged,
    /// The action failed; see `errors` and `collisions`.
    Failed,
}

/// The difference of a file from the template, or from the existing repository.
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
    /// The causes of the change, in order.
    pub origin: Vec<ChangeOrigin>,
    /// A unified diff; absent for binary files and for diffs larger than 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// The kind of a change.
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
    /// The change from an old to a new value; none if they are equal.
    pub fn between<T: PartialEq>(old: Option<&T>, new: Option<&T>) -> Option<Self> {
        match (old, new) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::Added),
            (Some(_), None) => Some(Self::Removed),
            (Some(old), Some(new)) => (old != new).then_some(Self::Modified),
        }
    }
}

/// The cause of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum ChangeOrigin {
    /// An action of a selected option.
    Action(ActionOrigin),
    /// Replaced placeholders of the template, in a file or in its path.
    Placeholders { placeholders: Vec<PlaceholderName> },
    /// A condition of the template's file, which does not hold.
    Condition {},
    /// The provenance file.
    Provenance {},
    /// The unchanged template.
    Template {},
}

impl ChangeOrigin {
    /// The location of the action in its recipe; none for other causes.
    pub fn location(&self) -> Option<Location> {
        Some(self.action()?.origin.location())
    }

    /// The action; none for other causes.
    pub fn action(&self) -> Option<&ActionOrigin> {
        match self {
            Self::Action(action) => Some(action),
            Self::Placeholders { .. }
            | Self::Condition {}
            | Self::Provenance {}
            | Self::Template {} => None,
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

/// The risk of the result, which decides on the review it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Risk {
    pub level: RiskLevel,
    pub reasons: Vec<RiskReason>,
}

/// A reason for the level.
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
