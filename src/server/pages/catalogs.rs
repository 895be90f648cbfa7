//! Catalogues: the list, one with its options and versions, and the difference between two versions.

use super::changes::words;
use super::fields::QueryFields;
use super::frame::{Frame, Html};
use super::time::Moment;
use crate::app::catalog_versions::{self, CatalogDiff, CatalogPairs};
use crate::app::catalogs::{CatalogSummary, OpenedCatalog};
use crate::app::choices;
use crate::app::runs;
use crate::app::templates::{self, TemplateRequest};
use crate::catalog::{CatalogOption, Category, SelectionType};
use crate::model::action::Action;
use crate::model::digest::Digest;
use crate::model::report::ChangeKind;
use crate::model::slug::{OptionRef, Slug};
use crate::server::api::previews::on_a_core;
use crate::server::guard::Signed;
use crate::server::page::invalid;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::catalog::CatalogVersion;
use crate::store::id::ProductId;
use crate::store::listed::Listed;
use crate::store::run::{RunFilter, RunStatus};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "catalogs.html")]
struct CatalogsPage {
    frame: Frame,
    catalogs: Vec<CatalogSummary>,
}

#[derive(Template)]
#[template(path = "catalog.html")]
struct CatalogPage {
    frame: Frame,
    summary: CatalogSummary,
    /// The number of the published version that is shown; none for the one that the server offers.
    number: Option<i64>,
    categories: Vec<ExploredCategory>,
    versions: Vec<VersionLine>,
}

struct ExploredCategory {
    title: String,
    description: Option<String>,
    rule: String,
    options: Vec<ExploredOption>,
}

/// An option with what it alone adds.
struct ExploredOption {
    reference: String,
    title: String,
    description: Option<String>,
    is_default: bool,
    rules: Vec<String>,
    actions: Vec<ExploredAction>,
    packages: Vec<String>,
}

struct ExploredAction {
    kind: &'static str,
    path: String,
}

struct VersionLine {
    version: CatalogVersion,
    published: Moment,
    is_offered: bool,
}

#[derive(Template)]
#[template(path = "catalog-diff.html")]
struct CatalogDiffPage {
    frame: Frame,
    slug: String,
    from: i64,
    to: Option<i64>,
    impact: ImpactSummary,
    /// The products of the caller whose repository was created from the older version.
    products: Vec<ProductId>,
}

/// The differences between two versions of a catalogue, as lines.
pub(super) struct ImpactSummary {
    pub(super) level: &'static str,
    /// The number of selections that were compared, and of those with other files.
    pub(super) compared: usize,
    pub(super) changed: usize,
    pub(super) breaking: Vec<String>,
    pub(super) options: Vec<ImpactLine>,
    pub(super) files: Vec<ImpactLine>,
    pub(super) packages: Vec<ImpactLine>,
}

/// A difference, with the selections that have it.
pub(super) struct ImpactLine {
    pub(super) word: &'static str,
    pub(super) class: &'static str,
    pub(super) subject: String,
    pub(super) when: String,
    pub(super) diff: Option<String>,
}

/// `GET /catalogs`
pub(super) async fn list(
    State(state): State<Arc<ServerState>>,
    _: Signed,
    frame: Frame,
) -> Html<impl Template> {
    let catalogs = state.catalogs.values().map(|opened| opened.summary());
    Html(CatalogsPage {
        catalogs: catalogs.collect(),
        frame,
    })
}

/// `GET /catalogs/{slug}`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    QueryFields(query): QueryFields,
    _: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let number = number_of(query.get("version"))?;
    let offered = state.catalog(&slug).await?;
    let opened = match number {
        Some(number) => Arc::new(published(&state, &slug, number).await?),
        None => Arc::clone(&offered),
    };
    let now = state.clock().now();
    let history = catalog_versions::history(&state.database, offered.catalog.slug()).await?;
    let versions = history
        .into_iter()
        .filter_map(Listed::readable)
        .map(|version| VersionLine {
            published: Moment::new(version.at, now),
            is_offered: version.catalog_version == *offered.catalog.version(),
            version,
        });
    Ok(Html(CatalogPage {
        summary: opened.summary(),
        number,
        categories: explore(&opened),
        versions: versions.collect(),
        frame,
    }))
}

/// `GET /catalogs/{slug}/diff`
pub(super) async fn diff(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    let from = number_of(query.get("from"))?.ok_or_else(|| invalid("`from` names a version"))?;
    let to = number_of(query.get("to"))?;
    let old = published(&state, &slug, from).await?;
    let new = match to {
        Some(number) => published(&state, &slug, number).await?,
        None => OpenedCatalog::clone(&*state.catalog(&slug).await?),
    };
    let products = products_of(&state, &signed, old.catalog.version()).await?;
    let impact = compare(&state, old, new).await?;
    let page = CatalogDiffPage {
        frame,
        slug,
        from,
        to,
        impact,
        products,
    };
    Ok(Html(page).into_response())
}

/// The differences between two versions.
pub(super) async fn compare(
    state: &Arc<ServerState>,
    old: OpenedCatalog,
    new: OpenedCatalog,
) -> Result<ImpactSummary, Problem> {
    on_a_core(state, move |state| {
        let pairs = CatalogPairs::of(vec![old], vec![new], None)?;
        let cache = || (state.cache)();
        let own = TemplateRequest::default();
        let diff = pairs.compare(|opened| templates::open(&own, opened, &cache))?;
        Ok(ImpactSummary::new(&diff))
    })
    .await
}

/// The products of the caller whose repository was created from a version.
pub(super) async fn products_of(
    state: &ServerState,
    signed: &Signed,
    version: &Digest,
) -> Result<Vec<ProductId>, Problem> {
    let filter = RunFilter {
        statuses: vec![RunStatus::Succeeded],
        catalog_version: Some(version.clone()),
        ..RunFilter::default()
    };
    let runs = runs::list_for(state.database.as_ref(), &signed.caller, filter)
        .await?
        .into_iter()
        .filter_map(Listed::readable);
    let products: BTreeSet<ProductId> = runs.map(|run| run.product).collect();
    Ok(products.into_iter().collect())
}

/// The number of a version in an address.
fn number_of(text: Option<&str>) -> Result<Option<i64>, Problem> {
    let number = text.map(str::parse).transpose();
    number.map_err(|_| invalid("a version is a number"))
}

async fn published(state: &ServerState, slug: &str, number: i64) -> Result<OpenedCatalog, Problem> {
    let slug = Slug::parse(slug).map_err(|_| Problem::not_found())?;
    Ok(catalog_versions::open_published(&state.database, &slug, Some(number)).await?)
}

fn explore(opened: &OpenedCatalog) -> Vec<ExploredCategory> {
    let category = |category: &Category| ExploredCategory {
        title: category.title.to_string(),
        description: category.description.as_ref().map(ToString::to_string),
        rule: match (category.selection, category.required) {
            (SelectionType::Single, true) => "exactly one",
            (SelectionType::Single, false) => "at most one",
            (SelectionType::Multi, true) => "at least one",
            (SelectionType::Multi, false) => "any number",
        }
        .to_owned(),
        options: category
            .options
            .iter()
            .map(|option| explore_option(opened, category, option))
            .collect(),
    };
    opened.catalog.categories().iter().map(category).collect()
}

fn explore_option(
    opened: &OpenedCatalog,
    category: &Category,
    option: &CatalogOption,
) -> ExploredOption {
    let reference = OptionRef::new(&category.slug, &option.slug);
    let title = |other: &OptionRef| choices::title(&opened.catalog, other);
    let requires = option
        .requires
        .iter()
        .map(|other| format!("Requires {}.", title(other)));
    let conflicts = option
        .conflicts
        .iter()
        .map(|other| format!("Cannot be combined with {}.", title(other)));
    let actions: Vec<&Action> = choices::actions(&opened.catalog, &reference).collect();
    ExploredOption {
        title: option.title.to_string(),
        description: option.description.as_ref().map(ToString::to_string),
        is_default: option.default,
        rules: requires.chain(conflicts).collect(),
        packages: actions
            .iter()
            .filter_map(|action| package(action))
            .collect(),
        actions: actions
            .iter()
            .map(|action| ExploredAction::new(action))
            .collect(),
        reference: reference.to_string(),
    }
}

/// The package that an action adds, with its version.
fn package(action: &Action) -> Option<String> {
    match action {
        Action::AddDependency(added) => Some(format!("{} {}", added.name, added.version)),
        _ => None,
    }
}

impl ExploredAction {
    fn new(action: &Action) -> Self {
        Self {
            kind: action.kind(),
            path: choices::target(action),
        }
    }
}

impl ImpactSummary {
    fn new(diff: &CatalogDiff) -> Self {
        let mut summary = Self {
            level: diff.level.word(),
            compared: 0,
            changed: 0,
            breaking: Vec::new(),
            options: Vec::new(),
            files: Vec::new(),
            packages: Vec::new(),
        };
        for impact in &diff.catalogs {
            summary.compared += impact.compared;
            summary.changed += impact.selections.len();
            let breaking = impact.breaking.iter();
            summary.breaking.extend(breaking.map(|one| {
                format!(
                    "{} ({} selections, {})",
                    one.message, one.selections, one.code
                )
            }));
            let options = impact.options.iter();
            summary.options.extend(options.map(|one| {
                let now = if one.default {
                    "is a default now"
                } else {
                    "is no default now"
                };
                let when = match one.change {
                    ChangeKind::Modified => now,
                    ChangeKind::Added | ChangeKind::Removed => "",
                };
                ImpactLine::new(one.change, one.option.to_string(), when.to_owned(), None)
            }));
            let files = impact.files.iter();
            summary.files.extend(files.map(|one| {
                let when = affected(one.when.selections, one.when.with.as_deref());
                ImpactLine::new(one.change, one.path.clone(), when, one.diff.clone())
            }));
            let packages = impact.dependencies.iter();
            summary.packages.extend(packages.map(|one| {
                let change = ChangeKind::between(one.old.as_ref(), one.new.as_ref());
                let versions =
                    [&one.old, &one.new].map(|version| version.as_deref().unwrap_or("–"));
                let subject = format!(
                    "{}: {} → {} in {}",
                    one.name, versions[0], versions[1], one.manifest
                );
                let when = affected(one.when.selections, one.when.with.as_deref());
                ImpactLine::new(change.unwrap_or(ChangeKind::Modified), subject, when, None)
            }));
        }
        summary
    }

    /// True if nothing differs.
    pub(super) fn is_empty(&self) -> bool {
        self.changed == 0
            && self.breaking.is_empty()
            && self.options.is_empty()
            && self.files.is_empty()
            && self.packages.is_empty()
    }
}

/// The selections with a difference, in words.
fn affected(selections: usize, with: Option<&[OptionRef]>) -> String {
    match with {
        Some([]) => "in every selection".to_owned(),
        Some(options) => {
            let names: Vec<String> = options.iter().map(ToString::to_string).collect();
            format!("with {}", names.join(" and "))
        }
        None => format!("in {selections} of the selections"),
    }
}

impl ImpactLine {
    fn new(change: ChangeKind, subject: String, when: String, diff: Option<String>) -> Self {
        let (word, class) = words(change);
        Self {
            word,
            class,
            subject,
            when,
            diff,
        }
    }
}
