//! Updates: a repository that groundplan created is brought to another version of its catalogue, or to other choices.

use super::catalog_commits::{CatalogCommit, CatalogRepository};
use super::catalogs::{self, OpenedCatalog};
use super::error::{AppError, Findings};
use super::generated_repos::{GeneratedRepo, GeneratedRepoRequest};
use super::planned_update::{PlannedUpdate, UpdateRefused};
use super::recorded_sources::{DatabaseVersion, RecordedSources};
use super::templates::{self, TemplateRequest};
use super::update_base::{self, BaseFiles, UpdateBase};
use super::update_report::{self, ChangedInput, PlanSource, UpdateReport};
use super::update_settings::UpdateSettings;
use crate::engine::update::{Conflict, Decision, PathUpdate, Rules, Sides, Update, Verdict};
use crate::engine::{self, LineOrigin, Preview, SelectionChanges};
use crate::model::action::RiskLevel;
use crate::model::condition::InputValues;
use crate::model::path::TreePath;
use crate::model::provenance::{CatalogSource, Provenance};
use crate::model::ref_name::RefName;
use crate::model::report::{ChangeOrigin, Risk, RiskReason};
use crate::resolve::{self, Request};
use crate::template::Template;
use crate::tree::Tree as _;
use crate::tree::edited::FileChanges;
use crate::tree::snapshot::Snapshot;
use crate::tree::worktree::WorkTree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A request to update a repository.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The repository, and what it was created from.
    pub repository: GeneratedRepoRequest,
    /// The catalogue of the new plan; by default the recorded one as it is now.
    pub catalog: Option<Arc<OpenedCatalog>>,
    /// Another commit of the recorded catalogue; of the template, where the catalogue is in no repository.
    pub to: Option<RefName>,
    /// The template of the new plan.
    pub template: TemplateRequest,
    pub choices: SelectionChanges,
    /// Values that replace the recorded ones of the catalogue's inputs.
    pub inputs: InputValues,
    pub decisions: BTreeMap<TreePath, Decision>,
    /// List the files too that only the repository changed.
    pub is_full: bool,
}

/// Compares a repository with its new plan. Nothing is written.
pub fn plan(
    request: &UpdateRequest,
    sources: RecordedSources<'_, '_>,
) -> Result<PlannedUpdate, AppError> {
    let cache = sources.cache;
    let repository = request.repository.read(cache)?;
    let base = update_base::find(&request.repository, &repository, sources)?;
    let recorded = &base.provenance;
    let opened = open_catalog(request, recorded, sources)?;
    let carried = engine::carry_over(
        &opened.catalog,
        &recorded.selected_options,
        &request.choices,
    );
    let (selection, choices) =
        carried.map_err(|findings| Findings::in_selection(findings, None))?;
    let template = templates::open(&request.template_for(recorded), &opened, cache)?;
    let recorded_author = recorded.generated.as_ref().map(|made| made.author.clone());
    let author = recorded_author.unwrap_or_else(|| repository.first_author());
    let inputs = resolve::carry_over(
        &opened.catalog,
        &selection,
        recorded.inputs.clone(),
        &request.inputs,
        &author,
    );
    let new = Request {
        catalog_source: Some(opened.source.origin.clone()),
        inputs: inputs.map_err(|findings| Findings::in_selection(findings, None))?,
        selection,
        author,
        template: template.pin.clone(),
    };
    let preview = engine::preview(&opened.catalog, new, template.tree())
        .map_err(|error| Findings::of_preview(error, None))?;
    let moved = opened.catalog.file().moves();
    let update = compare(request, &repository, &base, &preview, moved)?;
    let mut files = update.files;
    describe_causes(&mut files, &preview, &template)?;
    if !request.is_full {
        let is_decided = |file: &PathUpdate| request.decisions.contains_key(file.path.as_str());
        files.retain(|file| file.verdict != Verdict::Keep || is_decided(file));
    }
    let mut changes = update.changes;
    let is_same_plan = is_same_plan_of(recorded, &preview);
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
        inputs: ChangedInput::between(&recorded.inputs.values, &preview.plan.inputs.values),
        counts: update_report::counts(&files),
        files,
        own: update.own,
        settings: UpdateSettings::of(&preview.report.settings),
        warnings: preview.report.warnings,
        errors: [preview.report.collisions, preview.report.errors].concat(),
        created: None,
        pull_request: None,
    };
    Ok(PlannedUpdate {
        report,
        risk: risk_of(&preview.report.risk, &changes),
        plan: preview.plan,
        recipe_hash: preview.report.recipe_hash,
        changes,
        unmerged: update.unmerged,
        decisions: request.decisions.clone(),
        previous: base.previous,
        is_recorded: is_same_plan,
        signing: None,
        repository,
        template,
    })
}

fn open_catalog(
    request: &UpdateRequest,
    recorded: &Provenance,
    sources: RecordedSources<'_, '_>,
) -> Result<Arc<OpenedCatalog>, AppError> {
    if let Some(opened) = &request.catalog {
        return Ok(Arc::clone(opened));
    }
    let source = recorded.generated.as_ref().map(|made| &made.catalog_source);
    if source == Some(&CatalogSource::Local)
        && let Some(current) = (sources.database)(recorded, DatabaseVersion::Current)?
    {
        return Ok(Arc::new(current));
    }
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
    let (files, _) = commit.files(sources.cache)?;
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
    base: &UpdateBase,
    preview: &Preview<'_>,
    moved: Vec<(TreePath, TreePath)>,
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
    if update.changes.is_empty() {
        return Ok(BTreeMap::new());
    }
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

/// The part of a risk that is about changed paths.
fn risk_of(risk: &Risk, changes: &FileChanges) -> Risk {
    let is_changed = |reason: &&RiskReason| changes.contains_key(&reason.path);
    let reasons: Vec<RiskReason> = risk.reasons.iter().filter(is_changed).cloned().collect();
    let level = reasons.iter().map(|reason| reason.level).max();
    Risk {
        level: level.unwrap_or(RiskLevel::Low),
        reasons,
    }
}

fn has_conflict(files: &[PathUpdate]) -> bool {
    files.iter().any(|file| file.verdict == Verdict::Conflict)
}

/// True if a plan is the recorded one, be it of another version of this program.
fn is_same_plan_of(recorded: &Provenance, preview: &Preview<'_>) -> bool {
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
    let old = &request.repository.provenance;
    if path != old {
        changes.insert(old.clone(), None);
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
    let listing = preview.tree.list()?;
    for file in files {
        if listing.get(&file.path).is_none() {
            continue;
        }
        let options = origins.get(file.path.as_str()).copied().unwrap_or_default();
        file.causes = options.iter().filter_map(option_of).collect();
        file.causes.dedup();
        if file.causes.is_empty() {
            file.causes.push("template".to_owned());
        }
        describe_lines(file, preview, template)?;
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
    let path = TreePath::of_checked(&file.path);
    let Some(explained) = engine::explain(&preview.plan, template.tree(), &path)? else {
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
