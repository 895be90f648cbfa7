//! Drafts: a change of a catalogue that is checked and published later. A catalogue has at most one.

use super::caller::{Access, Caller};
use super::catalog_versions;
use super::catalogs::{CatalogFiles, OpenedCatalog, belongs_to};
use super::checks;
use super::database_catalogs;
use super::error::{AppError, Findings};
use crate::error::{Class, Explain, Hint};
use crate::model::content::{Files, StoredFile};
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::Digest;
use crate::model::path::TreePath;
use crate::model::report::ChangeKind;
use crate::model::slug::Slug;
use crate::store::catalog::{CatalogDraft, CatalogVersion, PublishedCatalog};
use crate::store::sql::Database;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// A draft with the findings of its check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    pub catalog: Slug,
    /// The digest of all files of the draft: what a publication expects.
    pub hash: Digest,
    /// The version of the database's rows that the draft was made from; null where there was none.
    pub base: Option<Digest>,
    /// The user who saved it.
    pub by: String,
    /// In milliseconds since 1970.
    pub at: i64,
    /// True if no finding is an error.
    pub usable: bool,
    pub findings: Vec<Diagnostic>,
    /// The files that differ from the current catalogue.
    pub files: Vec<DraftFile>,
}

/// A file that a draft changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DraftFile {
    pub path: String,
    pub change: ChangeKind,
    /// The new text; null for a removed or a binary file.
    pub text: Option<String>,
}

/// All files of a draft, for an editor.
#[derive(Clone, Debug)]
pub struct SavedDraft {
    pub source: CatalogFiles,
    /// The digest of all files: what a publication expects.
    pub hash: Digest,
    /// The user who saved it.
    pub by: String,
    /// In milliseconds since 1970.
    pub at: i64,
    /// True if the database's rows were changed since, so that the draft cannot be published.
    pub is_outdated: bool,
}

/// A draft that cannot be saved, found or published.
#[derive(Debug, Error)]
pub enum DraftError {
    #[error("the catalogue `{catalog}` has no draft")]
    NoDraft { catalog: Slug },
    #[error("the draft of `{catalog}` is not the expected one; nothing was published")]
    Differs { catalog: Slug },
    #[error(
        "the catalogue `{catalog}` was changed after its draft was saved; nothing was published"
    )]
    Outdated { catalog: Slug },
    #[error("`{path}` is no file of the catalogue `{catalog}`; nothing was saved")]
    Outside { catalog: Slug, path: String },
}

/// The files of a catalogue with changes: a text replaces a file, `None` removes one.
pub fn changed(
    opened: &OpenedCatalog,
    changes: BTreeMap<TreePath, Option<String>>,
) -> CatalogFiles {
    let mut source = CatalogFiles {
        files: opened.source.files.clone(),
        ..CatalogFiles::default()
    }
    .of_catalog(opened.catalog.slug());
    for (path, text) in changes {
        match text {
            Some(text) => source.write(&path, &text),
            None => drop(source.files.remove(path.as_str())),
        }
    }
    source
}

/// Saves the files of a catalogue as its draft, in place of an earlier one, and checks them. A draft may have errors; it
/// cannot be published then.
///
/// # Errors
/// Refuses everyone but administrators, files of another catalogue, and a source with unreadable files.
pub async fn save(
    database: &Database,
    caller: &Caller,
    catalog: &Slug,
    source: CatalogFiles,
) -> Result<DraftView, AppError> {
    caller.check(Access::Administrate)?;
    if !source.findings.is_empty() {
        return Err(Findings {
            findings: source.findings,
            files: source.files,
            root: source.root,
        }
        .into());
    }
    let mut paths = source.files.keys();
    if let Some(path) = paths.find(|path| !belongs_to(catalog, path)) {
        let (catalog, path) = (catalog.clone(), path.clone());
        return Err(DraftError::Outside { catalog, path }.into());
    }
    database.ensure_user(caller.user()).await?;
    let opened = current(database, catalog).await?;
    let base = opened.as_ref().map(|opened| opened.catalog.version());
    let files = source.files.iter();
    let stored: BTreeMap<String, StoredFile> = files
        .map(|(path, file)| (path.clone(), file.into()))
        .collect();
    let text = serde_json::to_vec(&stored).expect("paths and texts are JSON");
    let (hash, by) = (Digest::of(&text), caller.user().as_str());
    database
        .save_draft(catalog, &hash, base, &stored, by)
        .await?;
    find(database, caller, catalog).await
}

/// The draft of a catalogue, checked again.
///
/// # Errors
/// Refuses everyone but administrators; [`DraftError::NoDraft`].
pub async fn find(
    database: &Database,
    caller: &Caller,
    catalog: &Slug,
) -> Result<DraftView, AppError> {
    caller.check(Access::Administrate)?;
    let draft = stored(database, catalog).await?;
    let opened = current(database, catalog).await?;
    let none = Files::new();
    let base = opened.as_ref().map_or(&none, |opened| &opened.source.files);
    Ok(view(draft, base))
}

/// All files of the draft of a catalogue; `None` where there is no draft.
///
/// # Errors
/// Refuses everyone but administrators.
pub async fn saved(
    database: &Database,
    caller: &Caller,
    catalog: &Slug,
) -> Result<Option<SavedDraft>, AppError> {
    caller.check(Access::Administrate)?;
    let Some(draft) = database.draft(catalog).await? else {
        return Ok(None);
    };
    let rows = current(database, catalog).await?;
    let version = rows.as_ref().map(|opened| opened.catalog.version());
    Ok(Some(SavedDraft {
        source: source(&draft),
        is_outdated: version != draft.base.as_ref(),
        hash: draft.hash,
        by: draft.by,
        at: draft.at,
    }))
}

/// Publishes the expected draft of a catalogue and removes it.
///
/// # Errors
/// Refuses everyone but administrators, another draft than the expected one, a catalogue that was changed after its draft
/// was saved, and a draft with errors. Nothing is published then.
pub async fn publish(
    database: &Database,
    caller: &Caller,
    catalog: &Slug,
    expected: &Digest,
) -> Result<CatalogVersion, AppError> {
    caller.check(Access::Administrate)?;
    let differs = || DraftError::Differs {
        catalog: catalog.clone(),
    };
    let saved = database.draft(catalog).await?;
    let draft = saved
        .filter(|draft| draft.hash == *expected)
        .ok_or_else(differs)?;
    let base = current(database, catalog).await?;
    if base.map(|opened| opened.catalog.version().clone()) != draft.base {
        return Err(DraftError::Outdated {
            catalog: catalog.clone(),
        }
        .into());
    }
    let opened = source(&draft).load(catalog.as_str())?;
    catalog_versions::check_raised(database, &opened).await?;
    database.ensure_user(caller.user()).await?;
    let (snapshot, by) = (PublishedCatalog::from(&opened), caller.user().as_str());
    let published = database.publish_draft(&snapshot, expected, by).await?;
    Ok(published.ok_or_else(differs)?)
}

/// Removes the draft of a catalogue.
///
/// # Errors
/// Refuses everyone but administrators; [`DraftError::NoDraft`].
pub async fn delete(database: &Database, caller: &Caller, catalog: &Slug) -> Result<(), AppError> {
    caller.check(Access::Administrate)?;
    if database.delete_draft(catalog).await? {
        return Ok(());
    }
    Err(DraftError::NoDraft {
        catalog: catalog.clone(),
    }
    .into())
}

async fn stored(database: &Database, catalog: &Slug) -> Result<CatalogDraft, AppError> {
    let draft = database.draft(catalog).await?;
    Ok(draft.ok_or_else(|| DraftError::NoDraft {
        catalog: catalog.clone(),
    })?)
}

/// The catalogue of the rows; `None` where there is none, or one with errors, which a draft may correct.
async fn current(database: &Database, catalog: &Slug) -> Result<Option<OpenedCatalog>, AppError> {
    match database_catalogs::find(database, catalog).await {
        Err(AppError::Findings(_)) => Ok(None),
        found => found,
    }
}

fn source(draft: &CatalogDraft) -> CatalogFiles {
    let files = draft.files.iter();
    CatalogFiles {
        files: files
            .map(|(path, file)| (path.clone(), file.into()))
            .collect(),
        ..CatalogFiles::default()
    }
}

fn view(draft: CatalogDraft, base: &Files) -> DraftView {
    let source = source(&draft);
    let files = &source.files;
    let paths: BTreeSet<&String> = base.keys().chain(files.keys()).collect();
    let change = |path: &String| {
        let new = files.get(path);
        Some(DraftFile {
            path: path.clone(),
            change: ChangeKind::between(base.get(path), new)?,
            text: new.and_then(|file| file.text().map(str::to_owned)),
        })
    };
    let changed = paths.into_iter().filter_map(change).collect();
    let findings = checks::catalogs(source).findings.findings;
    DraftView {
        catalog: draft.catalog,
        hash: draft.hash,
        base: draft.base,
        by: draft.by,
        at: draft.at,
        usable: !findings.iter().any(Diagnostic::is_error),
        findings,
        files: changed,
    }
}

impl Explain for DraftError {
    fn class(&self) -> Class {
        match self {
            Self::NoDraft { .. } | Self::Outside { .. } => Class::Refused,
            Self::Differs { .. } | Self::Outdated { .. } => Class::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoDraft { .. } => "draft_not_found",
            Self::Differs { .. } => "draft_differs",
            Self::Outdated { .. } => "draft_outdated",
            Self::Outside { .. } => "draft_path_invalid",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NoDraft { .. } => "save one first".into(),
            Self::Differs { .. } => "read the draft again, then publish with its hash".into(),
            Self::Outdated { .. } => "make the change again from the current catalogue".into(),
            Self::Outside { catalog, .. } => {
                format!("paths begin with `catalog/{catalog}/` or `recipes/{catalog}/`").into()
            }
        })
    }
}
