//! Authentication and authorisation, before a request reaches its handler.

use super::idempotency;
use super::operation::{Credential, Guarded};
use super::problem::Problem;
use super::session;
use super::settings::TrustedProxy;
use super::state::ServerState;
use crate::app::caller::{Access, Caller};
use crate::app::{api_tokens, sessions};
use crate::secret::Secret;
use crate::store::access::Account;
use crate::store::id::UserId;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;
use std::sync::Arc;

/// The header by which a trusted proxy presents its secret.
const PROXY_SECRET: &str = "x-groundplan-proxy-secret";

/// The account of a request, for its handler.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) caller: Caller,
    pub(super) account: Account,
}

/// The proof of the account of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// By a token, which a browser never sends unasked.
    Token,
    /// By a proxy, which names the user of a browser and of an application alike.
    Proxy,
    /// By a cookie, which a browser sends with requests of other sites too.
    Cookie,
}

/// Checks the credential and the rights of a request, then carries it out.
pub(super) async fn check(
    State((state, guarded)): State<(Arc<ServerState>, Guarded)>,
    mut request: Request,
    next: Next,
) -> Response {
    let access = match guarded.credential {
        Credential::User(access) => access,
        Credential::Scheduler if !is_scheduler(&state, request.headers()) => {
            return Problem::unauthorized().into_response();
        }
        Credential::Scheduler | Credential::Nothing => return next.run(request).await,
    };
    // The body of a request cannot be shared between threads, so only its head is passed on.
    let (parts, body) = request.into_parts();
    let authorized = authorize(&state, access, &parts).await;
    request = Request::from_parts(parts, body);
    match authorized {
        Ok(signed) => {
            let caller = signed.caller.clone();
            request.extensions_mut().insert(signed);
            if request.method() == Method::POST && guarded.keeps_answers {
                return idempotency::once(&state, &caller, request, next).await;
            }
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn authorize(
    state: &ServerState,
    access: Access,
    request: &Parts,
) -> Result<Signed, Problem> {
    let (account, proof) = authenticate(state, request).await?;
    if !request.method.is_safe() {
        let is_browser = request.headers.contains_key("sec-fetch-site")
            || request.headers.contains_key(header::ORIGIN);
        if proof == Proof::Cookie || (proof == Proof::Proxy && is_browser) {
            check_same_site(state, &request.headers)?;
        }
    }
    let caller = Caller::of_account(&account, &state.context.policy);
    caller.check(access)?;
    Ok(Signed { caller, account })
}

/// The account of a request for a page; none where the page is open to all. A form is accepted from this site only.
pub(super) async fn authorize_page(
    state: &ServerState,
    credential: Credential,
    request: &Parts,
) -> Result<Option<Signed>, Problem> {
    if !request.method.is_safe() {
        check_same_site(state, &request.headers)?;
    }
    match credential {
        Credential::User(access) => authorize(state, access, request).await.map(Some),
        Credential::Nothing | Credential::Scheduler => Ok(None),
    }
}

async fn authenticate(state: &ServerState, request: &Parts) -> Result<(Account, Proof), Problem> {
    let headers = &request.headers;
    let peer = request
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| *address);
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(bearer);
        let recognised = match token {
            Some(token) => api_tokens::recognise(&state.database, token).await?,
            None => None,
        };
        let account = recognised.ok_or_else(Problem::unauthorized)?;
        return Ok((account, Proof::Token));
    }
    if let Some(proxy) = &state.settings.proxy
        && let Some(user) = proxy.user(headers, peer)?
    {
        let account = state
            .database
            .account(&user)
            .await?
            .ok_or_else(Problem::unauthorized)?;
        return Ok((account, Proof::Proxy));
    }
    if let Some(key) = session::key(&state.settings, headers)
        && let Some(account) = sessions::recognise(&state.database, key).await?
    {
        return Ok((account, Proof::Cookie));
    }
    Err(Problem::unauthorized())
}

/// The token of an `Authorization` header.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Refuses a change that the page of another site asks for.
fn check_same_site(state: &ServerState, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_same = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let public = state.settings.public_url.as_ref();
            let own = public.map(super::settings::PublicUrl::origin);
            own.as_deref() == Some(origin)
                || text("host").is_some_and(|host| {
                    origin
                        .split_once("://")
                        .is_some_and(|(_, rest)| rest == host)
                })
        }
        (None, None) => false,
    };
    if is_same {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "the request comes from another site",
    ))
}

impl TrustedProxy {
    /// The user that the proxy names; `None` for a request that does not come from it.
    ///
    /// # Errors
    /// Refuses a wrong secret and an unknown address: somebody else sends the proxy's headers.
    fn user(
        &self,
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Result<Option<UserId>, Problem> {
        let mut named = headers.get_all(self.user_header.as_str()).iter();
        let Some(header) = named.next() else {
            return Ok(None);
        };
        let presented = headers.get(PROXY_SECRET).map(HeaderValue::as_bytes);
        let is_proxy = named.next().is_none()
            && peer.is_some_and(|peer| self.addresses.contains(&peer.ip().to_canonical()))
            && presented.is_some_and(|presented| is_secret(&self.secret, presented));
        let user = header
            .to_str()
            .ok()
            .and_then(|text| UserId::parse(text).ok());
        match user {
            Some(user) if is_proxy => Ok(Some(user)),
            _ => Err(Problem::unauthorized()),
        }
    }
}

/// Compares by digests, so that the time of the comparison tells nothing of the secret.
fn is_secret(secret: &Secret, presented: &[u8]) -> bool {
    Sha256::digest(secret.expose().as_bytes()) == Sha256::digest(presented)
}

/// True if the request presents the secret of the scheduler.
fn is_scheduler(state: &ServerState, headers: &HeaderMap) -> bool {
    let presented = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer);
    match (&state.settings.cron_secret, presented) {
        (Some(secret), Some(presented)) => is_secret(secret, presented.as_bytes()),
        _ => false,
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthorized)
    }
}
