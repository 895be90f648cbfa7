//! The connection to a database: a pool, and transactions over it.

use super::address::DatabaseUrl;
use super::dialect::Dialect;
use super::migrations::Tables;
use super::notify::Notification;
use super::sqlite_file::SqliteFile;
use super::{claim, clock, insights, queue_stats, recovery, tables, writable};
use crate::store::error::StoreError;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::{
    Any, AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _, PgConnection,
    SqlSafeStr as _, Transaction,
};
use std::time::Duration;

/// Settings of the connection to a database.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    pub database: DatabaseUrl,
    /// The same database without a connection pooler: needed for LISTEN and for migrations.
    pub direct: Option<DatabaseUrl>,
    /// Maximum number of connections; the address may set a lower one.
    pub connections: u32,
}

impl DatabaseOptions {
    /// A session on Postgres, at the direct address if there is one.
    async fn direct_session(&self) -> Result<PgConnection, StoreError> {
        match &self.direct {
            Some(direct) => {
                let connected = direct.postgres_options()?.connect().await;
                connected.map_err(|error| StoreError::from(error).at_direct_address())
            }
            None => Ok(self.database.postgres_options()?.connect().await?),
        }
    }
}

/// A database with jobs and runs.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) pool: AnyPool,
    pub(super) settings: DatabaseOptions,
}

/// The longest wait for a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An open transaction. Dropping it rolls it back.
pub(super) struct Tx {
    inner: Transaction<'static, Any>,
    pub(super) dialect: Dialect,
}

impl Tx {
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Commits on success and rolls back on failure, before the result is known to others: a transaction that is only
    /// dropped is rolled back some time later, and its locks block the next one until then.
    pub(super) async fn finish<T>(self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_ok() {
            self.inner.commit().await?;
        } else if let Err(error) = self.inner.rollback().await {
            // A lost connection makes the database roll back.
            tracing::debug!(%error, "cannot roll back");
        }
        result
    }
}

impl Database {
    /// Connects. A SQLite file is created and migrated here; Postgres is migrated by [`Self::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(settings: DatabaseOptions) -> Result<Self, StoreError> {
        install_default_drivers();
        let dialect = settings.database.dialect();
        let limit = settings.database.limit().unwrap_or(u32::MAX);
        connect_once(&settings.database.options()?, dialect).await?;
        let file = SqliteFile::of(&settings.database);
        let (at_connect, at_acquire) = (file.clone(), file);
        let pool = AnyPoolOptions::new()
            .max_connections(settings.connections.min(limit).max(2))
            .acquire_timeout(CONNECT_TIMEOUT)
            .after_connect(move |connection, _| {
                at_connect.opened();
                Box::pin(async move { prepare(connection, dialect).await })
            })
            .after_release(move |connection, _| {
                Box::pin(async move { is_clean(connection, dialect).await })
            })
            .before_acquire(move |_, metadata| {
                let is_same = at_acquire.is_same_since(metadata.age);
                Box::pin(async move { Ok(is_same) })
            })
            // From here on a missing SQLite file was deleted: an empty one in its place would hide the loss.
            .connect_lazy_with(settings.database.clone().existing().options()?);
        let database = Self { pool, settings };
        if dialect == Dialect::Sqlite {
            database.migrate(Tables::All).await?;
        }
        Ok(database)
    }

    /// The SQL of this database.
    pub fn dialect(&self) -> Dialect {
        self.settings.database.dialect()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Prepares every statement of this program once, so that a statement that does not fit the tables is found now and
    /// not by a job.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`] for a missing table or column, [`StoreError::Refused`] for another mistake.
    pub async fn check_statements(&self) -> Result<(), StoreError> {
        let lists = [
            claim::STATEMENTS,
            clock::STATEMENTS,
            insights::STATEMENTS,
            queue_stats::STATEMENTS,
            recovery::STATEMENTS,
            writable::STATEMENTS,
        ];
        // An application need not have ideas.
        let of_ideas = if self.is_own().await? {
            tables::ideas::STATEMENTS
        } else {
            &[]
        };
        let texts = tables::statements()
            .chain(of_ideas.iter().copied())
            .chain(lists.into_iter().flatten().copied())
            .map(|statement| statement.on(self.dialect()).into_sql_str());
        let settings = &self.settings;
        match self.dialect() {
            // The driver `Any` cannot describe parameters of Postgres's own types.
            Dialect::Postgres => {
                let mut connection = settings.direct_session().await?;
                for text in texts {
                    connection.prepare(text).await?;
                }
                connection.close().await?;
            }
            Dialect::Sqlite => {
                let mut connection = self.pool.acquire().await?;
                for text in texts {
                    connection.prepare(text).await?;
                }
            }
        }
        Ok(())
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let dialect = self.dialect();
        Ok(Tx {
            inner: self.pool.begin_with(dialect.begin()).await?,
            dialect,
        })
    }

    /// Begins a transaction that only reads.
    pub(super) async fn begin_read(&self) -> Result<Tx, StoreError> {
        Ok(Tx {
            inner: self.pool.begin().await?,
            dialect: self.dialect(),
        })
    }

    /// Sends notifications of a committed change to the listeners. A failure is only logged: every listener polls too.
    pub(super) async fn notify(&self, notifications: &[Notification]) {
        if self.dialect() == Dialect::Sqlite {
            return;
        }
        for notification in notifications {
            if let Err(error) = notification.send(&self.pool).await {
                tracing::debug!(%error, "cannot notify");
                return;
            }
        }
    }
}

/// True if a connection may be used again: no transaction is open in it. After a full disk SQLite has ended a transaction
/// already, its rollback fails, and the driver counts the transaction as open for ever.
async fn is_clean(connection: &mut AnyConnection, dialect: Dialect) -> Result<bool, sqlx::Error> {
    if dialect == Dialect::Postgres {
        return Ok(true);
    }
    // Carries out the rollback of a transaction that was dropped.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Connects once outside the pool, which would try until its time is up and then hide the reason of the failure.
pub(super) async fn connect_once(
    options: &AnyConnectOptions,
    dialect: Dialect,
) -> Result<(), StoreError> {
    let connect = async {
        let mut connection = options.connect().await?;
        prepare(&mut connection, dialect).await?;
        connection.close().await
    };
    tokio::time::timeout(CONNECT_TIMEOUT, connect)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
    Ok(())
}

/// Sets up a connection to SQLite: readers beside one writer, and commits that survive a power cut. Postgres takes the
/// settings of a session from the address.
pub(super) async fn prepare(
    connection: &mut AnyConnection,
    dialect: Dialect,
) -> Result<(), sqlx::Error> {
    let pragmas = [
        "PRAGMA busy_timeout = 5000",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
    ];
    if dialect == Dialect::Sqlite {
        for pragma in pragmas {
            sqlx::raw_sql(pragma).execute(&mut *connection).await?;
        }
    }
    Ok(())
}
