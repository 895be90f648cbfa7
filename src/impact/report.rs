//! The answer as a value. Field names are camelCase in JSON.

use crate::model::digest::{Digest, GitId};
use crate::model::report::ChangeKind;
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use schemars::JsonSchema;
use serde::Serialize;

/// How two versions of a catalogue differ, as far as a set of selections shows that holds every pair of options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    pub level: Level,
    pub old: Version,
    pub new: Version,
    /// How many selections both versions make.
    pub compared: usize,
    /// Those that give other files than before.
    pub selections: Vec<SelectionChange>,
    /// Why stored runs cannot be made any more.
    pub breaking: Vec<Break>,
    /// Selections that could not be made before and can be now.
    pub mended: Vec<Selection>,
    pub options: Vec<OptionChange>,
    pub files: Vec<FileChange>,
    pub dependencies: Vec<DependencyChange>,
}

/// What a change asks of those who use the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every selection gives what it gave.
    Unchanged,
    /// New repositories differ; every stored run can still be made.
    Compatible,
    /// There are stored runs that cannot be made any more.
    Breaking,
}

/// Which version of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    pub catalog: Slug,
    pub catalog_version: Digest,
    pub template: String,
    pub template_tree: GitId,
}

/// A selection that gives other files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelectionChange {
    pub selection: Selection,
    /// The tree ids without the provenance file.
    pub old: GitId,
    pub new: GitId,
}

/// One reason why stored runs cannot be made any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Break {
    /// The finding that such a run ends with.
    pub code: &'static str,
    pub message: String,
    /// How many of the old version's selections it meets.
    pub selections: usize,
    /// One of them.
    pub example: Selection,
}

/// An option that came, went, or is another default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OptionChange {
    pub option: OptionRef,
    /// Modified is one that became a default or is none any more.
    pub change: ChangeKind,
    /// Whether it is a default now.
    pub default: bool,
}

/// A file that is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    pub path: String,
    pub change: ChangeKind,
    pub when: When,
    /// The options whose actions touch it.
    pub origin: Vec<OptionRef>,
    /// In the first selection that shows the change; absent for what is not text, and over 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// A dependency that is asked for in another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyChange {
    pub manifest: String,
    pub section: String,
    pub name: String,
    /// Absent when it was not there.
    pub old: Option<String>,
    /// Absent when it is gone.
    pub new: Option<String>,
    pub when: When,
}

/// In which selections a change shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct When {
    /// How many of the compared ones.
    pub selections: usize,
    /// The options that tell them apart: none when all change; absent when no two options do.
    pub with: Option<Vec<OptionRef>>,
}
