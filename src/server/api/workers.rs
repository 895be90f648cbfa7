//! Workers, and the number of runs by day.

use crate::app::insights;
use crate::app::workers::{self, WorkerActivity};
use crate::server::body::Json;
use crate::server::guard::Signed;
use crate::server::page::{Page, Query, invalid};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::sql::insights::DayCount;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Parameters of a throughput.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct ThroughputQuery {
    /// Number of days until today, 1 to 366; default 30.
    #[schemars(range(min = 1, max = 366))]
    days: u32,
}

impl Default for ThroughputQuery {
    fn default() -> Self {
        Self { days: 30 }
    }
}

/// `GET /workers`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
) -> Result<Json<Page<WorkerActivity>>, Problem> {
    let workers = workers::list(&state.database, &signed.caller).await?;
    Ok(Json(Page::whole(workers)))
}

/// `GET /insights/throughput`
pub(in crate::server) async fn throughput(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<ThroughputQuery>,
    signed: Signed,
) -> Result<Json<Page<DayCount>>, Problem> {
    if !(1..=366).contains(&query.days) {
        return Err(invalid("`days` is a number from 1 to 366"));
    }
    let counts = insights::throughput(&state.database, &signed.caller, query.days).await?;
    Ok(Json(Page::whole(counts)))
}
