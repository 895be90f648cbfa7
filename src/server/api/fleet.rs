//! The repositories that runs of this installation created, and their updates.

use crate::app::queued_updates::{self as use_case, FleetEntry, QueuedUpdate};
use crate::server::body::{Json, JsonBody, request_bodies};
use crate::server::guard::Signed;
use crate::server::page::{Page, PageQuery, Query};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::ProductId;
use crate::store::listed::Listed;
use crate::store::update::UpdateMode;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// The updates to queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct FleetUpdateRequest {
    mode: UpdateMode,
    /// The products whose repositories are updated. By default all that have one.
    #[serde(default)]
    products: Option<Vec<ProductId>>,
}

request_bodies!(FleetUpdateRequest);

/// `GET /fleet`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    Query(page): Query<PageQuery>,
    signed: Signed,
) -> Result<Json<Page<Listed<FleetEntry>>>, Problem> {
    let (after, limit) = (page.cursor()?, page.limit()?);
    Ok(Json(read(&state, &signed, &after, limit).await?))
}

/// A page of the list, for the API and for the page.
pub(in crate::server) async fn read(
    state: &ServerState,
    signed: &Signed,
    after: &str,
    limit: u32,
) -> Result<Page<Listed<FleetEntry>>, Problem> {
    let entries = use_case::list(&state.database, &signed.caller, after, limit + 1).await?;
    Ok(Page::of(entries, limit, |entry| match entry {
        Listed::Readable(entry) => entry.product.to_string(),
        Listed::Unreadable(row) => row.id.clone(),
    }))
}

/// `POST /fleet/updates`
pub(in crate::server) async fn update(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    JsonBody(request): JsonBody<FleetUpdateRequest>,
) -> Result<(StatusCode, Json<Page<QueuedUpdate>>), Problem> {
    let queued = queue(&state, &signed, request.products, request.mode).await?;
    Ok((StatusCode::CREATED, Json(Page::whole(queued))))
}

/// Queues the updates of products, by default of all, for the API and for the page.
pub(in crate::server) async fn queue(
    state: &ServerState,
    signed: &Signed,
    products: Option<Vec<ProductId>>,
    mode: UpdateMode,
) -> Result<Vec<QueuedUpdate>, Problem> {
    let (database, caller) = (&state.database, &signed.caller);
    let wanted = if let Some(products) = products {
        products
    } else {
        let all = use_case::all(database, caller).await?;
        all.into_iter().map(|entry| entry.product).collect()
    };
    Ok(use_case::queue(database, caller, &wanted, mode).await?)
}
