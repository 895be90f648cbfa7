//! Recovery of runs whose worker has died, for a scheduler.

use crate::server::body::Json;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::Store as _;
use axum::extract::State;
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
) -> Result<Json<Recovered>, Problem> {
    let report = state
        .database
        .recover_expired(state.context.recovery)
        .await?;
    Ok(Json(Recovered {
        failed: report.failed.len(),
        needs_cleanup: report.needs_cleanup.len(),
        cancelled: report.cancelled.len(),
        requeued: report.requeued.len(),
    }))
}
