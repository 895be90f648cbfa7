//! The store in a database: Postgres for fleets, a SQLite file for one machine, with one text for each statement.

pub mod address;
mod application;
pub mod catalogs;
mod changes;
mod claims;
mod clock;
mod dialect;
mod error;
mod events;
mod ledger;
pub mod measures;
pub mod migrations;
mod recovery;
mod row;
mod submissions;
mod tell;
pub mod users;
pub mod wakeups;
pub mod workers;
mod write;

use super::Store;
use super::change::{Change, Hand};
use super::error::StoreError;
use super::event::Event;
use super::id::RunId;
use super::lease::{Lease, Pick, Standing, WorkerId};
use super::run::{Filter, Run, Task};
use super::submission::Submission;
use super::sweep::{Recovery, Swept};
use crate::publish::ledger::Entry;
use address::Address;
use async_trait::async_trait;
pub use dialect::Dialect;
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{Any, AnyConnection, AnyPool, Transaction};
use std::time::Duration;
use tell::Told;

/// How a database is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    pub database: Address,
    /// The same database without a pool of sessions between: needed for listening and for migrations.
    pub direct: Option<Address>,
    /// At most so many connections.
    pub connections: u32,
}

/// A database that holds jobs and runs.
#[derive(Clone, Debug)]
pub struct Database {
    pool: AnyPool,
    settings: Settings,
}

/// An open transaction. When it is dropped, nothing of it happened.
struct Tx {
    inner: Transaction<'static, Any>,
    dialect: Dialect,
}

impl Tx {
    fn at(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}

impl Database {
    /// Connects. A SQLite file is made, and brought up to date, by itself; Postgres is migrated by [`Self::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn open(settings: Settings) -> Result<Self, StoreError> {
        install_default_drivers();
        let dialect = settings.database.dialect();
        let most = settings.database.limit().unwrap_or(u32::MAX);
        let options = AnyPoolOptions::new()
            .max_connections(settings.connections.min(most).max(2))
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Sqlite {
                        prepare_file(connection).await?;
                    }
                    Ok(())
                })
            });
        let pool = options.connect_with(settings.database.options()?).await?;
        let database = Self { pool, settings };
        if dialect == Dialect::Sqlite {
            database.migrate(migrations::Tables::All).await?;
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

    async fn begin(&self) -> Result<Tx, StoreError> {
        let dialect = self.dialect();
        Ok(Tx {
            inner: self.pool.begin_with(dialect.begin()).await?,
            dialect,
        })
    }

    /// A transaction that only reads.
    async fn look(&self) -> Result<Tx, StoreError> {
        Ok(Tx {
            inner: self.pool.begin().await?,
            dialect: self.dialect(),
        })
    }

    /// Tells whoever listens what was committed. That nobody can be told undoes nothing: everybody polls as well.
    async fn tell(&self, told: &[Told]) {
        if self.dialect() == Dialect::Postgres {
            for told in told {
                if told.send(&self.pool).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Readers beside one writer, and a commit that outlives the machine's power.
async fn prepare_file(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for pragma in [
        "PRAGMA busy_timeout = 5000",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
    ] {
        sqlx::raw_sql(pragma).execute(&mut *connection).await?;
    }
    Ok(())
}

#[async_trait]
impl Store for Database {
    async fn submit(&self, submission: &Submission) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let run = match submissions::insert(&mut tx, submission).await {
            Ok(run) => run,
            Err(StoreError::ActiveRun { product, .. }) => {
                drop(tx);
                let run = submissions::active(&mut self.look().await?, &product).await?;
                return Err(StoreError::ActiveRun { product, run });
            }
            Err(error) => return Err(error),
        };
        tx.commit().await?;
        self.tell(&[Told::enqueued(&run)]).await;
        Ok(run)
    }

    async fn claim(&self, worker: &WorkerId, pick: &Pick) -> Result<Option<Lease>, StoreError> {
        match pick {
            Pick::Oldest => self.claim_oldest(worker).await,
            Pick::Ended(run) => {
                let mut tx = self.begin().await?;
                let lease = claims::ended(&mut tx, worker, run).await?;
                tx.commit().await?;
                Ok(lease)
            }
        }
    }

    async fn renew(&self, lease: &Lease) -> Result<Standing, StoreError> {
        let mut tx = self.begin().await?;
        let standing = claims::renew(&mut tx, lease).await?;
        tx.commit().await?;
        Ok(standing)
    }

    async fn task(&self, lease: &Lease) -> Result<Task, StoreError> {
        let mut tx = self.look().await?;
        claims::task(&mut tx, lease).await
    }

    async fn change(
        &self,
        run: &RunId,
        hand: Hand<'_>,
        change: &Change,
    ) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let (run, told) = match changes::apply(&mut tx, run, hand, change).await {
            Err(StoreError::ActiveRun { product, .. }) => {
                drop(tx);
                let run = submissions::active(&mut self.look().await?, &product).await?;
                return Err(StoreError::ActiveRun { product, run });
            }
            other => other?,
        };
        tx.commit().await?;
        self.tell(&told).await;
        Ok(run)
    }

    async fn record(&self, lease: &Lease, entry: &Entry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        ledger::record(&mut tx, lease, entry).await?;
        tx.commit().await
    }

    async fn entries(&self, run: &RunId) -> Result<Vec<Entry>, StoreError> {
        let mut tx = self.look().await?;
        row::find(&mut tx, run).await?;
        ledger::entries(&mut tx, run).await
    }

    async fn runs(&self, filter: &Filter) -> Result<Vec<Run>, StoreError> {
        row::list(&mut self.look().await?, filter).await
    }

    async fn events(
        &self,
        after: i64,
        run: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        events::after(&mut self.look().await?, after, run, limit).await
    }

    async fn sweep(&self, recovery: Recovery) -> Result<Swept, StoreError> {
        self.sweep_all(recovery).await
    }
}
