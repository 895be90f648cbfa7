//! `groundplan serve`

use crate::app::catalogs::{CatalogFiles, OpenedCatalog};
use crate::app::database_catalogs::LoadedCatalogs;
use crate::app::kept_previews::RecentPreviews;
use crate::app::sessions;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::memory;
use crate::cli::args::data::DataArgs;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::git::{secret_variable, unprotected};
use crate::cli::args::log::TraceArgs;
use crate::cli::args::worker::{NEVER, WorkerArgs};
use crate::cli::daemon::{Signals, Startup, host, runtime};
use crate::cli::error::{Exit, Failure};
use crate::model::preflight::ForgeKind;
use crate::secret::Secret;
use crate::server::events::Events;
use crate::server::front::Front;
use crate::server::live_results::LiveResults;
use crate::server::problem::Problem;
use crate::server::rates::Rates;
use crate::server::settings::{PublicUrl, ServerSettings, TrustedProxy};
use crate::server::state::{ServerForge, ServerState};
use crate::store::sql::Database;
use crate::store::sql::workers::Presence;
use crate::worker::context::WorkerContext;
use crate::worker::health_state::HealthState;
use crate::worker::log::Logs;
use crate::worker::metrics::Metrics;
use crate::worker::server::HealthServer;
use crate::worker::service::Service;
use axum::http::StatusCode;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// The variable with the secret that a trusted proxy presents.
const PROXY_SECRET: &str = "GROUNDPLAN_PROXY_SECRET";

/// Serve the API, with a worker inside, until stopped.
///
/// Without any setting it uses an embedded database and a folder of bare repositories in the user's data folder.
#[derive(Clone, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on.
    #[arg(long, env = "GROUNDPLAN_LISTEN", value_name = "ADDRESS:PORT",
        default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))]
    listen: SocketAddr,
    /// Run no worker in this process.
    #[arg(long)]
    no_worker: bool,
    /// Address under which browsers reach the server, with its path prefix: `https://host/bootstrap`.
    #[arg(long, env = "GROUNDPLAN_PUBLIC_URL", value_name = "URL", value_parser = PublicUrl::parse)]
    public_url: Option<PublicUrl>,
    /// Header in which a trusted proxy names the user. Requires the variable `GROUNDPLAN_PROXY_SECRET`.
    #[arg(
        long,
        env = "GROUNDPLAN_PROXY_USER_HEADER",
        value_name = "HEADER",
        requires = "proxy_addresses"
    )]
    proxy_user_header: Option<String>,
    /// Addresses of the trusted proxy.
    #[arg(
        long = "proxy-address",
        env = "GROUNDPLAN_PROXY_ADDRESSES",
        value_name = "IP",
        value_delimiter = ','
    )]
    proxy_addresses: Vec<IpAddr>,
    /// Number of runs at a time.
    #[arg(long, env = "GROUNDPLAN_CONCURRENCY", value_name = "N", default_value_t = 4,
        value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// Time limit of running steps and open requests after a stop signal.
    #[arg(long, env = "GROUNDPLAN_GRACE", value_name = "SECONDS", default_value_t = 25,
        value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace: u64,
    /// Time limit of the head and of the body of a request, and of a connection without one.
    #[arg(long, env = "GROUNDPLAN_REQUEST_TIMEOUT", value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    request_timeout: u64,
    /// True for a database in the data folder, whose administrator may sign in by a one-time address.
    #[arg(skip)]
    is_embedded: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    means: WorkerArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    trace: TraceArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    // Tokens arrive with requests.
    memory::protect().map_err(unprotected)?;
    args.trace.begin()?;
    runtime()?.block_on(args.completed()?.serve())
}

impl Args {
    /// The arguments with what an installation on one machine does not name: database, forge, folders and key.
    fn completed(&self) -> Result<Self, Failure> {
        let mut args = self.clone();
        args.is_embedded = !self.database.is_named();
        args.database = self.data.database(&self.database)?;
        if self.means.forge.forge.is_none() {
            args.means.forge.forge = Some(ForgeKind::Local);
            if self.means.forge.forge_url.is_none() {
                let folder = self.data.subfolder("repositories")?;
                args.means.forge.forge_url = Some(folder.to_string_lossy().into_owned());
            }
        }
        if args.is_embedded {
            let state = self.data.subfolder("state")?;
            args.means.set_default_state(state);
            args.means.set_key_folder(self.data.clone());
        }
        Ok(args)
    }

    async fn serve(&self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()?;
        let settings = self.settings()?;
        let listener = TcpListener::bind(self.listen).await.map_err(|error| {
            Failure::environment(
                "address_unavailable",
                format!("cannot listen on {}", self.listen),
            )
            .caused_by(error)
            .hinted("stop the program that listens there, or name another address by `--listen`")
        })?;
        let address = listener.local_addr().unwrap_or(self.listen);
        let (stop, stopped) = watch::channel(false);
        let health = Arc::new(HealthServer {
            health: Arc::new(HealthState::default()),
            metrics: Arc::new(Metrics::new()),
            clock: Arc::new(SystemClock),
            database: OnceLock::new(),
        });
        let prefix = settings.public_url.as_ref().map(PublicUrl::prefix);
        let front = Front::new(
            Arc::clone(&health),
            prefix.unwrap_or_default(),
            settings.request_time,
        );
        tracing::info!(%address, "listening");
        let serving = tokio::spawn(front.clone().serve(listener, stopped.clone()));
        let work = Box::pin(self.work(settings, address, &front, &health, stopped));
        let (worked, code) = signals.until(work, &stop).await;
        stop.send_replace(true);
        if timeout(Duration::from_secs(self.grace), serving)
            .await
            .is_err()
        {
            tracing::warn!("requests were cut off at the end of the grace time");
        }
        worked?;
        Ok(code.map_or(Exit::Success, Exit::Code))
    }

    /// Opens the database, answers the API, and works until stopped.
    async fn work(
        &self,
        settings: ServerSettings,
        address: SocketAddr,
        front: &Front,
        health: &HealthServer,
        stopped: watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        let options = self.database.settings()?;
        let mut startup = Startup {
            health,
            stopped: stopped.clone(),
            is_once: false,
        };
        let Some(database) = startup.database(&options).await? else {
            return Ok(());
        };
        let database = Arc::new(database);
        if let Some((context, logs)) = startup.worker(&self.means, &database).await? {
            let state = self.state(settings, &database, context, logs, stopped.clone())?;
            self.answer(&state, address, front, health, stopped).await?;
        }
        database.close().await;
        Ok(())
    }

    /// Prints the address that signs in the administrator of the data folder once. Without one, the server works all the
    /// same: a token of `groundplan token create` signs in too.
    async fn print_sign_in_address(&self, state: &ServerState, address: SocketAddr) {
        let code = match sessions::create_administrator_code(&state.database).await {
            Ok(code) => code,
            Err(error) => {
                let (message, hints) = Failure::from(error).into_parts();
                tracing::warn!(hint = hints.join("; "), "no sign-in address: {message}");
                return;
            }
        };
        let base = match &state.settings.public_url {
            Some(url) => format!("{}{}", url.origin(), url.prefix()),
            None if address.ip().is_unspecified() => format!("http://localhost:{}", address.port()),
            None => format!("http://{address}"),
        };
        let line = format!(
            "Sign in once, within ten minutes: {base}/sign-in?code={}\n",
            *code
        );
        if let Err(error) = io::stdout().write_all(line.as_bytes()) {
            tracing::warn!(%error, "cannot print the sign-in address");
        }
    }

    /// Answers the API, and works until stopped.
    async fn answer(
        &self,
        state: &Arc<ServerState>,
        address: SocketAddr,
        front: &Front,
        health: &HealthServer,
        stopped: watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        let database = &state.database;
        let events = state.events.clone();
        let passing = tokio::spawn(events.pass_on(Arc::clone(database), stopped.clone()));
        front.answer(Arc::clone(state));
        if health.database.set(Arc::clone(database)).is_err() {
            tracing::error!("the database was set twice");
        }
        if self.is_embedded {
            self.print_sign_in_address(state, address).await;
        }
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            catalogs = state.catalogs.len(),
            forge = state.forge.kind.as_str(),
            worker = !self.no_worker,
            "ready",
        );
        if self.no_worker {
            self.idle(health, stopped).await;
        } else {
            let is_own = database.is_own().await?;
            let service = self.service(state, health, is_own);
            service.run(stopped).await;
        }
        passing.abort();
        Ok(())
    }

    /// Keeps /health alive without a worker.
    async fn idle(&self, health: &HealthServer, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow_and_update() {
            health.health.iterated(SystemClock.now());
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(30)) => {}
                _ = stopped.changed() => {}
            }
        }
    }

    fn service(&self, state: &ServerState, health: &HealthServer, is_own: bool) -> Service {
        let context = Arc::clone(&state.context);
        Service {
            // Tables of an application list only workers with a token: `groundplan work --as-token`.
            presence: is_own.then(|| Presence {
                worker: context.worker.clone(),
                host: host(),
                process: std::process::id(),
                owner: None,
            }),
            context,
            database: Arc::clone(&state.database),
            health: Arc::clone(&health.health),
            logs: Arc::clone(&state.logs),
            concurrency: usize::from(self.concurrency),
            grace: Duration::from_secs(self.grace),
            is_once: false,
        }
    }

    fn settings(&self) -> Result<ServerSettings, Failure> {
        let proxy = match &self.proxy_user_header {
            Some(header) => Some(TrustedProxy {
                user_header: header.to_ascii_lowercase(),
                addresses: self.proxy_addresses.clone(),
                secret: secret(PROXY_SECRET)?.ok_or_else(|| {
                    Failure::usage(
                        "proxy_secret_missing",
                        format!("`--proxy-user-header` requires the variable {PROXY_SECRET}"),
                    )
                    .hinted("set it to a long random text that the proxy sends in `x-groundplan-proxy-secret`")
                })?,
            }),
            None => None,
        };
        Ok(ServerSettings {
            public_url: self.public_url.clone(),
            proxy,
            cron_secret: secret("CRON_SECRET")?,
            request_time: Duration::from_secs(self.request_timeout),
        })
    }

    fn state(
        &self,
        settings: ServerSettings,
        database: &Arc<Database>,
        context: WorkerContext,
        logs: Logs,
        stopped: watch::Receiver<bool>,
    ) -> Result<Arc<ServerState>, Failure> {
        let source = CatalogFiles {
            files: context.templates.files().clone(),
            ..CatalogFiles::default()
        };
        let opened = context.templates.catalogs().map(|catalog| {
            let opened = OpenedCatalog::new(catalog.clone(), source.clone());
            (catalog.slug().to_string(), Arc::new(opened))
        });
        let git = self.means.git.clone();
        Ok(Arc::new(ServerState {
            database: Arc::clone(database),
            settings,
            forge: self.forge()?,
            catalogs: opened.collect(),
            context: Arc::new(context),
            logs: Arc::new(logs),
            cache: Box::new(move || git.cache_until(&NEVER)),
            rates: Rates::default(),
            loaded: LoadedCatalogs::default(),
            previews: Arc::new(Semaphore::new(
                available_parallelism().map_or(1, usize::from),
            )),
            recent: RecentPreviews::default(),
            live: LiveResults::default(),
            events: Events::default(),
            stopped,
        }))
    }

    fn forge(&self) -> Result<ServerForge, Failure> {
        let flags = &self.means.forge;
        let kind = flags.forge.unwrap_or(ForgeKind::Local);
        let keys = self.means.keys();
        let key = move || keys().map(|(current, _)| current).map_err(without_key);
        Ok(ServerForge {
            kind,
            host: flags.host(kind)?,
            key: kind.has_tokens().then(|| Box::new(key) as _),
        })
    }
}

/// The answer to a request that needs the key of this installation, which cannot be read.
fn without_key(failure: Failure) -> Problem {
    let (message, hints) = failure.into_parts();
    tracing::error!(hint = hints.join("; "), "{message}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "key_missing", message)
        .hinted("ask the operator of this server")
}

/// A secret in an environment variable; none when unset or empty.
fn secret(variable: &str) -> Result<Option<Secret>, Failure> {
    let Some(text) = secret_variable(variable).map_err(unprotected)? else {
        return Ok(None);
    };
    let parsed = text.into_string().ok().map(Secret::parse);
    match parsed {
        Some(Ok(secret)) => Ok(Some(secret)),
        _ => Err(Failure::usage(
            "secret_invalid",
            format!("the variable {variable} is not a secret of printable characters"),
        )),
    }
}
