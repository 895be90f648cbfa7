//! Creates the repository, or finds the one that an earlier attempt created.

use super::Publication;
use crate::forge::error::ForgeError;
use crate::forge::repository::{Availability, NewRepository, Repository, RepositoryId};
use crate::publish::error::{FailureCause, PublishError};
use crate::publish::ledger::{CreatedRepo, PublishStep, StepOutcome};

/// The result of a search for a repository that may have been created.
pub(super) enum Reconciled {
    /// It was created by this run, which is recorded.
    Created,
    /// The name belongs to another repository, so this run created none.
    Taken { full_name: String },
    /// There is no repository of that name.
    Missing,
}

impl Publication<'_> {
    /// Asks the forge for the repository if its name is free.
    pub(super) async fn create(&mut self) -> Result<(), PublishError> {
        match self.availability(|_| true).await {
            Ok(Availability::Free) => {}
            Ok(Availability::Taken { id, full_name }) => {
                if self.adopt(id).await? {
                    return Ok(());
                }
                return Err(self.failed(FailureCause::Taken { full_name }));
            }
            Ok(Availability::Moved) => return Err(self.failed(FailureCause::Redirected)),
            Err(error) => return Err(self.failed_read(error)),
        }
        let nonce = self.begin(PublishStep::Create).await?;
        self.has_requested = true;
        let new = NewRepository {
            repo: self.request.repo.clone(),
            owner_kind: self.request.owner_kind,
            marker: self.request.marker.clone(),
        };
        match self.publisher.forge.create(&new).await {
            Ok(repository) => self.finish(nonce, created(repository)).await,
            // A proxy may have sent the request twice: the name may be taken by the repository of this very run.
            Err(error @ (ForgeError::OutcomeUnknown { .. } | ForgeError::NameTaken { .. })) => {
                let message = error.to_string();
                self.finish(nonce, StepOutcome::Unknown { message }).await
            }
            Err(error) => {
                let message = error.to_string();
                self.finish(nonce, StepOutcome::NotDone { message }).await?;
                Err(self.failed_step(PublishStep::Create, error))
            }
        }
    }

    /// Finds out whether a request whose outcome is unknown created the repository.
    pub(super) async fn confirm_created(&mut self, nonce: u64) -> Result<(), PublishError> {
        match self.reconcile(nonce).await? {
            Reconciled::Created => Ok(()),
            Reconciled::Taken { full_name } => {
                let message = format!("`{full_name}` was not created by this run");
                self.finish(nonce, StepOutcome::NotDone { message }).await?;
                Err(self.failed(FailureCause::Taken { full_name }))
            }
            Reconciled::Missing if self.has_requested => Err(self.failed(FailureCause::NotVisible)),
            // An earlier process requested it and it is still missing. If it appears later, the name is taken and its
            // marker names this run.
            Reconciled::Missing => {
                let message = "it did not exist when the run was resumed".to_owned();
                self.finish(nonce, StepOutcome::NotDone { message }).await
            }
        }
    }

    /// Records a repository as created by this run if an earlier request, recorded without effect, created it late.
    pub(super) async fn adopt(&mut self, id: RepositoryId) -> Result<bool, PublishError> {
        if !self.has_earlier_request {
            return Ok(false);
        }
        match self.repository(id, |found| found.is_some()).await {
            Ok(Some(repository)) if self.request.proof().is_marked(&repository) => {
                let nonce = self.begin(PublishStep::Create).await?;
                self.finish(nonce, created(repository)).await?;
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => Err(self.uncertain(FailureCause::Read(error))),
        }
    }

    /// Looks for a repository that may have been created, and records it if its marker proves that this run created it.
    /// Other differences do not make it another user's; the next step reports them.
    pub(super) async fn reconcile(&mut self, nonce: u64) -> Result<Reconciled, PublishError> {
        let is_taken = |found: &Availability| matches!(found, Availability::Taken { .. });
        let (id, full_name) = match self.availability(is_taken).await {
            Ok(Availability::Taken { id, full_name }) => (id, full_name),
            Ok(Availability::Free) => return Ok(Reconciled::Missing),
            // The name was free before the request: the repository that was renamed may be this run's.
            Ok(Availability::Moved) => return Err(self.failed(FailureCause::Redirected)),
            Err(error) => return Err(self.failed_read(error)),
        };
        match self.repository(id, |found| found.is_some()).await {
            Ok(Some(repository)) if self.request.proof().is_marked(&repository) => {
                self.finish(nonce, created(repository)).await?;
                Ok(Reconciled::Created)
            }
            Ok(Some(_)) => Ok(Reconciled::Taken { full_name }),
            Ok(None) => Err(self.failed(FailureCause::NotVisible)),
            Err(error) => Err(self.failed_read(error)),
        }
    }
}

fn created(repository: Repository) -> StepOutcome {
    StepOutcome::Created {
        repo: CreatedRepo {
            id: repository.id,
            full_name: repository.full_name,
            created_at: repository.created_at,
        },
    }
}
