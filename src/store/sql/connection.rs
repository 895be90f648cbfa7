//! The way to a database: a pool of connections, and transactions over it.

use super::address::DatabaseUrl;
use super::dialect::Dialect;
use super::migrations::Tables;
use super::notify::Notification;
use crate::store::error::StoreError;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Transaction};
use std::time::Duration;

/// How a database is reached.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    pub database: DatabaseUrl,
    /// The same database without a pool of sessions between: needed for listening and for migrations.
    pub direct: Option<DatabaseUrl>,
    /// At most so many connections.
    pub connections: u32,
}

/// A database that holds jobs and runs.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) pool: AnyPool,
    pub(super) settings: DatabaseOptions,
}

/// How long a connection is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// An open transaction. When it is dropped, nothing of it happened.
pub(super) struct Tx {
    inner: Transaction<'static, Any>,
    pub(super) dialect: Dialect,
}

impl Tx {
    pub(super) fn at(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Commits what was done, or takes it back before anybody hears of it: a transaction that is only dropped is undone
    /// some time later, and its locks stand in the way of whoever tries next.
    pub(super) async fn end<T>(self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Ok(done) => {
                self.inner.commit().await?;
                Ok(done)
            }
            Err(error) => {
                drop(self.inner.rollback().await);
                Err(error)
            }
        }
    }
}

impl Database {
    /// Connects. A SQLite file is made, and brought up to date, by itself; Postgres is migrated by [`Self::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(settings: DatabaseOptions) -> Result<Self, StoreError> {
        install_default_drivers();
        let dialect = settings.database.dialect();
        let most = settings.database.limit().unwrap_or(u32::MAX);
        let options = settings.database.options()?;
        try_once(&options, dialect).await?;
        let pool = AnyPoolOptions::new()
            .max_connections(settings.connections.min(most).max(2))
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move { prepare(connection, dialect).await })
            })
            .connect_lazy_with(options);
        let database = Self { pool, settings };
        if dialect == Dialect::Sqlite {
            database.migrate(Tables::All).await?;
        }
        Ok(database)
    }

    /// Which SQL the database speaks.
    pub fn dialect(&self) -> Dialect {
        self.settings.database.dialect()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let dialect = self.dialect();
        Ok(Tx {
            inner: self.pool.begin_with(dialect.begin()).await?,
            dialect,
        })
    }

    /// A transaction that only reads.
    pub(super) async fn look(&self) -> Result<Tx, StoreError> {
        Ok(Tx {
            inner: self.pool.begin().await?,
            dialect: self.dialect(),
        })
    }

    /// Tells whoever listens what was committed. That nobody can be told undoes nothing: everybody polls as well.
    pub(super) async fn tell(&self, told: &[Notification]) {
        if self.dialect() == Dialect::Postgres {
            for told in told {
                if told.send(&self.pool).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// One connection outside the pool, which would try until its time is up and then not say why it failed.
async fn try_once(options: &AnyConnectOptions, dialect: Dialect) -> Result<(), StoreError> {
    let connect = async {
        let mut connection = options.connect().await?;
        prepare(&mut connection, dialect).await?;
        connection.close().await
    };
    let tried = tokio::time::timeout(PATIENCE, connect).await;
    tried.map_or(Err(sqlx::Error::PoolTimedOut), |tried| tried)?;
    Ok(())
}

/// Makes a connection of ours what it is to be; a session of Postgres is told by its address.
pub(super) async fn prepare(
    connection: &mut AnyConnection,
    dialect: Dialect,
) -> Result<(), sqlx::Error> {
    // Readers beside one writer, and a commit that outlives the machine's power.
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
