//! Forges: where repositories are made, looked at and, when they are provably ours, removed again.

pub mod account;
pub mod address;
pub mod error;
pub mod forgejo;
pub mod github;
pub mod http;
pub mod local;
pub mod ownership;
pub mod reach;
pub mod repository;
mod response;
mod rest;
pub mod site;

use crate::model::input::Owner;
use account::{Account, OwnerOption, Owners};
use async_trait::async_trait;
use error::ForgeError;
use ownership::OwnershipProof;
use repository::{Availability, NewRepository, RepoPath, Repository, RepositoryId};

/// A place for repositories. Reads may be repeated at will and are; a change is tried once, and its outcome is either
/// known or [`ForgeError::OutcomeUnknown`].
#[async_trait]
pub trait Forge: Send + Sync {
    /// Whose credential this is, and what it may do.
    async fn current_user(&self) -> Result<Account, ForgeError>;

    /// The user and every organisation it belongs to, with what is known of each. None is left out for being closed.
    async fn owners(&self) -> Result<Owners, ForgeError>;

    /// What is known of one owner, whether or not the user belongs to it.
    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError>;

    /// What stands at a place. A private repository that the credential cannot see looks free.
    async fn availability(&self, place: &RepoPath) -> Result<Availability, ForgeError>;

    /// Makes a private, empty repository whose description is the marker.
    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError>;

    /// The repository with a number, or nothing when there is none, or none that answers yet.
    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError>;

    /// Gives a repository that was just looked at another description.
    async fn describe(&self, repository: &Repository, description: &str) -> Result<(), ForgeError>;

    /// Looks at a repository again and removes it when every part of the claim holds.
    async fn delete(&self, id: RepositoryId, claim: &OwnershipProof) -> Result<(), ForgeError>;

    /// The command with which a person removes a repository, for when the program must not.
    fn removal(&self, place: &RepoPath, id: Option<RepositoryId>) -> String;
}
