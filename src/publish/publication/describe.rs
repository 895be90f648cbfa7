//! Reads the pushed content back and replaces the marker by the final description.

use super::{BRANCH, Publication};
use crate::forge::ownership::OwnershipError;
use crate::forge::repository::{Branch, Content, Repository};
use crate::publish::PublishedRepo;
use crate::publish::error::{FailureCause, PublishError};
use crate::publish::ledger::{CreatedRepo, PublishStep, StepOutcome};
use crate::publish::stage::Stage;

impl Publication<'_> {
    /// Sets the final description, which ends the publication.
    pub(super) async fn describe(
        &mut self,
        repo: &CreatedRepo,
    ) -> Result<PublishedRepo, PublishError> {
        let repository = self.read_back(repo).await?;
        let description = self.request.description.clone();
        let is_described = repository.description == description;
        if !is_described && repository.description != self.request.marker.description() {
            return Err(self.failed(FailureCause::NotOurs(OwnershipError::Marker)));
        }
        let nonce = match self.stage {
            Stage::Describing { nonce, .. } => nonce,
            _ => self.begin(PublishStep::Describe).await?,
        };
        // To set the same text twice does no harm, but a second attempt is left to a resumed run.
        if !is_described
            && let Err(error) = self
                .publisher
                .forge
                .set_description(&repository, &description)
                .await
        {
            let has_description = |found: Option<&Repository>| {
                found.is_some_and(|repository| repository.description == description)
            };
            let outcome = self.outcome_of(&error, repo.id, has_description).await;
            let is_done = outcome == StepOutcome::Done;
            self.finish(nonce, outcome).await?;
            if !is_done {
                return Err(self.failed_step(PublishStep::Describe, error));
            }
        } else {
            self.finish(nonce, StepOutcome::Done).await?;
        }
        Ok(self.published(repository))
    }

    /// Reads the repository until it has the requested commit, tree and name.
    pub(super) async fn read_back(&self, repo: &CreatedRepo) -> Result<Repository, PublishError> {
        let expected = Content::Branch(Branch {
            name: BRANCH.to_owned(),
            commit: self.request.commit.clone(),
            tree: self.request.tree.clone(),
        });
        let has_content = |found: Option<&Repository>| {
            found.is_some_and(|repository| repository.content == expected)
        };
        let repository = match self.repository(repo.id, has_content).await {
            Ok(Some(repository)) => repository,
            Ok(None) => return Err(self.failed(FailureCause::NotVisible)),
            Err(error) => return Err(self.failed_read(error)),
        };
        if repository.content != expected {
            return Err(self.failed(FailureCause::Differs {
                found: repository.content.to_string(),
                commit: self.request.commit.clone(),
                tree: self.request.tree.clone(),
            }));
        }
        if !self.request.repo.is_exactly(&repository.full_name) {
            return Err(self.failed(FailureCause::NotOurs(OwnershipError::Name {
                found: repository.full_name,
                expected: self.request.repo.to_string(),
            })));
        }
        Ok(repository)
    }
}
