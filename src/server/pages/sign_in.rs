//! Signing in with a token or a one-time code, and signing out.

use super::fields::{Fields, QueryFields};
use super::frame::{Frame, Html, local_address};
use crate::app::{api_tokens, sessions};
use crate::server::problem::Problem;
use crate::server::rates::Rated;
use crate::server::session;
use crate::server::state::ServerState;
use crate::store::id::UserId;
use askama::Template;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    frame: Frame,
    /// The address after the sign-in.
    next: String,
    error: Option<&'static str>,
}

/// `GET /sign-in`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    QueryFields(query): QueryFields,
    headers: HeaderMap,
    frame: Frame,
) -> Result<Response, Problem> {
    let next = local_address(query.text("next")).unwrap_or("/").to_owned();
    let Some(code) = query.get("code") else {
        return Ok(page(frame, next, None));
    };
    state.count_of(Rated::SignIn, &peer.ip().to_string())?;
    match sessions::use_code(&state.database, code).await? {
        Some(user) => begin(&state, &headers, &user, &next).await,
        None => Ok(page(
            frame,
            next,
            Some("This address was used, or is older than ten minutes."),
        )),
    }
}

/// `POST /sign-in`
pub(super) async fn enter(
    State(state): State<Arc<ServerState>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    frame: Frame,
    fields: Fields,
) -> Result<Response, Problem> {
    state.count_of(Rated::SignIn, &peer.ip().to_string())?;
    let next = local_address(fields.text("next")).unwrap_or("/").to_owned();
    match api_tokens::recognise(&state.database, fields.text("token")).await? {
        Some(account) => begin(&state, &headers, &account.user, &next).await,
        None => Ok(page(
            frame,
            next,
            Some("This token is unknown, revoked or expired."),
        )),
    }
}

/// `POST /sign-out`
pub(super) async fn leave(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(key) = session::key(&state.settings, &headers) {
        sessions::end(&state.database, key).await?;
    }
    let to = format!("{}/sign-in", state.settings.prefix());
    let cookie = session::end(&state.settings);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
}

/// Starts a session with a new key, so that nobody knows it from before, and ends the one that the browser had.
async fn begin(
    state: &ServerState,
    headers: &HeaderMap,
    user: &UserId,
    next: &str,
) -> Result<Response, Problem> {
    if let Some(old) = session::key(&state.settings, headers) {
        sessions::end(&state.database, old).await?;
    }
    let key = sessions::start(&state.database, user).await?;
    let to = format!("{}{next}", state.settings.prefix());
    let cookie = session::start(&state.settings, &key);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
}

/// The form. Its address may contain a code, so no other page learns it.
fn page(frame: Frame, next: String, error: Option<&'static str>) -> Response {
    let status = match error {
        Some(_) => StatusCode::UNAUTHORIZED,
        None => StatusCode::OK,
    };
    let policy = HeaderValue::from_static("no-referrer");
    let page = Html(SignInPage { frame, next, error });
    (status, [(header::REFERRER_POLICY, policy)], page).into_response()
}
