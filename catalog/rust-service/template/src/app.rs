//! The routes of the service and the layers around them.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::config::Config;
use crate::database::Pool;
use crate::{health, notes};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Values that handlers need. Clones share them.
#[derive(Clone)]
pub struct State {
    pub database: Pool,
}

impl State {
    pub fn new(database: Pool, _config: &Config) -> Self {
        Self { database }
    }
}

/// Returns the service. The requests below `api` are the ones of its users.
pub fn router(state: State) -> Router {
    let api = Router::new().nest("/notes", notes::routes());
    let router = Router::new()
        .route("/health", get(health::live))
        .route("/ready", get(health::ready))
        .merge(api);
    router
        .layer(TraceLayer::new_for_http())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIMEOUT,
        ))
        .with_state(state)
}
