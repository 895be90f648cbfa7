//! Migrations of the tables: those of a surrounding application, and our own.

use super::address::DatabaseUrl;
use super::connection::{CONNECT_TIMEOUT, connect_once};
use super::{Database, Dialect, application};
use crate::store::error::StoreError;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, AssertSqlSafe, SqlSafeStr as _};

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
            of(
                APP,
                &[
                    script!("postgres/app/0001_tables.sql"),
                    script!("postgres/app/0002_run_order_and_category_slugs.sql"),
                    script!("postgres/app/0003_job_lists.sql"),
                    script!("postgres/app/0004_ideas.sql"),
                    script!("postgres/app/0005_action_kinds.sql"),
                    script!("postgres/app/0006_job_counts.sql"),
                    script!("postgres/app/0007_update_jobs.sql"),
                ],
            ),
            of(
                OWN,
                &[
                    script!("postgres/own/0001_tables.sql"),
                    script!("postgres/own/0002_catalog_categories.sql"),
                    script!("postgres/own/0003_server.sql"),
                    script!("postgres/own/0004_run_targets.sql"),
                    script!("postgres/own/0005_catalog_drafts.sql"),
                    script!("postgres/own/0006_idea_log.sql"),
                    script!("postgres/own/0007_updates.sql"),
                ],
            ),
        ),
        Dialect::Sqlite => (
            of(
                APP,
                &[
                    script!("sqlite/app/0001_tables.sql"),
                    script!("sqlite/app/0002_run_order_and_category_slugs.sql"),
                    script!("sqlite/app/0003_job_lists.sql"),
                    script!("sqlite/app/0004_ideas.sql"),
                    script!("sqlite/app/0005_action_kinds.sql"),
                    script!("sqlite/app/0006_job_counts.sql"),
                    script!("sqlite/app/0007_update_jobs.sql"),
                ],
            ),
            of(
                OWN,
                &[
                    script!("sqlite/own/0001_tables.sql"),
                    script!("sqlite/own/0002_catalog_categories.sql"),
                    script!("sqlite/own/0003_server.sql"),
                    script!("sqlite/own/0004_run_targets.sql"),
                    script!("sqlite/own/0005_catalog_drafts.sql"),
                    script!("sqlite/own/0006_idea_log.sql"),
                    script!("sqlite/own/0007_updates.sql"),
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
    /// exist, and when the tables are newer than this program; [`StoreError::DirectUnavailable`].
    pub async fn migrate(&self, tables: Tables) -> Result<(), StoreError> {
        let (app, own) = scripts(self.dialect());
        // Before anything is changed.
        for scripts in [&app, &own] {
            self.refuse_newer(scripts).await?;
        }
        // A connection pooler would give the lock and the work to different sessions.
        let pool = match &self.settings.direct {
            Some(direct) => connect_direct(direct).await?,
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

    /// Fails if a newer version of this program has updated the tables.
    async fn refuse_newer(&self, scripts: &Scripts) -> Result<(), StoreError> {
        if !self.has_table(scripts.recorded_in).await? {
            return Ok(());
        }
        let newest = self.newest_migration(scripts).await?;
        if newest > scripts.last() {
            return Err(newer(newest));
        }
        Ok(())
    }

    /// The number of the last migration that ran.
    async fn newest_migration(&self, scripts: &Scripts) -> Result<i64, StoreError> {
        let query = format!(
            "SELECT COALESCE(MAX(version), 0) FROM {} WHERE success",
            scripts.recorded_in
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(query))
            .fetch_one(&self.pool)
            .await?)
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
        if self.newest_migration(&own).await? < own.last() {
            return Err(StoreError::NotMigrated { source: None });
        }
        Ok(())
    }
}

/// The refusal of tables that a newer version of this program has updated.
pub(super) fn newer(migration: i64) -> StoreError {
    StoreError::NotReady {
        message: format!(
            "its tables are newer than this program (migration {migration}); install a newer groundplan, or go back as \
             docs/upgrading.md says: on Postgres, start this version without `migrate`; with SQLite, restore the backup"
        ),
    }
}

/// A pool at the address without a connection pooler.
async fn connect_direct(direct: &DatabaseUrl) -> Result<AnyPool, StoreError> {
    let options = direct.options()?;
    // A pool would try until its time is up and then hide the reason of the failure.
    connect_once(&options, direct.dialect())
        .await
        .map_err(StoreError::at_direct_address)?;
    Ok(AnyPoolOptions::new()
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_lazy_with(options))
}
