//! API tokens of the caller.

use crate::app::api_tokens as use_case;
use crate::server::body::Json;
use crate::server::guard::Signed;
use crate::server::page::Page;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::access::TokenInfo;
use crate::store::id::{ApiTokenId, UserId};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The signed-in user.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::server) struct Me {
    user: UserId,
    username: String,
    /// `demo`, `member` or `administrator`.
    role: &'static str,
}

/// `GET /me`
pub(in crate::server) async fn me(signed: Signed) -> Json<Me> {
    Json(Me {
        user: signed.account.user,
        username: signed.account.username,
        role: signed.caller.role(),
    })
}

/// `GET /api-tokens`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
) -> Result<Json<Page<TokenInfo>>, Problem> {
    let tokens = use_case::list(&state.database, &signed.caller).await?;
    Ok(Json(Page::whole(tokens)))
}

/// `DELETE /api-tokens/{id}`
pub(in crate::server) async fn revoke(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let id = ApiTokenId::parse(&id).map_err(|_| Problem::not_found())?;
    use_case::revoke(&state.database, &signed.caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
