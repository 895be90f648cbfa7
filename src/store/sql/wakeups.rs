//! Wake-ups of a waiting worker: a notification of Postgres, or a SQLite file that changed.

use super::Database;
use super::address::DatabaseUrl;
use super::connection::{CONNECT_TIMEOUT, prepare};
use super::dialect::Dialect;
use super::notify::{CHANNEL, is_enqueued};
use super::sqlite_file::SqliteFile;
use crate::error::chain;
use crate::store::error::StoreError;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{AnyConnection, ConnectOptions as _, Error};
use std::iter::Peekable;
use std::time::Duration;

/// The pause between two looks at a SQLite file. A look takes some microseconds and no lock.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The waits before the database is tried again: 0.5 s, doubling, at most 30 s.
const RECONNECT: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(500))
    .with_max_delay(Duration::from_secs(30))
    .without_max_times();

/// The reason why a worker should look for a job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// A job was queued, or something else changed in a SQLite file.
    Queued,
    /// The connection was lost and is there again: notifications may be missed.
    Reconnected,
}

/// Listens for queued jobs. A lost database only delays it.
pub struct Wakeups {
    address: DatabaseUrl,
    /// True for a payload that wakes the caller.
    wakes: fn(&str) -> bool,
    connection: ListenConnection,
    waits: Peekable<ExponentialBackoff>,
}

enum ListenConnection {
    Lost,
    Postgres(PgListener),
    Sqlite {
        connection: AnyConnection,
        version: i64,
        file: SqliteFile,
    },
}

impl Database {
    /// Listens from now on: a job that is queued after this returns wakes the caller. Uses the direct address, because a
    /// notification belongs to a session.
    pub async fn wakeups(&self) -> Wakeups {
        self.listen(is_enqueued).await
    }

    /// Listens from now on for every change of a job.
    pub async fn changes(&self) -> Wakeups {
        self.listen(|_| true).await
    }

    async fn listen(&self, wakes: fn(&str) -> bool) -> Wakeups {
        let settings = &self.settings;
        let address = settings.direct.as_ref().unwrap_or(&settings.database);
        Wakeups {
            connection: connect(address).await.unwrap_or_else(|error| {
                let mut error = StoreError::from(error);
                if settings.direct.is_some() {
                    error = error.at_direct_address();
                }
                let reason = chain(&error);
                tracing::warn!("cannot listen for jobs, looking every 30 s instead: {reason}");
                ListenConnection::Lost
            }),
            address: address.clone(),
            wakes,
            waits: RECONNECT.build().peekable(),
        }
    }
}

impl Wakeups {
    /// False while the connection is lost.
    pub fn is_listening(&self) -> bool {
        !matches!(self.connection, ListenConnection::Lost)
    }

    /// Waits for the next wake-up without a time limit. Cancel safe: nothing is lost when it is dropped and called again.
    pub async fn next(&mut self) -> Wakeup {
        loop {
            let is_queued = match &mut self.connection {
                ListenConnection::Lost => {
                    if self.reconnect().await {
                        return Wakeup::Reconnected;
                    }
                    continue;
                }
                ListenConnection::Postgres(listener) => match listener.try_recv().await {
                    Ok(Some(notification)) => Ok((self.wakes)(notification.payload())),
                    // The listener has made a new connection.
                    Ok(None) => return Wakeup::Reconnected,
                    Err(error) => Err(error),
                },
                ListenConnection::Sqlite {
                    connection,
                    version,
                    file,
                } => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                    if file.is_same() {
                        data_version(connection)
                            .await
                            .map(|current| std::mem::replace(version, current) != current)
                    } else {
                        Err(Error::PoolClosed)
                    }
                }
            };
            match is_queued {
                Ok(true) => return Wakeup::Queued,
                Ok(false) => {}
                Err(error) => {
                    tracing::debug!(%error, "lost the connection that listens for jobs");
                    self.connection = ListenConnection::Lost;
                }
            }
        }
    }

    /// Waits, then tries to connect. True if the connection is there again.
    async fn reconnect(&mut self) -> bool {
        let wait = *self.waits.peek().expect("the waits have no end");
        tokio::time::sleep(wait).await;
        // Only now: a caller that drops the future early must not lengthen the waits.
        self.waits.next();
        let Ok(connection) = connect(&self.address).await else {
            return false;
        };
        self.connection = connection;
        self.waits = RECONNECT.build().peekable();
        true
    }
}

async fn connect(address: &DatabaseUrl) -> Result<ListenConnection, Error> {
    match address.dialect() {
        Dialect::Postgres => {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .acquire_timeout(CONNECT_TIMEOUT)
                .connect_with(address.postgres_options()?)
                .await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(ListenConnection::Postgres(listener))
        }
        Dialect::Sqlite => {
            let file = SqliteFile::of(address);
            let existing = address.clone().existing();
            let mut connection = existing.options()?.connect().await?;
            file.opened();
            prepare(&mut connection, Dialect::Sqlite).await?;
            let version = data_version(&mut connection).await?;
            Ok(ListenConnection::Sqlite {
                connection,
                version,
                file,
            })
        }
    }
}

/// A number that changes with every commit of another connection.
async fn data_version(connection: &mut AnyConnection) -> Result<i64, Error> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}
