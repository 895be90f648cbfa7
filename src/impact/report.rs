//! The impact as a value. Field names are camelCase in JSON.

use crate::model::digest::{Digest, GitId};
use crate::model::report::ChangeKind;
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use schemars::JsonSchema;
use serde::Serialize;

/// The differences between two versions of a catalogue, for a set of selections that covers every pair of options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    pub level: ImpactLevel,
    pub old: ComparedVersion,
    pub new: ComparedVersion,
    /// The number of selections that both versions build.
    pub compared: usize,
    /// The selections with other files than before.
    pub selections: Vec<SelectionChange>,
    /// The reasons why stored runs can no longer be built.
    pub breaking: Vec<BreakingChange>,
    /// Selections that failed before and are built now.
    #[serde(rename = "mended")]
    pub repaired: Vec<Selection>,
    pub options: Vec<OptionChange>,
    pub files: Vec<FileChange>,
    pub dependencies: Vec<DependencyChange>,
}

/// The consequence of a change for users of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImpactLevel {
    /// Every selection has the same result.
    Unchanged,
    /// New repositories differ; every stored run can still be built.
    Compatible,
    /// Some stored runs can no longer be built.
    Breaking,
}

impl ImpactLevel {
    /// The level in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Compatible => "compatible",
            Self::Breaking => "breaking",
        }
    }
}

/// One side of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedVersion {
    pub catalog: Slug,
    pub catalog_version: Digest,
    pub template: String,
    pub template_tree: GitId,
}

/// A selection with other files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelectionChange {
    pub selection: Selection,
    /// The tree ids without the provenance file.
    pub old: GitId,
    pub new: GitId,
}

/// A reason why stored runs can no longer be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreakingChange {
    /// The code of the finding with which such a run ends.
    pub code: &'static str,
    pub message: String,
    /// The number of affected selections of the old version.
    pub selections: usize,
    /// One of these selections.
    pub example: Selection,
}

/// An option that was added or removed, or whose default changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OptionChange {
    pub option: OptionRef,
    /// Modified: the default changed.
    pub change: ChangeKind,
    /// True if the option is a default in the new version.
    pub default: bool,
}

/// A file that was added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    pub path: String,
    pub change: ChangeKind,
    pub when: Affected,
    /// The options whose actions change it.
    pub origin: Vec<OptionRef>,
    /// The diff in the first affected selection; absent for binary files and diffs larger than 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// A dependency with another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyChange {
    pub manifest: String,
    pub section: String,
    pub name: String,
    /// Absent if it was added.
    pub old: Option<String>,
    /// Absent if it was removed.
    pub new: Option<String>,
    pub when: Affected,
}

/// The selections with a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Affected {
    /// The number of affected selections among the compared ones.
    pub selections: usize,
    /// The options that all affected selections and no others contain: empty if all are affected; absent if no one or
    /// two options distinguish them.
    pub with: Option<Vec<OptionRef>>,
}
