//! The address of a forge on the web: its API and its repositories.

use crate::base::host::is_loopback;
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use thiserror::Error;
use url::Url;

/// The addresses of a forge's API and of its pages and repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    api: Url,
    web: Url,
}

/// A text that is not the address of a forge.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SiteError {
    #[error("`{text}` is not a web address such as `https://forge.example.org`")]
    NotAnAddress { text: String },
    #[error("`{host}` may not be reached by http: use https, or allow http for this host by name")]
    NotEncrypted { host: String },
    #[error("the address of a forge has no user, password, query or fragment")]
    ExtraParts,
}

impl Explain for SiteError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAnAddress { .. } => "forge_address_malformed",
            Self::NotEncrypted { .. } => "forge_address_not_encrypted",
            Self::ExtraParts => "forge_address_extra_parts",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(hint!("check ", Setting::ForgeUrl))
    }
}

impl Site {
    /// GitHub, or GitHub Enterprise at another address. Each is accepted by the address of its pages or of its API.
    pub fn github(address: &str, http_hosts: &[String]) -> Result<Self, SiteError> {
        let given = parse(address, http_hosts)?;
        let host = given.host_str().unwrap_or("").to_owned();
        let at = |host: String| {
            let mut url = given.clone();
            match url.set_host(Some(&host)) {
                Ok(()) => Ok(url),
                Err(_) => Err(SiteError::NotAnAddress { text: host }),
            }
        };
        let bare = host.strip_prefix("api.").unwrap_or(&host);
        if bare == "github.com" || bare.ends_with(".ghe.com") {
            let (api, web) = (at(format!("api.{bare}"))?, at(bare.to_owned())?);
            return Ok(Self { api, web });
        }
        let mut web = given.clone();
        if let Some(path) = given.path().strip_suffix("/api/v3") {
            web.set_path(path);
        }
        let api = join(&web, &["api", "v3"]);
        Ok(Self { api, web })
    }

    /// Forgejo or Gitea, possibly below a path.
    pub fn forgejo(address: &str, http_hosts: &[String]) -> Result<Self, SiteError> {
        let web = parse(address, http_hosts)?;
        let api = join(&web, &["api", "v1"]);
        Ok(Self { api, web })
    }

    /// The host of the forge's pages.
    pub fn host(&self) -> &str {
        self.web.host_str().unwrap_or("")
    }

    /// The host of the forge's pages, with the port that the address names.
    pub(super) fn authority(&self) -> String {
        match self.web.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// The address of an API page, each segment percent-encoded.
    pub(super) fn api(&self, segments: &[&str]) -> Url {
        join(&self.api, segments)
    }

    /// The address of an API page from a path that is percent-encoded already.
    pub(super) fn route(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.api.clone();
        url.set_path(&format!("{}{path}", self.api.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }

    /// The address to clone a repository from and to push it to.
    pub(super) fn remote(&self, owner: &str, name: &str) -> Url {
        join(&self.web, &[owner, &format!("{name}.git")])
    }
}

fn parse(text: &str, http_hosts: &[String]) -> Result<Url, SiteError> {
    let not_an_address = || SiteError::NotAnAddress {
        text: text.chars().take(200).collect(),
    };
    let mut url = Url::parse(text).map_err(|_| not_an_address())?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(SiteError::ExtraParts);
    }
    let host = url.host_str().ok_or_else(not_an_address)?.to_owned();
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) || http_hosts.contains(&host) => {}
        "http" => return Err(SiteError::NotEncrypted { host }),
        _ => return Err(not_an_address()),
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Appends segments to a path, each percent-encoded.
fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("web addresses have paths")
        .pop_if_empty()
        .extend(segments);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn github(address: &str, api: &str, remote: &str) {
        let site = Site::github(address, &[]).expect("an address");
        assert_eq!(site.api(&["user"]).as_str(), api);
        assert_eq!(site.remote("acme", "web").as_str(), remote);
    }

    #[test]
    fn github_and_github_enterprise_are_found_by_any_of_their_addresses() {
        for address in ["https://github.com", "https://api.github.com/"] {
            github(
                address,
                "https://api.github.com/user",
                "https://github.com/acme/web.git",
            );
        }
        github(
            "https://octo.ghe.com",
            "https://api.octo.ghe.com/user",
            "https://octo.ghe.com/acme/web.git",
        );
        for address in [
            "https://git.example.org:8443/",
            "https://git.example.org:8443/api/v3",
        ] {
            github(
                address,
                "https://git.example.org:8443/api/v3/user",
                "https://git.example.org:8443/acme/web.git",
            );
        }
    }

    #[test]
    fn forgejo_may_be_below_a_path() {
        for address in ["https://example.org/code", "https://example.org/code/"] {
            let site = Site::forgejo(address, &[]).expect("an address");
            assert_eq!(
                site.api(&["repos", "a/b", "c d"]).as_str(),
                "https://example.org/code/api/v1/repos/a%2Fb/c%20d"
            );
            assert_eq!(
                site.remote("acme", "web").as_str(),
                "https://example.org/code/acme/web.git"
            );
            assert_eq!(site.host(), "example.org");
        }
    }

    #[test]
    fn http_is_allowed_to_this_machine_and_to_hosts_allowed_by_name() {
        let allowed = ["forge.lan".to_owned()];
        for address in [
            "http://127.0.0.1:3000",
            "http://[::1]",
            "http://localhost:1",
            "http://forge.lan",
        ] {
            assert_eq!(Site::forgejo(address, &allowed).err(), None, "{address}");
        }
        for address in [
            "http://forge.example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1",
        ] {
            assert!(
                matches!(
                    Site::forgejo(address, &allowed),
                    Err(SiteError::NotEncrypted { .. })
                ),
                "{address}"
            );
        }
    }

    #[test]
    fn an_address_has_a_host_and_at_most_a_path() {
        for address in [
            "https://github.com@evil.example",
            "https://a:b@c.example",
            "https://c.example?x",
            "https://c.example#x",
        ] {
            assert_eq!(
                Site::github(address, &[]),
                Err(SiteError::ExtraParts),
                "{address}"
            );
        }
        for address in [
            "",
            "github.com",
            "file:///srv",
            "ssh://git@c.example",
            "ftp://c.example",
        ] {
            assert!(Site::github(address, &[]).is_err(), "{address}");
        }
    }
}
