//! Updates: a repository that groundplan created is brought to another version of its catalogue, or to other choices.

use super::catalog_commits::{CatalogCommit, CatalogRepository};
use super::catalogs::{self, OpenedCatalog};
use super::error::{AppError, Findings};
use super::generated_repos::{GeneratedRepo, GeneratedRepoRequest};
use super::previews::ProductError;
use super::recorded_sources::RecordedSources;
use super::templates::{self, CacheOpener, TemplateRequest};
use super::update_base::{self, Base, BaseFiles};
use super::update_report::{self, CreatedUpdate, PlanSource, UpdateReport};
use crate::base::clock::Clock;
use crate::engine::update::{Conflict, Decision, PathUpdate, Rules, Sides, Update, Verdict};
use crate::engine::{self, LineOrigin, Preview, PreviewError, SelectionChanges};
use crate::error::{Class, Explain, Hint, Setting};
use crate::git::PushedBranch;
use crate::hint;
use crate::model::content::File;
use crate::model::date::Day;
use crate::model::digest::{Digest, DigestError, GitId};
use crate::model::input::Identity;
use crate::model::path::TreePath;
use crate::model::plan::Plan;
use crate::model::provenance::{CatalogSource, Provenance};
use crate::model::ref_name::RefName;
use crate::model::report::ChangeOrigin;
use crate::resolve::Request;
use crate::template::Template;
use crate::tree::Tree as _;
use crate::tree::edited::{ChangeCommit, FileChanges};
use crate::tree::generated::{GENERATED_REF, GeneratedCommit};
use crate::tree::snapshot::Snapshot;
use crate::tree::worktree::{MarkedFile, WorkTree, WorkTreeError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// A request to update a repository.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The repository, and what it was created from.
    pub repository: GeneratedRepoRequest,
    /// Catalogues in which the old plan's is searched first.
    pub old_catalogs: Vec<OpenedCatalog>,
    /// The catalogue of the new plan; by default the recorded one as it is now.
    pub catalog: Option<Arc<OpenedCatalog>>,
    /// Another commit of the recorded catalogue; of the template, where the catalogue is in no repository.
    pub to: Option<RefName>,
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
    template: Template,
    /// All changes of the repository, with its provenance file.
    changes: FileChanges,
    /// The versions of each text with conflicting lines.
    unmerged: BTreeMap<TreePath, [File; 3]>,
    decisions: BTreeMap<TreePath, Decision>,
    /// The generated commit that the one of this update follows.
    previous: Option<GitId>,
    /// True if the new plan is the recorded one.
    is_recorded: bool,
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
    #[error("catalogue `{}` is in a repository that only this one names", catalog.escape_debug())]
    CatalogNotNamed { catalog: String },
}

/// Compares a repository with its new plan. Nothing is written.
pub fn plan(
    request: &UpdateRequest,
    cache: CacheOpener<'_, '_>,
) -> Result<PlannedUpdate, AppError> {
    let repository = request.repository.read(cache)?;
    let sources = RecordedSources {
        cache,
        published: &request.old_catalogs,
    };
    let base = update_base::find(&request.repository, &repository, sources)?;
    let recorded = &base.provenance;
    let opened = open_catalog(request, recorded, cache)?;
    let carried = engine::carry_over(
        &opened.catalog,
        &recorded.selected_options,
        &request.choices,
    );
    let (selection, choices) =
        carried.map_err(|findings| Findings::in_selection(findings, None))?;
    let template = templates::open(&request.template_for(recorded), &opened, cache)?;
    let recorded_author = recorded.generated.as_ref().map(|made| made.author.clone());
    let author = recorded_author
        .unwrap_or_else(|| Identity::parse(&repository.first.author).unwrap_or_default());
    let new = Request {
        catalog_source: Some(opened.source.origin.clone()),
        selection,
        inputs: recorded.inputs.clone(),
        author,
        template: template.pin.clone(),
    };
    let preview =
        engine::preview(&opened.catalog, new, template.tree()).map_err(selection_error)?;
    let update = compare(request, &repository, &base, &preview)?;
    let mut files = update.files;
    describe_causes(&mut files, &preview, &template)?;
    if !request.is_full {
        files.retain(|file| file.verdict != Verdict::Keep || is_decided(request, file));
    }
    let mut changes = update.changes;
    let is_same_plan = is_same_plan(recorded, &preview);
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
        base_tree_id: base.tree.clone(),
        base: base.origin.to_string(),
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
        unmerged: update.unmerged,
        decisions: request.decisions.clone(),
        previous: base.previous,
        is_recorded: is_same_plan,
        repository,
        template,
    })
}

fn selection_error(error: PreviewError) -> AppError {
    match error {
        PreviewError::Selection(findings) => Findings::in_selection(findings, None).into(),
        other => other.into(),
    }
}

fn open_catalog(
    request: &UpdateRequest,
    recorded: &Provenance,
    cache: CacheOpener<'_, '_>,
) -> Result<Arc<OpenedCatalog>, AppError> {
    if let Some(opened) = &request.catalog {
        return Ok(Arc::clone(opened));
    }
    let source = recorded.generated.as_ref().map(|made| &made.catalog_source);
    let (
        Some(CatalogSource::Git {
            address,
            r#ref,
            path,
            ..
        }),
        catalog,
    ) = (source, &recorded.catalog)
    else {
        return Ok(Arc::new(catalogs::open_builtin(&recorded.catalog)?));
    };
    let Some(url) = address
        .as_ref()
        .filter(|url| request.repository.trusts(url))
    else {
        return Err(UpdateRefused::CatalogNotNamed {
            catalog: catalog.clone(),
        }
        .into());
    };
    let commit = CatalogCommit {
        repository: CatalogRepository::Remote(url.clone()),
        reference: request.to.clone().unwrap_or_else(|| r#ref.clone()),
        folder: path.clone(),
    };
    let (files, _) = commit.files(cache)?;
    Ok(Arc::new(files.load(catalog)?))
}

impl UpdateRequest {
    /// The template of the new plan, at the wanted reference if that is not the catalogue's.
    fn template_for(&self, recorded: &Provenance) -> TemplateRequest {
        let source = recorded.generated.as_ref().map(|made| &made.catalog_source);
        let is_catalogs =
            self.catalog.is_none() && matches!(source, Some(CatalogSource::Git { .. }));
        let mut template = self.template.clone();
        if !is_catalogs && template.reference.is_none() {
            template.reference.clone_from(&self.to);
        }
        template
    }
}

/// Compares the three trees, without the provenance file. A second comparison takes what is not committed into account.
fn compare(
    request: &UpdateRequest,
    repository: &GeneratedRepo,
    base: &Base,
    preview: &Preview<'_>,
) -> Result<Update, AppError> {
    let commits = &repository.commits;
    let old = request.repository.provenance.as_str();
    let new = preview.plan.provenance_path.as_tree().as_str();
    let head = commits.files(&repository.history.last)?;
    let base = match &base.files {
        BaseFiles::Stored(files) => Snapshot::of_files(files.clone(), commits),
        BaseFiles::Built(tree) => Snapshot::of_tree(tree)?,
    };
    let ours = Snapshot::of_files(head, commits).without(old).without(new);
    let theirs = Snapshot::of_tree(&preview.tree)?.without(new);
    let sides = Sides {
        base: &base,
        ours: &ours,
        theirs: &theirs,
    };
    let mut rules = Rules {
        decisions: request.decisions.clone(),
        moved: Vec::new(),
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
        self.advance_generated(author, date)?;
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

    /// Stores what the new plan generates as the next generated commit and moves their reference, which finds the base of the
    /// next update whatever becomes of the branch. None if the plan is the recorded one.
    pub fn advance_generated(
        &self,
        author: &Identity,
        date: &Day,
    ) -> Result<Option<PushedBranch>, AppError> {
        if self.is_recorded {
            return Ok(None);
        }
        let (_, tree) = engine::build(&self.plan, self.template.tree())?;
        let commits = &self.repository.commits;
        let commit = commits.store_generated(&GeneratedCommit {
            tree: &tree,
            previous: self.previous.as_ref(),
            author,
            date,
            message: &self.message(),
        })?;
        let before = commits.newest_generated()?;
        if before.as_ref() != Some(&commit) {
            commits.set_newest_generated(&commit, before.as_ref(), author)?;
        }
        Ok(Some(PushedBranch {
            name: GENERATED_REF.to_owned(),
            commit,
            expected: before,
        }))
    }

    /// Writes the update to the repository's work tree and index, without a commit. Texts with conflicting lines get markers,
    /// and are unmerged in the index.
    pub fn write_to_work_tree(&self, folder: &Path) -> Result<(), AppError> {
        let labels = [
            format!("plan of {}", self.report.from.date),
            "repository".to_owned(),
            "new plan".to_owned(),
        ];
        let [base_label, ours_label, theirs_label] = labels.each_ref().map(String::as_str);
        let marked = self.unmerged.iter().filter_map(|(path, versions)| {
            let [base, ours, theirs] = versions.each_ref().map(File::text);
            let text = engine::update::with_markers(
                base?,
                ours?,
                theirs?,
                [base_label, ours_label, theirs_label],
            );
            Some(MarkedFile {
                path: path.clone(),
                marked: File {
                    mode: versions[1].mode,
                    bytes: text.into(),
                },
                versions: versions.clone(),
            })
        });
        let marked: Vec<MarkedFile> = marked.collect();
        let work_tree = WorkTree::open(folder)?;
        if work_tree
            .head()
            .map(|head| GitId::of(&head.commit))
            .as_ref()
            != Some(&self.report.head)
        {
            return Err(WorkTreeError::Changed {
                path: folder.to_owned(),
            }
            .into());
        }
        work_tree.write_pending(&self.changes, &marked)?;
        Ok(())
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
            Self::Errors | Self::CatalogNotNamed { .. } => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AnotherTree { .. } => "tree_differs",
            Self::AnotherHead { .. } => "head_differs",
            Self::Errors => "plan_has_errors",
            Self::CatalogNotNamed { .. } => "catalog_not_named",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::AnotherTree { .. } | Self::AnotherHead { .. } => hint!(
                "the repository, catalogue, template, choices or decisions differ from the preview: run it again without ",
                Setting::Expect
            ),
            Self::Errors => "see the findings".into(),
            Self::CatalogNotNamed { .. } => hint!(
                "name its new version with ",
                Setting::Catalog,
                ", or allow its address with ",
                Setting::AllowSource
            ),
        })
    }
}
