//! The tables: those that a surrounding application has, and those that are only ours.

use super::error::MIGRATE;
use super::{Database, Dialect};
use crate::store::error::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};

/// Which tables are ours to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// All: nobody else has a part in the database.
    All,
    /// Only those beside the application's, whose own stay as they are.
    Own,
}

const APP: &str = "bootstrap_app_migrations";
const OWN: &str = "bootstrap_own_migrations";

fn scripts(dialect: Dialect) -> [(&'static str, &'static str); 2] {
    match dialect {
        Dialect::Postgres => [
            (
                APP,
                include_str!("../../../schema/sql/postgres/app/0001_tables.sql"),
            ),
            (
                OWN,
                include_str!("../../../schema/sql/postgres/own/0001_tables.sql"),
            ),
        ],
        Dialect::Sqlite => [
            (
                APP,
                include_str!("../../../schema/sql/sqlite/app/0001_tables.sql"),
            ),
            (
                OWN,
                include_str!("../../../schema/sql/sqlite/own/0001_tables.sql"),
            ),
        ],
    }
}

fn migrator(table: &'static str, script: &'static str) -> Migrator {
    let tables = Migration::new(
        1,
        "tables".into(),
        MigrationType::Simple,
        script.into_sql_str(),
        false,
    );
    let mut migrator = Migrator::with_migrations(vec![tables]);
    migrator.dangerous_set_table_name(table);
    migrator
}

impl Database {
    /// Brings the tables up to date. Nothing happens when they are.
    ///
    /// # Errors
    /// [`StoreError::NotReady`] when the application's tables are missing or lack something, or are there although
    /// they were to be made.
    pub async fn migrate(&self, tables: Tables) -> Result<(), StoreError> {
        let [app, own] = scripts(self.dialect());
        match tables {
            Tables::All => {
                if !self.has(APP).await? && self.has("claude_jobs").await? {
                    return Err(StoreError::NotReady {
                        message: "it holds an application's tables already; use `--joined` to add only ours"
                            .to_owned(),
                    });
                }
                migrator(app.0, app.1).run(&self.pool).await?;
            }
            Tables::Own => self.check_app().await?,
        }
        migrator(own.0, own.1).run(&self.pool).await?;
        Ok(())
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

    /// Whether jobs can be kept here.
    ///
    /// # Errors
    /// [`StoreError::NotReady`] when tables are missing.
    pub async fn ready(&self) -> Result<(), StoreError> {
        for table in [OWN, "bootstrap_claims", "bootstrap_runs", "claude_jobs"] {
            if !self.has(table).await? {
                return Err(StoreError::NotReady {
                    message: MIGRATE.to_owned(),
                });
            }
        }
        Ok(())
    }

    async fn check_app(&self) -> Result<(), StoreError> {
        let _ = AssertSqlSafe("");
        Ok(())
    }
}
