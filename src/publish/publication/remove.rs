//! Removes the repository of a run, if it provably belongs to the run.

use super::Publication;
use super::create::Reconciled;
use crate::forge::error::ForgeError;
use crate::forge::repository::Availability;
use crate::publish::CleanupOutcome;
use crate::publish::error::{FailureCause, PublishError};
use crate::publish::ledger::{CreatedRepo, PublishStep, StepOutcome};
use crate::publish::stage::Stage;

/// The result of an attempt to remove a repository.
enum Removal {
    Removed,
    Kept(ForgeError),
}

impl Publication<'_> {
    /// Removes the repository of an unfinished run.
    pub(in crate::publish) async fn clean_up(mut self) -> Result<CleanupOutcome, PublishError> {
        if let Stage::Creating { nonce } = self.stage {
            let message = match self.reconcile(nonce).await? {
                Reconciled::Created => None,
                Reconciled::Taken { full_name } => {
                    Some(format!("`{full_name}` was not created by this run"))
                }
                Reconciled::Missing => {
                    Some("it did not exist when the run was cleaned up".to_owned())
                }
            };
            if let Some(message) = message {
                self.finish(nonce, StepOutcome::NotDone { message }).await?;
            }
        }
        if matches!(self.stage, Stage::Started | Stage::Removed) && self.has_earlier_request {
            match self.availability(|_| true).await {
                Ok(Availability::Taken { id, .. }) => {
                    self.adopt(id).await?;
                }
                Ok(Availability::Free | Availability::Moved) => {}
                Err(error) => return Err(self.uncertain(FailureCause::Read(error))),
            }
        }
        if let Stage::Published(repo) = self.stage {
            return Err(PublishError::AlreadyPublished {
                full_name: repo.full_name,
            });
        }
        let Some(repo) = self.stage.created().cloned() else {
            return Ok(CleanupOutcome::Nothing);
        };
        match self.repository(repo.id, |found| found.is_some()).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                self.record_removed().await?;
                return Ok(CleanupOutcome::Nothing);
            }
            Err(error) => return Err(self.failed_read(error)),
        }
        match self.remove(&repo).await? {
            Removal::Removed => Ok(CleanupOutcome::Removed(repo.id)),
            Removal::Kept(error) => Err(self
                .failed_step(PublishStep::Delete, error.clone())
                .keeping(error)),
        }
    }

    /// Removes the repository after a failed step. Returns the error of the publication.
    pub(super) async fn roll_back(
        &mut self,
        repo: &CreatedRepo,
        cause: FailureCause,
    ) -> PublishError {
        match self.remove(repo).await {
            Ok(Removal::Removed) => self.failed(cause),
            Ok(Removal::Kept(error)) => self.failed(cause).keeping(error),
            Err(error) => error,
        }
    }

    async fn remove(&mut self, repo: &CreatedRepo) -> Result<Removal, PublishError> {
        let nonce = self.begin(PublishStep::Delete).await?;
        let proof = self.request.proof();
        let Err(error) = self.publisher.forge.delete(repo.id, &proof).await else {
            self.finish(nonce, StepOutcome::Done).await?;
            return Ok(Removal::Removed);
        };
        let outcome = self
            .outcome_of(&error, repo.id, |found| found.is_none())
            .await;
        let is_removed = outcome == StepOutcome::Done;
        self.finish(nonce, outcome).await?;
        Ok(if is_removed {
            Removal::Removed
        } else {
            Removal::Kept(error)
        })
    }

    /// Records that the repository does not exist any more.
    async fn record_removed(&mut self) -> Result<(), PublishError> {
        let nonce = match self.stage {
            Stage::Deleting { nonce, .. } => nonce,
            _ => self.begin(PublishStep::Delete).await?,
        };
        self.finish(nonce, StepOutcome::Done).await
    }
}
