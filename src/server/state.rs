//! The state that all requests share.

use super::events::Events;
use super::live_results::LiveResults;
use super::problem::Problem;
use super::rates::{Rated, Rates};
use super::settings::ServerSettings;
use crate::app::caller::Caller;
use crate::app::catalogs::{CatalogError, OpenedCatalog};
use crate::app::database_catalogs::LoadedCatalogs;
use crate::app::error::AppError;
use crate::app::kept_previews::RecentPreviews;
use crate::app::previews::AskedForge;
use crate::app::templates::OpenCache;
use crate::app::tokens::TokenForge;
use crate::base::clock::Clock;
use crate::forge::Forge;
use crate::model::preflight::ForgeKind;
use crate::model::slug::Slug;
use crate::model::suggest;
use crate::pat::key::Key;
use crate::secret::Secret;
use crate::store::id::UserId;
use crate::store::sql::Database;
use crate::worker::context::{UserTokenError, WorkerContext};
use crate::worker::log::Logs;
use axum::http::StatusCode;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// The longest wait of a preview for a free core.
const PREVIEW_WAIT: Duration = Duration::from_secs(10);

/// Reads the encryption key.
pub type ReadKey = Box<dyn Fn() -> Result<Key, Problem> + Send + Sync>;

/// The state that all requests share.
pub struct ServerState {
    pub database: Arc<Database>,
    pub settings: ServerSettings,
    /// The forge, the templates and the policy, which the worker of this process uses too.
    pub context: Arc<WorkerContext>,
    /// The logs of runs that are cleaned up by a request.
    pub logs: Arc<Logs>,
    pub forge: ServerForge,
    /// The catalogues that this server offers, by slug.
    pub catalogs: BTreeMap<String, Arc<OpenedCatalog>>,
    /// The catalogues of the database's rows.
    pub loaded: LoadedCatalogs,
    pub cache: OpenCache,
    pub rates: Rates,
    /// One permit for each preview that may run at a time.
    pub previews: Arc<Semaphore>,
    pub recent: RecentPreviews,
    pub live: LiveResults,
    pub events: Events,
    /// True once the server stops.
    pub stopped: watch::Receiver<bool>,
}

/// The forge as requests name it.
pub struct ServerForge {
    pub kind: ForgeKind,
    /// The host; for a local forge, its folder.
    pub host: String,
    /// Reads the key that tokens are sealed with. None for a forge without tokens.
    pub key: Option<ReadKey>,
}

impl ServerState {
    /// A catalogue by its slug: the one of the database's rows, or the server's own if it was never published.
    pub(super) async fn catalog(&self, slug: &str) -> Result<Arc<OpenedCatalog>, AppError> {
        if let Ok(slug) = Slug::parse(slug)
            && let Some(opened) = self.loaded.find(&self.database, &slug).await?
        {
            return Ok(opened);
        }
        self.catalogs.get(slug).cloned().ok_or_else(|| {
            let names = self.catalogs.keys().map(String::as_str);
            CatalogError::Unknown {
                name: slug.to_owned(),
                suggestion: suggest::help(slug, names),
            }
            .into()
        })
    }

    /// Waits for the permission to compute a preview.
    pub(super) async fn preview_permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        match timeout(PREVIEW_WAIT, Arc::clone(&self.previews).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Problem::busy()),
        }
    }

    /// The clock.
    pub(super) fn clock(&self) -> &dyn Clock {
        self.context.clock.as_ref()
    }

    /// Counts a request of an actor without account against the limit of its kind.
    pub(super) fn count_of(&self, kind: Rated, actor: &str) -> Result<(), Problem> {
        self.rates.count(kind, actor, self.clock().now())
    }

    /// Counts a request of the caller against the limit of its kind.
    pub(super) fn count(&self, kind: Rated, caller: &Caller) -> Result<(), Problem> {
        self.count_of(kind, caller.user().as_str())
    }

    /// The forge with the stored token of a user.
    pub(super) async fn forge_of(&self, user: &UserId) -> Result<Box<dyn Forge>, Problem> {
        let sealed = self.database.sealed_token(user).await?;
        let token = match self.context.token(user, sealed.as_deref()) {
            Err(UserTokenError::Missing) => {
                return Err(Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "user_token_missing",
                    "no token of the forge is stored",
                )
                .hinted("store one with `PUT /api/v1/token`"));
            }
            token => token?,
        };
        self.connect(|| token.ok_or_else(Problem::internal))
    }

    /// A connected forge, to be asked about a publication.
    pub(super) fn asked<'f>(&'f self, forge: &'f dyn Forge) -> AskedForge<'f> {
        AskedForge {
            forge,
            kind: self.forge.kind,
            host: self.forge.host.clone(),
            timeout: self.context.forge_requests.timeout,
            clock: self.clock(),
        }
    }

    /// The forge with a token, which is asked for only where the forge needs one.
    pub(super) fn connect(
        &self,
        token: impl FnOnce() -> Result<Secret, Problem>,
    ) -> Result<Box<dyn Forge>, Problem> {
        let context = &self.context;
        let clock = Arc::clone(&context.clock);
        context.forge.connect(token, &context.forge_requests, clock)
    }
}

impl ServerForge {
    /// A connected forge with its kind and host.
    pub(super) fn of<'f>(&'f self, forge: &'f dyn Forge) -> TokenForge<'f> {
        TokenForge {
            forge,
            kind: self.kind,
            host: &self.host,
        }
    }
}
