//! The connection to PostgreSQL.

use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgPoolOptions;

pub type Pool = sqlx::PgPool;

/// Connects to the database of a URL. Fails if it does not answer within five seconds.
pub async fn connect(url: &str) -> sqlx::Result<Pool> {
    PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(Duration::from_secs(5))
        .connect(url)
        .await
}

/// Applies the migrations that the database does not have yet.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    sqlx::migrate!().run(pool).await
}
