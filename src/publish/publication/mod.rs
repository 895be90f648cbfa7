//! One publication: steps from the stage that the ledger proves to the next one.

mod configure;
mod create;
mod describe;
mod observe;
mod push;
mod remove;

use super::error::{FailureCause, PublishError};
use super::ledger::{Ledger, LedgerEntry, LedgerError, PublishRequest, PublishStep, StepOutcome};
use super::remains::Remains;
use super::stage::Stage;
use super::{PublishedRepo, Publisher};
use crate::forge::error::ForgeError;
use crate::forge::repository::Repository;

/// The branch that is pushed.
const BRANCH: &str = "main";

/// One run of the publisher over one ledger.
pub(super) struct Publication<'p> {
    publisher: &'p Publisher<'p>,
    ledger: &'p mut dyn Ledger,
    request: &'p PublishRequest,
    stage: Stage,
    /// True once this process has asked the forge to create the repository; it asks at most once.
    has_requested: bool,
    /// True if an earlier process asked for the repository, whatever outcome it recorded.
    has_earlier_request: bool,
}

impl<'p> Publication<'p> {
    pub(super) fn new(
        publisher: &'p Publisher<'p>,
        ledger: &'p mut dyn Ledger,
        request: &'p PublishRequest,
        stage: Stage,
        has_earlier_request: bool,
    ) -> Self {
        Self {
            publisher,
            ledger,
            request,
            stage,
            has_requested: false,
            has_earlier_request,
        }
    }

    /// Takes one step after the other until the repository is published or a step fails.
    pub(super) async fn advance(mut self) -> Result<PublishedRepo, PublishError> {
        loop {
            match self.stage.clone() {
                Stage::Started | Stage::Removed => self.create().await?,
                Stage::Creating { nonce } => self.confirm_created(nonce).await?,
                Stage::Created(repo) | Stage::Deleting { repo, .. } => self.push(&repo).await?,
                Stage::Pushing { repo, nonce } => self.confirm_pushed(&repo, nonce).await?,
                Stage::Pushed(repo) | Stage::Configuring { repo, .. }
                    if !self.request.settings.is_empty() =>
                {
                    self.configure(&repo).await?;
                }
                Stage::Pushed(repo)
                | Stage::Configuring { repo, .. }
                | Stage::Configured(repo)
                | Stage::Describing { repo, .. } => {
                    return self.describe(&repo).await;
                }
                Stage::Published(repo) => {
                    let repository = self.read_back(&repo).await?;
                    return Ok(self.published(repository));
                }
            }
        }
    }

    /// Records that a step begins and returns its nonce, which identifies the outcome.
    async fn begin(&mut self, step: PublishStep) -> Result<u64, PublishError> {
        // 53 bits, so that every JSON reader sees the same number.
        let nonce = getrandom::u64().map_err(|error| {
            self.failed(FailureCause::Ledger(LedgerError::Storage {
                ledger: "of this run".to_owned(),
                action: "continued",
                message: error.to_string(),
            }))
        })? >> 11;
        let at = self.now();
        self.record(LedgerEntry::Intended { step, nonce, at })
            .await?;
        Ok(nonce)
    }

    /// Records the outcome of a step.
    async fn finish(&mut self, nonce: u64, outcome: StepOutcome) -> Result<(), PublishError> {
        let at = self.now();
        self.record(LedgerEntry::Finished { nonce, at, outcome })
            .await
    }

    async fn record(&mut self, entry: LedgerEntry) -> Result<(), PublishError> {
        let Some(next) = self.stage.clone().next(&entry) else {
            return Err(self.failed(FailureCause::Ledger(LedgerError::OutOfOrder { entry: 0 })));
        };
        let recorded = self.ledger.record(&entry).await;
        // An outcome is true of the forge even if it could not be recorded.
        if recorded.is_ok() || matches!(entry, LedgerEntry::Finished { .. }) {
            self.stage = next;
        }
        recorded.map_err(|error| self.failed(FailureCause::Ledger(error)))
    }

    /// The current time in seconds since 1970.
    fn now(&self) -> i64 {
        self.publisher.clock.now() / 1000
    }

    fn published(&self, repository: Repository) -> PublishedRepo {
        PublishedRepo {
            id: repository.id,
            full_name: repository.full_name,
            remote: repository.remote,
            commit: self.request.commit.clone(),
            tree: self.request.tree.clone(),
        }
    }

    /// The error of a publication that stops at the current stage.
    fn failed(&self, cause: FailureCause) -> PublishError {
        let repo = &self.request.repo;
        match self.stage.remains(repo, Some(&cause)) {
            Some(mut remains) => {
                remains.removal = Some(self.publisher.forge.removal_command(repo, remains.id));
                let remains = Box::new(remains);
                PublishError::Incomplete { cause, remains }
            }
            None if self.stage == Stage::Removed => PublishError::RolledBack { cause },
            None => PublishError::NotCreated { cause },
        }
    }

    /// The error of a run of which an earlier request may have created a repository, although none is recorded.
    fn uncertain(&self, cause: FailureCause) -> PublishError {
        let remains = Remains::may_appear(
            &self.request.repo,
            self.publisher
                .forge
                .removal_command(&self.request.repo, None),
        );
        PublishError::Incomplete {
            cause,
            remains: Box::new(remains),
        }
    }

    /// The error of a step that the forge refused or did not answer.
    fn failed_step(&self, step: PublishStep, error: ForgeError) -> PublishError {
        self.failed(FailureCause::Forge { step, error })
    }

    /// The error of a read that the forge refused or did not answer.
    fn failed_read(&self, error: ForgeError) -> PublishError {
        self.failed(FailureCause::Read(error))
    }
}
