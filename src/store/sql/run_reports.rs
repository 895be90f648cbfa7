//! The stored reports of runs, for comparing them.

use super::Database;
use super::tables::runs;
use crate::model::report::Report;
use crate::store::error::StoreError;
use crate::store::id::RunId;

impl Database {
    /// The report that was accepted with a run.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a document that is no report of this version.
    pub async fn run_report(&self, run: &RunId) -> Result<Report, StoreError> {
        let (_, report) = runs::documents(&mut self.begin_read().await?, run).await?;
        serde_json::from_value(report)
            .map_err(|error| StoreError::damaged(format!("the report of run {run}"), error))
    }
}
