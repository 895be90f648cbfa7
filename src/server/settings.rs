//! Settings of a server: its public address, and the proxies that may name a user.

use crate::secret::Secret;
use std::net::IpAddr;
use std::time::Duration;
use thiserror::Error;
use url::Url;

/// The address under which browsers reach the server, such as `https://host/bootstrap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

/// A public address that cannot be used.
#[derive(Debug, Error)]
pub enum PublicUrlError {
    #[error("not a URL")]
    Syntax(#[from] url::ParseError),
    #[error("a public address is `http://…` or `https://…` without user, query and fragment")]
    Parts,
}

/// A proxy that names the user of a request by a header.
pub struct TrustedProxy {
    /// The header that contains the user's id.
    pub user_header: String,
    /// The secret that the proxy presents in `x-groundplan-proxy-secret`.
    pub secret: Secret,
    /// The addresses of the proxy.
    pub addresses: Vec<IpAddr>,
}

/// The settings of a server.
pub struct ServerSettings {
    pub public_url: Option<PublicUrl>,
    pub proxy: Option<TrustedProxy>,
    /// The secret of `POST /api/cron/bootstrap-stale-recovery`. None disables it.
    pub cron_secret: Option<Secret>,
    /// The longest time in which a body arrives.
    pub request_time: Duration,
}

impl ServerSettings {
    /// The path before all addresses, without a final slash; empty for the root.
    pub fn prefix(&self) -> &str {
        self.public_url.as_ref().map_or("", PublicUrl::prefix)
    }
}

impl PublicUrl {
    /// Parses a public address.
    pub fn parse(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text)?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.has_host();
        if is_plain {
            return Ok(Self(url));
        }
        Err(PublicUrlError::Parts)
    }

    /// The path before all routes, without a final slash; empty for the root.
    pub fn prefix(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// True for an https address.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The origin as browsers send it.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_has_a_prefix_and_an_origin() {
        let url = PublicUrl::parse("https://Host.example/bootstrap/").unwrap();
        assert_eq!(url.prefix(), "/bootstrap");
        assert_eq!(url.origin(), "https://host.example");
        assert_eq!(PublicUrl::parse("http://h:8080").unwrap().prefix(), "");
        for text in [
            "host",
            "ftp://host/",
            "https://u@host/",
            "https://host/?a",
            "https://host/#a",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
