//! Forges: creating, reading and deleting repositories on GitHub, Forgejo or in a folder.

pub mod account;
pub mod address;
pub mod denial;
mod documents;
pub mod error;
pub mod forgejo;
pub mod github;
pub mod local;
pub mod marker;
pub mod ownership;
pub mod proxy;
pub mod pull_request;
pub mod repository;
mod response;
pub mod settings;
pub mod site;
mod tls;
pub mod transport;

use crate::model::input::Owner;
use account::{Account, OwnerOption, Owners};
use async_trait::async_trait;
use error::ForgeError;
use ownership::OwnershipProof;
use pull_request::PullRequests;
use repository::{Availability, NewRepository, Remote, RepoPath, Repository, RepositoryId};
use settings::RepositoryClient;

/// A host of repositories, with one token. A read is repeated while the forge is unreachable. A change is sent once, and
/// its outcome is known or [`ForgeError::OutcomeUnknown`].
#[async_trait]
pub trait Forge: Send + Sync {
    /// The account of the token, with the token's scopes and limits.
    async fn current_user(&self) -> Result<Account, ForgeError>;

    /// The user and all organisations of the user, closed ones included.
    async fn owners(&self) -> Result<Owners, ForgeError>;

    /// One owner, also one that the user does not belong to. Fails with `NotFound` for an unknown login.
    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError>;

    /// The addresses of all repositories of an owner that the token can see.
    async fn repositories(&self, owner: &Owner) -> Result<Vec<Remote>, ForgeError>;

    /// The use of a name. A private repository that the token cannot see looks free.
    async fn availability(&self, repo: &RepoPath) -> Result<Availability, ForgeError>;

    /// Creates a private, empty repository whose description is the marker's. Fails with `NameTaken` for a name in use.
    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError>;

    /// The repository with a number. Nothing if there is none, or a new one that does not answer yet.
    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError>;

    /// The address of a repository. Nothing if there is none of this name, or the token cannot see it.
    async fn remote_of(&self, repo: &RepoPath) -> Result<Option<Remote>, ForgeError> {
        let Availability::Taken { id, .. } = self.availability(repo).await? else {
            return Ok(None);
        };
        let found = self.repository(id).await?;
        Ok(found.map(|found| found.remote))
    }

    /// Sets the description of a repository that was read a moment before.
    async fn set_description(
        &self,
        repository: &Repository,
        description: &str,
    ) -> Result<(), ForgeError>;

    /// Reads a repository again and deletes it if the proof holds. Fails with `NotOurs` otherwise.
    async fn delete(&self, id: RepositoryId, proof: &OwnershipProof) -> Result<(), ForgeError>;

    /// The pull requests of this forge; none if it has no such thing.
    fn pull_requests(&self) -> Option<&dyn PullRequests> {
        None
    }

    /// Access to settings and files of repositories on this forge; none if it keeps no settings.
    fn settings(&self) -> Option<RepositoryClient<'_>> {
        None
    }

    /// A shell command with which a person deletes a repository that the program must not delete.
    fn removal_command(&self, repo: &RepoPath, id: Option<RepositoryId>) -> String;
}
