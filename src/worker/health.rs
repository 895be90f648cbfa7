//! The pages that operators and their tools read: /health, /health/live, /health/ready and /metrics.

use super::health_state::HealthState;
use super::limited_listener::LimitedListener;
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

/// What the pages show.
pub struct HealthServer {
    pub pulse: Arc<HealthState>,
    pub meter: Arc<Metrics>,
    pub clock: Arc<dyn Clock>,
    /// Empty until the database has answered for the first time.
    pub database: OnceLock<Arc<Database>>,
}

/// The longest that a page waits for the database.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many are answered at a time; the others wait at the door.
const SEATS: usize = 32;
/// Far longer than any answer takes. Who keeps a connection for the next question makes a new one.
const LONGEST_VISIT: Duration = Duration::from_secs(10);

/// Takes the address. One that is taken is found out here, before anything else begins.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers until `stopped` says so.
pub async fn serve(
    listener: TcpListener,
    panel: Arc<HealthServer>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let until = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
    let door = LimitedListener::new(listener, SEATS, LONGEST_VISIT);
    let served = axum::serve(door, router(panel));
    served.with_graceful_shutdown(until).await
}

fn router(panel: Arc<HealthServer>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(panel)
}

async fn health(State(panel): State<Arc<HealthServer>>) -> impl IntoResponse {
    let health = panel.pulse.health(panel.clock.now());
    let json = [(header::CONTENT_TYPE, "application/json")];
    (status(health.is_good()), json, health.body.to_string())
}

/// Whether the process is worth keeping: its loop turns.
async fn live(State(panel): State<Arc<HealthServer>>) -> impl IntoResponse {
    let is_turning = panel.pulse.health(panel.clock.now()).is_turning;
    (
        status(is_turning),
        if is_turning { "live\n" } else { "stuck\n" },
    )
}

/// Whether a job would be taken now: the database answers.
async fn ready(State(panel): State<Arc<HealthServer>>) -> impl IntoResponse {
    let is_ready = match panel.database.get() {
        Some(database) => timeout(PATIENCE, database.ready())
            .await
            .is_ok_and(|ready| ready.is_ok()),
        None => false,
    };
    (
        status(is_ready),
        if is_ready { "ready\n" } else { "not ready\n" },
    )
}

/// The queue is looked at now; where it does not answer, it stays as it was last seen.
async fn metrics(State(panel): State<Arc<HealthServer>>) -> impl IntoResponse {
    if let Some(database) = panel.database.get()
        && let Ok(Ok(measures)) = timeout(PATIENCE, database.queue_stats()).await
    {
        panel
            .meter
            .queue(measures.waiting, measures.held, measures.oldest);
    }
    let text = [(
        header::CONTENT_TYPE,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    )];
    (text, panel.meter.text())
}

fn status(is_good: bool) -> StatusCode {
    if is_good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
