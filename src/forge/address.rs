//! Which forge, where it is, and a client of it for one credential.

use super::Forge;
use super::error::ForgeError;
use super::forgejo::Forgejo;
use super::github::GitHub;
use super::http::{ClientError, HttpConfig};
use super::local::{self, Local};
use super::reach::{Reached, reach};
use super::site::Site;
use crate::base::clock::Clock;
use crate::secret::Secret;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A forge that is not talked to yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeAddress {
    GitHub(Site),
    Forgejo(Site),
    /// The absolute path of a folder of bare repositories.
    Folder(PathBuf),
}

impl ForgeAddress {
    /// The host that a token has to be sealed for; nothing for a folder, which needs none.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::GitHub(site) | Self::Forgejo(site) => Some(site.host()),
            Self::Folder(_) => None,
        }
    }

    /// A client. The token is asked for only where one is needed.
    pub fn connect<E: From<ClientError>>(
        &self,
        token: impl FnOnce() -> Result<Secret, E>,
        patience: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Box<dyn Forge>, E> {
        let manners = HttpConfig {
            call: patience,
            ..HttpConfig::new(Arc::clone(&clock))
        };
        Ok(match self {
            Self::GitHub(site) => Box::new(GitHub::new(site.clone(), token()?, manners)?),
            Self::Forgejo(site) => Box::new(Forgejo::new(site.clone(), token()?, manners)?),
            Self::Folder(folder) => Box::new(Local::new(folder.clone(), clock)),
        })
    }

    /// Whether the forge answers, and what time it has. No credential is sent.
    pub async fn reach(
        &self,
        patience: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Reached, ForgeError> {
        let manners = HttpConfig {
            call: patience,
            ..HttpConfig::new(clock)
        };
        match self {
            Self::GitHub(site) => reach(site, "meta", &manners).await,
            Self::Forgejo(site) => reach(site, "version", &manners).await,
            Self::Folder(folder) => local::folders(folder).map(|_| Reached { now: None }),
        }
    }
}
