//! The proof that a repository was created by this run. Only such a repository is adopted or deleted.

use super::marker::Marker;
use super::repository::{Content, RepoPath, Repository};
use crate::model::digest::GitId;
use thiserror::Error;

/// The properties of the repository that one run created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipProof {
    pub repo: RepoPath,
    pub marker: Marker,
    /// The only commit that the repository may contain.
    pub commit: GitId,
}

/// The first property in which a repository differs from the one that this run created.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OwnershipError {
    #[error("it is named `{found}` instead of `{expected}`")]
    Name { found: String, expected: String },
    #[error("its description is not the one that this run set")]
    Marker,
    #[error("it is public, and this run creates private repositories only")]
    Public,
    #[error("it contains refs that this run did not push: {refs}")]
    Content { refs: String },
    #[error("it has issues, pull requests, stars or forks by other people")]
    Activity,
}

impl OwnershipProof {
    /// True if the run created the repository: no other repository has its marker. Times are not compared, because the
    /// forge's clock may differ from this machine's.
    pub fn is_marked(&self, repository: &Repository) -> bool {
        repository.description == self.marker.description()
    }

    /// Compares every property that the forge shows. One difference is enough for an error.
    pub fn check(&self, repository: &Repository) -> Result<(), OwnershipError> {
        if !self.repo.is_exactly(&repository.full_name) {
            return Err(OwnershipError::Name {
                found: repository.full_name.clone(),
                expected: self.repo.to_string(),
            });
        }
        if !self.is_marked(repository) {
            return Err(OwnershipError::Marker);
        }
        if !repository.is_private {
            return Err(OwnershipError::Public);
        }
        let foreign_refs = match &repository.content {
            Content::Empty => None,
            Content::Branch(branch) if branch.commit == self.commit => None,
            Content::Branch(branch) => Some(branch.name.clone()),
            Content::Refs(names) => Some(names.join(", ")),
        };
        if let Some(refs) = foreign_refs {
            return Err(OwnershipError::Content { refs });
        }
        if repository.activity > 0 {
            return Err(OwnershipError::Activity);
        }
        Ok(())
    }
}
