//! The HTTP server: the API for applications and programs, and the pages for people.
//!
//! [`operations`] lists every operation with its access, its parameters and its answers; routes, authorisation and the
//! OpenAPI document are made from that list. Handlers in `api/` parse a request, call one use case of [`crate::app`],
//! and render its answer or a [`problem::Problem`].

mod api;
mod archive;
mod body;
mod compression;
mod connections;
pub mod events;
pub mod front;
mod guard;
mod idempotency;
pub mod live_results;
pub mod openapi;
pub mod operation;
pub mod operations;
pub mod page;
pub mod pages;
pub mod problem;
pub mod rates;
mod request_id;
mod session;
pub mod settings;
pub mod state;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::routing::get;
use problem::Problem;
use state::ServerState;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// The largest body of a request, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// All routes: the API below `/api`, the events of jobs, and the pages.
pub fn router(state: Arc<ServerState>) -> Router {
    let mut api = Router::new().route("/openapi.json", get(api::version::openapi));
    for operation in operations::all() {
        let (path, handler) = operation.route(&state);
        api = api.route(path, handler);
    }
    let mut root = Router::new().nest("/api/v1", api);
    for operation in operations::outside_v1() {
        let (path, handler) = operation.route(&state);
        root = root.route(path, handler);
    }
    root = root.merge(pages::router(&state));
    root.fallback(pages::missing)
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(CatchPanicLayer::custom(
            |panic: Box<dyn Any + Send + 'static>| Problem::panicked(panic.as_ref()),
        ))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(compression::layer())
        .layer(map_response(compression::weaken_tag))
        .with_state(state)
}
