//! One small HTTP client for every forge: reads are repeated, changes never, and nothing is followed.

use super::error::ForgeError;
use super::response::{RequestKind, Response, tell};
use super::site::Site;
use crate::base::clock::Clock;
use crate::error::chain;
use crate::secret::Secret;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// How a forge is talked to, besides where and with which credential.
pub struct HttpConfig {
    /// For a connection.
    pub connect: Duration,
    /// For a whole call, the answer's last byte included.
    pub call: Duration,
    /// The proxy to go through. What the environment says of proxies is not followed.
    pub proxy: Option<url::Url>,
    pub clock: Arc<dyn Clock>,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[error("no client for the forge can be made: {message}")]
pub struct ClientError {
    message: String,
}

pub(super) struct HttpClient {
    client: reqwest::Client,
    pub(super) site: Site,
    secret: Secret,
    clock: Arc<dyn Clock>,
    /// Until when the forge wants to hear nothing, in milliseconds since 1970.
    closed_until: AtomicI64,
    /// When the next change may be asked for.
    next_change: AtomicI64,
}

/// Answers of an API are far smaller.
const LONGEST_BODY: usize = 2 * 1024 * 1024;
/// How often a read is tried.
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// GitHub asks for a second between changes.
const BETWEEN_CHANGES: i64 = 1000;

impl HttpConfig {
    /// Patience for a forge across the network.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            connect: Duration::from_secs(10),
            call: Duration::from_secs(30),
            proxy: None,
            clock,
        }
    }
}

impl HttpClient {
    /// `scheme` is the word before the secret in the `Authorization` header.
    pub(super) fn new(
        site: Site,
        secret: Secret,
        scheme: &str,
        headers: &[(&'static str, &'static str)],
        manners: HttpConfig,
    ) -> Result<Self, ClientError> {
        let value = Zeroizing::new(format!("{scheme} {}", secret.expose()));
        let mut value = HeaderValue::from_str(&value).map_err(|_| ClientError {
            message: "the secret does not fit into a header".to_owned(),
        })?;
        value.set_sensitive(true);
        let mut defaults = HeaderMap::new();
        defaults.insert(AUTHORIZATION, value);
        defaults.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            defaults.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let client = client(defaults, &manners).map_err(|error| ClientError {
            message: tell(&chain_without_url(error), &secret),
        })?;
        Ok(Self {
            client,
            site,
            secret,
            clock: manners.clock,
            closed_until: AtomicI64::new(0),
            next_change: AtomicI64::new(0),
        })
    }

    /// Reads a document, several times when the forge cannot be reached.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ForgeError> {
        self.read_with_headers(path, query)
            .await
            .map(|(document, _)| document)
    }

    /// Reads a document and what was said beside it.
    pub(super) async fn read_with_headers<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<(T, Response), ForgeError> {
        let mut url = self.site.api(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match self.read_once(url.clone()).await {
                Err(error) if error.is_passing() => {
                    self.clock
                        .sleep(wait.mul_f64(0.5 + self.clock.jitter() / 2.0))
                        .await;
                    wait *= 2;
                }
                other => return other,
            }
        }
        self.read_once(url).await
    }

    async fn read_once<T: DeserializeOwned>(
        &self,
        url: url::Url,
    ) -> Result<(T, Response), ForgeError> {
        let answer = self.call(self.client.get(url), RequestKind::Read).await?;
        match serde_json::from_slice(&answer.body) {
            Ok(document) => Ok((document, answer)),
            Err(error) if error.is_eof() => Err(ForgeError::Unavailable {
                message: "the answer ends too early".to_owned(),
            }),
            Err(error) => Err(ForgeError::Protocol {
                message: tell(&error.to_string(), &self.secret),
            }),
        }
    }

    /// Asks once for a change and gives the answer's document.
    pub(super) async fn change<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<T, ForgeError> {
        let request = self.client.request(method, self.site.api(path));
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        let answer = self.call_in_turn(request).await?;
        serde_json::from_slice(&answer.body).map_err(|error| ForgeError::OutcomeUnknown {
            message: tell(&format!("the answer cannot be read: {error}"), &self.secret),
        })
    }

    /// Asks once for a removal.
    pub(super) async fn remove(&self, path: &[&str]) -> Result<(), ForgeError> {
        let request = self.client.delete(self.site.api(path));
        self.call_in_turn(request).await.map(drop)
    }

    async fn call_in_turn(&self, request: RequestBuilder) -> Result<Response, ForgeError> {
        let now = self.clock.now();
        let turn = |next: i64| Some(next.max(now) + BETWEEN_CHANGES);
        let mine = self
            .next_change
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, turn);
        let mine = mine.unwrap_or(now);
        if let Ok(wait @ 1..) = u64::try_from(mine - now) {
            self.clock.sleep(Duration::from_millis(wait)).await;
        }
        self.call(request, RequestKind::Change).await
    }

    async fn call(
        &self,
        request: RequestBuilder,
        access: RequestKind,
    ) -> Result<Response, ForgeError> {
        let now = self.clock.now();
        if let Ok(wait @ 1..) = u64::try_from(self.closed_until.load(Ordering::SeqCst) - now) {
            return Err(ForgeError::RateLimited {
                retry_after: Duration::from_millis(wait),
            });
        }
        let answer = self.exchange(request, access).await?;
        let judged = answer.judge(access, &self.secret, now / 1000);
        if let Err(ForgeError::RateLimited { retry_after }) = &judged {
            let wait = i64::try_from(retry_after.as_millis()).unwrap_or(i64::MAX);
            self.closed_until
                .fetch_max(now.saturating_add(wait), Ordering::SeqCst);
        }
        judged
    }

    async fn exchange(
        &self,
        request: RequestBuilder,
        access: RequestKind,
    ) -> Result<Response, ForgeError> {
        let lost = |error: reqwest::Error| {
            // What was not even connected was not sent; of everything else nobody knows.
            let is_sent = !error.is_connect() && !error.is_builder();
            let message = tell(&chain_without_url(error), &self.secret);
            match access {
                RequestKind::Change if is_sent => ForgeError::OutcomeUnknown { message },
                RequestKind::Read | RequestKind::Change => ForgeError::Unavailable { message },
            }
        };
        let mut response = request.send().await.map_err(lost)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > LONGEST_BODY {
                let message = format!("the answer has more than {LONGEST_BODY} bytes");
                return Err(match access {
                    RequestKind::Read => ForgeError::Protocol { message },
                    RequestKind::Change => ForgeError::OutcomeUnknown { message },
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            headers,
            body,
        })
    }
}

/// A client that follows nothing, repeats nothing and goes through no proxy but the one that is named.
pub(super) fn client(headers: HeaderMap, manners: &HttpConfig) -> reqwest::Result<reqwest::Client> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that another thread was faster, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    let mut client = reqwest::Client::builder()
        .user_agent(concat!("groundplan/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(manners.connect)
        .timeout(manners.call);
    if let Some(proxy) = &manners.proxy {
        client = client.proxy(reqwest::Proxy::all(proxy.clone())?);
    }
    client.build()
}

/// The messages of an error and its sources, without the address, which may contain a secret.
pub(super) fn chain_without_url(error: reqwest::Error) -> String {
    chain(&error.without_url())
}
