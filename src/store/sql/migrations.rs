//! Migrations of the tables: those of a surrounding application, and our own.

use super::{Database, Dialect, application};
use crate::store::error::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlSafeStr as _};

/// The tables to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// All tables, in a database of our own.
    All,
    /// Our own tables, beside those of an application.
    Own,
}

/// The scripts of one folder, in order, and the table that records which of them ran.
struct Scripts {
    recorded_in: &'static str,
    texts: &'static [&'static str],
}

const APP: &str = "bootstrap_app_migrations";
const OWN: &str = "bootstrap_own_migrations";

macro_rules! script {
    ($path:literal) => {
        include_str!(concat!("../../../schema/sql/", $path))
    };
}

/// The scripts for the application's tables and for ours.
fn scripts(dialect: Dialect) -> (Scripts, Scripts) {
    let of = |recorded_in, texts| Scripts { recorded_in, texts };
    match dialect {
        Dialect::Postgres => (
            of(APP, &[script!("postgres/app/0001_tables.sql")]),
            of(
                OWN,
                &[
                    script!("postgres/own/0001_tables.sql"),
                    script!("postgres/own/0002_catalog_categories.sql"),
                    script!("postgres/own/0003_server.sql"),
                ],
            ),
        ),
        Dialect::Sqlite => (
            of(APP, &[script!("sqlite/app/0001_tables.sql")]),
            of(
                OWN,
                &[
                    script!("sqlite/own/0001_tables.sql"),
                    script!("sqlite/own/0002_catalog_categories.sql"),
                    script!("sqlite/own/0003_server.sql"),
                ],
            ),
        ),
    }
}

impl Scripts {
    fn last(&self) -> i64 {
        i64::try_from(self.texts.len()).unwrap_or(i64::MAX)
    }

    async fn run(&self, pool: &AnyPool) -> Result<(), StoreError> {
        let migrations = (1..).zip(self.texts).map(|(version, text)| {
            let kind = MigrationType::Simple;
            Migration::new(version, "tables".into(), kind, text.into_sql_str(), false)
        });
        let mut migrator = Migrator::with_migrations(migrations.collect());
        migrator.dangerous_set_table_name(self.recorded_in);
        Ok(migrator.run(pool).await?)
    }
}

impl Database {
    /// Updates the tables. On Postgres every statement is prepared once afterwards.
    ///
    /// # Errors
    /// [`StoreError::NotReady`] when the application's tables are to be joined and lack something, or are to be created and
    /// exist.
    pub async fn migrate(&self, tables: Tables) -> Result<(), StoreError> {
        let (app, own) = scripts(self.dialect());
        // A connection pooler would give the lock and the work to different sessions.
        let pool = match &self.settings.direct {
            Some(direct) => AnyPool::connect_with(direct.options()?).await?,
            None => self.pool.clone(),
        };
        match tables {
            Tables::All => {
                if !self.is_own().await? && self.has_table("claude_jobs").await? {
                    return Err(StoreError::NotReady {
                        message: "the tables of an application already exist; add ours beside them with `groundplan \
                                  migrate --joined`"
                            .to_owned(),
                    });
                }
                app.run(&pool).await?;
            }
            Tables::Own => application::check(self).await?,
        }
        own.run(&pool).await?;
        match self.dialect() {
            Dialect::Postgres => self.check_statements().await,
            // Opened for every command: the tests prepare the statements.
            Dialect::Sqlite => Ok(()),
        }
    }

    async fn has_table(&self, table: &'static str) -> Result<bool, StoreError> {
        let query = match self.dialect() {
            Dialect::Postgres => "SELECT CASE WHEN to_regclass($1) IS NULL THEN 0 ELSE 1 END",
            Dialect::Sqlite => {
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
            }
        };
        let count: i64 = sqlx::query_scalar(query)
            .bind(table)
            .fetch_one(&self.pool)
            .await?;
        Ok(count == 1)
    }

    /// True if this program created the application's tables, so that it may add users and products.
    pub async fn is_own(&self) -> Result<bool, StoreError> {
        self.has_table(APP).await
    }

    /// Checks that all tables exist and are as new as this program.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`].
    pub async fn ready(&self) -> Result<(), StoreError> {
        if !self.has_table(OWN).await? || !self.has_table("claude_jobs").await? {
            return Err(StoreError::NotMigrated { source: None });
        }
        let (_, own) = scripts(self.dialect());
        let last: i64 = sqlx::query_scalar(
            "SELECT COALESCE(MAX(version), 0) FROM bootstrap_own_migrations WHERE success",
        )
        .fetch_one(&self.pool)
        .await?;
        if last < own.last() {
            return Err(StoreError::NotMigrated { source: None });
        }
        Ok(())
    }
}
