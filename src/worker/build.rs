//! Builds the repository of an accepted plan and compares it with the accepted tree and commit.

use super::context::WorkerContext;
use super::outcome::AttemptError;
use crate::engine;
use crate::error::{Class, Explain};
use crate::model::digest::GitId;
use crate::model::repository_settings::RepositorySettings;
use crate::policy::Policy;
use crate::preflight::scopes_for;
use crate::publish::ledger::PublishRequest;
use crate::resolve::stored::{Accepted, Expected};
use crate::signing::attestation::Attestation;
use crate::signing::statement::Creator;
use crate::store::run::JobPayload;
use crate::store::submission::{Approval, RiskAssessment};
use crate::tree::repository::{CreatedRepository, Layout, Target};
use crate::tree::signed::CommitAttester;
use crate::tree::{Tree as _, ids};
use serde_json::Value;
use std::io;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use thiserror::Error;
use tokio::task::JoinError;

/// The input of a build.
pub(super) struct Task {
    pub(super) context: Arc<WorkerContext>,
    pub(super) accepted: Arc<Accepted>,
    pub(super) approval: Option<Approval>,
    /// True if the installation names the author of the approval as administrator.
    pub(super) is_approver_administrator: bool,
    /// The user and the id of the run, for the signed statement.
    pub(super) creator: Creator,
    /// The folder of the bare repository to create.
    pub(super) target: PathBuf,
    /// Stops the build when it is set.
    pub(super) stop: Arc<AtomicBool>,
}

/// A repository that was built.
pub(super) struct BuiltRepo {
    /// The accepted commit, or the same with a signature.
    pub(super) commit: GitId,
    /// The scopes that a token needs to push it.
    pub(super) scopes: &'static [&'static str],
    /// The settings that it needs on the forge.
    pub(super) settings: RepositorySettings,
}

/// An error of a build that is not an error of the template, the plan or the repository.
#[derive(Debug, Error)]
pub(super) enum BuildError {
    #[error(
        "the plan now gives {what} {found} instead of {accepted}: it was previewed with another version of groundplan; preview again"
    )]
    Changed {
        what: &'static str,
        accepted: GitId,
        found: String,
    },
    #[error(
        "the run began with another signing key: its commit is {begun}, and this worker creates {found}"
    )]
    AnotherKey { begun: GitId, found: GitId },
    #[error("internal error during the build")]
    Crashed(#[from] JoinError),
    #[error("the worker's folder cannot be used")]
    Folder(#[source] io::Error),
    #[error("the system provides no random numbers")]
    Random(#[source] getrandom::Error),
}

impl Explain for BuildError {
    fn class(&self) -> Class {
        match self {
            Self::Changed { .. } | Self::AnotherKey { .. } => Class::Conflict,
            Self::Crashed(_) => Class::Refused,
            Self::Folder(_) | Self::Random(_) => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "build_changed",
            Self::AnotherKey { .. } => "build_another_key",
            Self::Crashed(_) => "build_crashed",
            Self::Folder(_) => "build_folder",
            Self::Random(_) => "build_random",
        }
    }
}

/// Reads the stored plan. Fails if the plan or its report was changed after it was accepted.
pub(super) fn read(
    context: &WorkerContext,
    job: &mut JobPayload,
) -> Result<Accepted, AttemptError> {
    let plan = mem::replace(&mut job.plan, Value::Null);
    let report = mem::replace(&mut job.report, Value::Null);
    let run = &job.run;
    let expected = Expected {
        recipe_hash: &run.recipe_hash,
        catalog_version: &run.catalog_version,
        tree: run.tree.as_deref(),
        repo: &run.repo,
    };
    Ok(context.plans.read(plan, report, &expected)?)
}

/// Compares the request of an earlier attempt, which a run continues, with the accepted plan. Its commit, which may be
/// signed, is compared once it is built again.
pub(super) fn check_request(
    request: &PublishRequest,
    accepted: &Accepted,
) -> Result<(), BuildError> {
    same("tree", &request.tree, Some(&accepted.tree))
}

/// Compares the commit of an earlier attempt, of which the tree is the accepted one, with the commit of this worker.
pub(super) fn check_commit(request: &PublishRequest, commit: &GitId) -> Result<(), BuildError> {
    if request.commit == *commit {
        return Ok(());
    }
    Err(BuildError::AnotherKey {
        begun: request.commit.clone(),
        found: commit.clone(),
    })
}

impl Task {
    /// Writes the repository. Takes as long as the template takes to be fetched.
    pub(super) fn run(&self) -> Result<BuiltRepo, AttemptError> {
        let (context, accepted) = (&*self.context, &self.accepted);
        let plan = &accepted.plan;
        let template = context.templates.open(plan, &self.stop)?;
        let (report, tree) = engine::build(plan, template.tree())?;
        same("tree", &accepted.tree, report.tree_id.as_ref())?;
        same("commit", &accepted.commit, report.commit_id.as_ref())?;
        let risk = context.policy.assess(plan, &report.risk, &accepted.tree);
        check_approval(
            &context.policy,
            risk,
            self.approval.as_ref(),
            self.is_approver_administrator,
        )?;
        let commit = engine::first_commit(plan, &report.recipe_hash);
        let attestation = context.signing.as_deref().map(|key| Attestation {
            key,
            plan,
            recipe_hash: &report.recipe_hash,
            creator: self.creator.clone(),
        });
        let signer = attestation.as_ref().map(|one| one as &dyn CommitAttester);
        let repository = CreatedRepository {
            tree: &tree,
            template: template.repository(),
            commit: &commit,
            signer,
            layout: Layout::BareShared,
        };
        let ids = Target::check(&self.target)?.create(&repository, &self.stop)?;
        same("tree", &accepted.tree, Some(&GitId::of(&ids.tree)))?;
        // The signature is a header over the accepted commit, and changes no other byte of it.
        let unsigned = match signer {
            Some(_) => {
                ids::commit_id(ids.tree, &commit, None).map_err(engine::PreviewError::from)?
            }
            None => ids.commit,
        };
        same("commit", &accepted.commit, Some(&GitId::of(&unsigned)))?;
        let listing = tree.list().map_err(engine::PreviewError::from)?;
        Ok(BuiltRepo {
            commit: GitId::of(&ids.commit),
            scopes: scopes_for(listing.iter().map(|(path, _)| path)),
            settings: report.settings,
        })
    }
}

/// Fails if a risk needs an approval that is missing, is for another tree, or is by a user who may not approve.
/// `is_administrator` is true if the installation names its author as administrator; the policy may do so too.
pub(super) fn check_approval(
    policy: &Policy,
    risk: RiskAssessment,
    approval: Option<&Approval>,
    is_administrator: bool,
) -> Result<(), AttemptError> {
    let is_named = |approval: &&Approval| is_administrator || policy.is_administrator(&approval.by);
    if !risk.needs_approval(approval.filter(is_named)) {
        return Ok(());
    }
    let unnamed = approval.filter(|approval| !is_named(approval));
    let refused = unnamed.map(|approval| approval.by.clone());
    Err(AttemptError::AwaitingApproval { risk, refused })
}

fn same(what: &'static str, accepted: &GitId, found: Option<&GitId>) -> Result<(), BuildError> {
    if found == Some(accepted) {
        return Ok(());
    }
    Err(BuildError::Changed {
        what,
        accepted: accepted.clone(),
        found: found.map_or_else(|| "none".to_owned(), GitId::to_string),
    })
}
