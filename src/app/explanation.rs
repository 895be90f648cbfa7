//! Explanation: the origin of each line of a generated file.

use super::error::AppError;
use super::generated_repos::{GeneratedRepo, RecordedPlan};
use crate::engine::{self, Explanation, LineOrigin};
use crate::error::{Class, Explain, Hint};
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::report::ChangeOrigin;
use crate::tree::{Tree, ids};
use gix::ObjectId;
use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

/// A file with the origin of each line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainedFile {
    pub path: TreePath,
    pub lines: Vec<ExplainedLine>,
}

/// A line and its origin.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainedLine {
    /// Counted from 1.
    pub line: usize,
    /// The line without its line end.
    pub text: String,
    pub origin: ExplainedOrigin,
}

/// The origin of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ExplainedOrigin {
    /// A line of the template's file, unchanged.
    Template(TemplateLine),
    Change(ChangeOrigin),
}

/// A line of a file of the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "by", rename = "template")]
pub struct TemplateLine {
    /// Counted from 1.
    pub line: usize,
}

/// The state of a file in a repository against the plan's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileHistory {
    AsGenerated,
    /// The first commit contains another file than the plan's result.
    DiffersFromPlan,
    /// The file was changed after it was generated.
    ChangedSince,
}

/// A path that is no text file of the result.
#[derive(Debug, Error)]
#[error("the repository has no text file `{path}`")]
pub struct NoTextFile {
    path: TreePath,
}

/// Explains a file of a plan's result.
pub fn explain(
    plan: &Plan,
    template: &dyn Tree,
    path: &TreePath,
) -> Result<ExplainedFile, AppError> {
    Ok(ExplainedFile::new(path, explanation(plan, template, path)?))
}

/// Explains a file of a generated repository by its recorded plan.
pub fn explain_recorded(
    repository: &GeneratedRepo,
    recorded: &RecordedPlan,
    path: &TreePath,
) -> Result<(ExplainedFile, FileHistory), AppError> {
    let explanation = explanation(&recorded.plan, recorded.template.tree(), path)?;
    // By id: the repository may have a folder, a submodule or a very large file here now.
    let generated = ids::blob_id(explanation.text().as_bytes())?;
    let commits = &repository.commits;
    let [first, last] = [&repository.history.first, &repository.history.last]
        .map(|commit| commits.entry(commit, path));
    let (first, last) = (first?, last?);
    let is_generated =
        |entry: Option<(u16, ObjectId)>| entry.is_some_and(|(_, id)| id == generated);
    let is_updated = repository.current != repository.provenance;
    let history = if !is_updated && !is_generated(first) {
        FileHistory::DiffersFromPlan
    } else if !is_generated(last) || (!is_updated && last != first) {
        FileHistory::ChangedSince
    } else {
        FileHistory::AsGenerated
    };
    Ok((ExplainedFile::new(path, explanation), history))
}

fn explanation(plan: &Plan, template: &dyn Tree, path: &TreePath) -> Result<Explanation, AppError> {
    let explained = engine::explain(plan, template, path)?;
    let missing = || NoTextFile { path: path.clone() };
    Ok(explained.ok_or_else(missing)?)
}

impl ExplainedFile {
    fn new(path: &TreePath, explanation: Explanation) -> Self {
        let line = |(line, (text, origin)): (usize, (String, LineOrigin))| ExplainedLine {
            line,
            text: text.trim_end_matches('\n').to_owned(),
            origin: match origin {
                LineOrigin::Template { line } => ExplainedOrigin::Template(TemplateLine { line }),
                LineOrigin::Change(change) => ExplainedOrigin::Change(change),
            },
        };
        Self {
            path: path.clone(),
            lines: (1..).zip(explanation.lines).map(line).collect(),
        }
    }
}

impl Explain for NoTextFile {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "text_file_not_found"
    }

    fn hint(&self) -> Option<Hint> {
        Some("check the path from the repository's root, and that the file is not binary".into())
    }
}
