//! The cookie of a session.

use super::settings::{PublicUrl, ServerSettings};
use crate::store::access::Session;
use axum::http::{HeaderMap, HeaderValue, header};

/// The name of the cookie. Browsers bind `__Host-` to the host and `__Secure-` to https, so that no other site and no
/// unencrypted answer can plant one.
pub(super) fn cookie_name(settings: &ServerSettings) -> &'static str {
    match &settings.public_url {
        Some(url) if url.is_encrypted() && url.prefix().is_empty() => "__Host-groundplan",
        Some(url) if url.is_encrypted() => "__Secure-groundplan",
        _ => "groundplan",
    }
}

/// The key of a session in the cookies of a request.
pub(super) fn key<'h>(settings: &ServerSettings, headers: &'h HeaderMap) -> Option<&'h str> {
    cookie(headers, cookie_name(settings))
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The header that gives a browser the key of a session. `Lax`: a link from another site arrives signed in.
pub(super) fn start(settings: &ServerSettings, key: &str) -> HeaderValue {
    let seconds = Session::LONGEST / 1000;
    set(settings, cookie_name(settings), key, seconds)
}

/// The header that removes the key of a session.
pub(super) fn end(settings: &ServerSettings) -> HeaderValue {
    set(settings, cookie_name(settings), "", 0)
}

/// A cookie for this server alone, which no script reads.
pub(super) fn set(settings: &ServerSettings, name: &str, value: &str, seconds: i64) -> HeaderValue {
    let url = settings.public_url.as_ref();
    let path = match url.map(PublicUrl::prefix) {
        None | Some("") => "/",
        Some(prefix) => prefix,
    };
    let secure = if url.is_some_and(PublicUrl::is_encrypted) {
        "; Secure"
    } else {
        ""
    };
    let text =
        format!("{name}={value}; Path={path}; Max-Age={seconds}; SameSite=Lax; HttpOnly{secure}");
    HeaderValue::from_str(&text).expect("a cookie of visible ASCII characters")
}
