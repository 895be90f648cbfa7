//! Recovery of runs whose worker has died, for a scheduler.

use crate::server::body::Json;
use crate::server::guard;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::Store as _;
use axum::extract::State;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The number of runs by what happened to them.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::server) struct Recovered {
    failed: usize,
    needs_cleanup: usize,
    cancelled: usize,
    requeued: usize,
}

/// `POST /api/cron/bootstrap-stale-recovery`
pub(in crate::server) async fn recover(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
) -> Result<Json<Recovered>, Problem> {
    if !guard::is_cron(&state, &headers) {
        return Err(Problem::unauthorized());
    }
    let report = state.database.recover_expired(state.recovery).await?;
    Ok(Json(Recovered {
        failed: report.failed.len(),
        needs_cleanup: report.needs_cleanup.len(),
        cancelled: report.cancelled.len(),
        requeued: report.requeued.len(),
    }))
}
