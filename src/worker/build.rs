//! Builds the repository of an accepted plan and compares it with the accepted tree and commit.

use super::context::WorkerContext;
use super::outcome::AttemptError;
use crate::engine;
use crate::error::{Class, Explain};
use crate::model::digest::GitId;
use crate::preflight::scopes_for;
use crate::publish::ledger::PublishRequest;
use crate::resolve::stored::{Accepted, Expected};
use crate::store::run::JobPayload;
use crate::store::submission::Approval;
use crate::tree::Tree as _;
use crate::tree::repository::{CreatedRepository, Layout, Target};
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
    /// The folder of the bare repository to create.
    pub(super) target: PathBuf,
    /// Stops the build when it is set.
    pub(super) stop: Arc<AtomicBool>,
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
            Self::Changed { .. } => Class::Conflict,
            Self::Crashed(_) => Class::Refused,
            Self::Folder(_) | Self::Random(_) => Class::Environment,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "build_changed",
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

/// Compares the request of an earlier attempt, which a run continues, with the accepted plan.
pub(super) fn check_request(
    request: &PublishRequest,
    accepted: &Accepted,
) -> Result<(), BuildError> {
    same("tree", &request.tree, Some(&accepted.tree))?;
    same("commit", &request.commit, Some(&accepted.commit))
}

impl Task {
    /// Writes the repository and returns the scopes that a token needs to push it. Takes as long as the template takes
    /// to be fetched.
    pub(super) fn run(&self) -> Result<&'static [&'static str], AttemptError> {
        let (context, accepted) = (&*self.context, &self.accepted);
        let plan = &accepted.plan;
        let template = context.templates.open(plan, &self.stop)?;
        let (report, tree) = engine::build(plan, template.tree())?;
        same("tree", &accepted.tree, report.tree_id.as_ref())?;
        same("commit", &accepted.commit, report.commit_id.as_ref())?;
        let risk = context.policy.assess(plan, &report.risk, &accepted.tree);
        let is_named = |approval: &&Approval| {
            self.is_approver_administrator || context.policy.is_administrator(&approval.by)
        };
        let approval = self.approval.as_ref();
        if risk.needs_approval(approval.filter(is_named)) {
            let unnamed = approval.filter(|approval| !is_named(approval));
            let refused = unnamed.map(|approval| approval.by.clone());
            return Err(AttemptError::AwaitingApproval { risk, refused });
        }
        let repository = CreatedRepository {
            tree: &tree,
            template: template.repository(),
            commit: &engine::first_commit(plan, &report.recipe_hash),
            layout: Layout::BareShared,
        };
        let ids = Target::check(&self.target)?.create(&repository, &self.stop)?;
        same("tree", &accepted.tree, Some(&GitId::of(&ids.tree)))?;
        same("commit", &accepted.commit, Some(&GitId::of(&ids.commit)))?;
        let listing = tree.list().map_err(engine::PreviewError::from)?;
        Ok(scopes_for(listing.iter().map(|(path, _)| path)))
    }
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
