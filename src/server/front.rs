//! The port of a server: health pages from the first moment on, the API once the database is there.

use super::problem::Problem;
use super::request_id;
use super::state::ServerState;
use crate::worker::server::{HealthServer, router as health_router};
use axum::extract::Request;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Router, http::StatusCode};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt as _;

/// The port of a server.
#[derive(Clone)]
pub struct Front {
    health: Router,
    /// The path before all routes; empty for none.
    prefix: String,
    api: Arc<OnceLock<Router>>,
}

impl Front {
    /// A port that answers only the health pages yet.
    pub fn new(health: Arc<HealthServer>, prefix: &str) -> Self {
        Self {
            health: health_router(health),
            prefix: prefix.to_owned(),
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
    pub async fn serve(
        self,
        listener: TcpListener,
        mut stopped: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let until_stopped = async move {
            if stopped.wait_for(|stopped| *stopped).await.is_err() {
                tracing::debug!("the server stops because its owner is gone");
            }
        };
        let api = Arc::clone(&self.api);
        let forward = any(move |request: Request| {
            let api = api.get().cloned();
            async move { forward(api, request).await }
        });
        let routes = self
            .health
            .fallback_service(forward.layer(from_fn(request_id::assign)));
        // A proxy may pass the prefix on, or remove it.
        let routes = match self.prefix.as_str() {
            "" => routes,
            prefix => Router::new()
                .nest_service(prefix, routes.clone())
                .fallback_service(routes),
        };
        axum::serve(
            listener,
            routes.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .with_graceful_shutdown(until_stopped)
        .await
    }
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
