//! Updates of the repositories that runs created.

use super::notify::Notification;
use super::tables::updates;
use super::{Database, Dialect, application, submit};
use crate::store::error::StoreError;
use crate::store::listed::Listed;
use crate::store::run::Run;
use crate::store::update::{FleetRow, UpdateSubmission};

impl Database {
    /// Checks that the tables accept jobs that update repositories.
    ///
    /// # Errors
    /// [`StoreError::NoUpdateJobs`] beside an application whose kinds of jobs lack `UPDATE_REPO`.
    pub async fn check_updates(&self) -> Result<(), StoreError> {
        match self.dialect() {
            Dialect::Postgres => application::check_updates(self).await,
            Dialect::Sqlite => Ok(()),
        }
    }

    /// Stores a run that updates the repository of a product, with its queued job.
    ///
    /// # Errors
    /// [`StoreError::NoRepository`]; [`StoreError::ActiveRun`] for a product that has an active run;
    /// [`StoreError::Demo`] and [`StoreError::NoUser`].
    pub async fn submit_update(&self, submission: &UpdateSubmission) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let stored = submit::insert_update(&mut tx, submission).await;
        let run = match tx.finish(stored).await {
            Ok(run) => run,
            Err(error) => return Err(self.with_active_run(error).await),
        };
        self.notify(&[Notification::enqueued(&run)]).await;
        Ok(run)
    }

    /// At most `limit` repositories that runs created, of products whose ids follow `after`, by product. A damaged row is listed
    /// as unreadable.
    pub async fn fleet(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Listed<FleetRow>>, StoreError> {
        updates::fleet(self, after, limit).await
    }
}
