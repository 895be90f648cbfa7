//! The only door for the shells: a catalogue, a selection and a template in; a report and a tree out.

use crate::catalog::Catalog;
pub use crate::interpret::LineOrigin;
use crate::interpret::{self, Interpretation, interpret};
use crate::model::content::File;
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::{Digest, GitId};
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::model::report::{
    LogEntry, MAX_LOG_BYTES, MAX_TREE_ENTRIES, ObjectFormat, Report, TreeEntry,
};
use crate::resolve::{Request, resolve};
use crate::tree::ids::{self, FirstCommit, ObjectsError};
use crate::tree::overlay::Overlay;
use crate::tree::{Tree, TreeError};
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
