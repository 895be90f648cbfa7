//! Products.

use crate::app::products::{self as use_case, NewProduct};
use crate::server::body::{Json, JsonBody, request_bodies};
use crate::server::guard::Signed;
use crate::server::page::{Page, PageQuery, Query};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::answer::RequestKey;
use crate::store::id::ProductId;
use crate::store::product::Product;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use std::sync::Arc;

request_bodies!(NewProduct);

/// `GET /products`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    Query(page): Query<PageQuery>,
    signed: Signed,
) -> Result<Json<Page<Product>>, Problem> {
    let (after, limit) = (page.cursor()?, page.limit()?);
    let products = use_case::list(&state.database, &signed.caller, &after, limit + 1).await?;
    Ok(Json(Page::of(products, limit, |product| {
        product.id.to_string()
    })))
}

/// `POST /products`
pub(in crate::server) async fn create(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    key: Option<Extension<RequestKey>>,
    JsonBody(new): JsonBody<NewProduct>,
) -> Result<(StatusCode, Json<Product>), Problem> {
    let product = use_case::create(&state.database, &signed.caller, &new, key.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(product)))
}

/// `GET /products/{id}`
pub(in crate::server) async fn find(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<Product>, Problem> {
    let id = ProductId::parse(&id).map_err(|_| Problem::not_found())?;
    Ok(Json(
        use_case::find(&state.database, &signed.caller, &id).await?,
    ))
}
