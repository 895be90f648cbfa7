//! Waits for word that a job may wait: a notification, or a SQLite file that changed.

use super::Database;
use super::address::DatabaseUrl;
use super::connection::{PATIENCE, prepare};
use super::dialect::Dialect;
use super::notify::{CHANNEL, is_enqueued};
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{AnyConnection, ConnectOptions as _, Error, Row as _};
use std::time::Duration;

/// How often a SQLite file is looked at. The look costs some microseconds and touches no lock.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(100);
/// The waits between tries to reach the database again.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Why a worker should look for a job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// A job was queued, or something changed that may be one.
    Queued,
    /// The line was cut and stands again: what was said meanwhile is lost.
    Reconnected,
}

/// Listens for jobs. Losing the database loses only time.
pub struct Wakeups {
    address: DatabaseUrl,
    line: ListenConnection,
    wait: Duration,
}

enum ListenConnection {
    Cut,
    Postgres(PgListener),
    Sqlite { file: AnyConnection, version: i64 },
}

impl Database {
    /// Listens from now on: what is queued after this returns is heard. Uses the direct address, since a notification
    /// belongs to a session.
    pub async fn wakeups(&self) -> Wakeups {
        let settings = &self.settings;
        let address = settings.direct.as_ref().unwrap_or(&settings.database);
        Wakeups {
            line: connect(address).await.unwrap_or(ListenConnection::Cut),
            address: address.clone(),
            wait: FIRST_WAIT,
        }
    }
}

impl Wakeups {
    /// Whether the line stood when it was last looked at.
    pub fn is_listening(&self) -> bool {
        !matches!(self.line, ListenConnection::Cut)
    }

    /// Waits, however long it takes. May be dropped and called again; nothing is lost by it.
    pub async fn next(&mut self) -> Wakeup {
        loop {
            let heard = match &mut self.line {
                ListenConnection::Cut => {
                    tokio::time::sleep(self.wait).await;
                    self.wait = (self.wait * 2).min(LONGEST_WAIT);
                    match connect(&self.address).await {
                        Ok(line) => {
                            self.line = line;
                            self.wait = FIRST_WAIT;
                            return Wakeup::Reconnected;
                        }
                        Err(_) => continue,
                    }
                }
                ListenConnection::Postgres(listener) => match listener.try_recv().await {
                    Ok(Some(notification)) => Ok(is_enqueued(notification.payload())),
                    // The listener has made a new connection by itself.
                    Ok(None) => return Wakeup::Reconnected,
                    Err(error) => Err(error),
                },
                ListenConnection::Sqlite { file, version } => {
                    tokio::time::sleep(LOOKED_AT_EVERY).await;
                    data_version(file).await.map(|now| {
                        let is_another = now != *version;
                        *version = now;
                        is_another
                    })
                }
            };
            match heard {
                Ok(true) => return Wakeup::Queued,
                Ok(false) => {}
                Err(_) => self.line = ListenConnection::Cut,
            }
        }
    }
}

async fn connect(address: &DatabaseUrl) -> Result<ListenConnection, Error> {
    match address.dialect() {
        Dialect::Postgres => {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .acquire_timeout(PATIENCE)
                .connect_with(address.postgres_options()?)
                .await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(ListenConnection::Postgres(listener))
        }
        Dialect::Sqlite => {
            let mut file = address.options()?.connect().await?;
            prepare(&mut file, Dialect::Sqlite).await?;
            let version = data_version(&mut file).await?;
            Ok(ListenConnection::Sqlite { file, version })
        }
    }
}

/// Changes with every commit of another connection.
async fn data_version(file: &mut AnyConnection) -> Result<i64, Error> {
    let row = sqlx::query("PRAGMA data_version").fetch_one(file).await?;
    row.try_get(0)
}
