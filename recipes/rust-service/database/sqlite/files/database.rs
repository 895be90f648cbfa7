//! The connection to SQLite.

use std::fs;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

pub type Pool = sqlx::SqlitePool;

/// Opens the database of a URL, and creates the file and its folder if they are missing.
pub async fn connect(url: &str) -> sqlx::Result<Pool> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(5));
    if let Some(folder) = options.get_filename().parent() {
        fs::create_dir_all(folder).map_err(sqlx::Error::Io)?;
    }
    SqlitePoolOptions::new()
        .max_connections(10)
        .connect_with(options)
        .await
}

/// Applies the migrations that the database does not have yet.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    sqlx::migrate!().run(pool).await
}
