//! The state that all requests share.

use super::events::Events;
use super::problem::Problem;
use super::rates::Rates;
use super::settings::ServerSettings;
use crate::app::catalogs::{CatalogError, OpenedCatalog};
use crate::app::database_catalogs;
use crate::app::error::AppError;
use crate::app::templates::TemplateCache;
use crate::app::tokens::TokenForge;
use crate::base::clock::Clock;
use crate::forge::Forge;
use crate::forge::address::{ForgeAddress, RequestSettings};
use crate::model::preflight::ForgeKind;
use crate::model::slug::Slug;
use crate::model::suggest;
use crate::pat::key::Key;
use crate::pat::sealed::{Binding, Opener};
use crate::policy::Policy;
use crate::resolve::stored::StoredPlanReader;
use crate::secret::Secret;
use crate::store::id::UserId;
use crate::store::recovery::Recovery;
use crate::store::sql::Database;
use crate::template::TemplateStore;
use crate::worker::context::WorkerContext;
use crate::worker::log::Logs;
use axum::http::StatusCode;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

/// The longest wait of a preview for a free core.
const PREVIEW_WAIT: Duration = Duration::from_secs(10);

/// Opens the template cache for templates in git.
pub type OpenCache = Box<dyn Fn() -> Result<TemplateCache<'static>, AppError> + Send + Sync>;

/// Reads the encryption key and, where there is one, the previous key.
pub type ReadKeys = Box<dyn Fn() -> Result<(Key, Option<Key>), Problem> + Send + Sync>;

/// The state that all requests share.
pub struct ServerState {
    pub database: Arc<Database>,
    pub settings: ServerSettings,
    pub policy: Policy,
    pub clock: Arc<dyn Clock>,
    pub forge: ServerForge,
    /// The catalogues that this server offers, by slug.
    pub catalogs: BTreeMap<String, Arc<OpenedCatalog>>,
    /// Opens the templates of kept previews.
    pub templates: TemplateStore,
    pub plans: StoredPlanReader,
    pub cache: OpenCache,
    pub recovery: Recovery,
    pub rates: Rates,
    /// One permit for each preview that may run at a time.
    pub previews: Semaphore,
    pub events: Events,
    /// Removes what failed runs left on the forge. Empty until the forge's settings are complete.
    pub cleaner: OnceLock<Cleaner>,
    /// True once the server stops.
    pub stopped: watch::Receiver<bool>,
}

/// The worker that removes what failed runs left, when a caller asks for it.
pub struct Cleaner {
    pub context: Arc<WorkerContext>,
    pub logs: Arc<Logs>,
}

/// The forge that repositories are created on.
pub struct ServerForge {
    pub kind: ForgeKind,
    pub address: ForgeAddress,
    /// The host; for a local forge, its folder.
    pub host: String,
    pub requests: RequestSettings,
    /// Reads the encryption key and, where there is one, the previous key. None for a forge without tokens.
    pub keys: Option<ReadKeys>,
}

impl ServerState {
    /// A catalogue by its slug: the one of the database's rows, or the server's own if it was never published.
    pub(super) async fn catalog(&self, slug: &str) -> Result<Arc<OpenedCatalog>, AppError> {
        if let Ok(slug) = Slug::parse(slug)
            && let Some(opened) = database_catalogs::find(&self.database, &slug).await?
        {
            return Ok(Arc::new(opened));
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
    pub(super) async fn preview_permit(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match timeout(PREVIEW_WAIT, self.previews.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Problem::busy()),
        }
    }

    /// The forge with the stored token of a user.
    pub(super) async fn forge_of(&self, user: &UserId) -> Result<Box<dyn Forge>, Problem> {
        let token = self.stored_token(user).await?;
        let missing = || {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "user_token_missing",
                "no token of the forge is stored",
            )
            .hinted("store one with `PUT /api/v1/token`")
        };
        self.forge
            .connect(|| token.ok_or_else(missing), &self.clock)
    }

    /// The stored token of a user, decrypted.
    async fn stored_token(&self, user: &UserId) -> Result<Option<Secret>, Problem> {
        let (Some(keys), Some(host)) = (&self.forge.keys, self.forge.address.host()) else {
            return Ok(None);
        };
        let Some(sealed) = self.database.sealed_token(user).await? else {
            return Ok(None);
        };
        let (current, previous) = keys()?;
        let binding = Binding {
            owner: user.as_str(),
            host,
        };
        let opened = Opener::new(current, previous).open(&sealed, binding)?;
        Ok(Some(opened.secret))
    }
}

impl ServerForge {
    /// The forge with a token, which is asked for only where the forge needs one.
    pub(super) fn connect(
        &self,
        token: impl FnOnce() -> Result<Secret, Problem>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Box<dyn Forge>, Problem> {
        self.address
            .connect(token, &self.requests, Arc::clone(clock))
    }

    /// A connected forge with its kind and host.
    pub(super) fn of<'f>(&'f self, forge: &'f dyn Forge) -> TokenForge<'f> {
        TokenForge {
            forge,
            kind: self.kind,
            host: &self.host,
        }
    }
}
