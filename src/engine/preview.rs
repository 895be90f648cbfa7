//! From a catalogue, a selection and a template to a plan, a report and a tree.

use crate::catalog::Catalog;
use crate::error::{Class, Explain, Hint};
use crate::hint;
use crate::interpret::LineOrigin;
use crate::interpret::{self, ActionOutcomes, Interpretation, interpret};
use crate::model::content::File;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::digest::{Digest, GitId};
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::plan::{Plan, TemplateOrigin};
use crate::model::provenance::Provenance;
use crate::model::report::{
    LogEntry, MAX_LOG_BYTES, MAX_TREE_ENTRIES, ObjectFormat, Report, TreeEntry,
};
use crate::model::repository_settings::{FilledSettingsError, RepositorySettings};
use crate::resolve::{Request, resolve};
use crate::tree::ids::{self, FirstCommit, ObjectsError};
use crate::tree::listing::Listing;
use crate::tree::overlay::Overlay;
use crate::tree::{Tree, TreeError};
use thiserror::Error;

/// A plan, its result and the report on it.
pub struct Preview<'t> {
    pub plan: Plan,
    pub report: Report,
    pub tree: Overlay<'t>,
}

/// An error of a preview.
#[derive(Debug, Error)]
pub enum PreviewError {
    #[error("the selection is not valid for the catalogue")]
    Selection(Vec<Diagnostic>),
    #[error("the plan was created over template tree {planned}, but the template is tree {given}")]
    AnotherTemplate { planned: GitId, given: GitId },
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
}

impl Explain for PreviewError {
    fn class(&self) -> Class {
        match self {
            Self::Selection(_) | Self::AnotherTemplate { .. } => Class::Refused,
            Self::Tree(error) => error.class(),
            Self::Objects(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Selection(_) => "selection_invalid",
            Self::AnotherTemplate { .. } => "plan_other_template",
            Self::Tree(error) => error.code(),
            Self::Objects(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Selection(_) => Some(hint!("see the findings")),
            Self::AnotherTemplate { .. } => {
                Some(hint!("use the template of the plan, or create a new plan"))
            }
            Self::Tree(error) => error.hint(),
            Self::Objects(error) => error.hint(),
        }
    }
}

/// Resolves a selection and applies its plan to the template, in memory. Nothing is written.
pub fn preview<'t>(
    catalog: &Catalog,
    request: Request,
    template: &'t dyn Tree,
) -> Result<Preview<'t>, PreviewError> {
    let plan = resolve(catalog, request).map_err(PreviewError::Selection)?;
    let (mut report, tree) = apply(&plan, template)?;
    if let (TemplateOrigin::Catalog(_), Some(path)) =
        (&plan.template.repo, &catalog.file().template.path)
    {
        let folder = format!("catalog/{}/{path}", catalog.slug());
        locate_in_catalog(&mut report, &template.list()?, &folder);
    }
    Ok(Preview { plan, report, tree })
}

/// Changes the places of findings about the template's files into their paths in the catalogue.
fn locate_in_catalog(report: &mut Report, template: &Listing, folder: &str) {
    let lists = [
        &mut report.warnings,
        &mut report.collisions,
        &mut report.errors,
    ];
    for finding in lists.into_iter().flatten() {
        let place = finding.location.as_mut().filter(|place| {
            template.get(&place.file).is_some() && !place.file.starts_with("recipes/")
        });
        if let Some(place) = place {
            place.file = format!("{folder}/{}", place.file);
        }
    }
}

/// The plan of an existing repository, resolved again from its provenance and its catalogue. `author` is that of its first
/// commit, which version 1 of the provenance file does not record.
pub fn remake(
    catalog: &Catalog,
    provenance: &Provenance,
    author: Identity,
) -> Result<Plan, PreviewError> {
    let generated = provenance.generated.as_ref();
    let request = Request {
        selection: provenance.selected_options.clone(),
        inputs: provenance.inputs.clone(),
        author: generated.map_or(author, |generated| generated.author.clone()),
        catalog_source: generated.map(|generated| generated.catalog_source.clone()),
        template: provenance.template.clone(),
    };
    let plan = resolve(catalog, request).map_err(PreviewError::Selection)?;
    // The provenance names the version of groundplan that created the repository.
    Ok(Plan {
        generator: provenance.generator.clone(),
        ..plan
    })
}

/// Applies a stored plan to its template.
///
/// # Errors
/// [`PreviewError::AnotherTemplate`] when the tree id of the template is not the one in the plan.
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
    apply(plan, template)
}

/// The outcomes of a plan's actions over a template, without the result.
pub fn try_actions(plan: &Plan, template: &dyn Tree) -> Result<ActionOutcomes, PreviewError> {
    let mut tree = Overlay::over(template)?;
    Ok(interpret::try_actions(plan, &mut tree)?)
}

/// The origin of each line of one file of a plan's result; `None` when the result has no such text file.
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

/// The lines of a file, each with its origin.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The lines with their ends, as git counts them.
    pub lines: Vec<(String, LineOrigin)>,
}

impl Explanation {
    /// The text of the whole file.
    pub fn text(&self) -> String {
        self.lines.iter().map(|(line, _)| line.as_str()).collect()
    }
}

fn apply<'t>(plan: &Plan, template: &'t dyn Tree) -> Result<(Report, Overlay<'t>), PreviewError> {
    let mut tree = Overlay::over(template)?;
    let interpretation = interpret(plan, &mut tree)?;
    let report = report(plan, &tree, interpretation)?;
    Ok((report, tree))
}

fn report(
    plan: &Plan,
    tree: &Overlay<'_>,
    interpretation: Interpretation,
) -> Result<Report, PreviewError> {
    let (settings, invalid) = match settings(plan) {
        Ok(settings) => (settings, None),
        Err(finding) => (RepositorySettings::default(), Some(*finding)),
    };
    let can_proceed = interpretation.is_complete() && invalid.is_none();
    let Interpretation {
        provenance,
        log,
        warnings,
        collisions,
        mut errors,
        changes,
        risk,
        tree: tree_id,
    } = interpretation;
    errors.extend(invalid);
    let accepted = can_proceed.then_some(tree_id);
    let commit = first_commit(plan, &provenance.recipe_hash);
    let commit_id = accepted.map(|tree| ids::commit_id(tree, &commit, None));
    let (action_log, action_log_truncated) = cap_log(log);
    let all = tree.list()?;
    let (file_tree, truncated) = file_tree(&all);
    Ok(Report {
        file_tree,
        truncated,
        file_count: all.len(),
        action_log,
        action_log_truncated,
        warnings,
        can_proceed,
        collisions,
        errors,
        tree_id: accepted.map(|id| GitId::of(&id)),
        commit_id: commit_id.transpose()?.map(|id| GitId::of(&id)),
        object_format: ObjectFormat::Sha1,
        plan_hash: plan.hash(&provenance.recipe_hash),
        recipe_hash: provenance.recipe_hash,
        catalog_version: plan.catalog_version.clone(),
        template: plan.template.clone(),
        changes,
        risk,
        existing: None,
        settings,
        forge: None,
    })
}

/// The settings of a plan's repository on its forge, with their placeholders replaced. Fails with a finding for an account
/// or an issue that no forge can have.
pub fn settings(plan: &Plan) -> Result<RepositorySettings, Box<Diagnostic>> {
    let settings = &plan.recipe.settings;
    let filled = settings.filled(&plan.inputs.owner, |text| interpret::fill(plan, text));
    filled.map_err(|error| {
        let help = match &error {
            FilledSettingsError::Account(_) => {
                "write the login of a user, as in `planner-bot`, in the input for it"
            }
            FilledSettingsError::Title { .. } | FilledSettingsError::Body { .. } => {
                "write less in the input for it, or shorten the issue in the catalogue"
            }
        };
        Box::new(Diagnostic::error(Code::InvalidInput, error.to_string()).help(help))
    })
}

/// The first files that the display filter shows, and true if there are more.
fn file_tree(all: &Listing) -> (Vec<TreeEntry>, bool) {
    let mut shown = all.iter().filter(|(path, _)| is_shown(path));
    let entries = shown
        .by_ref()
        .take(MAX_TREE_ENTRIES)
        .map(|(path, info)| TreeEntry {
            path: TreePath::of_checked(path),
            mode: info.mode,
            size: info.size,
        })
        .collect();
    (entries, shown.next().is_some())
}

/// The first commit of a plan's repository.
pub fn first_commit(plan: &Plan, recipe_hash: &Digest) -> FirstCommit {
    FirstCommit {
        author: plan.author.clone(),
        date: plan.inputs.date.clone(),
        message: plan.commit_message(recipe_hash),
    }
}

/// The display filter of the file tree in a report. It has no effect on the result.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::memory::MemoryTree;
    use serde_json::json;

    fn entry(message: &str) -> LogEntry {
        let entry = json!({
            "origin": {
                "option": "auth/none", "index": 1, "file": "recipes/demo/auth/none.yaml", "line": 2, "column": 5,
            },
            "kind": "WRITE_FILE",
            "path": "a",
            "outcome": "done",
            "message": message,
        });
        serde_json::from_value(entry).expect("a log entry")
    }

    #[test]
    fn a_long_log_is_cut_and_reported_as_such() {
        let short = vec![entry("created"); 200];
        assert_eq!(cap_log(short.clone()), (short, false));
        let long = vec![entry(&"x".repeat(MAX_LOG_BYTES / 4)); 5];
        let (kept, is_truncated) = cap_log(long);
        assert_eq!((kept.len(), is_truncated), (3, true));
    }

    #[test]
    fn the_file_tree_is_filtered_and_cut() {
        let file = |path: String| {
            let path = TreePath::parse(&path).expect("a path");
            (path, File::regular("x"))
        };
        let hidden = [
            "node_modules/a/index.js",
            "web/node_modules/b.js",
            ".next/a",
            "dist/a",
            "build/a",
            "out/a",
            "coverage/a",
            "a.log",
            "logs/b.log",
            ".env",
            ".env.local",
            "web/.env.test",
            ".DS_Store",
            "docs/.DS_Store",
        ];
        let shown = [
            "a",
            "builder/a",
            "log",
            "docs/outline.md",
            "env",
            ".github/a",
        ];
        let all = hidden
            .iter()
            .chain(&shown)
            .map(|path| file((*path).to_owned()));
        let tree = MemoryTree::of(all).expect("no file is a folder");
        let (entries, is_truncated) = file_tree(&tree.list().expect("a list"));
        let mut paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        let mut expected = shown.to_vec();
        paths.sort_unstable();
        expected.sort_unstable();
        assert_eq!((paths, is_truncated), (expected, false));

        for (count, is_cut) in [(MAX_TREE_ENTRIES, false), (MAX_TREE_ENTRIES + 1, true)] {
            let files = (0..count).map(|number| file(format!("f{number}")));
            let hidden = file("dist/hidden".to_owned());
            let tree = MemoryTree::of(files.chain([hidden])).expect("no file is a folder");
            let (entries, is_truncated) = file_tree(&tree.list().expect("a list"));
            assert_eq!((entries.len(), is_truncated), (MAX_TREE_ENTRIES, is_cut));
        }
    }
}
