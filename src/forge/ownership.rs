//! When a repository is ours: only then is it adopted or deleted.

use super::error::ForgeError;
use super::repository::{Content, RepoPath, Repository};
use crate::model::digest::GitId;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A random word that one run puts into the description of the repository it makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Marker(String);

/// A text that is no marker.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a run's marker has {} lower-case hexadecimal digits", Marker::DIGITS)]
pub struct MarkerError;

/// What one run says of the repository it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipProof {
    pub place: RepoPath,
    pub marker: Marker,
    /// The run had not asked for it before this time, in seconds since 1970.
    pub asked_at: i64,
    /// The one commit that may be in it.
    pub commit: GitId,
}

/// Why a repository is not provably ours. One doubt is enough to leave it alone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OwnershipError {
    #[error("it is named `{found}` instead of `{expected}`")]
    Name { found: String, expected: String },
    #[error("its description is not the one that this run gave it")]
    Marker,
    #[error("it is older than this run")]
    Age,
    #[error("it is public, and this run makes private ones")]
    Public,
    #[error("it holds something that this run did not push: {refs}")]
    Content { refs: String },
    #[error("others have left issues, pull requests, stars or forks there")]
    Traces,
}

/// How far the forge's clock may be behind ours, in seconds.
const SKEW: i64 = 300;

impl Marker {
    const DIGITS: usize = 32;

    /// A marker that nobody else has.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; Self::DIGITS / 2];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// Parses a marker from a ledger.
    pub fn parse(text: &str) -> Result<Self, MarkerError> {
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == Self::DIGITS && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MarkerError)
        }
    }

    /// The description of a repository while it is being made. It says to people what it is.
    pub fn description(&self) -> String {
        format!("groundplan is making this repository (run {})", self.0)
    }
}

impl OwnershipProof {
    /// Whether the repository is the one of this run, in every respect that can be seen.
    pub fn check(&self, repository: &Repository) -> Result<(), OwnershipError> {
        if !self.place.is(&repository.full_name) {
            return Err(OwnershipError::Name {
                found: repository.full_name.clone(),
                expected: self.place.to_string(),
            });
        }
        if repository.description != self.marker.description() {
            return Err(OwnershipError::Marker);
        }
        if repository.created_at < self.asked_at.saturating_sub(SKEW) {
            return Err(OwnershipError::Age);
        }
        if !repository.is_private {
            return Err(OwnershipError::Public);
        }
        match &repository.content {
            Content::Empty => {}
            Content::One(branch) if branch.commit == self.commit => {}
            Content::One(branch) => {
                return Err(OwnershipError::Content {
                    refs: branch.name.clone(),
                });
            }
            Content::Several(names) => {
                return Err(OwnershipError::Content {
                    refs: names.join(", "),
                });
            }
        }
        if repository.traces > 0 {
            return Err(OwnershipError::Traces);
        }
        Ok(())
    }

    /// The repository just looked at, when it is there and ours.
    pub(super) fn check_now(&self, found: Option<Repository>) -> Result<Repository, ForgeError> {
        let repository = found.ok_or_else(|| ForgeError::NotFound {
            message: "there is no such repository any more".to_owned(),
        })?;
        self.check(&repository).map_err(ForgeError::NotOurs)?;
        Ok(repository)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Marker {
    type Error = MarkerError;

    fn try_from(text: String) -> Result<Self, MarkerError> {
        Self::parse(&text)
    }
}

impl From<Marker> for String {
    fn from(marker: Marker) -> Self {
        marker.0
    }
}
