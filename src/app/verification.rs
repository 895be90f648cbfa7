//! Verification: the commits of a generated repository compared with the plan that it records.

use super::error::AppError;
use super::generated_repos::{GeneratedRepo, RecordedPlan};
use super::generation_steps::{self, GenerationStep};
use crate::engine;
use crate::model::digest::GitId;
use crate::model::provenance::Provenance;
use crate::model::report::{ChangeKind, Report};
use crate::tree::commits::FileIndex;
use crate::tree::ids;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// The comparison of a repository with its plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// True if the first commit contains exactly the tree of the plan.
    pub exact: bool,
    /// True if author, date and message are those of the plan, too.
    pub same_commit: bool,
    pub provenance: Provenance,
    /// The ids by the plan. None if the plan has findings with this program.
    pub expected: CommitIds,
    /// The ids of the first commit.
    pub found: CommitIds,
    /// The changes from the plan's result to the first commit.
    pub differences: Vec<PathChange>,
    /// The number of commits after the first.
    pub commits_since: usize,
    /// The changes from the first commit to the current one.
    pub changed_since: Vec<PathChange>,
    /// The first commit and each update.
    pub steps: Vec<GenerationStep>,
}

/// The ids of a commit and its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitIds {
    pub tree_id: Option<GitId>,
    pub commit_id: Option<GitId>,
}

/// A path that two trees do not have alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PathChange {
    pub path: String,
    pub change: ChangeKind,
}

/// Compares a repository with its recorded plan. Also returns the report on the plan.
pub fn verify(
    repository: GeneratedRepo,
    recorded: &RecordedPlan,
) -> Result<(Verification, Report), AppError> {
    let (report, tree) = engine::build(&recorded.plan, recorded.template.tree())?;
    let expected_files = ids::files(&tree)?;
    let steps = generation_steps::steps(&repository, recorded.plan.provenance_path.as_tree())?;
    let GeneratedRepo {
        commits,
        history,
        first,
        provenance,
        ..
    } = repository;
    let first_files = commits.files(&history.first)?;
    let expected = CommitIds {
        tree_id: report.tree_id.clone(),
        commit_id: report.commit_id.clone(),
    };
    let found = CommitIds {
        tree_id: Some(first.tree),
        commit_id: Some(history.first),
    };
    let verification = Verification {
        exact: expected.tree_id == found.tree_id,
        same_commit: expected.commit_id == found.commit_id,
        provenance,
        expected,
        found,
        differences: changes(&expected_files, &first_files),
        commits_since: history.since,
        changed_since: changes(&first_files, &commits.files(&history.last)?),
        steps,
    };
    Ok((verification, report))
}

/// The changes between two trees, by path.
pub(super) fn changes(from: &FileIndex, to: &FileIndex) -> Vec<PathChange> {
    let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let change = |path: &String| {
        Some(PathChange {
            path: path.clone(),
            change: ChangeKind::between(from.get(path), to.get(path))?,
        })
    };
    paths.into_iter().filter_map(change).collect()
}
