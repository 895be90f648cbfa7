//! The settings on the forge of a run's repository: compared with the plan, and set again.

use super::runs::parse;
use crate::app::run_settings::{FinishedRun, RunSettings};
use crate::server::body::Json;
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use axum::extract::{Path, State};
use std::sync::Arc;

/// `GET /runs/{id}/settings`
pub(in crate::server) async fn compare(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<RunSettings>, Problem> {
    let run = open(&state, &signed, &id).await?;
    if let Some(answer) = run.without_settings() {
        return Ok(Json(answer));
    }
    let forge = state.forge_of(signed.caller.user()).await?;
    Ok(Json(run.compare(forge.as_ref()).await?))
}

/// `POST /runs/{id}/settings`
pub(in crate::server) async fn apply(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<RunSettings>, Problem> {
    let run = open(&state, &signed, &id).await?;
    if let Some(answer) = run.without_settings() {
        return Ok(Json(answer));
    }
    let forge = state.forge_of(signed.caller.user()).await?;
    Ok(Json(run.apply(&signed.caller, forge.as_ref()).await?))
}

async fn open<'s>(
    state: &'s ServerState,
    signed: &Signed,
    id: &str,
) -> Result<FinishedRun<'s>, Problem> {
    let (database, plans) = (state.database.as_ref(), &state.context.plans);
    Ok(FinishedRun::open(database, plans, &signed.caller, &parse(id)?).await?)
}
