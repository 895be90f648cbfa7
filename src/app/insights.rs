//! Facts for boards: the workers that run, and the jobs that ended.

use super::caller::Caller;
use super::error::AppError;
use crate::store::sql::Database;
use crate::store::sql::insights::{DayCount, ListedWorker};

/// The workers that reported within the last minute, oldest first.
pub async fn workers(database: &Database) -> Result<Vec<ListedWorker>, AppError> {
    Ok(database.workers().await?)
}

/// The number of jobs, among those that the caller may see, that ended on each of the last days.
pub async fn throughput(
    database: &Database,
    caller: &Caller,
    days: u32,
) -> Result<Vec<DayCount>, AppError> {
    Ok(database.throughput(caller.scope().user(), days).await?)
}
