//! The proof of a way of writing: real pushes by the account of the token, with the results that the plan expects.

use super::error::AppError;
use super::generated_repos::GeneratedRepo;
use super::operations_repo::{OperationsError, OperationsRepo};
use crate::error::{Class, Explain, Hint};
use crate::forge::account::Account;
use crate::forge::error::ForgeError;
use crate::forge::repository::Remote;
use crate::git::PushedReference;
use crate::hint;
use crate::model::digest::GitId;
use crate::model::plan::Plan;
use crate::model::repository_settings::{CollaboratorRole, RepositorySettings};
use crate::publish::git_push::GitPush;
use crate::publish::push::PushError;
use crate::tree::edited::{ChangeCommit, FileChanges};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

const MAIN: &str = "refs/heads/main";
/// The branch that is pushed and deleted again.
const PROOF: &str = "groundplan-proof";

/// The pushes of one account and their results.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WriteProof {
    /// `owner/name` on the forge.
    pub repository: String,
    /// The account of the token.
    pub account: String,
    /// True if the plan names the account as one that writes, or the account administers the repository.
    pub writes: bool,
    /// True if every push had the expected result.
    pub ok: bool,
    pub pushes: Vec<ProofPush>,
}

/// One push of a commit without changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProofPush {
    pub reference: String,
    pub commit_id: GitId,
    pub expected: PushResult,
    pub found: PushResult,
    /// The reason of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The result of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PushResult {
    Accepted,
    Refused,
}

/// A proof that cannot be tried.
#[derive(Debug, Error)]
pub enum ProofError {
    #[error("`main` of the forge is at {}, but this repository is at {here}", there.as_ref().map_or("no commit", GitId::as_str))]
    Behind { there: Option<GitId>, here: GitId },
    #[error("the forge has a branch `{PROOF}` already")]
    Left,
    #[error("cannot delete the branch `{PROOF}`: {0}")]
    NotDeleted(ForgeError),
    #[error(transparent)]
    Repository(#[from] OperationsError),
}

/// The results that a plan expects of an account's pushes; none for a push that is not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ExpectedPushes {
    branch: Option<PushResult>,
    main: Option<PushResult>,
}

impl ExpectedPushes {
    /// An account without a role is refused everywhere. One with a role pushes branches, and to `main` where it has no
    /// protection. An exempt administrator could push to `main`, and is not asked to.
    fn of(settings: &RepositorySettings, role: Option<CollaboratorRole>) -> Self {
        use PushResult::{Accepted, Refused};
        let protection = settings.protection.as_ref().filter(|one| one.enabled);
        let main = match (role, protection) {
            (Some(_), None) => Some(Accepted),
            (Some(CollaboratorRole::Admin), Some(one)) if !one.include_administrators => None,
            (None, _) | (Some(_), Some(_)) => Some(Refused),
        };
        let branch = match (role, protection) {
            (None, _) => Some(Refused),
            (Some(_), Some(_)) => Some(Accepted),
            // The push to `main` is the proof.
            (Some(_), None) => None,
        };
        Self { branch, main }
    }
}

impl OperationsRepo<'_> {
    /// Pushes a commit without changes to a new branch, which is deleted again whatever follows, and to `main` where the
    /// plan allows or refuses that. A push that `main` accepts stays there.
    pub async fn prove(
        &self,
        repository: &GeneratedRepo,
        plan: &Plan,
        push: &GitPush,
        stop: &AtomicBool,
    ) -> Result<WriteProof, AppError> {
        let client = self.client().await.map_err(ProofError::from)?;
        let Account { login, .. } = self.forge.current_user().await?;
        let is_administrator = client.administers(self.name(), &login).await?;
        let role = if is_administrator {
            Some(CollaboratorRole::Admin)
        } else {
            self.role_of(&login)
        };
        let remote = self.remote().await?;
        let present = push.remote_references(&remote, stop)?;
        let here = repository.history.last.clone();
        let there = present.get(MAIN).cloned();
        if there.as_ref() != Some(&here) {
            return Err(ProofError::Behind { there, here }.into());
        }
        let branch = format!("refs/heads/{PROOF}");
        if present.contains_key(&branch) {
            return Err(ProofError::Left.into());
        }
        let commit = Self::commit(repository, plan, &login)?;
        let try_push = |name: &str, previous: Option<GitId>, expected| {
            let reference = PushedReference {
                name: name.to_owned(),
                commit: commit.clone(),
                previous: previous.into(),
            };
            let pushed = push.references(&remote, std::slice::from_ref(&reference), stop);
            proof_push(reference, expected, pushed)
        };
        let expected = ExpectedPushes::of(self.settings(), role);
        let on_branch = expected.branch.map(|one| try_push(&branch, None, one));
        let on_main = match &on_branch {
            Some(Err(_)) => None,
            Some(Ok(_)) | None => expected.main.map(|one| try_push(MAIN, Some(here), one)),
        };
        if on_branch.as_ref().is_some_and(may_have_arrived) {
            let deleted = client.delete_branch(self.name(), PROOF).await;
            deleted.map_err(ProofError::NotDeleted)?;
        }
        let tried = on_branch.into_iter().chain(on_main);
        let pushes: Vec<ProofPush> = tried.collect::<Result<_, _>>()?;
        Ok(WriteProof {
            repository: self.name().to_string(),
            account: login,
            writes: role.is_some(),
            ok: pushes.iter().all(|one| one.expected == one.found),
            pushes,
        })
    }

    /// The role that the plan gives an account.
    fn role_of(&self, login: &str) -> Option<CollaboratorRole> {
        let mut named = self.settings().collaborators.iter();
        named.find(|one| one.account.is(login)).map(|one| one.role)
    }

    async fn remote(&self) -> Result<Remote, AppError> {
        let found = self.forge.remote_of(self.name()).await?;
        let missing = || OperationsError::Missing {
            repo: self.name().clone(),
        };
        Ok(found.ok_or_else(missing)?)
    }

    /// Stores a commit without changes over the current one, which no reference names.
    fn commit(repository: &GeneratedRepo, plan: &Plan, login: &str) -> Result<GitId, AppError> {
        let message = format!("Prove that {login} can write as planned\n");
        let ids = repository.commits.store_changes(&ChangeCommit {
            parent: &repository.history.last,
            changes: &FileChanges::default(),
            author: &plan.author,
            date: &plan.inputs.date,
            message: &message,
            signer: None,
        })?;
        Ok(GitId::of(&ids.commit))
    }
}

/// True if the forge may have the reference of a push now.
fn may_have_arrived(push: &Result<ProofPush, PushError>) -> bool {
    match push {
        Ok(push) => push.found == PushResult::Accepted,
        Err(PushError::Unknown { .. }) => true,
        Err(_) => false,
    }
}

/// The result of a push. A push with another outcome than a refusal by the forge proves nothing.
fn proof_push(
    reference: PushedReference,
    expected: PushResult,
    pushed: Result<(), PushError>,
) -> Result<ProofPush, PushError> {
    let (found, message) = match pushed {
        Ok(()) => (PushResult::Accepted, None),
        Err(PushError::Refused { message }) => (PushResult::Refused, Some(message)),
        Err(error) => return Err(error),
    };
    Ok(ProofPush {
        reference: reference.name,
        commit_id: reference.commit,
        expected,
        found,
        message,
    })
}

impl Explain for ProofError {
    fn class(&self) -> Class {
        match self {
            Self::Behind { .. } | Self::Left => Class::Conflict,
            Self::NotDeleted(error) => error.class(),
            Self::Repository(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Behind { .. } => "clone_behind",
            Self::Left => "proof_branch_exists",
            Self::NotDeleted(error) => error.code(),
            Self::Repository(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Behind { .. } => Some(hint!("bring both to the same commit with `git pull`")),
            Self::Left => Some(hint!(
                "delete it on the forge: an earlier proof was interrupted"
            )),
            Self::NotDeleted(_) => Some(hint!("delete it on the forge")),
            Self::Repository(_) => None,
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::NotDeleted(error) => Some(error),
            Self::Repository(error) => Some(error),
            Self::Behind { .. } | Self::Left => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_expected_results_follow_from_role_and_protection() {
        use CollaboratorRole::{Admin, Write};
        use PushResult::{Accepted, Refused};
        let settings = |protection| {
            let document = json!({ "protection": protection });
            serde_json::from_value::<RepositorySettings>(document).unwrap()
        };
        let open = settings(json!({ "enabled": false }));
        let exempt = settings(json!({ "approvals": 1 }));
        let bound = settings(json!({ "approvals": 1, "include_administrators": true }));
        for (settings, role, branch, main) in [
            (&open, None, Some(Refused), Some(Refused)),
            (&open, Some(Write), None, Some(Accepted)),
            (&open, Some(Admin), None, Some(Accepted)),
            (&exempt, None, Some(Refused), Some(Refused)),
            (&exempt, Some(Write), Some(Accepted), Some(Refused)),
            (&exempt, Some(Admin), Some(Accepted), None),
            (&bound, Some(Admin), Some(Accepted), Some(Refused)),
        ] {
            assert_eq!(
                ExpectedPushes::of(settings, role),
                ExpectedPushes { branch, main }
            );
        }
    }
}
