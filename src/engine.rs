//! The only door for the shells: a catalogue, a selection and a template in; a report and a tree out.

use crate::catalog::Catalog;
pub use crate::interpret::LineOrigin;
use crate::interpret::{self, Interpretation, interpret};
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::digest::{Digest, GitId};
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::model::report::{
    ChangeOrigin, Existing, LogEntry, MAX_LOG_BYTES, MAX_TREE_ENTRIES, ObjectFormat, Report,
    TreeEntry,
};
use crate::resolve::{Request, resolve};
use crate::tree::ids::{self, FirstCommit, ObjectsError};
use crate::tree::overlay::Overlay;
use crate::tree::worktree::{self, FileState, WorkTree, WorkTreeError};
use crate::tree::{Tree, TreeError};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// A plan, its result and the report on it.
pub struct Preview<'t> {
    pub plan: Plan,
    pub report: Report,
    pub tree: Overlay<'t>,
}

/// Why there is no preview.
#[derive(Debug, Error)]
pub enum PreviewError {
    /// The selection does not fit the catalogue.
    #[error("the selection does not fit the catalogue")]
    Selection(Vec<Diagnostic>),
    /// The plan was made over other files.
    #[error("the template is tree {given}, the plan was made over tree {planned}")]
    AnotherTemplate { planned: GitId, given: GitId },
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
}

/// Resolves a selection and lays its plan over the template. Nothing is written anywhere (I3).
pub fn preview<'t>(
    catalog: &Catalog,
    request: Request,
    template: &'t dyn Tree,
) -> Result<Preview<'t>, PreviewError> {
    let plan = resolve(catalog, request).map_err(PreviewError::Selection)?;
    let (report, tree) = lay(&plan, template)?;
    Ok(Preview { plan, report, tree })
}

/// The plan that a repository says it was made by, from the catalogue it names.
pub fn remake(
    catalog: &Catalog,
    provenance: &Provenance,
    author: Identity,
) -> Result<Plan, PreviewError> {
    let request = Request {
        selection: provenance.selected_options.clone(),
        inputs: provenance.inputs.clone(),
        author,
        template: provenance.template.clone(),
    };
    let plan = resolve(catalog, request).map_err(PreviewError::Selection)?;
    // What an earlier version made carries that version's name.
    Ok(Plan {
        generator: provenance.generator.clone(),
        ..plan
    })
}

/// Lays a stored plan over its template.
///
/// # Errors
/// [`PreviewError::AnotherTemplate`] when the template is not the one the plan was made over.
pub fn build<'t>(
    plan: &Plan,
    template: &'t dyn Tree,
) -> Result<(Report, Overlay<'t>), PreviewError> {
    let given = GitId::of(&ids::tree_id(template)?);
    if given != plan.template.tree {
        return Err(PreviewError::AnotherTemplate {
            planned: plan.template.tree.clone(),
            given,
        });
    }
    lay(plan, template)
}

/// The files of a plan that a repository misses, and the report on adding them.
pub struct Addition<'t> {
    /// Its report says how the repository would change.
    pub preview: Preview<'t>,
    /// What is missing, by path.
    pub files: Vec<(TreePath, File)>,
    /// The commit's message.
    pub message: String,
}

impl Addition<'_> {
    /// The commit that adds the files.
    pub fn commit(&self) -> worktree::NewFiles<'_> {
        let plan = &self.preview.plan;
        worktree::NewFiles {
            files: &self.files,
            author: &plan.author,
            date: &plan.inputs.date,
            message: &self.message,
        }
    }
}

/// Lays the result of a plan beside what a repository holds: a file that is missing is added, a file that is there stays
/// byte for byte as it is. A `.gitkeep` is missing only where its folder is, and the provenance file never, because
/// the repository was not made by this plan. Nothing is written.
pub fn add<'t>(preview: Preview<'t>, repository: &WorkTree) -> Result<Addition<'t>, WorkTreeError> {
    let Preview {
        plan,
        mut report,
        tree,
    } = preview;
    let mut files = Vec::new();
    let mut existing = Existing {
        branch: repository.branch(),
        commit: repository.head().map(|head| GitId::of(&head.commit)),
        same: Vec::new(),
        kept: Vec::new(),
    };
    let own = plan.provenance_path.as_str();
    let mut in_the_way = Vec::new();
    for (path, _) in tree.list()?.iter().filter(|(path, _)| *path != own) {
        let path = TreePath::of_checked(path);
        let Some(file) = tree.read(&path)? else {
            continue;
        };
        let mut refuse = |code, message, help: &str| {
            in_the_way.push(Diagnostic::error(code, message).help(help));
        };
        match repository.standing(&path, &file)? {
            FileState::Same => existing.same.push(path),
            FileState::Other => existing.kept.push(path),
            FileState::Nothing if keeps_a_folder_of(repository, &path) => {}
            FileState::Nothing => files.push((path, file)),
            FileState::Clash(message) => {
                refuse(
                    Code::PathClash,
                    message,
                    "rename what is there, and commit that",
                );
            }
            FileState::Uncommitted(message) => {
                let help = "commit it, and it stays as it is; or move it out of the way";
                refuse(Code::FileExists, message, help);
            }
        }
    }
    let changes = std::mem::take(&mut report.changes).into_iter();
    let mut origins: BTreeMap<TreePath, Vec<ChangeOrigin>> =
        changes.map(|change| (change.path, change.origin)).collect();
    let added = files.iter().map(|(path, file)| {
        let origin = origins.remove(path);
        let origin = origin.unwrap_or_else(|| vec![ChangeOrigin::Template {}]);
        (path, file, origin)
    });
    report.changes = interpret::describe_added(added);
    let added: BTreeSet<&TreePath> = files.iter().map(|(path, _)| path).collect();
    let reasons = &mut report.risk.reasons;
    reasons.retain(|reason| added.contains(&reason.path));
    let levels = report.risk.reasons.iter().map(|reason| reason.level);
    report.risk.level = levels.max().unwrap_or_default();
    report.file_tree.retain(|entry| entry.path.as_str() != own);
    report.file_count = repository.file_count() + files.len();
    report.can_proceed &= in_the_way.is_empty();
    report.collisions.extend(in_the_way);
    report.existing = Some(existing);
    let mut addition = Addition {
        message: plan.addition_message(&report.recipe_hash),
        preview: Preview { plan, report, tree },
        files,
    };
    let ids = match (addition.preview.report.can_proceed, addition.files.len()) {
        (false, _) => None,
        (true, 0) => repository.head(),
        (true, _) => Some(repository.ids(&addition.commit())?),
    };
    let report = &mut addition.preview.report;
    report.tree_id = ids.map(|ids| GitId::of(&ids.tree));
    report.commit_id = ids.map(|ids| GitId::of(&ids.commit));
    Ok(addition)
}

/// Whether a file is only there to keep a folder, in which the repository holds something already.
fn keeps_a_folder_of(repository: &WorkTree, path: &TreePath) -> bool {
    let folder = path.as_str().strip_suffix("/.gitkeep");
    folder.is_some_and(|folder| repository.has_folder(folder))
}

/// Where each line of one file of a plan's result came from; nothing when the result has no such text file.
pub fn explain(
    plan: &Plan,
    template: &dyn Tree,
    path: &TreePath,
) -> Result<Option<Explanation>, PreviewError> {
    let mut tree = Overlay::over(template)?;
    let (_, origins) = interpret::explain(plan, &mut tree, path)?;
    let file = tree.read(path)?;
    Ok(file.as_ref().and_then(File::text).map(|text| {
        let lines = text.split_inclusive('\n').map(str::to_owned);
        Explanation {
            lines: lines.zip(origins).collect(),
        }
    }))
}

/// The lines of a file and where they came from.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// With their line ends, as git counts them.
    pub lines: Vec<(String, LineOrigin)>,
}

impl Explanation {
    /// The whole file.
    pub fn text(&self) -> String {
        self.lines.iter().map(|(line, _)| line.as_str()).collect()
    }
}

fn lay<'t>(plan: &Plan, template: &'t dyn Tree) -> Result<(Report, Overlay<'t>), PreviewError> {
    let mut tree = Overlay::over(template)?;
    let interpretation = interpret(plan, &mut tree)?;
    let can_proceed = interpretation.is_complete();
    let Interpretation {
        provenance,
        log,
        warnings,
        collisions,
        errors,
        changes,
        risk,
    } = interpretation;
    let ids = if can_proceed {
        Some(ids::compute(
            &tree,
            &first_commit(plan, &provenance.recipe_hash),
        )?)
    } else {
        None
    };
    let (action_log, action_log_truncated) = cap_log(log);
    let all = tree.list()?;
    let mut file_tree = Vec::new();
    let mut truncated = false;
    for (path, entry) in all.iter().filter(|(path, _)| is_shown(path)) {
        if file_tree.len() == MAX_TREE_ENTRIES {
            truncated = true;
            break;
        }
        file_tree.push(TreeEntry {
            path: TreePath::of_checked(path),
            mode: entry.mode,
            size: entry.size,
        });
    }
    let report = Report {
        file_tree,
        truncated,
        file_count: all.len(),
        action_log,
        action_log_truncated,
        warnings,
        can_proceed,
        collisions,
        errors,
        tree_id: ids.map(|ids| GitId::of(&ids.tree)),
        commit_id: ids.map(|ids| GitId::of(&ids.commit)),
        object_format: ObjectFormat::Sha1,
        plan_hash: plan.hash(&provenance.recipe_hash),
        recipe_hash: provenance.recipe_hash,
        catalog_version: plan.catalog_version.clone(),
        template: plan.template.clone(),
        changes,
        risk,
        existing: None,
        forge: None,
    };
    Ok((report, tree))
}

/// The first commit of a plan's repository.
pub fn first_commit(plan: &Plan, recipe_hash: &Digest) -> FirstCommit {
    FirstCommit {
        author: plan.author.clone(),
        date: plan.inputs.date.clone(),
        message: plan.commit_message(recipe_hash),
    }
}

/// The display filter (R73): it shapes what is shown, never what is built.
fn is_shown(path: &str) -> bool {
    const FOLDERS: [&str; 7] = [
        ".git",
        "node_modules",
        ".next",
        "dist",
        "build",
        "out",
        "coverage",
    ];
    let in_hidden_folder = path.split('/').any(|segment| FOLDERS.contains(&segment));
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_log = name
        .rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "log");
    !in_hidden_folder && !is_log && !name.starts_with(".env") && name != ".DS_Store"
}

fn cap_log(log: Vec<LogEntry>) -> (Vec<LogEntry>, bool) {
    let total = log.len();
    let mut bytes = 0;
    let kept: Vec<LogEntry> = log
        .into_iter()
        .take_while(|entry| {
            bytes += entry.message.len()
                + entry.path.len()
                + entry.kind.len()
                + entry.origin.file.len()
                + 200;
            bytes <= MAX_LOG_BYTES
        })
        .collect();
    let truncated = kept.len() < total;
    (kept, truncated)
}
