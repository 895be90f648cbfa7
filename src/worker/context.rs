//! With what a run is carried out: everything that the shell decides and no run changes.

use super::metrics::Metrics;
use super::workspace::Workspace;
use crate::forge::address::ForgeAddress;
use crate::forge::clock::Clock;
use crate::git::Git;
use crate::pat::sealed::{Binding, OpenError, Opener};
use crate::policy::Policy;
use crate::resolve::stored;
use crate::secret::Secret;
use crate::store::Store;
use crate::store::id::UserId;
use crate::store::lease::WorkerId;
use crate::store::recovery::Recovery;
use crate::template::TemplateStore;
use std::sync::Arc;
use std::time::Duration;

/// What all runs of a worker share.
pub struct WorkerContext {
    pub store: Arc<dyn Store>,
    pub worker: WorkerId,
    pub forge: ForgeAddress,
    /// For one call of the forge.
    pub forge_patience: Duration,
    pub push: PushSettings,
    /// Not needed for a folder.
    pub opener: Option<Opener>,
    pub shelf: TemplateStore,
    pub plans: stored::StoredPlanReader,
    pub policy: Policy,
    pub clock: Arc<dyn Clock>,
    pub workshop: Workspace,
    pub meter: Arc<Metrics>,
    /// What passing trouble does: the run fails, or goes back into the queue.
    pub recovery: Recovery,
    /// How often a lease is renewed.
    pub renewed_every: Duration,
}

/// How a built repository is pushed.
pub struct PushSettings {
    pub git: Arc<Git>,
    pub user: String,
}

/// Why there is no token to work with.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("there is no token of this user: store one, and try again")]
    None,
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl WorkerContext {
    /// The user's token, opened for one attempt; nothing where the forge needs none.
    pub fn token(&self, user: &UserId, sealed: Option<&str>) -> Result<Option<Secret>, TokenError> {
        let Some(host) = self.forge.host() else {
            return Ok(None);
        };
        let sealed = sealed.ok_or(TokenError::None)?;
        let binding = Binding {
            owner: user.as_str(),
            host,
        };
        let opener = self.opener.as_ref().ok_or(OpenError)?;
        Ok(Some(opener.open(sealed, binding)?.secret))
    }
}
