//! The port of a server: health pages from the first moment on, the API once the database is there.

use super::connections;
use super::problem::Problem;
use super::request_id;
use super::state::ServerState;
use crate::store::answer::Answer;
use crate::worker::server::{HealthServer, router as health_router};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Router, http::StatusCode};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::ServiceExt as _;

/// The port of a server.
#[derive(Clone)]
pub struct Front {
    health: Router,
    /// The path before all routes; empty for none.
    prefix: String,
    /// The time limit of an idle connection and of the head of a request.
    idle_time: Duration,
    api: Arc<OnceLock<Router>>,
}

impl Front {
    /// A port that answers only the health pages yet.
    pub fn new(health: Arc<HealthServer>, prefix: &str, idle_time: Duration) -> Self {
        Self {
            health: health_router(health),
            prefix: prefix.to_owned(),
            idle_time,
            api: Arc::default(),
        }
    }

    /// Answers the API from now on.
    pub fn answer(&self, state: Arc<ServerState>) {
        if self.api.set(super::router(state)).is_err() {
            tracing::error!("the API was started twice");
        }
    }

    /// Serves until `stopped` is true, then finishes the open requests.
    pub async fn serve(self, listener: TcpListener, stopped: watch::Receiver<bool>) {
        let api = Arc::clone(&self.api);
        let forward = any(move |request: Request| {
            let api = api.get().cloned();
            async move { forward(api, request).await }
        });
        let routes = self.health.fallback_service(
            forward
                .layer(from_fn(limit_time))
                .layer(from_fn(request_id::assign)),
        );
        // A proxy may pass the prefix on, or remove it.
        let routes = match self.prefix.as_str() {
            "" => routes,
            prefix => Router::new()
                .nest_service(prefix, routes.clone())
                .fallback_service(routes),
        };
        connections::serve(listener, routes, self.idle_time, stopped).await;
    }
}

/// Answers with a problem when a request takes as long as one that counts as lost. Streams have begun long before.
async fn limit_time(request: Request, next: Next) -> Response {
    let longest = Duration::from_millis(Answer::LONGEST_REQUEST.unsigned_abs());
    timeout(longest, next.run(request))
        .await
        .unwrap_or_else(|_| Problem::busy().into_response())
}

async fn forward(api: Option<Router>, request: Request) -> Response {
    let Some(api) = api else {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "server_starting",
            "the server waits for its database",
        )
        .hinted("see /health")
        .into_response();
    };
    match api.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
