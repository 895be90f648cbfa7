//! The editor of a catalogue's draft: one file at a time, with the findings of the whole catalogue.

use super::changes::words;
use super::fields::{Fields, QueryFields};
use super::findings::FindingList;
use super::frame::{Frame, Html};
use super::time::Moment;
use crate::app::catalog_drafts::{self, DraftError, SavedDraft};
use crate::app::catalogs::{CatalogFiles, OpenedCatalog, belongs_to};
use crate::app::checks;
use crate::model::digest::Digest;
use crate::model::path::TreePath;
use crate::model::report::ChangeKind;
use crate::model::slug::Slug;
use crate::server::api::catalogs::parse;
use crate::server::api::previews::on_a_core;
use crate::server::guard::Signed;
use crate::server::page::invalid;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "draft-editor.html")]
struct DraftEditorPage {
    frame: Frame,
    slug: Slug,
    draft: Option<DraftFacts>,
    files: Vec<FileLine>,
    path: TreePath,
    /// None for a binary file.
    text: Option<String>,
    /// The digest of the stored file that the text was loaded from.
    loaded: String,
    is_new: bool,
    findings: FindingList,
    /// The outcome of the change that led here.
    told: Option<&'static str>,
    /// The reason why nothing was saved.
    refusal: Option<String>,
}

/// The draft that is saved now.
struct DraftFacts {
    by: String,
    saved: Moment,
    is_outdated: bool,
}

/// A file of the catalogue, with its difference from the offered version.
struct FileLine {
    path: String,
    query: String,
    change: Option<(&'static str, &'static str)>,
    is_current: bool,
}

/// A catalogue with its draft, as far as there is one.
struct EditedCatalog {
    slug: Slug,
    offered: Arc<OpenedCatalog>,
    draft: Option<SavedDraft>,
    /// The files of the draft, else those of the offered version.
    source: CatalogFiles,
}

/// `GET /catalogs/{slug}/draft`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    QueryFields(query): QueryFields,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let edited = EditedCatalog::read(&state, &signed, &slug).await?;
    let path = edited.path(&query)?;
    let text = edited.text(&path);
    let mut page = edited.page(&state, frame, path, text).await?;
    page.told = match query.text("did") {
        "saved" => Some("The draft was saved. It changes nothing until it is published."),
        "removed" => Some("The file was removed from the draft."),
        _ => None,
    };
    Ok(Html(page))
}

/// `POST /catalogs/{slug}/draft/check`
pub(super) async fn check(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Html<impl Template>, Problem> {
    let mut edited = EditedCatalog::read(&state, &signed, &slug).await?;
    let path = edited.text_path(&fields)?;
    let text = fields.document("text");
    let mut page = edited.page_of_edit(&state, frame, path, text).await?;
    // A save compares with the file that the person has seen.
    fields.text("loaded").clone_into(&mut page.loaded);
    Ok(Html(page))
}

/// `POST /catalogs/{slug}/draft`
pub(super) async fn save(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut edited = EditedCatalog::read(&state, &signed, &slug).await?;
    let path = edited.text_path(&fields)?;
    let text = fields.document("text");
    if let Some(refusal) = edited.refusal(&path, &fields, &text) {
        let mut page = edited.page_of_edit(&state, frame, path, text).await?;
        page.refusal = Some(refusal);
        return Ok((StatusCode::CONFLICT, Html(page)).into_response());
    }
    let did = if fields.text("do") == "remove" {
        edited.source.files.remove(path.as_str());
        "removed"
    } else {
        edited.source.write(&path, &text);
        "saved"
    };
    let (database, caller) = (&state.database, &signed.caller);
    catalog_drafts::save(database, caller, &edited.slug, edited.source.clone()).await?;
    let query = Fields::default()
        .with("file", path.as_str())
        .with("did", did)
        .query();
    let to = format!("{}/catalogs/{}/draft?{query}", frame.base, edited.slug);
    Ok(Redirect::to(&to).into_response())
}

impl EditedCatalog {
    async fn read(state: &ServerState, signed: &Signed, slug: &str) -> Result<Self, Problem> {
        let slug = parse(slug)?;
        let offered = state.catalog(slug.as_str()).await?;
        let draft = catalog_drafts::saved(&state.database, &signed.caller, &slug).await?;
        let source = match &draft {
            Some(draft) => draft.source.clone(),
            None => offered.source.clone().of_catalog(&slug),
        };
        Ok(Self {
            slug,
            offered,
            draft,
            source,
        })
    }

    /// The file that the fields name; by default catalog.yaml.
    fn path(&self, fields: &Fields) -> Result<TreePath, Problem> {
        let catalog = &self.slug;
        let named = match fields.get("file") {
            Some(named) => named.to_owned(),
            None => format!("catalog/{catalog}/catalog.yaml"),
        };
        let path = TreePath::parse(&named)
            .map_err(|error| invalid(format!("`file` is not a path: {error}")))?;
        if belongs_to(catalog, path.as_str()) {
            return Ok(path);
        }
        let (catalog, path) = (catalog.clone(), path.to_string());
        Err(DraftError::Outside { catalog, path }.into())
    }

    /// The text file that the fields name, or a new one.
    fn text_path(&self, fields: &Fields) -> Result<TreePath, Problem> {
        let path = self.path(fields)?;
        if self.text(&path).is_none() {
            return Err(invalid("a binary file is edited in a folder"));
        }
        Ok(path)
    }

    /// The text of a file; empty for a new one, none for a binary one.
    fn text(&self, path: &TreePath) -> Option<String> {
        match self.source.files.get(path.as_str()) {
            Some(file) => file.text().map(str::to_owned),
            None => Some(String::new()),
        }
    }

    /// The digest of a file; empty for a new one.
    fn digest(&self, path: &TreePath) -> String {
        let file = self.source.files.get(path.as_str());
        file.map_or_else(String::new, |file| Digest::of(&file.bytes).to_string())
    }

    /// The reason why a text cannot be saved: the rows, or the file, are not those that it was made from.
    fn refusal(&self, path: &TreePath, fields: &Fields, text: &str) -> Option<String> {
        if self.draft.as_ref().is_some_and(|draft| draft.is_outdated) {
            return Some("The catalogue was changed after this draft was saved. Discard the draft, then make the change again.".to_owned());
        }
        let now = self.digest(path);
        let is_same = now == fields.text("loaded") || self.text(path).as_deref() == Some(text);
        (!is_same).then(|| {
            let by = self.draft.as_ref().map_or("somebody", |draft| &draft.by);
            format!("The file was changed by {by} while you edited it. Save again to replace that change.")
        })
    }

    /// The page with a text that is not saved, and the findings of the catalogue with it.
    async fn page_of_edit(
        &mut self,
        state: &Arc<ServerState>,
        frame: Frame,
        path: TreePath,
        text: String,
    ) -> Result<DraftEditorPage, Problem> {
        let loaded = self.digest(&path);
        let is_new = !self.source.files.contains_key(path.as_str());
        self.source.write(&path, &text);
        let page = self.page(state, frame, path, Some(text)).await?;
        Ok(DraftEditorPage {
            loaded,
            is_new,
            ..page
        })
    }

    async fn page(
        &self,
        state: &Arc<ServerState>,
        frame: Frame,
        path: TreePath,
        text: Option<String>,
    ) -> Result<DraftEditorPage, Problem> {
        let source = self.source.clone();
        let findings = on_a_core(state, move |_| {
            Ok(checks::catalogs(source).findings.findings)
        })
        .await?;
        let shown = text.as_deref().unwrap_or_default();
        let now = state.clock().now();
        Ok(DraftEditorPage {
            findings: FindingList::of(&findings, path.as_str(), shown),
            files: self.lines(&path),
            loaded: self.digest(&path),
            is_new: !self.source.files.contains_key(path.as_str()),
            draft: self.draft.as_ref().map(|draft| DraftFacts {
                by: draft.by.clone(),
                saved: Moment::new(draft.at, now),
                is_outdated: draft.is_outdated,
            }),
            // A form that was answered here is no address to come back to.
            frame: Frame {
                here: format!("/catalogs/{}/draft", self.slug),
                ..frame
            },
            slug: self.slug.clone(),
            path,
            text,
            told: None,
            refusal: None,
        })
    }

    /// The files of the offered version and of the draft.
    fn lines(&self, current: &TreePath) -> Vec<FileLine> {
        let offered = self.offered.source.clone().of_catalog(&self.slug).files;
        let paths: BTreeSet<&String> = offered.keys().chain(self.source.files.keys()).collect();
        let line = |path: &String| {
            let change = ChangeKind::between(offered.get(path), self.source.files.get(path));
            FileLine {
                path: path.clone(),
                query: Fields::default().with("file", path).query(),
                change: change.map(words),
                is_current: path == current.as_str(),
            }
        };
        paths.into_iter().map(line).collect()
    }
}
