//! Removing what an unfinished run made.

use super::Publisher;
use super::ledger::{Ledger, PublishRequest, PublishStep, StepOutcome};
use super::outcome::{CleanupOutcome, FailureCause, PublishError};
use super::publication::{Publication, Reconciled, Removal};
use super::stage::Stage;

impl Publisher<'_> {
    pub(super) async fn clean(
        &self,
        ledger: &mut dyn Ledger,
        order: &PublishRequest,
        stage: Stage,
    ) -> Result<CleanupOutcome, PublishError> {
        let mut run = Publication::new(self, ledger, order, stage);
        if let Stage::Creating { nonce } = run.stage {
            let message = match run.reconcile(nonce).await? {
                Reconciled::Ours => None,
                Reconciled::Taken { full_name } => {
                    Some(format!("`{full_name}` is not of this run"))
                }
                Reconciled::Unseen => {
                    Some("it was not there when the run was cleaned up".to_owned())
                }
            };
            if let Some(message) = message {
                run.end(nonce, StepOutcome::NotDone { message }).await?;
            }
        }
        let made = match &run.stage {
            Stage::Begun | Stage::Gone | Stage::Creating { .. } => {
                return Ok(CleanupOutcome::Nothing);
            }
            Stage::Published(made) => {
                return Err(PublishError::Finished {
                    full_name: made.full_name.clone(),
                });
            }
            Stage::Created(made)
            | Stage::Pushing { made, .. }
            | Stage::Pushed(made)
            | Stage::Describing { made, .. }
            | Stage::Deleting { made, .. } => made.clone(),
        };
        match run.look(made.id, |found| found.is_some()).await {
            Ok(Some(_)) => {}
            Ok(None) => {
                run.forget().await?;
                return Ok(CleanupOutcome::Nothing);
            }
            Err(error) => return Err(run.ending(FailureCause::Look(error))),
        }
        match run.remove(&made).await? {
            Removal::Gone => Ok(CleanupOutcome::Removed(made.id)),
            Removal::Kept(error) => {
                let why = FailureCause::Forge {
                    step: PublishStep::Delete,
                    error: error.clone(),
                };
                Err(run.ending(why).keeping(error))
            }
        }
    }
}
