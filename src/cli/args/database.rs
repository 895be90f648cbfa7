//! Flags of the database.

use crate::base::memory;
use crate::cli::args::git::{environment, unprotected};
use crate::cli::error::Failure;
use crate::cli::runtime::wait_for;
use crate::store::sql::address::DatabaseUrl;
use crate::store::sql::{Database, DatabaseOptions};
use std::path::{Path, PathBuf};

/// The database of jobs and runs. Addresses may contain passwords, so help shows no value of them.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct DatabaseArgs {
    /// Database: `postgres://…`, or `sqlite:PATH`, whose file is created when missing.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Direct (unpooled) Postgres URL, for notifications and migrations.
    #[arg(long, value_name = "URL", env = "DIRECT_URL", hide_env_values = true)]
    direct_url: Option<String>,
    /// Maximum number of connections.
    #[arg(long, value_name = "N", env = "GROUNDPLAN_DATABASE_CONNECTIONS", default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(2..=200))]
    database_connections: u32,
}

impl DatabaseArgs {
    /// True if a database is named.
    pub(crate) fn is_named(&self) -> bool {
        self.database_url
            .as_ref()
            .is_some_and(|text| !text.is_empty())
    }

    /// The database that the environment names.
    pub(crate) fn of_environment() -> Self {
        let text = |name| environment(name).and_then(|text| text.into_string().ok());
        Self {
            database_url: text("DATABASE_URL"),
            direct_url: text("DIRECT_URL"),
            database_connections: 2,
        }
    }

    /// The same settings with a SQLite file as the database.
    pub(crate) fn with_file(&self, file: &Path) -> Self {
        Self {
            database_url: Some(format!("sqlite:{}", file.display())),
            ..self.clone()
        }
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let path = self.database_url.as_deref()?.strip_prefix("sqlite:")?;
        Some(path.strip_prefix("//").unwrap_or(path).into())
    }

    /// Parses the addresses. Opens no connection.
    pub(crate) fn settings(&self) -> Result<DatabaseOptions, Failure> {
        let address = |text: &Option<String>, name: &str| {
            let address = text
                .as_deref()
                .filter(|text| !text.is_empty())
                .map(DatabaseUrl::parse)
                .transpose();
            address.map_err(|error| {
                Failure::usage("database_address_invalid", format!("invalid {name}"))
                    .caused_by(error)
                    .hinted("write `postgres://…` with user, password, host and name, or `sqlite:PATH` of a file")
            })
        };
        // An address may contain a password.
        memory::protect().map_err(unprotected)?;
        let database = address(&self.database_url, "DATABASE_URL")?;
        Ok(DatabaseOptions {
            database: database.ok_or_else(|| {
                Failure::usage("database_missing", "no database: DATABASE_URL is not set")
                    .hinted("set it to `postgres://…`, or to `sqlite:PATH` for a single machine")
            })?,
            direct: address(&self.direct_url, "DIRECT_URL")?,
            connections: self.database_connections,
        })
    }

    /// Connects, runs `ask` and closes the connections, whether it succeeds or fails. Creates a missing SQLite file.
    pub(crate) fn ask<T>(
        &self,
        ask: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        ask_at(self.settings()?, ask)
    }

    /// As [`DatabaseArgs::ask`], for a database that exists: a missing SQLite file is an error, since it is more likely misspelt.
    pub(crate) fn look<T>(
        &self,
        ask: impl AsyncFnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        ask_at(self.existing()?, ask)
    }

    /// Connects to a database that exists.
    pub(crate) async fn open_existing(&self) -> Result<Database, Failure> {
        Ok(Database::open(self.existing()?).await?)
    }

    fn existing(&self) -> Result<DatabaseOptions, Failure> {
        let mut settings = self.settings()?;
        settings.database = settings.database.existing();
        Ok(settings)
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
