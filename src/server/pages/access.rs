//! Access to pages. A request without a session is redirected to the sign-in, and from there back to its address.

use super::frame::local_address;
use super::{guard, problem_page};
use crate::server::operation::Credential;
use crate::server::state::ServerState;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::sync::Arc;
use url::form_urlencoded;

/// Files, styles and scripts of this server only, and no text of a page becomes a script.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types groundplan";

/// Checks the credential and the rights of a request, then carries it out. A failure is answered as a page.
pub(super) async fn check(
    State((state, credential)): State<(Arc<ServerState>, Credential)>,
    mut request: Request,
    next: Next,
) -> Response {
    // The body of a request cannot be shared between threads, so only its head is passed on.
    let (mut parts, body) = request.into_parts();
    let authorized = guard::authorize_page(&state, credential, &parts).await;
    let response = match authorized {
        Ok(signed) => {
            if let Some(signed) = signed {
                parts.extensions.insert(signed);
            }
            request = Request::from_parts(parts.clone(), body);
            next.run(request).await
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            sign_in(&state, &parts).into_response()
        }
        Err(problem) => problem.into_response(),
    };
    protect(problem_page::render(&state, &parts, response))
}

/// Leads to the sign-in, and after it to the page that was asked for, or whose form was sent.
fn sign_in(state: &ServerState, parts: &Parts) -> Redirect {
    let base = state.settings.prefix();
    let wanted = if parts.method.is_safe() {
        parts.uri.path_and_query().map(ToString::to_string)
    } else {
        form_page(parts)
    };
    let next = wanted
        .as_deref()
        .map(|address| address.strip_prefix(base).unwrap_or(address))
        .and_then(local_address)
        .filter(|address| *address != "/");
    let Some(next) = next else {
        return Redirect::to(&format!("{base}/sign-in"));
    };
    let pairs = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next)
        .finish();
    Redirect::to(&format!("{base}/sign-in?{pairs}"))
}

/// The path and query of the page that contains the form, as the browser names it.
fn form_page(parts: &Parts) -> Option<String> {
    let page = parts.headers.get(header::REFERER)?.to_str().ok()?;
    let page = url::Url::parse(page).ok()?;
    Some(match page.query() {
        Some(query) => format!("{}?{query}", page.path()),
        None => page.path().to_owned(),
    })
}

/// Adds the headers that keep a page from being framed, guessed or sent elsewhere.
pub(super) fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The form of an expired session is found again by the address of its page.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
