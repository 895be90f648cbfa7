//! Sets the settings of the pushed repository and reads them back.

use super::Publication;
use crate::forge::ownership::OwnershipError;
use crate::publish::error::{FailureCause, PublishError};
use crate::publish::ledger::{CreatedRepo, PublishStep, StepOutcome};
use crate::publish::stage::Stage;

impl Publication<'_> {
    /// Sets what is left of the settings. The marker is still in the description: a repository that somebody else has taken
    /// over is not changed. A forge without settings keeps none, which its preview shows.
    pub(super) async fn configure(&mut self, repo: &CreatedRepo) -> Result<(), PublishError> {
        let repository = self.read_back(repo).await?;
        if !self.request.proof().is_marked(&repository) {
            return Err(self.failed(FailureCause::NotOurs(OwnershipError::Marker)));
        }
        let nonce = match self.stage {
            Stage::Configuring { nonce, .. } => nonce,
            _ => self.begin(PublishStep::Configure).await?,
        };
        let Some(client) = self.publisher.forge.settings() else {
            return self.finish(nonce, StepOutcome::Done).await;
        };
        let applied = client
            .apply(&self.request.repo, &self.request.settings)
            .await;
        let Err(error) = applied else {
            return self.finish(nonce, StepOutcome::Done).await;
        };
        // Repeating the step sets only what is left, so that no outcome is unknown.
        let message = error.to_string();
        self.finish(nonce, StepOutcome::NotDone { message }).await?;
        Err(self.failed(FailureCause::Settings(Box::new(error))))
    }
}
