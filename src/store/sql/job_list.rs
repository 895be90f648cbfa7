//! The list of jobs of all kinds.

use super::Database;
use super::tables::job_list;
use crate::store::error::StoreError;
use crate::store::job_list::{JobCount, JobEntry, JobFilter};
use crate::store::listed::Listed;

impl Database {
    /// At most `limit` jobs that a filter selects, newest first. A damaged row is listed as unreadable.
    ///
    /// # Errors
    /// [`StoreError::NoJob`] when the job that the list continues after does not exist.
    pub async fn jobs(
        &self,
        filter: &JobFilter,
        limit: u32,
    ) -> Result<Vec<Listed<JobEntry>>, StoreError> {
        job_list::page(self, filter, limit).await
    }

    /// The number of jobs that a filter selects, by kind and status.
    pub async fn job_counts(&self, filter: &JobFilter) -> Result<Vec<JobCount>, StoreError> {
        job_list::counts(self, filter).await
    }
}
