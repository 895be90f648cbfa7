//! A submission becomes a queued job and its run.

use super::Database;
use super::clock::now;
use super::connection::Tx;
use super::tables::{answers, events, jobs, products, runs, tiers, updates, users};
use crate::store::answer::CreatedObject;
use crate::store::error::StoreError;
use crate::store::event::EventKind;
use crate::store::id::{JobId, RunId};
use crate::store::job::JobKind;
use crate::store::run::Run;
use crate::store::submission::Submission;
use crate::store::update::UpdateSubmission;
use serde_json::json;

impl Database {
    /// Names the active run in the refusal of a second one. The transaction that was refused cannot read it any more.
    pub(super) async fn with_active_run(&self, error: StoreError) -> StoreError {
        let StoreError::ActiveRun { product, .. } = error else {
            return error;
        };
        let active = async { runs::active(&mut self.begin_read().await?, &product).await };
        match active.await {
            Ok(run) => StoreError::ActiveRun { product, run },
            Err(error) => error,
        }
    }
}

/// Stores a run and its job.
pub(super) async fn insert(tx: &mut Tx, submission: &Submission) -> Result<Run, StoreError> {
    let Submission {
        user,
        product,
        report,
        risk,
        key,
        ..
    } = submission;
    if report.tree_id.as_ref() != Some(&risk.tree) {
        return Err(StoreError::AnotherTree {
            named: risk.tree.to_string(),
            promised: report.tree_id.as_ref().map(ToString::to_string),
        });
    }
    users::check_may_write(tx, user).await?;
    products::check_owner(tx, user, product).await?;
    let at = now(tx).await?;
    let (job, run) = (JobId::fresh(), RunId::fresh());
    jobs::insert(tx, &job, JobKind::BootstrapRepo, user, product, at).await?;
    runs::insert(tx, &run, &job, submission, at).await?;
    tiers::assess(tx, &run, risk).await?;
    let submitted = json!({ "tree": risk.tree, "tier": risk.tier });
    let mut happened = vec![(EventKind::Submitted, submitted)];
    if risk.needs_approval(None) {
        happened.push((EventKind::Held, json!(risk)));
    }
    events::append(tx, &run, at, user.as_str(), &happened).await?;
    if let Some(key) = key {
        answers::record(tx, user, key, &CreatedObject::Run(run.clone())).await?;
    }
    Ok(runs::find(tx, &run).await?.run)
}

/// Stores a run that updates the repository of a product, and its job.
pub(super) async fn insert_update(
    tx: &mut Tx,
    submission: &UpdateSubmission,
) -> Result<Run, StoreError> {
    let UpdateSubmission {
        user,
        product,
        mode,
        key,
    } = submission;
    users::check_may_write(tx, user).await?;
    let creation = products::creation(tx, product).await?;
    let at = now(tx).await?;
    let (job, run) = (JobId::fresh(), RunId::fresh());
    jobs::insert(tx, &job, JobKind::UpdateRepo, user, product, at).await?;
    runs::insert_update(tx, &run, &job, submission, &creation, at).await?;
    updates::insert(tx, &run, product, *mode, at).await?;
    let submitted = (EventKind::Submitted, json!({ "mode": mode }));
    events::append(tx, &run, at, user.as_str(), &[submitted]).await?;
    if let Some(key) = key {
        answers::record(tx, user, key, &CreatedObject::Run(run.clone())).await?;
    }
    Ok(runs::find(tx, &run).await?.run)
}
