//! The start and the end of a process that works until it is stopped: `work` and `serve`.

use crate::base::clock::{Clock as _, SystemClock};
use crate::cli::args::worker::WorkerArgs;
use crate::cli::error::Failure;
use crate::store::error::StoreError;
use crate::store::lease::WorkerId;
use crate::store::sql::{Database, DatabaseOptions};
use crate::worker::context::WorkerContext;
use crate::worker::log::Logs;
use crate::worker::server::HealthServer;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;

/// The longest pause between two heartbeats while the process waits.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// The start of a process. Each step is tried until it succeeds, because the cause of a failure can be mended meanwhile:
/// /health answers with the reason. With `is_once` the first failure is final. A step gives none when a signal came first.
pub(crate) struct Startup<'h> {
    pub(crate) health: &'h HealthServer,
    pub(crate) stopped: watch::Receiver<bool>,
    pub(crate) is_once: bool,
}

impl Startup<'_> {
    /// Opens the database, which may start later than this process.
    pub(crate) async fn database(
        &mut self,
        settings: &DatabaseOptions,
    ) -> Result<Option<Database>, Failure> {
        let health = &self.health.health;
        let open = async || match connect(settings.clone()).await {
            Ok(database) => {
                health.database_answered();
                Ok(database)
            }
            Err(error) => {
                health.database_failed(&error);
                Err(error.into())
            }
        };
        self.patiently(open).await
    }

    /// Prepares what a worker needs besides the database.
    pub(crate) async fn worker(
        &mut self,
        means: &WorkerArgs,
        database: &Arc<Database>,
    ) -> Result<Option<(WorkerContext, Logs)>, Failure> {
        let (health, metrics) = (&self.health.health, &self.health.metrics);
        let worker = new_worker_id();
        let prepare = async || {
            let prepared = means.means(database, worker.clone(), Arc::clone(metrics));
            match prepared.and_then(|context| Ok((context, means.logs()?))) {
                Ok(prepared) => {
                    health.preflight_passed();
                    Ok(prepared)
                }
                Err(failure) => {
                    health.preflight_failed(failure.message());
                    Err(failure)
                }
            }
        };
        self.patiently(prepare).await
    }

    async fn patiently<T>(
        &mut self,
        attempt: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let health = &self.health.health;
        while !*self.stopped.borrow_and_update() {
            health.iterated(SystemClock.now());
            let failure = match attempt().await {
                Ok(value) => return Ok(Some(value)),
                Err(failure) if self.is_once => return Err(failure),
                Err(failure) => failure,
            };
            let (message, hints) = failure.into_parts();
            tracing::warn!(hint = hints.join("; "), "cannot start to work: {message}");
            let again = Instant::now() + health.delay();
            while Instant::now() < again && !*self.stopped.borrow_and_update() {
                health.iterated(SystemClock.now());
                let next = again.min(Instant::now() + LONGEST_NAP);
                tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    _ = self.stopped.changed() => {}
                }
            }
        }
        Ok(None)
    }
}

/// Connects, and fails unless the tables are as new as this program.
async fn connect(settings: DatabaseOptions) -> Result<Database, StoreError> {
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
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self, Failure> {
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

    /// Waits for work to end, and sets `stop` at the first signal. Returns the result, and the exit code of the signal.
    pub(crate) async fn until<T>(
        &mut self,
        work: impl Future<Output = T>,
        stop: &watch::Sender<bool>,
    ) -> (T, Option<u8>) {
        let mut work = std::pin::pin!(work);
        let mut code = None;
        loop {
            tokio::select! {
                worked = &mut work => return (worked, code),
                received = self.next(), if code.is_none() => {
                    tracing::info!("asked to stop");
                    code = Some(received);
                    stop.send_replace(true);
                }
            }
        }
    }

    /// Waits for a signal and returns its exit code.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 143,
            _ = self.interrupt.recv() => 130,
        }
    }
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| Failure::environment("runtime_failed", "cannot start").caused_by(error))
}

/// The name of this machine.
pub(crate) fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// The id of this process as a worker: host, process and start time.
pub(crate) fn new_worker_id() -> WorkerId {
    let now = SystemClock.now().unsigned_abs();
    WorkerId::new(&host(), std::process::id(), now)
}
