//! Which database holds the jobs.

use crate::cli::error::Failure;
use crate::cli::runtime::wait_for;
use crate::store::sql::address::DatabaseUrl;
use crate::store::sql::{Database, DatabaseOptions};
use std::path::PathBuf;

/// Where jobs and runs are kept. An address may hold a password, so none is ever shown.
#[derive(clap::Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct DatabaseArgs {
    /// The database: `postgres://…`, or `sqlite:PATH` of a file that is made when it is not there.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The same Postgres without a connection pooler between, for notifications and migrations.
    #[arg(long, value_name = "URL", env = "DIRECT_URL", hide_env_values = true)]
    direct_url: Option<String>,
    /// At most so many connections.
    #[arg(long, value_name = "N", env = "GROUNDPLAN_DATABASE_CONNECTIONS", default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(2..=200))]
    database_connections: u32,
}

impl DatabaseArgs {
    /// Whether a database is named at all.
    pub(crate) fn is_named(&self) -> bool {
        self.database_url
            .as_ref()
            .is_some_and(|text| !text.is_empty())
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let path = self.database_url.as_deref()?.strip_prefix("sqlite:")?;
        Some(path.strip_prefix("//").unwrap_or(path).into())
    }

    /// Reads the addresses. Nothing is connected yet.
    pub(crate) fn settings(&self) -> Result<DatabaseOptions, Failure> {
        let address = |text: &Option<String>, name: &str| {
            let text = text.as_deref().filter(|text| !text.is_empty());
            let address = text.map(DatabaseUrl::parse).transpose();
            address.map_err(|error| Failure::usage("database_address_invalid", format!("{name} cannot be used")).caused_by(error).hinted("write `postgres://…` with user, password, host and name, or `sqlite:PATH` of a file"))
        };
        let database = address(&self.database_url, "DATABASE_URL")?;
        Ok(DatabaseOptions {
            database: database.ok_or_else(|| {
                Failure::usage(
                    "database_missing",
                    "there is no database: DATABASE_URL is not set",
                )
                .hinted("set it to `postgres://…`, or to `sqlite:PATH` for one machine")
            })?,
            direct: address(&self.direct_url, "DIRECT_URL")?,
            connections: self.database_connections,
        })
    }

    /// Connects, asks, and closes the connections again whatever the answer is.
    pub(crate) fn ask<T>(
        &self,
        ask: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        ask_at(self.settings()?, ask)
    }

    /// The same of a database that is there: a file that is not is misspelt rather than wanted.
    pub(crate) fn look<T>(
        &self,
        ask: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut settings = self.settings()?;
        settings.database = settings.database.existing();
        ask_at(settings, ask)
    }

    /// Connects.
    pub(crate) async fn open(&self) -> Result<Database, Failure> {
        Ok(Database::open(self.settings()?).await?)
    }
}

fn ask_at<T>(
    settings: DatabaseOptions,
    ask: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
) -> Result<T, Failure> {
    wait_for(async {
        let database = Database::open(settings).await?;
        let answer = ask(&database).await;
        database.close().await;
        answer
    })?
}
