//! The steps before the forge is told anything: the plan read again, its tree built again, and both compared.

use super::context::WorkerContext;
use super::outcome::AttemptError;
use crate::engine;
use crate::model::digest::GitId;
use crate::preflight::judge::scopes_for;
use crate::resolve::stored::{Accepted, Expected};
use crate::store::run::{JobPayload, Run};
use crate::tree::Tree as _;
use crate::tree::repository::{CreatedRepository, Layout, Target};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Reads what was stored. Whatever was changed since is refused.
pub(super) fn read(means: &WorkerContext, task: &mut JobPayload) -> Result<Accepted, AttemptError> {
    let plan = std::mem::replace(&mut task.plan, Value::Null);
    let report = std::mem::replace(&mut task.report, Value::Null);
    let run = &task.run;
    let promise = Expected {
        recipe_hash: &run.recipe_hash,
        catalog_version: &run.catalog_version,
        tree: run.tree.as_deref(),
        repo: &run.repo,
    };
    Ok(means.plans.read(plan, report, &promise)?)
}

/// Builds the tree and writes it as a bare repository at `target`, exactly as it was accepted. Gives the scopes that a
/// token needs to push it. It takes as long as a template takes to be fetched.
pub(super) fn build(
    means: &WorkerContext,
    run: &Run,
    accepted: &Accepted,
    target: &Path,
    stop: &AtomicBool,
) -> Result<&'static [&'static str], AttemptError> {
    let plan = &accepted.plan;
    let template = means.shelf.open(plan, stop)?;
    let (report, tree) = engine::build(plan, template.tree())?;
    let same = |what, promised: &GitId, found: Option<&GitId>| {
        if found == Some(promised) {
            return Ok(());
        }
        let found = found.map_or("none", GitId::as_str);
        Err(AttemptError::Fault(format!(
            "the plan now gives {what} {found}, promised was {promised}: another version of groundplan made the preview; preview again"
        )))
    };
    same("tree", &accepted.tree, report.tree_id.as_ref())?;
    same("commit", &accepted.commit, report.commit_id.as_ref())?;
    let risk = means.policy.judge(plan, &report.risk, &accepted.tree);
    if risk.needs_approval(run.approval.as_ref()) {
        return Err(AttemptError::Hold(risk));
    }
    let made = CreatedRepository {
        tree: &tree,
        template: template.repository(),
        commit: &engine::first_commit(plan, &report.recipe_hash),
        layout: Layout::BareShared,
    };
    let ids = Target::check(target)?.create(&made, stop)?;
    same("tree", &accepted.tree, Some(&GitId::of(&ids.tree)))?;
    same("commit", &accepted.commit, Some(&GitId::of(&ids.commit)))?;
    let listing = tree.list().map_err(engine::PreviewError::from)?;
    Ok(scopes_for(listing.iter().map(|(path, _)| path)))
}
