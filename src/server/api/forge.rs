//! The owners that the forge offers to a user, and the user's token.

use crate::app::owners::{self, OwnerList};
use crate::app::tokens::{self, StoredToken, TokenReport};
use crate::pat::classic;
use crate::secret::Secret;
use crate::server::body::{Json, JsonBody, request_bodies};
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::rates::Rated;
use crate::server::state::ServerState;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// A token to test or to store.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct TokenRequest {
    /// A classic personal access token with the scope `repo`.
    #[schemars(length(min = 1, max = 512))]
    token: String,
}

request_bodies!(TokenRequest);

/// `GET /owners`
pub(in crate::server) async fn owners(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
) -> Result<Json<OwnerList>, Problem> {
    let forge = state.forge_of(signed.caller.user()).await?;
    let server = &state.forge;
    let host = server.host.clone();
    let list = owners::list(forge.as_ref(), server.kind, host, state.clock()).await?;
    Ok(Json(list))
}

/// `GET /token`
pub(in crate::server) async fn find(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
) -> Result<Json<StoredToken>, Problem> {
    let stored = tokens::stored(&state.database, &signed.caller).await?;
    Ok(Json(stored.ok_or_else(Problem::not_found)?))
}

/// `PUT /token`
pub(in crate::server) async fn save(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Result<Json<StoredToken>, Problem> {
    state.count(Rated::TokenTest, &signed.caller)?;
    let key = state.forge.key.as_ref().ok_or_else(without_tokens)?;
    let secret = parse(request.token)?;
    let forge = state.connect(|| Ok(secret.copy()))?;
    tokens::save(
        &state.database,
        &signed.caller,
        state.forge.of(forge.as_ref()),
        &secret,
        key()?,
        state.clock(),
    )
    .await?;
    find(State(state), signed).await
}

/// `DELETE /token`
pub(in crate::server) async fn remove(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    tokens::remove(&state.database, &signed.caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /token/test`
pub(in crate::server) async fn test(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Result<Json<TokenReport>, Problem> {
    state.count(Rated::TokenTest, &signed.caller)?;
    let secret = parse(request.token)?;
    let forge = state.connect(|| Ok(secret.copy()))?;
    let at = state.forge.of(forge.as_ref());
    let (database, caller) = (&state.database, &signed.caller);
    Ok(Json(
        tokens::test_of_user(database, caller, at, state.clock()).await?,
    ))
}

fn parse(token: String) -> Result<Secret, Problem> {
    classic::parse(token).map_err(|error| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "token_invalid",
            format!("the token cannot be used: {error}"),
        )
    })
}

fn without_tokens() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "forge_without_tokens",
        "the forge of this server needs no token",
    )
}
