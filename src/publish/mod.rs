//! Publishing a built repository: steps over a ledger, so that every failure leaves nothing or an exact account.

mod cleanup;
pub mod file_ledger;
pub mod git_push;
pub mod ledger;
pub mod outcome;
mod publication;
pub mod push;
pub mod stage;

use crate::base::clock::Clock;
use crate::forge::Forge;
use crate::forge::ownership::OwnershipProof;
use ledger::{Ledger, LedgerEntry, PublishRequest};
use outcome::{CleanupOutcome, PublishError, PublishedRepo};
use push::Push;
use stage::Stage;

/// Publishes over one forge. Nothing is done outside before the ledger holds the intent.
pub struct Publisher<'p> {
    pub forge: &'p dyn Forge,
    pub push: &'p dyn Push,
    pub clock: &'p dyn Clock,
}

impl Publisher<'_> {
    /// Publishes with a new ledger.
    pub async fn publish(
        &self,
        ledger: &mut dyn Ledger,
        order: PublishRequest,
    ) -> Result<PublishedRepo, PublishError> {
        if !ledger.entries().await?.is_empty() {
            return Err(PublishError::InUse);
        }
        ledger
            .record(&LedgerEntry::Begun {
                order: order.clone(),
            })
            .await?;
        self.advance(ledger, &order, Stage::Begun).await
    }

    /// Goes on where a ledger ends: with what was made, or from the start when nothing is left of it.
    pub async fn resume(&self, ledger: &mut dyn Ledger) -> Result<PublishedRepo, PublishError> {
        let (order, stage) = stage::read(&ledger.entries().await?)?;
        self.advance(ledger, &order, stage).await
    }

    /// Removes what a ledger's run made and did not finish, when it is still provably that and nothing else.
    pub async fn cleanup(&self, ledger: &mut dyn Ledger) -> Result<CleanupOutcome, PublishError> {
        let (order, stage) = stage::read(&ledger.entries().await?)?;
        self.clean(ledger, &order, stage).await
    }
}

impl PublishRequest {
    /// What makes a repository the one of this order.
    pub(crate) fn claim(&self) -> OwnershipProof {
        OwnershipProof {
            repo: self.place.clone(),
            marker: self.marker.clone(),
            asked_at: self.asked_at,
            commit: self.commit.clone(),
        }
    }
}
