//! The proxies of the requests to a forge. None is used unless the operator says so.

use crate::error::{Class, Explain, Hint};
use reqwest::{ClientBuilder, NoProxy, Proxy};
use thiserror::Error;
use url::Url;

/// The proxies by scheme, and the hosts that are reached without one.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    direct: Option<String>,
}

/// A proxy variable that cannot be used. Its value may contain a password and is not repeated.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ProxyError {
    #[error("{variable} is not the address of a proxy")]
    NotAnAddress { variable: &'static str },
    #[error("{variable} names a `{scheme}` proxy, and only http and https proxies are supported")]
    Scheme {
        variable: &'static str,
        scheme: String,
    },
}

/// The first of these variables that is set counts, as for git and curl: `HTTP_PROXY` is not read.
const HTTP: &[&str] = &["http_proxy", "all_proxy", "ALL_PROXY"];
const HTTPS: &[&str] = &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const DIRECT: &[&str] = &["no_proxy", "NO_PROXY"];

impl Proxies {
    /// The proxies that the environment names, by the variables that git reads.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let first = |names: &[&'static str]| {
            names
                .iter()
                .find_map(|name| Some((*name, variable(name)?)))
                .filter(|(_, value)| !value.is_empty())
        };
        let proxy = |names| {
            first(names)
                .map(|(name, value)| parse(name, &value))
                .transpose()
        };
        Ok(Self {
            http: proxy(HTTP)?,
            https: proxy(HTTPS)?,
            direct: first(DIRECT).map(|(_, value)| value),
        })
    }

    /// A client with these proxies, and without those that reqwest would find in the environment.
    pub(super) fn apply(&self, client: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let direct = || self.direct.as_deref().and_then(NoProxy::from_string);
        let mut client = client.no_proxy();
        if let Some(url) = &self.http {
            client = client.proxy(Proxy::http(url.clone())?.no_proxy(direct()));
        }
        if let Some(url) = &self.https {
            client = client.proxy(Proxy::https(url.clone())?.no_proxy(direct()));
        }
        Ok(client)
    }
}

/// An address without a scheme is one of http, as for git and curl.
fn parse(variable: &'static str, value: &str) -> Result<Url, ProxyError> {
    let address = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let url = Url::parse(&address).map_err(|_| ProxyError::NotAnAddress { variable })?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "http" | "https" => Err(ProxyError::NotAnAddress { variable }),
        scheme => Err(ProxyError::Scheme {
            variable,
            scheme: scheme.to_owned(),
        }),
    }
}

impl Explain for ProxyError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnAddress { .. } => "proxy_malformed",
            Self::Scheme { .. } => "proxy_scheme",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some("set it to `http://HOST:PORT`, or omit `--forge-proxy env`".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Proxies, ProxyError> {
        Proxies::from_variables(|name| {
            let found = variables.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_count_as_for_git() {
        let text = |url: &Option<Url>| url.as_ref().map(|url| url.as_str().to_owned());
        for (variables, http, https) in [
            (
                &[("http_proxy", "http://a:1")][..],
                Some("http://a:1/"),
                None,
            ),
            (&[("HTTP_PROXY", "http://a:1")], None, None),
            (&[("HTTPS_PROXY", "a:1")], None, Some("http://a:1/")),
            (
                &[("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1")],
                None,
                Some("http://a:1/"),
            ),
            (
                &[("ALL_PROXY", "http://a:1"), ("http_proxy", "http://b:1")],
                Some("http://b:1/"),
                Some("http://a:1/"),
            ),
            // An empty variable means no proxy.
            (
                &[("ALL_PROXY", "http://a:1"), ("http_proxy", "")],
                None,
                Some("http://a:1/"),
            ),
        ] {
            let found = read(variables).expect("proxies");
            let found = (text(&found.http), text(&found.https));
            assert_eq!(
                found,
                (http.map(str::to_owned), https.map(str::to_owned)),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn an_address_that_only_one_of_both_could_use_is_refused() {
        let variable = "https_proxy";
        assert_eq!(
            read(&[(variable, "socks5://a:1")]).err(),
            Some(ProxyError::Scheme {
                variable,
                scheme: "socks5".to_owned()
            })
        );
        assert_eq!(
            read(&[(variable, "http://")]).err(),
            Some(ProxyError::NotAnAddress { variable })
        );
    }
}
