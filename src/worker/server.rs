//! The HTTP pages for operators and their tools: /health, /health/live, /health/ready and /metrics.

use super::health_state::HealthState;
use super::listener::LimitedListener;
use super::metrics::Metrics;
use crate::base::clock::Clock;
use crate::store::sql::Database;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

/// The state behind the pages.
pub struct HealthServer {
    pub health: Arc<HealthState>,
    pub metrics: Arc<Metrics>,
    pub clock: Arc<dyn Clock>,
    /// Empty until the database has answered for the first time.
    pub database: OnceLock<Arc<Database>>,
}

/// The longest time that a page waits for the database.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);
/// The number of open connections. A further one closes the oldest.
const MAX_CONNECTIONS: usize = 32;
/// The longest time that a connection stays open, far longer than an answer takes.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Binds the address, so that one in use is reported before the worker starts.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves the pages until `stopped` is true.
pub async fn serve(
    listener: TcpListener,
    server: Arc<HealthServer>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let until_stopped = async move {
        if stopped.wait_for(|stopped| *stopped).await.is_err() {
            tracing::debug!("the health server stops because its owner is gone");
        }
    };
    let limited = LimitedListener::new(listener, MAX_CONNECTIONS, CONNECTION_TIMEOUT);
    axum::serve(limited, router(server))
        .with_graceful_shutdown(until_stopped)
        .await
}

/// The pages.
pub fn router(server: Arc<HealthServer>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(server)
}

async fn health(State(server): State<Arc<HealthServer>>) -> impl IntoResponse {
    let report = server.health.report(server.clock.now());
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status(report.is_healthy()), json, report.body.to_string())
}

/// Liveness: the loop iterates.
async fn live(State(server): State<Arc<HealthServer>>) -> impl IntoResponse {
    let is_alive = server.health.report(server.clock.now()).is_alive;
    (
        status(is_alive),
        if is_alive { "live\n" } else { "stuck\n" },
    )
}

/// Readiness: the database answers, so that a job can be claimed.
async fn ready(State(server): State<Arc<HealthServer>>) -> impl IntoResponse {
    let is_ready = match server.database.get() {
        Some(database) => timeout(DATABASE_TIMEOUT, database.ready())
            .await
            .is_ok_and(|ready| ready.is_ok()),
        None => false,
    };
    (
        status(is_ready),
        if is_ready { "ready\n" } else { "not ready\n" },
    )
}

/// Measures the queue now. If the database does not answer, the last measurement is shown.
async fn metrics(State(server): State<Arc<HealthServer>>) -> impl IntoResponse {
    if let Some(database) = server.database.get()
        && let Ok(Ok(measures)) = timeout(DATABASE_TIMEOUT, database.queue_stats()).await
    {
        server
            .metrics
            .set_queue(measures.waiting, measures.held, measures.oldest);
    }
    let text = [(
        header::CONTENT_TYPE,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    )];
    (text, server.metrics.encode())
}

fn status(is_good: bool) -> StatusCode {
    if is_good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
