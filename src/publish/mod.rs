//! Publishes a built repository in recorded steps, so that a failure leaves either nothing or a repository that is
//! reported.

pub mod error;
pub mod file_ledger;
pub mod git_push;
pub mod ledger;
mod publication;
pub mod push;
pub mod remains;
pub mod stage;
pub mod update_progress;

use crate::base::clock::Clock;
use crate::forge::Forge;
use crate::forge::repository::{Remote, RepositoryId};
use crate::model::digest::GitId;
use error::PublishError;
use ledger::{Ledger, LedgerEntry, PublishRequest, PublishStep};
use publication::Publication;
use push::Push;
use stage::Stage;

/// Publishes to one forge. Nothing is changed there before the ledger contains the intent.
pub struct Publisher<'p> {
    pub forge: &'p dyn Forge,
    pub push: &'p dyn Push,
    pub clock: &'p dyn Clock,
}

/// A published repository, read back from the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedRepo {
    pub id: RepositoryId,
    pub full_name: String,
    pub remote: Remote,
    pub commit: GitId,
    pub tree: GitId,
}

/// The result of a cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanupOutcome {
    /// The run has no repository on the forge.
    Nothing,
    Removed(RepositoryId),
}

impl Publisher<'_> {
    /// Publishes with a new ledger. Fails with [`PublishError::LedgerInUse`] if the ledger has entries.
    pub async fn publish(
        &self,
        ledger: &mut dyn Ledger,
        request: PublishRequest,
    ) -> Result<PublishedRepo, PublishError> {
        if !ledger.entries().await?.is_empty() {
            return Err(PublishError::LedgerInUse);
        }
        let started = LedgerEntry::Started {
            request: request.clone(),
        };
        ledger.record(&started).await?;
        Publication::new(self, ledger, &request, Stage::Started, false)
            .advance()
            .await
    }

    /// Continues after the last entry of a ledger. Creates the repository again if the earlier one was removed.
    pub async fn resume(&self, ledger: &mut dyn Ledger) -> Result<PublishedRepo, PublishError> {
        let entries = ledger.entries().await?;
        let (request, stage) = stage::read(&entries)?;
        Publication::new(self, ledger, &request, stage, has_request(&entries))
            .advance()
            .await
    }

    /// Removes the repository of an unfinished run, after a check that the run created it and that nobody else used it.
    pub async fn cleanup(&self, ledger: &mut dyn Ledger) -> Result<CleanupOutcome, PublishError> {
        let entries = ledger.entries().await?;
        let (request, stage) = stage::read(&entries)?;
        Publication::new(self, ledger, &request, stage, has_request(&entries))
            .clean_up()
            .await
    }
}

/// True if the repository was requested, whatever came of it.
fn has_request(entries: &[LedgerEntry]) -> bool {
    let is_request = |entry: &LedgerEntry| {
        matches!(
            entry,
            LedgerEntry::Intended {
                step: PublishStep::Create,
                ..
            }
        )
    };
    entries.iter().any(is_request)
}
