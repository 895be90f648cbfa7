//! The files of a plan that an existing repository does not have, and the commit that adds them.

use super::Preview;
use crate::interpret::describe_added;
use crate::model::action::RiskLevel;
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::digest::GitId;
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::report::{Change, ChangeOrigin, Existing, Report, Risk};
use crate::model::repository_settings::RepositorySettings;
use crate::tree::Tree as _;
use crate::tree::worktree::{FileState, NewFiles, WorkTree, WorkTreeError};
use std::collections::{BTreeMap, BTreeSet};

/// The files to add to a repository, and the report on adding them.
pub struct Addition<'t> {
    /// Its report describes the change of the repository.
    pub preview: Preview<'t>,
    /// The missing files, by path.
    pub files: Vec<(TreePath, File)>,
    /// The author of the commit.
    pub author: Identity,
    /// The message of the commit.
    pub message: String,
}

impl Addition<'_> {
    /// The commit that adds the files.
    pub fn commit(&self) -> NewFiles<'_> {
        let plan = &self.preview.plan;
        NewFiles {
            files: &self.files,
            author: &self.author,
            date: &plan.inputs.date,
            message: &self.message,
        }
    }
}

/// Compares the result of a plan with a repository: missing files are added, existing files stay as they are. Nothing
/// is written.
///
/// A `.gitkeep` is missing only where its folder is. The provenance file is never added, because this plan did not
/// create the repository.
pub fn add<'t>(
    preview: Preview<'t>,
    repository: &WorkTree,
    author: Identity,
) -> Result<Addition<'t>, WorkTreeError> {
    let Comparison {
        missing,
        existing,
        conflicts,
    } = compare(&preview, repository)?;
    let Preview { plan, report, tree } = preview;
    let own = plan.provenance_path.as_str();
    let file_tree = report.file_tree;
    let mut addition = Addition {
        author,
        message: plan.addition_message(&report.recipe_hash),
        preview: Preview {
            report: Report {
                risk: risk_of(report.risk, &missing),
                changes: changes_of(report.changes, &missing),
                file_tree: file_tree
                    .into_iter()
                    .filter(|entry| entry.path.as_str() != own)
                    .collect(),
                file_count: repository.file_count() + missing.len(),
                can_proceed: report.can_proceed && conflicts.is_empty(),
                collisions: [report.collisions, conflicts].concat(),
                existing: Some(existing),
                // Files alone are added.
                settings: RepositorySettings::default(),
                ..report
            },
            plan,
            tree,
        },
        files: missing,
    };
    let ids = match (
        addition.preview.report.can_proceed,
        addition.files.is_empty(),
    ) {
        (false, _) => None,
        (true, true) => repository.head(),
        (true, false) => Some(repository.ids(&addition.commit())?),
    };
    let report = &mut addition.preview.report;
    report.tree_id = ids.map(|ids| GitId::of(&ids.tree));
    report.commit_id = ids.map(|ids| GitId::of(&ids.commit));
    Ok(addition)
}

/// The files of a plan's result, by their state in the repository.
struct Comparison {
    missing: Vec<(TreePath, File)>,
    existing: Existing,
    conflicts: Vec<Diagnostic>,
}

fn compare(preview: &Preview<'_>, repository: &WorkTree) -> Result<Comparison, WorkTreeError> {
    let mut missing = Vec::new();
    let mut conflicts = Vec::new();
    let mut existing = Existing {
        branch: repository.branch(),
        commit: repository.head().map(|head| GitId::of(&head.commit)),
        same: Vec::new(),
        kept: Vec::new(),
    };
    let own = preview.plan.provenance_path.as_str();
    let listing = preview.tree.list()?;
    for (path, _) in listing.iter().filter(|(path, _)| *path != own) {
        let path = TreePath::of_checked(path);
        let Some(file) = preview.tree.read(&path)? else {
            continue;
        };
        match repository.state(&path, &file)? {
            FileState::Same => existing.same.push(path),
            FileState::Different => existing.kept.push(path),
            FileState::Absent if keeps_existing_folder(repository, &path) => {}
            FileState::Absent => missing.push((path, file)),
            FileState::NameClash(message) => conflicts.push(
                Diagnostic::error(Code::PathClash, message)
                    .help("rename the existing one, and commit that"),
            ),
            FileState::Uncommitted(message) => conflicts.push(
                Diagnostic::error(Code::FileExists, message)
                    .help("commit it to keep it, or move it away"),
            ),
        }
    }
    Ok(Comparison {
        missing,
        existing,
        conflicts,
    })
}

/// True for a `.gitkeep` in a folder of which the repository has other files.
fn keeps_existing_folder(repository: &WorkTree, path: &TreePath) -> bool {
    path.as_str()
        .strip_suffix("/.gitkeep")
        .is_some_and(|folder| repository.has_folder(folder))
}

/// The missing files as added, each with its origins in the whole result.
fn changes_of(whole: Vec<Change>, missing: &[(TreePath, File)]) -> Vec<Change> {
    let mut origins: BTreeMap<TreePath, Vec<ChangeOrigin>> = whole
        .into_iter()
        .map(|change| (change.path, change.origin))
        .collect();
    describe_added(missing.iter().map(|(path, file)| {
        let origin = origins
            .remove(path)
            .unwrap_or_else(|| vec![ChangeOrigin::Template {}]);
        (path, file, origin)
    }))
}

/// The risk of the missing files alone.
fn risk_of(whole: Risk, missing: &[(TreePath, File)]) -> Risk {
    let added: BTreeSet<&TreePath> = missing.iter().map(|(path, _)| path).collect();
    let mut reasons = whole.reasons;
    reasons.retain(|reason| added.contains(&reason.path));
    Risk {
        level: reasons
            .iter()
            .map(|reason| reason.level)
            .max()
            .unwrap_or(RiskLevel::Low),
        reasons,
    }
}
