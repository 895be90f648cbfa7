//! The copy of a published repository on a second forge: its branch and its tags, brought forward and never rewound.

use super::error::AppError;
use super::generated_repos::provenance_of;
use crate::error::{Class, Explain, Hint};
use crate::forge::Forge;
use crate::forge::repository::RepoPath;
use crate::git::PushedReference;
use crate::model::digest::GitId;
use crate::model::provenance::Provenance;
use crate::publish::git_push::GitPush;
use crate::tree::commits::Commits;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// A repository on a second forge after a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MirroredRepository {
    /// The address of the copy.
    pub remote: String,
    pub references: Vec<MirroredReference>,
}

/// The branch or a tag of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MirroredReference {
    /// The full name, such as `refs/tags/v1`.
    pub name: String,
    /// The object that the local repository names.
    pub id: GitId,
    /// The object that the copy named before.
    pub before: Option<GitId>,
    pub state: MirroredState,
}

/// The state of a reference of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MirroredState {
    /// It names the local object now.
    Pushed,
    /// It named the local object before.
    UpToDate,
    /// The copy has commits that are not in the local branch, or another tag of this name. It stays as it is.
    Diverged,
}

/// A repository that cannot be copied.
#[derive(Debug, Error)]
pub enum MirrorPushError {
    #[error("the forge has no repository `{repo}`, or the token cannot see it")]
    NoRepository { repo: RepoPath },
    #[error("`{}` has no branch with a commit", path.display())]
    NoBranch { path: PathBuf },
}

/// A repository of a forge and the way to push to it.
pub struct MirrorTarget<'t> {
    pub forge: &'t dyn Forge,
    pub repo: &'t RepoPath,
    pub push: &'t GitPush,
}

impl MirrorTarget<'_> {
    /// Pushes the branch of HEAD and all tags. What diverged stays, and the rest is pushed as a whole or not at all.
    pub async fn mirror(
        &self,
        commits: &Commits,
        stop: &AtomicBool,
    ) -> Result<MirroredRepository, AppError> {
        let remote = self.forge.remote_of(self.repo).await?.ok_or_else(|| {
            MirrorPushError::NoRepository {
                repo: self.repo.clone(),
            }
        })?;
        let (branch, head) = commits.branch()?.ok_or_else(|| MirrorPushError::NoBranch {
            path: commits.path().to_owned(),
        })?;
        let present = self.push.remote_references(&remote, stop)?;
        let mut local = BTreeMap::from([(branch, head)]);
        local.extend(commits.tags()?);
        let mut references = Vec::new();
        for (name, id) in local {
            let before = present.get(&name).cloned();
            let state = match &before {
                Some(before) if *before == id => MirroredState::UpToDate,
                Some(before) if !commits.is_ahead(&name, before, &id)? => MirroredState::Diverged,
                Some(_) | None => MirroredState::Pushed,
            };
            references.push(MirroredReference {
                name,
                id,
                before,
                state,
            });
        }
        let changed: Vec<PushedReference> = references
            .iter()
            .filter(|reference| reference.state == MirroredState::Pushed)
            .map(|reference| PushedReference {
                name: reference.name.clone(),
                commit: reference.id.clone(),
                previous: reference.before.clone().into(),
            })
            .collect();
        if !changed.is_empty() {
            self.push.references(&remote, &changed, stop)?;
        }
        Ok(MirroredRepository {
            remote: remote.to_string(),
            references,
        })
    }
}

/// The owner and name that the current commit records, if any.
pub fn recorded_place(commits: &Commits) -> Result<Option<RepoPath>, AppError> {
    let Some(history) = commits.history()? else {
        return Ok(None);
    };
    let path = Provenance::default_path();
    let recorded = provenance_of(commits, &history.last, path.as_tree())?;
    Ok(recorded.map(|recorded| RepoPath {
        owner: recorded.inputs.owner,
        name: recorded.inputs.repo,
    }))
}

impl MirroredRepository {
    /// The references that were not pushed, because the copy has something that the local repository has not.
    pub fn diverged(&self) -> impl Iterator<Item = &MirroredReference> {
        let references = self.references.iter();
        references.filter(|reference| reference.state == MirroredState::Diverged)
    }
}

impl Explain for MirrorPushError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRepository { .. } => "repository_not_found",
            Self::NoBranch { .. } => "branch_missing",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NoRepository { .. } => {
                "create an empty repository there, or name another one with `--owner` and `--repo`"
                    .into()
            }
            Self::NoBranch { .. } => "check out the branch to copy".into(),
        })
    }
}
