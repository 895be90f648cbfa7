//! Pushes the built commit to the new repository.

use super::Publication;
use crate::forge::repository::{Content, Repository};
use crate::publish::error::{FailureCause, PublishError};
use crate::publish::ledger::{CreatedRepo, PublishStep, StepOutcome};
use crate::publish::push::PushError;
use crate::publish::stage::Stage;

impl Publication<'_> {
    /// Pushes if the repository is empty. A push that certainly failed removes the repository again.
    pub(super) async fn push(&mut self, repo: &CreatedRepo) -> Result<(), PublishError> {
        let repository = match self.repository(repo.id, |found| found.is_some()).await {
            Ok(Some(repository)) => repository,
            Ok(None) => {
                if let Stage::Deleting { nonce, .. } = self.stage {
                    return self.finish(nonce, StepOutcome::Done).await;
                }
                return Err(self.roll_back(repo, FailureCause::NotVisible).await);
            }
            Err(error) if matches!(self.stage, Stage::Created(_)) => {
                return Err(self.roll_back(repo, FailureCause::Read(error)).await);
            }
            Err(error) => return Err(self.failed_read(error)),
        };
        self.check_ownership(&repository)?;
        let nonce = self.begin(PublishStep::Push).await?;
        if has_content(Some(&repository)) {
            return self.finish(nonce, StepOutcome::Done).await;
        }
        let Err(error) = self.publisher.push.push(&repository.remote).await else {
            return self.finish(nonce, StepOutcome::Done).await;
        };
        let message = error.to_string();
        let found = match &error {
            PushError::Refused { .. } | PushError::NotSent { .. } | PushError::Insecure { .. } => {
                Ok(Some(repository))
            }
            PushError::Unknown { .. } => self.repository(repo.id, has_content).await,
        };
        match found {
            Ok(Some(found)) if found.content == Content::Empty => {
                self.finish(nonce, StepOutcome::NotDone { message }).await?;
                Err(self.roll_back(repo, FailureCause::Push(error)).await)
            }
            Ok(Some(found)) if self.request.proof().check(&found).is_ok() => {
                self.finish(nonce, StepOutcome::Done).await
            }
            Ok(_) | Err(_) => {
                self.finish(nonce, StepOutcome::Unknown { message }).await?;
                Err(self.failed(FailureCause::Push(error)))
            }
        }
    }

    /// Finds out whether a push that was interrupted has arrived.
    pub(super) async fn confirm_pushed(
        &mut self,
        repo: &CreatedRepo,
        nonce: u64,
    ) -> Result<(), PublishError> {
        match self.repository(repo.id, |found| found.is_some()).await {
            Ok(Some(repository)) => {
                self.check_ownership(&repository)?;
                let outcome = if has_content(Some(&repository)) {
                    StepOutcome::Done
                } else {
                    let message = "it had not arrived when the run was resumed".to_owned();
                    StepOutcome::NotDone { message }
                };
                self.finish(nonce, outcome).await
            }
            Ok(None) => Err(self.failed(FailureCause::NotVisible)),
            Err(error) => Err(self.failed_read(error)),
        }
    }

    fn check_ownership(&self, repository: &Repository) -> Result<(), PublishError> {
        let proof = self.request.proof();
        proof
            .check(repository)
            .map_err(|error| self.failed(FailureCause::NotOurs(error)))
    }
}

fn has_content(found: Option<&Repository>) -> bool {
    found.is_some_and(|repository| repository.content != Content::Empty)
}
