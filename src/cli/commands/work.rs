//! `groundplan work` and `groundplan recover`

use crate::base::clock::{Clock as _, SystemClock};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::forge::no_forge;
use crate::cli::args::log::TraceArgs;
use crate::cli::args::worker::{RecoveryChoice, WorkerArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::terminal::Terminal;
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::digest::Digest;
use crate::model::preflight::ForgeKind;
use crate::schemas;
use crate::store::Store as _;
use crate::store::error::StoreError;
use crate::store::id::RunId;
use crate::store::lease::WorkerId;
use crate::store::listed::{Listed, UnreadableRow};
use crate::store::recovery::OrphanedRun;
use crate::store::sql::workers::Presence;
use crate::store::sql::{Database, DatabaseOptions, Dialect};
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
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;
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

/// The longest pause between two heartbeats while the worker waits for the database.
const LONGEST_NAP: Duration = Duration::from_secs(30);
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
        let work = self.serve(&panel, stopped);
        let mut work = std::pin::pin!(work);
        let mut code = None;
        let finished = loop {
            tokio::select! {
                finished = &mut work => break finished,
                received = signals.next(), if code.is_none() => {
                    tracing::info!("asked to stop");
                    code = Some(received);
                    stop.send_replace(true);
                }
            }
        };
        stop.send_replace(true);
        if let Some(pages) = pages {
            pages.abort();
        }
        if let Some(state) = state {
            state.abort();
        }
        let finished = finished?;
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
        mut stopped: watch::Receiver<bool>,
    ) -> Result<ServiceReport, Failure> {
        // A mistake in a flag cannot be corrected while the process runs.
        let settings = self.database.settings()?;
        self.means.forge.forge.ok_or_else(no_forge)?;
        let open = async || match connect(settings.clone()).await {
            Ok(database) => {
                panel.health.database_answered();
                Ok(database)
            }
            Err(error) => {
                panel.health.database_failed(&error);
                Err(error.into())
            }
        };
        let Some(database) = self.patiently(panel, &mut stopped, open).await? else {
            return Ok(ServiceReport::default());
        };
        let database = Arc::new(database);
        let worked = self.work_with(panel, &database, stopped).await;
        database.close().await;
        worked
    }

    async fn work_with(
        &self,
        panel: &Arc<HealthServer>,
        database: &Arc<Database>,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<ServiceReport, Failure> {
        let worker = new_worker_id();
        let prepare = async || {
            let (store, metrics) = (database.clone(), Arc::clone(&panel.metrics));
            let prepared = self.means.means(store, worker.clone(), metrics);
            match prepared.and_then(|context| Ok((context, self.means.logs()?))) {
                Ok(prepared) => {
                    panel.health.preflight_passed();
                    Ok(prepared)
                }
                Err(failure) => {
                    panel.health.preflight_failed(failure.message());
                    Err(failure)
                }
            }
        };
        let Some((context, logs)) = self.patiently(panel, &mut stopped, prepare).await? else {
            return Ok(ServiceReport::default());
        };
        let presence = self.presence(database, &worker).await?;
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

    /// Tries until it succeeds, because the cause of a failure can be mended while the worker waits: it answers /health with
    /// the reason, which `attempt` records. With `--once` the first failure is final. Returns none when a signal came first.
    async fn patiently<T>(
        &self,
        panel: &HealthServer,
        stopped: &mut watch::Receiver<bool>,
        attempt: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        while !*stopped.borrow_and_update() {
            panel.health.iterated(SystemClock.now());
            let failure = match attempt().await {
                Ok(value) => return Ok(Some(value)),
                Err(failure) if self.once => return Err(failure),
                Err(failure) => failure,
            };
            let (message, hints) = failure.into_parts();
            tracing::warn!(hint = hints.join("; "), "cannot start to work: {message}");
            let again = Instant::now() + panel.health.delay();
            while Instant::now() < again && !*stopped.borrow_and_update() {
                panel.health.iterated(SystemClock.now());
                let next = again.min(Instant::now() + LONGEST_NAP);
                tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    _ = stopped.changed() => {}
                }
            }
        }
        Ok(None)
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
                    tracing::warn!("cannot read the published versions of `{slug}`: {error}")
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

/// Connects, and fails unless the tables are as new as this program.
pub(super) async fn connect(settings: DatabaseOptions) -> Result<Database, StoreError> {
    let database = Database::open(settings).await?;
    match database.ready().await {
        Ok(()) => Ok(database),
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

/// The signals that end the program.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::environment("signals_failed", "cannot listen for signals").caused_by(error)
            })
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal and returns its exit code.
    pub(super) async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 143,
            _ = self.interrupt.recv() => 130,
        }
    }
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| Failure::environment("runtime_failed", "cannot start").caused_by(error))
}

/// The name of this machine.
pub(super) fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// The id of this process as a worker: host, process and start time.
pub(crate) fn new_worker_id() -> WorkerId {
    let now = u64::try_from(SystemClock.now()).unwrap_or_default();
    WorkerId::new(&host(), std::process::id(), now)
}
