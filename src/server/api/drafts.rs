//! Drafts of catalogues.

use super::catalogs::{CheckRequest, parse};
use crate::app::catalog_drafts::{self, DraftView};
use crate::server::body::{Json, JsonBody};
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

/// `GET /catalogs/{slug}/draft`
pub(in crate::server) async fn find(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
) -> Result<Json<DraftView>, Problem> {
    let draft = catalog_drafts::find(&state.database, &signed.caller, &parse(&slug)?).await?;
    Ok(Json(draft))
}

/// `POST /catalogs/{slug}/draft`
pub(in crate::server) async fn save(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
    JsonBody(request): JsonBody<CheckRequest>,
) -> Result<Json<DraftView>, Problem> {
    let opened = state.catalog(&slug).await?;
    let source = catalog_drafts::changed(&opened, request.files);
    let (database, catalog) = (&state.database, parse(&slug)?);
    let draft = catalog_drafts::save(database, &signed.caller, &catalog, source).await?;
    Ok(Json(draft))
}

/// `DELETE /catalogs/{slug}/draft`
pub(in crate::server) async fn delete(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    catalog_drafts::delete(&state.database, &signed.caller, &parse(&slug)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
