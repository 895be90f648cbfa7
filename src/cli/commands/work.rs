//! `groundplan work` and `groundplan recover`

use crate::base::clock::{Clock as _, SystemClock};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::forge::no_forge;
use crate::cli::args::log::TraceArgs;
use crate::cli::args::worker::{RecoveryChoice, WorkerArgs};
use crate::cli::daemon::{Signals, Startup, host, runtime};
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::terminal::Terminal;
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::digest::Digest;
use crate::model::preflight::ForgeKind;
use crate::schemas;
use crate::store::Store as _;
use crate::store::id::RunId;
use crate::store::lease::WorkerId;
use crate::store::listed::{Listed, UnreadableRow};
use crate::store::recovery::OrphanedRun;
use crate::store::sql::workers::Presence;
use crate::store::sql::{Database, Dialect};
use crate::worker::context::WorkerContext;
use crate::worker::health_state::HealthState;
use crate::worker::metrics::Metrics;
use crate::worker::server::{self, HealthServer};
use crate::worker::service::{Service, ServiceReport};
use crate::worker::state_files::StateFiles;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;
use zeroize::Zeroizing;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of runs at a time.
    #[arg(long, env = "GROUNDPLAN_CONCURRENCY", value_name = "N", default_value_t = 4,
        value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// Address of /health, /health/live, /health/ready and /metrics [default: 127.0.0.1:8080, none with
    /// `--once`].
    #[arg(long, env = "GROUNDPLAN_HEALTH", value_name = "ADDRESS:PORT")]
    health: Option<SocketAddr>,
    /// Exit when the queue is empty.
    #[arg(long)]
    once: bool,
    /// Time limit of running steps after a stop signal.
    #[arg(long, env = "GROUNDPLAN_GRACE", value_name = "SECONDS", default_value_t = 25,
        value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace: u64,
    /// Token of the application, or `@FILE` with one: the worker is listed under its user. Needed beside an application.
    #[arg(
        long,
        env = "GROUNDPLAN_AS_TOKEN",
        value_name = "TOKEN|@FILE",
        hide_env_values = true
    )]
    as_token: Option<AsToken>,
    #[command(flatten)]
    means: WorkerArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    trace: TraceArgs,
}

/// A token of the application as it was given: the token, or `@` and the path of a file with it. It is never printed.
#[derive(Clone)]
struct AsToken(Zeroizing<String>);

impl From<&str> for AsToken {
    fn from(text: &str) -> Self {
        Self(text.to_owned().into())
    }
}

impl AsToken {
    /// The hash by which the application knows the token.
    fn hash(&self) -> Result<Digest, Failure> {
        let Some(path) = self.0.strip_prefix('@') else {
            return Ok(Digest::of(self.0.as_bytes()));
        };
        let bytes = Zeroizing::new(input::document(Path::new(path))?);
        Ok(Digest::of(bytes.trim_ascii()))
    }
}

#[derive(clap::Args)]
pub(crate) struct RecoverArgs {
    /// For a run whose worker has died: fail it, or requeue it up to 3 times.
    #[arg(long, env = "GROUNDPLAN_RECOVERY", value_enum, default_value_t = RecoveryChoice::Fail)]
    recovery: RecoveryChoice,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The exit code of a worker whose run failed because of a user's token.
const CREDENTIAL: u8 = 3;

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    args.trace.begin()?;
    runtime()?.block_on(args.work())
}

pub(crate) fn recover(args: &RecoverArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (database, recovery) = (&args.database, args.recovery.into());
    let swept = database.look(async |database| Ok(database.recover_expired(recovery).await?))?;
    let lists = [
        ("failed, nothing left", &swept.failed),
        ("something may be left", &swept.needs_cleanup),
        ("cancelled, nothing left", &swept.cancelled),
        ("requeued", &swept.requeued),
    ];
    let is_quiet = swept.orphaned.is_empty() && swept.unreadable.is_empty();
    if lists.iter().all(|(_, runs)| runs.is_empty()) && is_quiet {
        writeln!(terminal.out(), "Nothing to recover.")?;
    }
    for (what, runs) in lists.iter().filter(|(_, runs)| !runs.is_empty()) {
        let ids: Vec<&str> = runs.iter().map(RunId::as_str).collect();
        writeln!(terminal.out(), "{what}: {}", ids.join(" "))?;
    }
    for OrphanedRun { run, repo: place } in &swept.orphaned {
        writeln!(
            terminal.out(),
            "run {run} was deleted, and {place} may remain: check it, then delete its ledger (docs/operations.md)"
        )?;
    }
    for UnreadableRow { id, unreadable } in &swept.unreadable {
        let (id, unreadable) = (sanitize::line(id), sanitize::line(unreadable));
        writeln!(
            terminal.out(),
            "unreadable, not recovered: {id}: {unreadable}"
        )?;
    }
    Ok(Exit::Success)
}

impl Args {
    async fn work(&self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()?;
        let (stop, stopped) = watch::channel(false);
        let panel = Arc::new(HealthServer {
            health: Arc::new(HealthState::default()),
            metrics: Arc::new(Metrics::new()),
            clock: Arc::new(SystemClock),
            database: OnceLock::new(),
        });
        panel.health.iterated(SystemClock.now());
        let pages = match self.health() {
            Some(address) => {
                let listener = server::bind(address).await.map_err(|error| {
                    Failure::environment(
                        "health_address_unavailable",
                        format!("cannot listen on {address}"),
                    )
                    .caused_by(error)
                    .hinted("stop the program that listens there, or name another address by `--health`")
                })?;
                let address = listener.local_addr().unwrap_or(address);
                tracing::info!(%address, "answering /health");
                let serving = server::serve(listener, Arc::clone(&panel), stopped.clone());
                Some(tokio::spawn(serving))
            }
            None => None,
        };
        let state = (!self.once)
            .then(|| self.means.state())
            .transpose()?
            .map(|folder| {
                let files = StateFiles::at(&folder);
                tokio::spawn(files.keep(Arc::clone(&panel.health), Arc::new(SystemClock)))
            });
        let work = Box::pin(self.serve(&panel, stopped));
        let (result, code) = signals.until(work, &stop).await;
        stop.send_replace(true);
        if let Some(pages) = pages {
            pages.abort();
        }
        if let Some(state) = state {
            state.abort();
        }
        let finished = result?;
        Ok(match code {
            Some(code) => Exit::Code(code),
            None if finished.was_refused => Exit::Code(CREDENTIAL),
            None if finished.has_failed => Exit::Code(1),
            None => Exit::Success,
        })
    }

    /// The address of the health server; none by default with `--once`.
    fn health(&self) -> Option<SocketAddr> {
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        self.health.or((!self.once).then_some(usual))
    }

    /// Opens the database, works, and closes the database.
    async fn serve(
        &self,
        panel: &Arc<HealthServer>,
        stopped: watch::Receiver<bool>,
    ) -> Result<ServiceReport, Failure> {
        // A mistake in a flag cannot be corrected while the process runs.
        let settings = self.database.settings()?;
        self.means.forge.forge.ok_or_else(no_forge)?;
        let mut startup = Startup {
            health: panel,
            stopped: stopped.clone(),
            is_once: self.once,
        };
        let Some(database) = startup.database(&settings).await? else {
            return Ok(ServiceReport::default());
        };
        let database = Arc::new(database);
        let worked = self.work_with(startup, &database, stopped).await;
        database.close().await;
        worked
    }

    async fn work_with(
        &self,
        mut startup: Startup<'_>,
        database: &Arc<Database>,
        stopped: watch::Receiver<bool>,
    ) -> Result<ServiceReport, Failure> {
        let Some((context, logs)) = startup.worker(&self.means, database).await? else {
            return Ok(ServiceReport::default());
        };
        let panel = startup.health;
        let presence = self.presence(database, &context.worker).await?;
        self.introduce(&context, database).await;
        // Set last: from here on the worker reports ready.
        drop(panel.database.set(Arc::clone(database)));
        let service = Service {
            context: Arc::new(context),
            database: Arc::clone(database),
            health: Arc::clone(&panel.health),
            logs: Arc::new(logs),
            presence,
            concurrency: usize::from(self.concurrency),
            grace: Duration::from_secs(self.grace),
            is_once: self.once,
        };
        Ok(service.run(stopped).await)
    }

    /// The entry of this worker in the list of workers; `None` where the table of an application requires a user and the
    /// token of one is missing or refused. A worker that is not listed works as any other.
    async fn presence(
        &self,
        database: &Database,
        worker: &WorkerId,
    ) -> Result<Option<Presence>, Failure> {
        let hash = self.as_token.as_ref().map(AsToken::hash).transpose()?;
        let owner = match &hash {
            Some(hash) => database.token_owner(hash).await?,
            None => None,
        };
        if hash.is_some() && owner.is_none() {
            tracing::warn!(
                hint = "name another token by `--as-token`",
                "the token of `--as-token` is unknown, revoked or expired, or its user is a demo user"
            );
        }
        if owner.is_none() && !database.is_own().await? {
            tracing::warn!(
                hint = "name a token of the application by `--as-token` or GROUNDPLAN_AS_TOKEN",
                "the worker is not listed in claude_workers: the application's table requires a user and a token"
            );
            return Ok(None);
        }
        Ok(Some(Presence {
            worker: worker.clone(),
            host: host(),
            process: std::process::id(),
            owner,
        }))
    }

    /// Logs the versions and settings of this worker in one line.
    async fn introduce(&self, means: &WorkerContext, database: &Database) {
        let (mut here, mut published) = (Vec::new(), Vec::new());
        for catalog in means.templates.catalogs() {
            let slug = catalog.slug();
            here.push(format!("{slug}@{}", catalog.version().short()));
            match database.catalog_history(slug).await {
                Ok(history) => {
                    let newest = history.into_iter().find_map(Listed::readable);
                    let version = newest.map(|known| known.catalog_version);
                    published.extend(version.map(|known| format!("{slug}@{}", known.short())));
                }
                Err(error) => {
                    tracing::warn!("cannot read the published versions of `{slug}`: {error}");
                }
            }
        }
        let stop = AtomicBool::new(false);
        let git = match means.push.git.version(&stop) {
            Ok(version) => version.to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            action_schema_version = ACTION_SCHEMA_VERSION,
            schema_hash = schemas::schema_hash().as_str(),
            catalogs = here.join(" "),
            published_catalogs = published.join(" "),
            git,
            signing_key = means
                .signing
                .as_ref()
                .map_or_else(|| "-".to_owned(), |key| key.fingerprint()),
            database = match database.dialect() {
                Dialect::Postgres => "postgres",
                Dialect::Sqlite => "sqlite",
            },
            forge = self.means.forge.forge.map_or("-", ForgeKind::as_str),
            forge_host = means.forge.host().unwrap_or("-"),
            worker = means.worker.as_str(),
            concurrency = self.concurrency,
            "working",
        );
    }
}
