//! Ideas and their plan documents.

use crate::app::error::AppError;
use crate::app::ideas::{
    self as use_case, IdeaDetails, IdeaRequest, PlanDocumentAnswer, PlanDocumentRequest,
};
use crate::server::body::{Json, JsonBody, request_bodies};
use crate::server::guard::Signed;
use crate::server::page::{Page, PageQuery, Query};
use crate::server::problem::Problem;
use crate::server::rates::Rated;
use crate::server::state::ServerState;
use crate::store::id::IdeaId;
use crate::store::idea::Idea;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

request_bodies!(IdeaRequest, PlanDocumentRequest);

/// `GET /ideas`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    Query(page): Query<PageQuery>,
    signed: Signed,
) -> Result<Json<Page<Idea>>, Problem> {
    let (after, limit) = (page.cursor()?, page.limit()?);
    let ideas = use_case::list(&state.database, &signed.caller, &after, limit + 1).await?;
    Ok(Json(Page::of(ideas, limit, |idea| idea.id.to_string())))
}

/// `POST /ideas`
pub(in crate::server) async fn create(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    JsonBody(request): JsonBody<IdeaRequest>,
) -> Result<(StatusCode, Json<IdeaDetails>), Problem> {
    let idea = use_case::create(&state.database, &signed.caller, request).await?;
    Ok((StatusCode::CREATED, Json(idea)))
}

/// `GET /ideas/{id}`
pub(in crate::server) async fn find(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<IdeaDetails>, Problem> {
    let id = IdeaId::parse(&id).map_err(|_| Problem::not_found())?;
    let idea = use_case::find(&state.database, &signed.caller, &id).await?;
    Ok(Json(idea))
}

/// `POST /plan-documents`
pub(in crate::server) async fn save_plan_document(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    JsonBody(request): JsonBody<PlanDocumentRequest>,
) -> Result<(StatusCode, Json<PlanDocumentAnswer>), Problem> {
    state.count(Rated::PlanDocument, &signed.caller)?;
    let saved = use_case::save_plan_document(&state.database, &signed.caller, request).await;
    match saved {
        Ok(answer) => Ok((StatusCode::CREATED, Json(answer))),
        // The request itself was readable, so even a fault of the syntax is one of the document.
        Err(AppError::Findings(findings)) => Err(Problem::of_document(&findings.findings)),
        Err(error) => Err(error.into()),
    }
}
