//! Updates: a repository that groundplan created is brought to another version of its catalogue, or to other choices.

use super::catalogs::{self, OpenedCatalog};
use super::error::{AppError, Findings};
use super::generated_repos::{GeneratedRepo, GeneratedRepoRequest};
use super::previews::ProductError;
use super::templates::{self, CacheOpener, TemplateRequest};
use super::update_report::{self, CreatedUpdate, PlanSource, UpdateReport};
use crate::base::clock::Clock;
use crate::engine::update::{Conflict, Decision, PathUpdate, Rules, Sides, Update, Verdict};
use crate::engine::{self, LineOrigin, Preview, PreviewError, SelectionChanges};
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::date::Day;
use crate::model::digest::{Digest, DigestError, GitId};
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::model::ref_name::RefName;
use crate::model::report::ChangeOrigin;
use crate::resolve::{self, Request};
use crate::template::Template;
use crate::tree::Tree as _;
use crate::tree::edited::{ChangeCommit, FileChanges};
use crate::tree::snapshot::Snapshot;
use crate::tree::worktree::WorkTree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A request to update a repository.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The repository, and what it was created from.
    pub repository: GeneratedRepoRequest,
    /// The catalogue of the new plan; by default the built-in one that the repository was created from.
    pub catalog: Option<String>,
    /// The template of the new plan.
    pub template: TemplateRequest,
    pub choices: SelectionChanges,
    pub decisions: BTreeMap<TreePath, Decision>,
    /// List the files too that only the repository changed.
    pub is_full: bool,
}

/// An update before it is written.
pub struct PlannedUpdate {
    pub report: UpdateReport,
    pub plan: Plan,
    recipe_hash: Digest,
    repository: GeneratedRepo,
    /// All changes of the repository, with its provenance file.
    changes: FileChanges,
    decisions: BTreeMap<TreePath, Decision>,
}

/// The tree and the commit that an update must be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedUpdate {
    pub tree: GitId,
    pub head: Option<GitId>,
}

/// An update that was not written.
#[derive(Debug, Error)]
pub enum UpdateRefused {
    #[error("the update gives tree {found}, expected {expected}; nothing was written")]
    AnotherTree { expected: GitId, found: GitId },
    #[error("the repository is at commit {found}, expected {expected}; nothing was written")]
    AnotherHead { expected: GitId, found: GitId },
    #[error("the new plan has errors; nothing was written")]
    Errors,
}

/// Compares a repository with its new plan. Nothing is written.
pub fn plan(
    request: &UpdateRequest,
    cache: CacheOpener<'_, '_>,
) -> Result<PlannedUpdate, AppError> {
    let repository = request.repository.read(cache)?;
    let opened = open_catalog(request, &repository, cache)?;
    let recorded = &repository.provenance;
    let carried = engine::carry_over(
        &opened.catalog,
        &recorded.selected_options,
        &request.choices,
    );
    let (selection, choices) =
        carried.map_err(|findings| Findings::in_selection(findings, None))?;
    let template = templates::open(&request.template, &opened, cache)?;
    let recorded_author = recorded.generated.as_ref().map(|made| made.author.clone());
    let author = recorded_author
        .unwrap_or_else(|| Identity::parse(&repository.first.author).unwrap_or_default());
    let mut inputs = recorded.inputs.clone();
    inputs.values = resolve::applicable(&opened.catalog, &selection, &inputs, &author);
    let new = Request {
        catalog_source: Some(opened.source.origin.clone()),
        selection,
        inputs,
        author,
        template: template.pin.clone(),
    };
    let preview =
        engine::preview(&opened.catalog, new, template.tree()).map_err(selection_error)?;
    let base = base_of(&repository);
    let moved = opened.catalog.file().moved.iter();
    let moved = moved.map(|moved| (moved.from.clone(), moved.to.clone()));
    let update = compare(request, &repository, &base, &preview, moved.collect())?;
    let mut files = update.files;
    describe_causes(&mut files, &preview, &template)?;
    if !request.is_full {
        files.retain(|file| file.verdict != Verdict::Keep || is_decided(request, file));
    }
    let mut changes = update.changes;
    let is_same_plan = is_same_plan(&repository.provenance, &preview);
    if !is_same_plan {
        record(&mut changes, request, &preview)?;
    }
    let can_proceed = preview.report.can_proceed;
    let commits = &repository.commits;
    let head = repository.history.last.clone();
    let tree = can_proceed
        .then(|| commits.tree_with(&head, &changes))
        .transpose()?;
    let head_tree = commits.info(&head)?.tree;
    let only_record = changes
        .keys()
        .all(|path| path == preview.plan.provenance_path.as_tree());
    let report = UpdateReport {
        product: recorded.inputs.product_name.to_string(),
        up_to_date: tree.as_ref() == Some(&head_tree) && !has_conflict(&files),
        untouched: update.untouched,
        only_provenance: !is_same_plan && only_record && !has_conflict(&files),
        tree_id: tree,
        base_tree_id: base.tree_id,
        base: base.found.to_owned(),
        head,
        can_proceed,
        from: PlanSource::of_provenance(recorded),
        to: PlanSource::of_plan(&preview.plan),
        choices,
        counts: update_report::counts(&files),
        files,
        own: update.own,
        warnings: preview.report.warnings,
        errors: [preview.report.collisions, preview.report.errors].concat(),
        created: None,
        pull_request: None,
    };
    Ok(PlannedUpdate {
        report,
        plan: preview.plan,
        recipe_hash: preview.report.recipe_hash,
        changes,
        decisions: request.decisions.clone(),
        repository,
    })
}

fn selection_error(error: PreviewError) -> AppError {
    match error {
        PreviewError::Selection(findings) => Findings::in_selection(findings, None).into(),
        other => other.into(),
    }
}

/// The tree that the old plan made.
struct Base {
    files: crate::tree::commits::FileIndex,
    tree_id: GitId,
    found: &'static str,
}

fn base_of(repository: &GeneratedRepo) -> Base {
    Base {
        files: repository.first_files.clone(),
        tree_id: repository.first.tree.clone(),
        found: "the first commit",
    }
}

fn open_catalog(
    request: &UpdateRequest,
    repository: &GeneratedRepo,
    cache: CacheOpener<'_, '_>,
) -> Result<OpenedCatalog, AppError> {
    match &request.catalog {
        Some(named) => catalogs::open(named, cache),
        None => catalogs::open_builtin(&repository.provenance.catalog),
    }
}

/// Compares the three trees, without the provenance file. A second comparison takes what is not committed into account.
fn compare(
    request: &UpdateRequest,
    repository: &GeneratedRepo,
    base: &Base,
    preview: &Preview<'_>,
    moved: Vec<(TreePath, TreePath)>,
) -> Result<Update, AppError> {
    let commits = &repository.commits;
    let old = request.repository.provenance.as_str();
    let new = preview.plan.provenance_path.as_tree().as_str();
    let head = commits.files(&repository.history.last)?;
    let base = Snapshot::of_files(base.files.clone(), commits).without(old);
    let ours = Snapshot::of_files(head, commits).without(old).without(new);
    let theirs = Snapshot::of_tree(&preview.tree)?.without(new);
    let sides = Sides {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    let mut rules = Rules {
        decisions: request.decisions.clone(),
        moved,
        uncommitted: BTreeMap::new(),
    };
    let update = engine::update(sides, &rules)?;
    rules.uncommitted = uncommitted(Path::new(&request.repository.repository), &update)?;
    if rules.uncommitted.is_empty() {
        return Ok(update);
    }
    Ok(engine::update(sides, &rules)?)
}

/// The changed paths at which a work tree has something that is not committed. A bare repository has none, and one that
/// no commit can be added to now has no work that an update of another branch could touch.
fn uncommitted(repository: &Path, update: &Update) -> Result<BTreeMap<TreePath, String>, AppError> {
    let folder = super::generated_repos::repository_above(repository);
    let Ok(work_tree) = WorkTree::open(&folder) else {
        return Ok(BTreeMap::new());
    };
    let mut found = BTreeMap::new();
    for path in update.changes.keys() {
        if let Some(message) = work_tree.uncommitted(path)? {
            found.insert(path.clone(), message);
        }
    }
    Ok(found)
}

fn has_conflict(files: &[PathUpdate]) -> bool {
    files.iter().any(|file| file.verdict == Verdict::Conflict)
}

fn is_decided(request: &UpdateRequest, file: &PathUpdate) -> bool {
    let mut decided = request.decisions.keys();
    decided.any(|path| path.as_str() == file.path)
}

/// True if a plan is the recorded one, be it of another version of this program.
fn is_same_plan(recorded: &Provenance, preview: &Preview<'_>) -> bool {
    let Preview { plan, report, .. } = preview;
    recorded.catalog == plan.catalog.as_str()
        && recorded.catalog_version == plan.catalog_version
        && recorded.recipe_hash == report.recipe_hash
        && recorded.template == plan.template
        && recorded.selected_options == plan.recipe.selections
        && recorded.inputs == plan.inputs
}

/// Adds the new provenance file to the changes. A catalogue may have moved it.
fn record(
    changes: &mut FileChanges,
    request: &UpdateRequest,
    preview: &Preview<'_>,
) -> Result<(), AppError> {
    let path = preview.plan.provenance_path.as_tree();
    if path.as_str() != request.repository.provenance
        && let Ok(old) = TreePath::parse(&request.repository.provenance)
    {
        changes.insert(old, None);
    }
    if let Some(file) = preview.tree.read(path)? {
        changes.insert(path.clone(), Some(file));
    }
    Ok(())
}

/// Adds the options behind the plan's files, and behind the lines of each conflict.
fn describe_causes(
    files: &mut [PathUpdate],
    preview: &Preview<'_>,
    template: &Template,
) -> Result<(), AppError> {
    let origins: BTreeMap<&str, &[ChangeOrigin]> = preview
        .report
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change.origin.as_slice()))
        .collect();
    for file in files {
        let path = TreePath::parse(&file.path).ok();
        let exists = path
            .as_ref()
            .map(|path| preview.tree.read(path))
            .transpose()?
            .flatten()
            .is_some();
        if !exists {
            continue;
        }
        let options = origins.get(file.path.as_str()).copied().unwrap_or_default();
        file.causes = options.iter().filter_map(option_of).collect();
        file.causes.dedup();
        if file.causes.is_empty() {
            file.causes.push("template".to_owned());
        }
        if let Some(path) = path {
            describe_lines(file, &path, preview, template)?;
        }
    }
    Ok(())
}

fn option_of(origin: &ChangeOrigin) -> Option<String> {
    match origin {
        ChangeOrigin::Action(action) => Some(action.origin.option.to_string()),
        _ => None,
    }
}

fn line_option(origin: &LineOrigin) -> Option<String> {
    match origin {
        LineOrigin::Template { .. } => Some("template".to_owned()),
        LineOrigin::Change(origin) => option_of(origin),
    }
}

fn describe_lines(
    file: &mut PathUpdate,
    path: &TreePath,
    preview: &Preview<'_>,
    template: &Template,
) -> Result<(), AppError> {
    if !file
        .conflicts
        .iter()
        .any(|conflict| matches!(conflict, Conflict::Lines { .. }))
    {
        return Ok(());
    }
    let Some(explained) = engine::explain(&preview.plan, template.tree(), path)? else {
        return Ok(());
    };
    for conflict in &mut file.conflicts {
        if let Conflict::Lines {
            plan_line,
            theirs,
            options,
            ..
        } = conflict
        {
            let lines = explained
                .lines
                .iter()
                .skip(*plan_line - 1)
                .take(theirs.lines().count());
            let named: BTreeSet<String> = lines
                .filter_map(|(_, origin)| line_option(origin))
                .collect();
            options.extend(named);
        }
    }
    Ok(())
}

impl PlannedUpdate {
    /// Fails if the update gives another tree, or is for another commit, than expected.
    pub fn check_expected(&self, expected: Option<&ExpectedUpdate>) -> Result<(), UpdateRefused> {
        let Some(expected) = expected else {
            return Ok(());
        };
        if let Some(head) = expected
            .head
            .as_ref()
            .filter(|head| **head != self.report.head)
        {
            return Err(UpdateRefused::AnotherHead {
                expected: head.clone(),
                found: self.report.head.clone(),
            });
        }
        match &self.report.tree_id {
            Some(found) if *found != expected.tree => Err(UpdateRefused::AnotherTree {
                expected: expected.tree.clone(),
                found: found.clone(),
            }),
            Some(_) => Ok(()),
            None => Err(UpdateRefused::Errors),
        }
    }

    /// A name for the branch of this update: one for each new plan.
    pub fn branch_name(&self) -> String {
        let hash = self.plan.hash(&self.recipe_hash);
        format!("groundplan/update-{}", &hash.as_str()[..12])
    }

    /// The message of the commit: the versions, the decisions, and the trailers of a first commit.
    pub fn message(&self) -> String {
        let UpdateReport { from, to, .. } = &self.report;
        let mut message = format!(
            "Update {} from {} to {}\n\n",
            to.catalog,
            from.catalog_version.short(),
            to.catalog_version.short()
        );
        message.push_str(&self.plan.trailers(&self.recipe_hash));
        for (path, decision) in &self.decisions {
            let word = match decision {
                Decision::Mine => "Kept",
                Decision::Theirs => "Taken",
                Decision::Remove => "Removed",
            };
            message.push_str(&format!("{word}: {path}\n"));
        }
        message
    }

    /// The paths that the update changes.
    pub fn changed_paths(&self) -> impl Iterator<Item = &str> {
        self.changes.keys().map(TreePath::as_str)
    }

    /// The folder of the repository's objects.
    pub fn objects(&self) -> PathBuf {
        self.repository.commits.objects()
    }

    /// True if a branch or a pull request would have any content.
    pub fn has_changes(&self) -> bool {
        self.report.can_proceed && !self.report.up_to_date
    }

    /// Creates a branch with the update, one commit after the repository's current one. Nothing is checked out.
    pub fn commit_to_branch(
        &mut self,
        branch: &RefName,
        author: &Identity,
        date: &Day,
    ) -> Result<(), AppError> {
        let commits = &self.repository.commits;
        commits.check_branch_is_free(branch)?;
        let commit = self.store(author, date)?;
        commits.create_branch(branch, &commit, author)?;
        self.report.created = Some(CreatedUpdate {
            branch: branch.to_string(),
            commit_id: commit,
        });
        Ok(())
    }

    /// Stores the commit of a pull request: the same one whenever it is computed for the same commit of the repository.
    pub fn store_for_pull_request(&self, author: &Identity) -> Result<CreatedUpdate, AppError> {
        Ok(CreatedUpdate {
            branch: self.branch_name(),
            // Not before its parent, whose date it gets.
            commit_id: self.store(author, &self.plan.inputs.date)?,
        })
    }

    fn store(&self, author: &Identity, date: &Day) -> Result<GitId, AppError> {
        if !self.report.can_proceed {
            return Err(UpdateRefused::Errors.into());
        }
        let message = self.message();
        let ids = self.repository.commits.store_changes(&ChangeCommit {
            parent: &self.report.head,
            changes: &self.changes,
            author,
            date,
            message: &message,
        })?;
        Ok(GitId::of(&ids.commit))
    }
}

/// The current day.
pub fn today(clock: &dyn Clock) -> Result<Day, AppError> {
    let day = Day::of_unix_seconds(clock.now() / 1000);
    Ok(day.map_err(|_| ProductError::NoDate)?)
}

impl ExpectedUpdate {
    /// Parses `TREE` or `TREE@HEAD`.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (tree, head) = match text.split_once('@') {
            Some((tree, head)) => (tree, Some(head)),
            None => (text, None),
        };
        Ok(Self {
            tree: GitId::parse(tree)?,
            head: head.map(GitId::parse).transpose()?,
        })
    }
}

impl Explain for UpdateRefused {
    fn class(&self) -> Class {
        match self {
            Self::AnotherTree { .. } | Self::AnotherHead { .. } => Class::Conflict,
            Self::Errors => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AnotherTree { .. } => "tree_differs",
            Self::AnotherHead { .. } => "head_differs",
            Self::Errors => "plan_has_errors",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::AnotherTree { .. } | Self::AnotherHead { .. } => hint!(
                "the repository, catalogue, template, choices or decisions differ from the preview: run it again without ",
                Setting::Expect
            ),
            Self::Errors => "see the findings".into(),
        })
    }
}
