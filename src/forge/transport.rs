//! HTTP to one forge. A read is repeated while the forge is unreachable, a change is sent once, no redirect is followed.

use super::error::ForgeError;
use super::proxy::Proxies;
use super::response::{RequestKind, Response, quote};
use super::site::Site;
use super::tls;
use crate::base::clock::Clock;
use crate::error::{Class, Explain, chain};
use crate::secret::Secret;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue,
};
use reqwest::{Method, RequestBuilder};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

/// Settings of the HTTP client for a forge.
pub struct HttpConfig {
    /// Time limit for a connection.
    pub connect_timeout: Duration,
    /// Time limit for one request, up to the last byte of the answer.
    pub request_timeout: Duration,
    pub proxies: Proxies,
    /// Number of attempts at a read while the forge is unreachable. A change has one.
    pub read_attempts: usize,
    pub clock: Arc<dyn Clock>,
}

/// An HTTP client that cannot be created.
#[derive(Debug, Error)]
pub enum ClientError {
    #[error("the token cannot be sent in an HTTP header")]
    Token(#[from] InvalidHeaderValue),
    #[error("the HTTP client for the forge cannot be created")]
    Client(#[from] reqwest::Error),
}

/// A token and the scheme before it in the `Authorization` header.
pub(super) struct Credential {
    pub(super) scheme: &'static str,
    pub(super) secret: Secret,
}

/// The connection to one forge, shared by its clones.
#[derive(Clone)]
pub(super) struct Transport(Arc<Shared>);

struct Shared {
    client: reqwest::Client,
    site: Site,
    secret: Option<Secret>,
    clock: Arc<dyn Clock>,
    read_attempts: usize,
    /// The end of the forge's rate limit, in milliseconds since 1970. Nothing is sent before.
    closed_until: AtomicI64,
    /// The earliest time of the next change, in milliseconds since 1970.
    next_change: AtomicI64,
    /// The forge's time in its last answer, in seconds since 1970; 0 without a `Date` header.
    server_time: AtomicI64,
}

/// The longest answer that is read, in bytes. Answers of an API are far shorter.
const MAX_BODY: usize = 2 * 1024 * 1024;
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// The pause between two changes that GitHub asks for, in milliseconds.
/// Source: <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api>.
const CHANGE_INTERVAL: i64 = 1000;

impl HttpConfig {
    /// Settings for a forge across the network.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            proxies: Proxies::default(),
            read_attempts: 4,
            clock,
        }
    }
}

impl Explain for ClientError {
    fn class(&self) -> Class {
        Class::Environment
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Token(_) => "forge_token_unsendable",
            Self::Client(_) => "forge_client",
        }
    }
}

impl Transport {
    /// A client for one site. Without a credential, requests are anonymous.
    pub(super) fn new(
        site: Site,
        credential: Option<Credential>,
        mut headers: HeaderMap,
        config: HttpConfig,
    ) -> Result<Self, ClientError> {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(Credential { scheme, secret }) = &credential {
            let value = Zeroizing::new(format!("{scheme} {}", secret.expose()));
            let mut value = HeaderValue::from_str(&value)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self(Arc::new(Shared {
            client: client(headers, &config).map_err(reqwest::Error::without_url)?,
            site,
            secret: credential.map(|credential| credential.secret),
            clock: config.clock,
            read_attempts: config.read_attempts,
            closed_until: AtomicI64::new(0),
            next_change: AtomicI64::new(0),
            server_time: AtomicI64::new(0),
        })))
    }

    pub(super) fn site(&self) -> &Site {
        &self.0.site
    }

    /// The forge's time in its last answer, in seconds since 1970.
    pub(super) fn server_time(&self) -> Option<i64> {
        Some(self.0.server_time.load(Ordering::SeqCst)).filter(|seconds| *seconds > 0)
    }

    /// The text of an error for people, without the token.
    pub(super) fn quote(&self, text: &str) -> String {
        quote(text, self.0.secret.as_ref())
    }

    /// Reads a document. Repeated with growing delays while the forge is unreachable.
    pub(super) async fn read(&self, url: &Url) -> Result<Response, ForgeError> {
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(FIRST_DELAY)
            .with_max_times(self.0.read_attempts.saturating_sub(1))
            .build();
        loop {
            let request = self.0.client.get(url.clone());
            let error = match self.attempt(request, RequestKind::Read).await {
                Err(error) if error.is_transient() => error,
                result => return result,
            };
            let Some(delay) = delays.next() else {
                return Err(error);
            };
            let jitter = 0.5 + self.0.clock.jitter() / 2.0;
            self.0.clock.sleep(delay.mul_f64(jitter)).await;
        }
    }

    /// Sends a change once, at least a second after the one before. The body, if any, is JSON.
    pub(super) async fn change(
        &self,
        method: Method,
        url: Url,
        json: Option<reqwest::Body>,
    ) -> Result<Response, ForgeError> {
        let mut request = self.0.client.request(method, url);
        if let Some(json) = json {
            request = request.header(CONTENT_TYPE, "application/json").body(json);
        }
        self.wait_for_turn().await;
        self.attempt(request, RequestKind::Change).await
    }

    /// Reserves the time of a change and waits for it.
    async fn wait_for_turn(&self) {
        let Shared {
            clock, next_change, ..
        } = &*self.0;
        let now = clock.now();
        let reserve = |next: i64| Some(next.max(now) + CHANGE_INTERVAL);
        let (Ok(turn) | Err(turn)) =
            next_change.fetch_update(Ordering::SeqCst, Ordering::SeqCst, reserve);
        if let Ok(wait @ 1..) = u64::try_from(turn - now) {
            clock.sleep(Duration::from_millis(wait)).await;
        }
    }

    async fn attempt(
        &self,
        request: RequestBuilder,
        kind: RequestKind,
    ) -> Result<Response, ForgeError> {
        let now = self.0.clock.now();
        if let Ok(wait @ 1..) = u64::try_from(self.0.closed_until.load(Ordering::SeqCst) - now) {
            return Err(ForgeError::RateLimited {
                retry_after: Duration::from_millis(wait),
            });
        }
        let response = self.exchange(request, kind).await?;
        if let Some(seconds) = response.date() {
            self.0.server_time.store(seconds, Ordering::SeqCst);
        }
        let result = response.into_result(kind, self.0.secret.as_ref(), now / 1000);
        if let Err(ForgeError::RateLimited { retry_after }) = &result {
            let wait = i64::try_from(retry_after.as_millis()).unwrap_or(i64::MAX);
            self.0
                .closed_until
                .fetch_max(now.saturating_add(wait), Ordering::SeqCst);
        }
        result
    }

    /// Sends one request and reads its answer to the end, whatever its status.
    async fn exchange(
        &self,
        request: RequestBuilder,
        kind: RequestKind,
    ) -> Result<Response, ForgeError> {
        let lost = |error: reqwest::Error| {
            if let Some(message) = tls::reason(&error) {
                return ForgeError::Insecure { message };
            }
            // Without a connection nothing was sent. After that, the outcome of a change is unknown.
            let is_sent = !error.is_connect() && !error.is_builder();
            let message = self.quote(&chain(&error.without_url()));
            match kind {
                RequestKind::Change if is_sent => ForgeError::OutcomeUnknown { message },
                RequestKind::Read | RequestKind::Change => ForgeError::Unavailable { message },
            }
        };
        let mut response = request.send().await.map_err(lost)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MAX_BODY {
                let message = format!("the answer is longer than {MAX_BODY} bytes");
                return Err(kind.unreadable(message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: body.into(),
        })
    }
}

/// A client without redirects, retries, a referrer and proxies other than the configured ones.
fn client(headers: HeaderMap, config: &HttpConfig) -> reqwest::Result<reqwest::Client> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let provider = rustls::crypto::ring::default_provider();
        if provider.install_default().is_err() {
            // Another thread has installed the same provider just now.
        }
    }
    let client = reqwest::Client::builder()
        .user_agent(concat!("groundplan/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(config.connect_timeout)
        .timeout(config.request_timeout);
    config.proxies.apply(client)?.build()
}
