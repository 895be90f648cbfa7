//! The settings and services that all runs of a worker share.

use super::metrics::Metrics;
use super::workspace::Workspace;
use crate::app::templates::OpenCache;
use crate::base::clock::Clock;
use crate::error::{Class, Explain, Hint};
use crate::forge::address::{ForgeAddress, RequestSettings};
use crate::git::Git;
use crate::model::remote::RemoteUrl;
use crate::pat::sealed::{Binding, OpenError, Opener};
use crate::policy::Policy;
use crate::resolve::stored;
use crate::secret::Secret;
use crate::signing::key::SigningKey;
use crate::store::Store;
use crate::store::id::UserId;
use crate::store::lease::WorkerId;
use crate::store::recovery::Recovery;
use crate::store::sql::Database;
use crate::template::TemplateStore;
use std::sync::Arc;
use std::time::Duration;

/// The settings and services of a worker. The shell chooses them and no run changes them.
pub struct WorkerContext {
    pub store: Arc<dyn Store>,
    pub worker: WorkerId,
    pub forge: ForgeAddress,
    pub forge_requests: RequestSettings,
    pub push: PushSettings,
    /// Signs the commits of created repositories. `None` for commits without a signature.
    pub signing: Option<Arc<SigningKey>>,
    /// Opens the users' sealed tokens. `None` for a folder, which needs no token.
    pub opener: Option<Opener>,
    pub templates: TemplateStore,
    /// The places besides `templates` that updates are computed from.
    pub updates: UpdateSources,
    pub plans: stored::StoredPlanReader,
    pub policy: Policy,
    pub clock: Arc<dyn Clock>,
    pub workspace: Workspace,
    pub metrics: Arc<Metrics>,
    /// The reaction to a transient error: the run fails, or goes back into the queue.
    pub recovery: Recovery,
    /// The interval at which a lease is renewed.
    pub renewal_interval: Duration,
}

/// The catalogues and templates of updates.
pub struct UpdateSources {
    /// The catalogues of its rows come before those of the worker, as on the pages.
    pub database: Arc<Database>,
    pub cache: OpenCache,
    /// The addresses that may be contacted because a repository names them.
    pub allowed_sources: Vec<RemoteUrl>,
}

/// The git program and the user name of a push.
pub struct PushSettings {
    pub git: Arc<Git>,
    pub user: String,
}

/// An error of a user's token before it is sent to the forge.
#[derive(Debug, thiserror::Error)]
pub enum UserTokenError {
    #[error("the user has no stored token: save one with `groundplan pat save`")]
    Missing,
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Explain for UserTokenError {
    fn class(&self) -> Class {
        Class::Credential
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "user_token_missing",
            Self::Open(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Missing => Some("save a token with `groundplan pat save`, then try again".into()),
            Self::Open(error) => error.hint(),
        }
    }
}

impl WorkerContext {
    /// The user's token; `None` if the forge needs none. `sealed` is the stored token.
    pub fn token(
        &self,
        user: &UserId,
        sealed: Option<&str>,
    ) -> Result<Option<Secret>, UserTokenError> {
        let Some(host) = self.forge.host() else {
            return Ok(None);
        };
        let sealed = sealed.ok_or(UserTokenError::Missing)?;
        let binding = Binding {
            owner: user.as_str(),
            host,
        };
        let opener = self.opener.as_ref().ok_or(OpenError)?;
        Ok(Some(opener.open(sealed, binding)?.secret))
    }
}
