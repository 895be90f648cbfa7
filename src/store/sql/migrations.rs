//! The tables: those that a surrounding application has, and those that are only ours.

use super::{Database, Dialect, application};
use crate::store::error::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Row as _, SqlSafeStr as _};

/// Which tables are ours to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// All: nobody else has a part in the database.
    All,
    /// Only those beside the application's, whose own stay as they are.
    Own,
}

/// The scripts of one folder, in order, and the table that remembers which of them ran.
struct Scripts {
    remembered_in: &'static str,
    texts: &'static [&'static str],
}

const APP: &str = "bootstrap_app_migrations";
const OWN: &str = "bootstrap_own_migrations";

macro_rules! script {
    ($path:literal) => {
        include_str!(concat!("../../../schema/sql/", $path))
    };
}

/// The application's tables and ours.
fn scripts(dialect: Dialect) -> (Scripts, Scripts) {
    let of = |remembered_in, texts| Scripts {
        remembered_in,
        texts,
    };
    match dialect {
        Dialect::Postgres => (
            of(APP, &[script!("postgres/app/0001_tables.sql")]),
            of(OWN, &[script!("postgres/own/0001_tables.sql")]),
        ),
        Dialect::Sqlite => (
            of(APP, &[script!("sqlite/app/0001_tables.sql")]),
            of(OWN, &[script!("sqlite/own/0001_tables.sql")]),
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
        migrator.dangerous_set_table_name(self.remembered_in);
        Ok(migrator.run(pool).await?)
    }
}

impl Database {
    /// Brings the tables up to date. Nothing happens when they are.
    ///
    /// # Errors
    /// [`StoreError::NotReady`] when the application's tables are missing or lack something, or are there although
    /// they were to be made.
    pub async fn migrate(&self, tables: Tables) -> Result<(), StoreError> {
        let (app, own) = scripts(self.dialect());
        // A pooler between would give the lock and the work to different sessions.
        let pool = match &self.settings.direct {
            Some(direct) => AnyPool::connect_with(direct.options()?).await?,
            None => self.pool.clone(),
        };
        match tables {
            Tables::All => {
                if !self.is_own().await? && self.has("claude_jobs").await? {
                    return Err(StoreError::NotReady {
                        message: "an application's tables are there already; add ours beside them with `groundplan \
                                  migrate --joined`"
                            .to_owned(),
                    });
                }
                app.run(&pool).await?;
            }
            Tables::Own => application::check(self).await?,
        }
        own.run(&pool).await
    }

    async fn has(&self, table: &'static str) -> Result<bool, StoreError> {
        let query = match self.dialect() {
            Dialect::Postgres => {
                "SELECT CASE WHEN to_regclass($1) IS NULL THEN 0 ELSE 1 END AS there"
            }
            Dialect::Sqlite => {
                "SELECT COUNT(*) AS there FROM sqlite_master WHERE type = 'table' AND name = $1"
            }
        };
        let row = sqlx::query(query).bind(table).fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>("there")? == 1)
    }

    /// Whether the application's tables were made by us, so that users and products may be made in them.
    pub async fn is_own(&self) -> Result<bool, StoreError> {
        self.has(APP).await
    }

    /// Whether jobs can be kept here: all tables are there and as new as this program.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`] when they are not.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let (_, own) = scripts(self.dialect());
        let old = || StoreError::NotMigrated {
            message: String::new(),
        };
        if !self.has(OWN).await? || !self.has("claude_jobs").await? {
            return Err(old());
        }
        let last =
            "SELECT COALESCE(MAX(version), 0) AS last FROM bootstrap_own_migrations WHERE success";
        let row = sqlx::query(last).fetch_one(&self.pool).await?;
        if row.try_get::<i64, _>("last")? < own.last() {
            return Err(old());
        }
        Ok(())
    }
}
