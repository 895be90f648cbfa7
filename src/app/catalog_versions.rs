//! Versions of catalogues: naming, publishing, listing and comparing them.

use super::caller::Caller;
use super::catalog_commits::{CatalogCommit, CatalogRepository};
use super::catalogs::{self, CatalogFiles, OpenedCatalog};
use super::error::AppError;
use super::templates::CacheOpener;
use crate::catalog::{Category, SelectionType, builtin};
use crate::error::{Class, Explain, Hint};
use crate::impact::{self, Impact, ImpactLevel};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::content::{File, Files};
use crate::model::digest::Digest;
use crate::model::slug::{OptionRef, Slug, SlugError};
use crate::model::suggest;
use crate::store::catalog::{CatalogVersion, PublishedCatalog, PublishedCategory, PublishedOption};
use crate::store::listed::Listed;
use crate::store::sql::Database;
use crate::sweep::trial::TrialInput;
use crate::template::Template;
use schemars::JsonSchema;
use serde::Serialize;
use std::num::ParseIntError;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The name of a version of one or more catalogues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionName {
    /// A folder with catalog/ and recipes/, one catalogue of it, or a built-in catalogue by name.
    Here(String),
    /// A commit of a repository.
    Commit(CatalogCommit),
    /// A version in the database: the newest, or one by its number.
    Published { catalog: Slug, number: Option<i64> },
}

/// The prefix of a published version, which no reference of git can have.
const PUBLISHED: &str = "published:";

/// The differences between two versions of catalogues.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogDiff {
    /// The highest of all levels. A removed catalogue is breaking: stored runs lose it.
    pub level: ImpactLevel,
    /// The catalogues of both versions.
    pub catalogs: Vec<Impact>,
    /// Catalogues that only the old version contains.
    pub gone: Vec<Slug>,
    /// Catalogues that only the new version contains.
    pub new: Vec<Slug>,
    /// Catalogues whose template changed under the same version, which repositories record.
    pub unraised: Vec<Slug>,
}

/// The catalogues of two versions, paired by name. A single catalogue on each side is a pair under any name.
pub struct CatalogPairs {
    pub both: Vec<(OpenedCatalog, OpenedCatalog)>,
    pub gone: Vec<Slug>,
    pub new: Vec<Slug>,
}

/// A version that cannot be named or found.
#[derive(Debug, Error)]
pub enum VersionError {
    #[error("`{}` is not the name of a catalogue", text.escape_debug())]
    Name { text: String, source: SlugError },
    #[error("the version of a published catalogue is a number, not `{}`", text.escape_debug())]
    Number { text: String, source: ParseIntError },
    #[error("`{catalog}` has no published version {number}")]
    NoNumber { catalog: Slug, number: i64 },
    #[error("`{catalog}` has no published version")]
    NeverPublished { catalog: Slug },
    #[error("neither version has a catalogue `{name}`")]
    InNeither { name: Slug, suggestion: String },
    #[error("the template of `{catalog}` changed, but its version is still `{version}`")]
    TemplateUnraised { catalog: Slug, version: String },
}

impl Explain for VersionError {
    fn class(&self) -> Class {
        match self {
            Self::TemplateUnraised { .. } => Class::Refused,
            _ => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } | Self::Number { .. } => "catalog_version_invalid",
            Self::NoNumber { .. } | Self::NeverPublished { .. } => "catalog_not_published",
            Self::InNeither { .. } => "catalog_not_found",
            Self::TemplateUnraised { .. } => "template_version_not_raised",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Name { .. } | Self::Number { .. } => {
                "name a published version such as `published:nextjs` or `published:nextjs@3`".into()
            }
            Self::NoNumber { catalog, .. } | Self::NeverPublished { catalog } => {
                format!("list the published versions with `groundplan catalog history {catalog}`")
                    .into()
            }
            Self::InNeither { suggestion, .. } => suggestion.clone().into(),
            Self::TemplateUnraised { .. } => {
                "raise `template.version` in catalog.yaml: repositories record it".into()
            }
        })
    }
}

impl VersionName {
    /// Parses a version: a folder or a built-in catalogue where one has that name, else `[REPO@]REF[:FOLDER]`.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        if let Some(named) = text.strip_prefix(PUBLISHED) {
            let (catalog, number) = parse_published(named)?;
            return Ok(Self::Published { catalog, number });
        }
        if Path::new(text).is_dir() || builtin::contains(text) {
            return Ok(Self::Here(text.to_owned()));
        }
        let commit = match CatalogCommit::parse(text)? {
            Some(commit) => commit,
            None => CatalogCommit::at(CatalogRepository::Local(PathBuf::from(".")), text, text)?,
        };
        Ok(Self::Commit(commit))
    }

    /// True if the version is in the database.
    pub fn is_published(&self) -> bool {
        matches!(self, Self::Published { .. })
    }

    /// Opens all catalogues of the version. `database` is needed for published versions only.
    pub async fn open(
        &self,
        database: Option<&Database>,
        cache: CacheOpener<'_, '_>,
    ) -> Result<Vec<OpenedCatalog>, AppError> {
        match self {
            Self::Here(argument) => catalogs::open_all(argument, cache),
            Self::Commit(commit) => commit.open_all(cache),
            Self::Published { catalog, number } => match database {
                Some(database) => Ok(vec![open_published(database, catalog, *number).await?]),
                None => Err(unpublished(catalog, *number).into()),
            },
        }
    }
}

/// Parses `NAME` or `NAME@NUMBER`.
pub(super) fn parse_published(named: &str) -> Result<(Slug, Option<i64>), VersionError> {
    let (catalog, number) = match named.split_once('@') {
        Some((catalog, number)) => (catalog, Some(number)),
        None => (named, None),
    };
    let parse = |text: &str| {
        text.parse().map_err(|source| VersionError::Number {
            text: text.to_owned(),
            source,
        })
    };
    let slug = Slug::parse(catalog).map_err(|source| VersionError::Name {
        text: catalog.to_owned(),
        source,
    })?;
    Ok((slug, number.map(parse).transpose()?))
}

/// Opens a published version: the newest, or one by its number.
pub async fn open_published(
    database: &Database,
    catalog: &Slug,
    number: Option<i64>,
) -> Result<OpenedCatalog, AppError> {
    let found = find_published(database, catalog, number).await?;
    let published = found.ok_or_else(|| unpublished(catalog, number))?;
    CatalogFiles::from(&published).load(catalog.as_str())
}

/// Opens the published version with a digest; none if the database does not have it.
pub async fn find_by_digest(
    database: &Database,
    catalog: &Slug,
    version: &Digest,
) -> Result<Option<OpenedCatalog>, AppError> {
    let Some(published) = database.published_catalog(version).await? else {
        return Ok(None);
    };
    CatalogFiles::from(&published)
        .load(catalog.as_str())
        .map(Some)
}

fn unpublished(catalog: &Slug, number: Option<i64>) -> VersionError {
    let catalog = catalog.clone();
    match number {
        Some(number) => VersionError::NoNumber { catalog, number },
        None => VersionError::NeverPublished { catalog },
    }
}

async fn find_published(
    database: &Database,
    catalog: &Slug,
    number: Option<i64>,
) -> Result<Option<PublishedCatalog>, AppError> {
    let history = database.catalog_history(catalog).await?;
    let is_wanted = |version: &CatalogVersion| number.is_none_or(|number| version.number == number);
    let mut readable = history.into_iter().filter_map(Listed::readable);
    match readable.find(is_wanted) {
        Some(version) => Ok(database.published_catalog(&version.catalog_version).await?),
        None => Ok(None),
    }
}

impl From<&PublishedCatalog> for CatalogFiles {
    fn from(published: &PublishedCatalog) -> Self {
        let files = published.files.iter();
        Self {
            files: files
                .map(|(path, file)| (path.clone(), file.into()))
                .collect(),
            ..Self::default()
        }
    }
}

/// Publishes the current version of each catalogue: the database offers it from now on and keeps it.
/// A version that is published already is not stored again.
pub async fn publish(
    database: &Database,
    caller: &Caller,
    opened: &[OpenedCatalog],
) -> Result<Vec<CatalogVersion>, AppError> {
    database.ensure_user(caller.user()).await?;
    let mut published = Vec::new();
    for one in opened {
        check_raised(database, one).await?;
        let snapshot = PublishedCatalog::from(one);
        let by = caller.user().as_str();
        published.push(database.publish_catalog(&snapshot, by).await?);
    }
    Ok(published)
}

/// Fails if the template beside a catalogue changed under the version that is published.
pub(super) async fn check_raised(
    database: &Database,
    opened: &OpenedCatalog,
) -> Result<(), AppError> {
    match find_published(database, opened.catalog.slug(), None).await? {
        Some(newest) => Ok(check_template_version(
            &CatalogFiles::from(&newest),
            opened,
        )?),
        None => Ok(()),
    }
}

fn check_template_version(
    published: &CatalogFiles,
    opened: &OpenedCatalog,
) -> Result<(), VersionError> {
    let catalog = opened.catalog.slug();
    // A published version that this program cannot read any more has no version to compare with.
    let Ok(before) = published.clone().load(catalog.as_str()) else {
        return Ok(());
    };
    let (was, is) = (
        &before.catalog.file().template,
        &opened.catalog.file().template,
    );
    let (Some(path), Some(version)) = (&is.path, &is.version) else {
        return Ok(());
    };
    let prefix = format!("catalog/{catalog}/{path}/");
    let of = |files: &Files| -> Vec<(String, File)> {
        let below = files.range(prefix.clone()..);
        below
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, file)| (path.clone(), file.clone()))
            .collect()
    };
    let is_same_version = (&was.path, &was.version) == (&is.path, &is.version);
    if is_same_version && of(&before.source.files) != of(&opened.source.files) {
        return Err(VersionError::TemplateUnraised {
            catalog: catalog.clone(),
            version: version.to_string(),
        });
    }
    Ok(())
}

/// The published versions of a catalogue, newest first.
pub async fn history(
    database: &Database,
    catalog: &Slug,
) -> Result<Vec<Listed<CatalogVersion>>, AppError> {
    Ok(database.catalog_history(catalog).await?)
}

impl CatalogPairs {
    /// Pairs the catalogues of two versions, or only those called `only`.
    pub fn of(
        mut old: Vec<OpenedCatalog>,
        mut new: Vec<OpenedCatalog>,
        only: Option<&Slug>,
    ) -> Result<Self, VersionError> {
        if let Some(only) = only {
            let slugs = old.iter().chain(&new).map(|one| one.catalog.slug());
            let names: Vec<String> = slugs.map(ToString::to_string).collect();
            old.retain(|one| one.catalog.slug() == only);
            new.retain(|one| one.catalog.slug() == only);
            if old.is_empty() && new.is_empty() {
                return Err(VersionError::InNeither {
                    name: only.clone(),
                    suggestion: suggest::help(only.as_str(), names.iter().map(String::as_str)),
                });
            }
        }
        let mut pairs = Self {
            both: Vec::new(),
            gone: Vec::new(),
            new: Vec::new(),
        };
        if old.len() == 1 && new.len() == 1 {
            pairs.both = old.into_iter().zip(new).collect();
            return Ok(pairs);
        }
        for before in old {
            let slug = before.catalog.slug();
            match new.iter().position(|after| after.catalog.slug() == slug) {
                Some(at) => pairs.both.push((before, new.remove(at))),
                None => pairs.gone.push(slug.clone()),
            }
        }
        pairs.new = new.iter().map(|one| one.catalog.slug().clone()).collect();
        Ok(pairs)
    }

    /// Compares each pair over the templates that `template` opens.
    pub fn compare(
        &self,
        template: impl Fn(&OpenedCatalog) -> Result<Template, AppError>,
    ) -> Result<CatalogDiff, AppError> {
        let mut catalogs = Vec::new();
        let mut unraised = Vec::new();
        for (old, new) in &self.both {
            let (before, after) = (template(old)?, template(new)?);
            let is_versioned = new.catalog.file().template.version.is_some();
            let (was, is) = (&before.pin, &after.pin);
            if is_versioned && was.r#ref == is.r#ref && was.tree != is.tree {
                unraised.push(new.catalog.slug().clone());
            }
            catalogs.push(impact::compare(input(old, &before), input(new, &after))?);
        }
        let levels = catalogs.iter().map(|impact| impact.level);
        let gone = self.gone.iter().map(|_| ImpactLevel::Breaking);
        let new = self.new.iter().map(|_| ImpactLevel::Compatible);
        Ok(CatalogDiff {
            level: levels
                .chain(gone)
                .chain(new)
                .max()
                .unwrap_or(ImpactLevel::Unchanged),
            gone: self.gone.clone(),
            new: self.new.clone(),
            unraised,
            catalogs,
        })
    }
}

fn input<'a>(opened: &'a OpenedCatalog, template: &'a Template) -> TrialInput<'a> {
    TrialInput {
        catalog: &opened.catalog,
        template: template.tree(),
        pin: &template.pin,
    }
}

impl From<&OpenedCatalog> for PublishedCatalog {
    /// The catalogue with all files it was loaded from.
    fn from(opened: &OpenedCatalog) -> Self {
        let catalog = &opened.catalog;
        let own = ["catalog", "recipes"].map(|folder| format!("{folder}/{}/", catalog.slug()));
        let all = opened.source.files.iter();
        let files = all.filter(|(path, _)| own.iter().any(|own| path.starts_with(own)));
        let categories = catalog.categories().iter();
        Self {
            catalog: catalog.slug().clone(),
            catalog_version: catalog.version().clone(),
            action_schema_version: ACTION_SCHEMA_VERSION,
            title: catalog.file().title.to_string(),
            categories: categories
                .map(|category| published_category(opened, category))
                .collect(),
            files: files
                .map(|(path, file)| (path.clone(), file.into()))
                .collect(),
        }
    }
}

fn published_category(opened: &OpenedCatalog, category: &Category) -> PublishedCategory {
    let options = category.options.iter().map(|option| {
        let name = OptionRef::new(&category.slug, &option.slug);
        let recipe = opened.catalog.recipe(&name);
        let actions = recipe.into_iter().flat_map(|recipe| &recipe.actions);
        PublishedOption {
            slug: option.slug.clone(),
            title: option.title.to_string(),
            description: option.description.as_ref().map(ToString::to_string),
            is_default: option.default,
            actions: actions.map(|action| action.action.clone()).collect(),
        }
    });
    PublishedCategory {
        slug: category.slug.clone(),
        title: category.title.to_string(),
        description: category.description.as_ref().map(ToString::to_string),
        is_multi: category.selection == SelectionType::Multi,
        is_required: category.required,
        options: options.collect(),
    }
}
