//! The stored plans and reports of runs.

use super::Database;
use super::tables::runs;
use crate::model::report::Report;
use crate::store::error::StoreError;
use crate::store::id::RunId;
use serde_json::Value;

impl Database {
    /// The plan and the report that were accepted with a run, as they were stored.
    pub async fn run_documents(&self, run: &RunId) -> Result<(Value, Value), StoreError> {
        runs::documents(&mut self.begin_read().await?, run).await
    }

    /// The report that was accepted with a run.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a document that is no report of this version.
    pub async fn run_report(&self, run: &RunId) -> Result<Report, StoreError> {
        let (_, report) = self.run_documents(run).await?;
        serde_json::from_value(report)
            .map_err(|error| StoreError::damaged(format!("the report of run {run}"), error))
    }
}
