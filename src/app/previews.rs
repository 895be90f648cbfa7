//! Previews: the plan of a selection and the report on its result. Nothing is written.

use super::catalogs::OpenedCatalog;
use super::error::{AppError, Findings};
use super::selection::SelectionRequest;
use super::templates::{self, CacheOpener, TemplateRequest};
use crate::base::clock::Clock;
use crate::engine::{self, Preview};
use crate::error::{Class, Explain, Hint, Setting};
use crate::forge::Forge;
use crate::forge::repository::RepoPath;
use crate::hint;
use crate::model::condition::InputValues;
use crate::model::date::Day;
use crate::model::digest::GitId;
use crate::model::input::{Identity, Inputs, Owner, ProductName, RepoName, RepoUrl};
use crate::model::preflight::ForgeKind;
use crate::model::report::Report;
use crate::model::slug::Slug;
use crate::preflight::answers::Answers;
use crate::preflight::assessment::Assessment;
use crate::preflight::{PlannedPublication, scopes_for};
use crate::resolve::{self, Request};
use crate::source::node::Document;
use crate::template::Template;
use crate::tree::Tree as _;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The product and its repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductRequest {
    /// The display name.
    pub name: ProductName,
    /// The machine-readable name. By default it is derived from the display name.
    #[serde(default)]
    pub slug: Option<Slug>,
    /// The user or organisation that owns the repository.
    pub owner: Owner,
    pub repo: RepoName,
    /// The date in decision records and the commit. By default today (UTC).
    #[serde(default)]
    pub date: Option<Day>,
    /// The author of the commit.
    #[serde(default)]
    pub author: Option<Identity>,
    /// The web address of the repository. By default the one on github.com.
    #[serde(default)]
    pub repo_url: Option<RepoUrl>,
}

/// All that a preview is computed from.
pub struct Prepared {
    /// The catalogue, with the files that findings point into.
    pub opened: Arc<OpenedCatalog>,
    pub template: Template,
    pub request: Request,
    /// The document that the selection was read from.
    pub document: Option<Document>,
}

/// The names of a product that give no plan.
#[derive(Debug, Error)]
pub enum ProductError {
    #[error("cannot derive a slug from name `{name}`")]
    NoSlug { name: ProductName },
    #[error("the clock of this machine shows no valid date")]
    NoDate,
}

/// The work that an unexpected tree prevented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prevented {
    Write,
    Addition,
    Submission,
}

/// A result other than the one that the request expects.
#[derive(Debug, Error)]
#[error("the result is tree {found}, expected {expected}; {}", prevented.consequence())]
pub struct UnexpectedTree {
    expected: GitId,
    found: GitId,
    prevented: Prevented,
}

impl ProductRequest {
    /// The author of the commit; by default groundplan.
    pub fn author(&self) -> Identity {
        self.author.clone().unwrap_or_default()
    }

    /// The inputs of a plan, with defaults for slug and date.
    pub fn inputs(&self, clock: &dyn Clock) -> Result<Inputs, ProductError> {
        let slug = self
            .slug
            .clone()
            .or_else(|| Slug::from_title(self.name.as_str()));
        Ok(Inputs {
            product_name: self.name.clone(),
            product_slug: slug.ok_or_else(|| ProductError::NoSlug {
                name: self.name.clone(),
            })?,
            owner: self.owner.clone(),
            repo: self.repo.clone(),
            date: match &self.date {
                Some(date) => date.clone(),
                None => today(clock)?,
            },
            repo_url: self.repo_url.clone(),
            values: InputValues::new(),
        })
    }
}

/// The current day in UTC.
pub fn today(clock: &dyn Clock) -> Result<Day, ProductError> {
    Day::of_unix_seconds(clock.now() / 1000).map_err(|_| ProductError::NoDate)
}

/// Opens the template and collects all that a preview is computed from.
pub fn prepare(
    opened: impl Into<Arc<OpenedCatalog>>,
    selection: SelectionRequest,
    product: &ProductRequest,
    template: &TemplateRequest,
    cache: CacheOpener<'_, '_>,
    clock: &dyn Clock,
) -> Result<Prepared, AppError> {
    let opened = opened.into();
    let template = templates::open(template, &opened, cache)?;
    with_template(opened, selection, product, template, clock)
}

/// Collects all that a preview is computed from.
pub fn with_template(
    opened: Arc<OpenedCatalog>,
    selection: SelectionRequest,
    product: &ProductRequest,
    template: Template,
    clock: &dyn Clock,
) -> Result<Prepared, AppError> {
    let inputs = Inputs {
        values: selection.inputs,
        ..product.inputs(clock)?
    };
    Ok(Prepared {
        request: Request {
            selection: selection.selection,
            inputs,
            author: product.author(),
            catalog_source: Some(opened.source.origin.clone()),
            template: template.pin.clone(),
        },
        opened,
        template,
        document: selection.document,
    })
}

impl Prepared {
    /// Computes the preview.
    pub fn preview(&self) -> Result<Preview<'_>, AppError> {
        let request = self.request.clone();
        let catalog = &self.opened.catalog;
        resolve::check_slug(catalog, &request.inputs.product_slug)
            .map_err(|findings| Findings::in_selection(findings, self.document.as_ref()))?;
        let built = engine::preview(catalog, request, self.template.tree());
        let mut preview =
            built.map_err(|error| Findings::of_preview(error, self.document.as_ref()))?;
        let warnings = self.template.warnings.iter().cloned();
        preview.report.warnings.extend(warnings);
        Ok(preview)
    }
}

/// The tree of a result without errors and collisions. None for any other result.
pub fn accepted_tree(report: &Report) -> Option<&GitId> {
    report.tree_id.as_ref().filter(|_| report.can_proceed)
}

/// Fails if a tree other than `found` is expected.
pub fn check_expected(
    expected: Option<&GitId>,
    found: &GitId,
    prevented: Prevented,
) -> Result<(), UnexpectedTree> {
    match expected.filter(|expected| *expected != found) {
        None => Ok(()),
        Some(expected) => Err(UnexpectedTree {
            expected: expected.clone(),
            found: found.clone(),
            prevented,
        }),
    }
}

/// A forge to be asked about a publication, with the token of its client.
pub struct AskedForge<'f> {
    pub forge: &'f dyn Forge,
    pub kind: ForgeKind,
    pub host: String,
    /// The time limit of all requests together.
    pub timeout: Duration,
    pub clock: &'f dyn Clock,
}

/// Asks a forge about owner, name and token, and adds its answers to the report. An unreachable forge is a warning there.
pub async fn ask_forge(asked: AskedForge<'_>, preview: &mut Preview<'_>) -> Result<(), AppError> {
    asked.assess(preview).await?.add_to(&mut preview.report);
    Ok(())
}

/// Asks a forge about owner, name and token, and fails with its findings if the repository certainly cannot be created. The
/// report stays as it is.
pub async fn check_forge(asked: AskedForge<'_>, preview: &Preview<'_>) -> Result<(), AppError> {
    let mut report = preview.report.clone();
    asked.assess(preview).await?.add_to(&mut report);
    if report.can_proceed {
        return Ok(());
    }
    Err(Findings {
        findings: report.obstacles().cloned().collect(),
        ..Findings::default()
    }
    .into())
}

impl AskedForge<'_> {
    async fn assess(self, preview: &Preview<'_>) -> Result<Assessment, AppError> {
        let Self {
            forge,
            kind,
            host,
            timeout,
            clock,
        } = self;
        let inputs = &preview.plan.inputs;
        let publication = PlannedPublication {
            kind,
            host,
            repo: RepoPath {
                owner: inputs.owner.clone(),
                name: inputs.repo.clone(),
            },
            scopes: scopes_for(preview.tree.list()?.iter().map(|(path, _)| path)),
            template: &preview.plan.template,
            settings: &preview.report.settings,
            now: clock.now() / 1000,
        };
        let answers = Answers::from_forge(forge, &publication.repo, timeout).await;
        Ok(Assessment::of(&publication, &answers).ok_or(ProductError::NoDate)?)
    }
}

impl Prevented {
    fn consequence(self) -> &'static str {
        match self {
            Self::Write | Self::Addition => "nothing was written",
            Self::Submission => "nothing was submitted",
        }
    }
}

impl Explain for ProductError {
    fn class(&self) -> Class {
        match self {
            Self::NoSlug { .. } => Class::Usage,
            Self::NoDate => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSlug { .. } => "slug_missing",
            Self::NoDate => "clock_invalid",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NoSlug { .. } => {
                hint!(
                    "set one with ",
                    Setting::Slug,
                    ", in lower-case letters and digits"
                )
            }
            Self::NoDate => hint!("set the clock, or give the date with ", Setting::Date),
        })
    }
}

impl Explain for UnexpectedTree {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn code(&self) -> &'static str {
        "tree_differs"
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self.prevented {
            Prevented::Addition => hint!(
                "the repository, catalogue, template, selection or names differ from the preview: run it again without ",
                Setting::Expect
            ),
            Prevented::Write | Prevented::Submission => "catalogue, template, selection, names or date differ from the preview: run `groundplan preview` again".into(),
        })
    }
}
