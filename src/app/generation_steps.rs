//! The steps by which a repository got its generated files: the first commit and each update.

use super::error::AppError;
use super::generated_repos::GeneratedRepo;
use super::verification::{PathChange, changes};
use crate::model::digest::{Digest, GitId};
use crate::model::path::TreePath;
use crate::model::provenance::Provenance;
use crate::tree::commits::FileIndex;
use schemars::JsonSchema;
use serde::Serialize;

/// One step: the commit that brought a provenance file to the branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GenerationStep {
    pub commit_id: GitId,
    pub catalog: String,
    pub catalog_version: Digest,
    /// Source and reference of the template.
    pub template: String,
    /// The recorded id of the generated tree; none for provenance of version 1.
    pub generated_tree_id: Option<GitId>,
    /// True if the repository contains the recorded tree.
    pub found: bool,
    /// The changes from the generated tree of the step before; all files for the first step. None if either tree is not in
    /// the repository.
    pub brought: Option<Vec<PathChange>>,
}

/// The steps of a repository, oldest first.
pub(super) fn steps(
    repository: &GeneratedRepo,
    path: &TreePath,
) -> Result<Vec<GenerationStep>, AppError> {
    let generated = repository.commits.generated()?;
    let mut before = Some(FileIndex::new());
    let mut steps = Vec::new();
    for (commit, provenance) in recorded(repository, path)? {
        let after = generated_files(repository, path, &commit, &provenance, &generated)?;
        let brought = match (&before, &after) {
            (Some(before), Some(after)) => Some(changes(before, after)),
            _ => None,
        };
        steps.push(GenerationStep {
            commit_id: commit,
            template: format!("{} {}", provenance.template.repo, provenance.template.r#ref),
            generated_tree_id: provenance.tree().cloned(),
            catalog: provenance.catalog,
            catalog_version: provenance.catalog_version,
            found: after.is_some(),
            brought,
        });
        before = after;
    }
    Ok(steps)
}

/// The commits along first parents that changed the provenance file, each with it, oldest first. Files that cannot be read
/// are no step.
fn recorded(
    repository: &GeneratedRepo,
    path: &TreePath,
) -> Result<Vec<(GitId, Provenance)>, AppError> {
    let commits = &repository.commits;
    let mut found = Vec::new();
    let mut next = Some(repository.history.last.clone());
    while let Some(commit) = next {
        let parent = commits.first_parent(&commit)?;
        let here = commits.entry(&commit, path)?;
        let above = match &parent {
            Some(parent) => commits.entry(parent, path)?,
            None => None,
        };
        if let Some((_, blob)) = here
            && above != here
            && let Ok(provenance) = serde_json::from_slice(&commits.read(blob)?)
        {
            found.push((commit, provenance));
        }
        next = parent;
    }
    found.reverse();
    Ok(found)
}

/// The files of the recorded tree, from the commit itself or a generated commit.
fn generated_files(
    repository: &GeneratedRepo,
    path: &TreePath,
    commit: &GitId,
    provenance: &Provenance,
    generated: &[GitId],
) -> Result<Option<FileIndex>, AppError> {
    let commits = &repository.commits;
    let Some(recorded) = provenance.tree() else {
        return Ok(None);
    };
    for candidate in [commit].into_iter().chain(generated) {
        if commits.tree_without(candidate, path)? == *recorded {
            return Ok(Some(commits.files(candidate)?));
        }
    }
    Ok(None)
}
