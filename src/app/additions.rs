//! Additions: the files of a plan that an existing repository lacks, in one commit.

use super::error::AppError;
use super::previews::{self, Prevented, ProductRequest, UnexpectedTree};
use super::selection::SelectionRequest;
use crate::engine::{self, Addition, Preview};
use crate::model::digest::GitId;
use crate::model::input::Identity;
use crate::model::provenance::Provenance;
use crate::model::report::Report;
use crate::tree::worktree::WorkTree;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// An addition as it was shown or carried out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdditionResult {
    /// The repository.
    pub path: PathBuf,
    pub branch: String,
    pub outcome: AdditionOutcome,
    pub tree_id: Option<GitId>,
    pub commit_id: Option<GitId>,
    pub report: Report,
}

/// The outcome of an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdditionOutcome {
    /// The repository has every file of the plan; nothing was written.
    AlreadyPresent,
    /// Nothing was written, because nobody agreed yet.
    Shown,
    Added,
}

/// Compares a preview with a repository. Nothing is written. The author is that of the commit.
pub fn plan<'p>(
    preview: Preview<'p>,
    repository: &WorkTree,
    author: Identity,
) -> Result<Addition<'p>, AppError> {
    Ok(engine::add(preview, repository, author)?)
}

/// The recorded selection of a generated repository, with the values of its inputs.
pub fn recorded_selection(provenance: &Provenance) -> SelectionRequest {
    SelectionRequest {
        selection: provenance.selected_options.clone(),
        inputs: provenance.inputs.values.clone(),
        document: None,
    }
}

/// The recorded product of a generated repository.
pub fn recorded_product(provenance: &Provenance) -> ProductRequest {
    let inputs = &provenance.inputs;
    ProductRequest {
        name: inputs.product_name.clone(),
        slug: Some(inputs.product_slug.clone()),
        owner: inputs.owner.clone(),
        repo: inputs.repo.clone(),
        date: Some(inputs.date.clone()),
        author: provenance
            .generated
            .as_ref()
            .map(|made| made.author.clone()),
        repo_url: inputs.repo_url.clone(),
    }
}

/// Fails if the repository would get another tree than the expected one.
pub fn check_expected(
    addition: &Addition<'_>,
    expected: Option<&GitId>,
) -> Result<(), UnexpectedTree> {
    match previews::accepted_tree(&addition.preview.report) {
        Some(tree) => previews::check_expected(expected, tree, Prevented::Addition),
        None => Ok(()),
    }
}

/// Writes the missing files and commits them, until `stop` is set.
pub fn apply(
    addition: &Addition<'_>,
    repository: &WorkTree,
    stop: &AtomicBool,
) -> Result<(), AppError> {
    repository.commit(&addition.commit(), stop)?;
    Ok(())
}

impl AdditionResult {
    /// The result of an addition to the repository at `path`.
    pub fn new(
        path: PathBuf,
        addition: &Addition<'_>,
        repository: &WorkTree,
        outcome: AdditionOutcome,
    ) -> Self {
        let report = &addition.preview.report;
        Self {
            path,
            branch: repository.branch(),
            outcome,
            tree_id: report.tree_id.clone(),
            commit_id: report.commit_id.clone(),
            report: report.clone(),
        }
    }
}
