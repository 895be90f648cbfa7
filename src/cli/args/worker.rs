//! Flags of a worker: the forge, the keys, the templates and the folders.

use crate::app::catalogs::CatalogFiles;
use crate::base::clock::SystemClock;
use crate::catalog::{self, builtin};
use crate::cli::args::data::DataArgs;
use crate::cli::args::forge::{ForgeArgs, no_forge};
use crate::cli::args::generated_repo::allowed_sources;
use crate::cli::args::git::{GitArgs, state_folder};
use crate::cli::args::key;
use crate::cli::args::policy::PolicyArgs;
use crate::cli::args::push::PushArgs;
use crate::cli::args::signing::SigningArgs;
use crate::cli::error::Failure;
use crate::model::diagnostic::Diagnostic;
use crate::model::preflight::ForgeKind;
use crate::pat::key::Key;
use crate::pat::sealed::Opener;
use crate::resolve::stored;
use crate::store::lease::{Lease, WorkerId};
use crate::store::recovery::Recovery;
use crate::store::sql::Database;
use crate::template::TemplateStore;
use crate::worker::context::{PushSettings, UpdateSources, WorkerContext};
use crate::worker::log::Logs;
use crate::worker::metrics::Metrics;
use crate::worker::workspace::Workspace;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The flag of requests that no signal ends: a worker listens for signals itself, and the handler behind
/// `signals::stop` would replace its own.
pub(crate) static NEVER: AtomicBool = AtomicBool::new(false);

/// Everything but the database that a worker needs.
#[derive(Clone, clap::Args)]
pub(crate) struct WorkerArgs {
    /// On a transient error: fail the run, or retry it up to 3 times.
    #[arg(long, env = "GROUNDPLAN_RECOVERY", value_enum, default_value_t = RecoveryChoice::Fail)]
    recovery: RecoveryChoice,
    /// Folder in which repositories are built before they are pushed [default: groundplan in the user's state folder].
    #[arg(long, env = "GROUNDPLAN_STATE_DIR", value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder of the logs of runs [default: logs in the folder of `--state`].
    #[arg(long, env = "GROUNDPLAN_LOGS_DIR", value_name = "DIR")]
    logs: Option<PathBuf>,
    /// Folder with catalog/ and recipes/ of the catalogues that plans use [default: the built-in ones].
    #[arg(long, env = "GROUNDPLAN_CATALOGS", value_name = "DIR")]
    catalogs: Option<PathBuf>,
    /// For updates of repositories: allow to fetch the catalogue or the template from this address if the repository names it;
    /// repeatable.
    #[arg(
        long,
        value_name = "URL",
        env = "GROUNDPLAN_ALLOW_SOURCE",
        value_delimiter = ','
    )]
    allow_source: Vec<String>,
    /// Folder of the key when no variable has it.
    #[arg(skip)]
    key_folder: Option<DataArgs>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    pub(crate) git: GitArgs,
}

/// [`Recovery`] as the value of a flag.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum RecoveryChoice {
    Fail,
    Resume,
}

impl From<RecoveryChoice> for Recovery {
    fn from(choice: RecoveryChoice) -> Self {
        match choice {
            RecoveryChoice::Fail => Self::Fail,
            RecoveryChoice::Resume => Self::Resume {
                attempts: Self::ATTEMPTS,
            },
        }
    }
}

impl WorkerArgs {
    /// Sets the folder in which repositories are built, unless one is named.
    pub(crate) fn set_default_state(&mut self, folder: PathBuf) {
        self.state.get_or_insert(folder);
    }

    /// Sets the data folder whose key is used when no variable has one.
    pub(crate) fn set_key_folder(&mut self, data: DataArgs) {
        self.key_folder = Some(data);
    }

    /// Reads the current key and, where there is one, the previous key.
    pub(crate) fn keys(
        &self,
    ) -> impl Fn() -> Result<(Key, Option<Key>), Failure> + Send + Sync + use<> {
        let folder = self.key_folder.clone();
        move || {
            let current = match (key::read_key(Key::VARIABLE)?, &folder) {
                (Some(key), _) => key,
                (None, Some(folder)) => folder.key()?,
                (None, None) => return Err(key::no_key()),
            };
            Ok((current, key::read_key(Key::PREVIOUS_VARIABLE)?))
        }
    }

    /// The opener of users' tokens. A local forge needs none.
    fn opener(&self, kind: ForgeKind) -> Result<Option<Opener>, Failure> {
        if !kind.has_tokens() {
            return Ok(None);
        }
        let (current, previous) = self.keys()()?;
        Ok(Some(Opener::new(current, previous)))
    }

    /// The recovery from transient errors.
    pub(crate) fn recovery(&self) -> Recovery {
        self.recovery.into()
    }

    /// The folder in which repositories are built.
    pub(crate) fn state(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.state {
            return std::path::absolute(folder).map_err(|error| Failure::reading(folder, error));
        }
        state_folder().ok_or_else(|| {
            Failure::usage(
                "state_folder_missing",
                "no folder to build in: neither XDG_STATE_HOME nor HOME is set to a folder",
            )
            .hinted("name one with `--state DIR`, or GROUNDPLAN_STATE_DIR")
        })
    }

    /// The folder of the logs of runs.
    pub(crate) fn logs_folder(&self) -> Result<PathBuf, Failure> {
        match &self.logs {
            Some(folder) => Ok(folder.clone()),
            None => Ok(self.state()?.join("logs")),
        }
    }

    /// The logs of runs.
    pub(crate) fn logs(&self) -> Result<Logs, Failure> {
        let folder = self.logs_folder()?;
        Logs::open(&folder).map_err(|error| {
            Failure::environment(
                "logs_not_writable",
                format!("cannot write logs in `{}`", folder.display()),
            )
            .caused_by(error)
            .hinted("check permissions, or name another folder by `--logs`")
        })
    }

    /// Builds the context of a worker. Sends no request; fails when a setting is missing.
    pub(crate) fn means(
        &self,
        database: &Arc<Database>,
        worker: WorkerId,
        metrics: Arc<Metrics>,
    ) -> Result<WorkerContext, Failure> {
        let kind = self.forge.forge.ok_or_else(no_forge)?;
        let forge = self.forge.address(kind)?;
        let state = self.state()?;
        let workspace = Workspace::open(&state, &worker).map_err(|error| {
            Failure::environment(
                "state_not_writable",
                format!("cannot build in `{}`", state.display()),
            )
            .caused_by(error)
            .hinted("check permissions and free space, or name another folder by `--state`")
        })?;
        let git = self.git.clone();
        Ok(WorkerContext {
            store: Arc::<Database>::clone(database),
            worker,
            forge,
            forge_requests: self.forge.requests()?,
            push: PushSettings {
                git: Arc::new(self.forge.git(self.push.timeout())),
                user: self.forge.push_user().to_owned(),
            },
            signing: self.signing.key()?.map(Arc::new),
            opener: self.opener(kind)?,
            templates: self.shelf()?,
            updates: UpdateSources {
                database: Arc::clone(database),
                cache: Box::new(move || git.cache_until(&NEVER)),
                allowed_sources: allowed_sources(&self.allow_source)?,
            },
            plans: stored::StoredPlanReader::new(),
            policy: self.policy.read()?,
            clock: Arc::new(SystemClock),
            workspace,
            metrics,
            recovery: self.recovery(),
            renewal_interval: Lease::RENEWED_EVERY,
        })
    }

    /// The catalogues and the store of their templates.
    pub(crate) fn shelf(&self) -> Result<TemplateStore, Failure> {
        let Some(folder) = &self.catalogs else {
            let catalogs = builtin::CATALOGS.iter();
            let catalogs = catalogs.filter_map(|embedded| builtin::catalog(embedded.name));
            let cache = self.git.cache_until(&NEVER)?;
            return Ok(cache.into_store(catalogs.collect(), builtin::files()));
        };
        let source = CatalogFiles::of_folder(folder)?;
        let mut found: Vec<Diagnostic> = source.findings;
        let mut catalogs = Vec::new();
        for name in catalog::names(&source.files) {
            let loaded = catalog::load(&source.files, &name);
            found.extend(loaded.findings);
            catalogs.extend(loaded.catalog);
        }
        if let Some(error) = found.iter().find(|finding| finding.is_error()) {
            return Err(Failure::refused(
                "catalogs_unusable",
                format!("unusable catalogues: {}", error.message),
            )
            .hinted(format!(
                "list all findings with `groundplan check {}`",
                folder.display()
            )));
        }
        Ok(self
            .git
            .cache_until(&NEVER)?
            .into_store(catalogs, source.files))
    }
}
