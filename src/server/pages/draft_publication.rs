//! The end of a draft: its impact and its publication, or its removal.

use super::catalogs::{ImpactSummary, compare, products_of};
use super::confirmation::ConfirmationPage;
use super::fields::Fields;
use super::findings::FindingList;
use super::frame::{Frame, Html};
use crate::app::catalog_drafts::{self, SavedDraft};
use crate::app::catalogs::OpenedCatalog;
use crate::app::error::AppError;
use crate::model::digest::Digest;
use crate::model::slug::Slug;
use crate::server::api::catalogs::parse;
use crate::server::guard::Signed;
use crate::server::page::invalid;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::ProductId;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "draft-publication.html")]
struct DraftPublicationPage {
    frame: Frame,
    slug: Slug,
    hash: Digest,
    outlook: Outlook,
    /// The products whose repository was created from the offered version.
    products: Vec<ProductId>,
    /// True if the catalogue was changed after the draft was saved.
    is_outdated: bool,
    /// True after an attempt to publish another draft.
    is_other: bool,
}

/// The changes that a publication would make, or the findings that prevent it.
enum Outlook {
    Impact(Box<ImpactSummary>),
    Findings(FindingList),
}

/// `GET /catalogs/{slug}/draft/publish`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
    frame: Frame,
) -> Result<Response, Problem> {
    let slug = parse(&slug)?;
    let Some(draft) = catalog_drafts::saved(&state.database, &signed.caller, &slug).await? else {
        let to = format!("{}/catalogs/{slug}/draft", frame.base);
        return Ok(Redirect::to(&to).into_response());
    };
    let page = page(&state, &signed, frame, slug, draft).await?;
    Ok(Html(page).into_response())
}

/// `POST /catalogs/{slug}/draft/publish`
pub(super) async fn publish(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    let slug = parse(&slug)?;
    let expected = Digest::parse(fields.text("expect"))
        .map_err(|_| invalid("the form has no hash of a draft"))?;
    let (database, caller) = (&state.database, &signed.caller);
    match catalog_drafts::publish(database, caller, &slug, &expected).await {
        Ok(_) => {
            let to = format!("{}/catalogs/{slug}", frame.base);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let problem = Problem::from(error);
            let draft = catalog_drafts::saved(database, caller, &slug).await?;
            let (Some(draft), true) = (draft, problem.status().is_client_error()) else {
                return Err(problem);
            };
            let mut page = page(&state, &signed, frame, slug, draft).await?;
            page.is_other = problem.status() == StatusCode::PRECONDITION_FAILED;
            Ok((problem.status(), Html(page)).into_response())
        }
    }
}

async fn page(
    state: &Arc<ServerState>,
    signed: &Signed,
    frame: Frame,
    slug: Slug,
    draft: SavedDraft,
) -> Result<DraftPublicationPage, Problem> {
    let offered = state.catalog(slug.as_str()).await?;
    let products = products_of(state, signed, offered.catalog.version()).await?;
    let outlook = match draft.source.load(slug.as_str()) {
        Ok(new) => {
            let old = OpenedCatalog::clone(&offered);
            Outlook::Impact(Box::new(compare(state, old, new).await?))
        }
        Err(AppError::Findings(found)) => {
            Outlook::Findings(FindingList::of(&found.findings, "", ""))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(DraftPublicationPage {
        frame: Frame {
            here: format!("/catalogs/{slug}/draft/publish"),
            ..frame
        },
        slug,
        hash: draft.hash,
        outlook,
        products,
        is_outdated: draft.is_outdated,
        is_other: false,
    })
}

/// `GET /catalogs/{slug}/draft/discard`
pub(super) async fn confirm_discard(
    Path(slug): Path<String>,
    _: Signed,
    frame: Frame,
) -> Result<Html<ConfirmationPage>, Problem> {
    let path = format!("/catalogs/{}/draft", parse(&slug)?);
    Ok(Html(ConfirmationPage {
        frame,
        title: format!("Discard the draft of {slug}"),
        sentences: vec![
            "All changes of the draft are lost. The catalogue itself stays as it is.".to_owned(),
        ],
        refusal: None,
        target: Some(format!("{path}/discard")),
        fields: Fields::default(),
        button: "Discard the draft".to_owned(),
        is_destructive: true,
        back: path,
    }))
}

/// `POST /catalogs/{slug}/draft/discard`
pub(super) async fn discard(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
    frame: Frame,
) -> Result<Redirect, Problem> {
    let slug = parse(&slug)?;
    catalog_drafts::delete(&state.database, &signed.caller, &slug).await?;
    Ok(Redirect::to(&format!("{}/catalogs/{slug}", frame.base)))
}
