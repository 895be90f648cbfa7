//! Facts for boards: the jobs that ended.

use super::caller::Caller;
use super::error::AppError;
use crate::store::sql::Database;
use crate::store::sql::insights::DayCount;

/// The number of jobs, among those that the caller may see, that ended on each of the last days.
pub async fn throughput(
    database: &Database,
    caller: &Caller,
    days: u32,
) -> Result<Vec<DayCount>, AppError> {
    Ok(database.throughput(caller.scope().user(), days).await?)
}
