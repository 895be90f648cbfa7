//! The address of a forge of any kind, and a client for it.

use super::Forge;
use super::error::ForgeError;
use super::forgejo::Forgejo;
use super::github::GitHub;
use super::local::{self, Local};
use super::proxy::Proxies;
use super::site::{Site, SiteError};
use super::transport::{ClientError, HttpConfig};
use crate::base::clock::Clock;
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::preflight::ForgeKind;
use crate::secret::Secret;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use url::Url;

/// The address of a forge. Parsing it sends no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeAddress {
    GitHub(Site),
    Forgejo(Site),
    /// The absolute path of a folder of bare repositories.
    Folder(PathBuf),
}

/// An address that does not fit its kind of forge.
#[derive(Debug, Error)]
pub enum ForgeAddressError {
    #[error("the address of the forge is missing")]
    Missing { kind: ForgeKind },
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error("`{}` is not a folder", path.display())]
    NotAFolder { path: PathBuf },
    #[error("the absolute path of `{}` cannot be found", path.display())]
    CurrentFolder {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
}

/// Settings of the requests to a forge.
#[derive(Clone, Debug)]
pub struct RequestSettings {
    /// The time limit of each request.
    pub timeout: Duration,
    pub proxies: Proxies,
}

impl RequestSettings {
    /// Settings without proxies.
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            proxies: Proxies::default(),
        }
    }

    fn config(&self, clock: Arc<dyn Clock>) -> HttpConfig {
        HttpConfig {
            request_timeout: self.timeout,
            proxies: self.proxies.clone(),
            ..HttpConfig::new(clock)
        }
    }
}

impl ForgeAddress {
    /// Parses an address of a kind: a URL, nothing for the kind's own, or a folder. `http_hosts` are the hosts, besides
    /// this machine, to which requests without encryption are allowed.
    pub fn parse(
        kind: ForgeKind,
        given: Option<&str>,
        http_hosts: &[String],
    ) -> Result<Self, ForgeAddressError> {
        let text = given
            .or(kind.default_url())
            .ok_or(ForgeAddressError::Missing { kind })?;
        Ok(match kind {
            ForgeKind::Github => Self::GitHub(Site::github(text, http_hosts)?),
            ForgeKind::Forgejo => Self::Forgejo(Site::forgejo(text, http_hosts)?),
            ForgeKind::Local => {
                let path = PathBuf::from(text);
                if !path.is_dir() {
                    return Err(ForgeAddressError::NotAFolder { path });
                }
                match std::path::absolute(&path) {
                    Ok(absolute) => Self::Folder(absolute),
                    Err(error) => return Err(ForgeAddressError::CurrentFolder { path, error }),
                }
            }
        })
    }

    /// The host for which a token is sealed. A folder has none.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::GitHub(site) | Self::Forgejo(site) => Some(site.host()),
            Self::Folder(_) => None,
        }
    }

    /// The address from which git clones a repository, which need not exist. A folder has none.
    pub fn remote(&self, owner: &str, name: &str) -> Option<Url> {
        match self {
            Self::GitHub(site) | Self::Forgejo(site) => Some(site.remote(owner, name)),
            Self::Folder(_) => None,
        }
    }

    /// A client for the forge. `token` is called only for a kind with tokens.
    pub fn connect<E: From<ClientError>>(
        &self,
        token: impl FnOnce() -> Result<Secret, E>,
        settings: &RequestSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Box<dyn Forge>, E> {
        let config = settings.config(Arc::clone(&clock));
        Ok(match self {
            Self::GitHub(site) => Box::new(GitHub::new(site.clone(), token()?, config)?),
            Self::Forgejo(site) => Box::new(Forgejo::new(site.clone(), token()?, config)?),
            Self::Folder(folder) => Box::new(Local::new(folder.clone(), clock)),
        })
    }

    /// Sends one anonymous request. Returns the forge's time in seconds since 1970, if its answer has one.
    pub async fn probe(
        &self,
        settings: &RequestSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<i64>, ForgeError> {
        let config = HttpConfig {
            read_attempts: 1,
            ..settings.config(clock)
        };
        let unavailable = |error: ClientError| ForgeError::Unavailable {
            message: crate::error::chain(&error),
        };
        match self {
            Self::GitHub(site) => {
                let forge = GitHub::anonymous(site.clone(), config).map_err(unavailable)?;
                forge.probe().await
            }
            Self::Forgejo(site) => {
                let forge = Forgejo::anonymous(site.clone(), config).map_err(unavailable)?;
                forge.probe().await
            }
            Self::Folder(folder) => local::folders(folder).map(|_| None),
        }
    }
}

impl Explain for ForgeAddressError {
    fn class(&self) -> Class {
        match self {
            Self::CurrentFolder { .. } => Class::Environment,
            Self::Missing { .. } | Self::Site(_) | Self::NotAFolder { .. } => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "forge_address_missing",
            Self::Site(error) => error.code(),
            Self::NotAFolder { .. } => "forge_not_a_folder",
            Self::CurrentFolder { .. } => "forge_folder_path",
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Missing { kind } => Some(hint!(
                "set ",
                Setting::ForgeUrl,
                format!(" to {}", kind.url_form())
            )),
            Self::NotAFolder { .. } => Some(hint!("create it first, or check ", Setting::ForgeUrl)),
            Self::CurrentFolder { .. } => Some(hint!("check the current folder")),
            Self::Site(error) => error.hint(),
        }
    }
}
