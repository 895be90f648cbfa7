//! Checks for the platform that runs the service.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app;

/// Liveness: the process answers. It depends on nothing else, so that a failing database does not restart healthy processes.
pub async fn live() -> &'static str {
    "ok"
}

/// Readiness: 200 if the database answers, 503 otherwise.
pub async fn ready(State(state): State<app::State>) -> (StatusCode, &'static str) {
    match sqlx::query("select 1").execute(&state.database).await {
        Ok(_) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!("the database does not answer: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "database unavailable")
        }
    }
}
