//! The result of an update, path by path.

use crate::model::content::File;
use crate::model::path::TreePath;
use crate::model::update::Verdict;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// One path of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PathUpdate {
    pub path: String,
    pub verdict: Verdict,
    /// The reason for the verdict, as a phrase.
    pub reason: String,
    /// The former path of a file that moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    pub conflicts: Vec<Conflict>,
    pub added_lines: usize,
    pub removed_lines: usize,
    /// The difference that the update makes to the file as a unified diff; for a conflict and a declined file, the change
    /// of the plan that it does not get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// The options whose actions wrote the plan's version, and `template`.
    pub causes: Vec<String>,
}

/// A change of the plan that the repository does not get until somebody decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Conflict {
    /// Lines that both sides changed.
    Lines {
        /// The first of the lines in the repository's file, from 1.
        line: usize,
        /// The first of the lines in the plan's file, from 1.
        #[serde(rename = "planLine")]
        plan_line: usize,
        base: String,
        ours: String,
        theirs: String,
        /// The options whose actions wrote the plan's lines.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        options: Vec<String>,
    },
    /// A value of a manifest that both sides changed.
    Key {
        /// JSON pointer to the value (RFC 6901).
        pointer: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        base: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ours: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        theirs: Option<String>,
    },
    /// The file as a whole.
    File { message: String },
}

/// The changes that an update makes to a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Every path with a verdict, in byte order.
    pub files: Vec<PathUpdate>,
    /// The new file at each path that changes; none where it is removed.
    pub changes: BTreeMap<TreePath, Option<File>>,
    /// The number of entries of the repository that the plan never had.
    pub own: usize,
    /// True if the repository is exactly the old plan's tree.
    pub untouched: bool,
    /// The versions of each text with conflicting lines: of the base, of the repository, of the plan.
    pub unmerged: BTreeMap<TreePath, [File; 3]>,
}

impl Update {
    /// The number of paths with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.files
            .iter()
            .filter(|file| file.verdict == verdict)
            .count()
    }

    /// True if a conflict waits for a decision.
    pub fn has_conflicts(&self) -> bool {
        self.count(Verdict::Conflict) > 0
    }
}
