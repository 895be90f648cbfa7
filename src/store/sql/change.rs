//! A change of a run: lock, decide, write.

use super::apply;
use super::connection::Tx;
use super::lease;
use super::notify::Notification;
use super::tables::run_row::LockedRun;
use super::tables::{effects, jobs, products, runs, tiers, updates, users};
use crate::model::digest::GitId;
use crate::store::change::{Actor, RunChange};
use crate::store::error::StoreError;
use crate::store::id::RunId;
use crate::store::remains::leaves;
use crate::store::run::Run;
use crate::store::transition::{Refusal, RunState};
use crate::store::update::{ComparedUpdate, UpdateResult};

/// Changes a run and its job.
pub(super) async fn apply(
    tx: &mut Tx,
    run: &RunId,
    actor: Actor<'_>,
    change: &RunChange,
) -> Result<(Run, Vec<Notification>), StoreError> {
    let (locked, by) = match actor {
        Actor::Worker(lease) if lease.run != *run => {
            return Err(StoreError::LeaseLost { run: run.clone() });
        }
        Actor::Worker(lease) => (lease::lock(tx, lease).await?.0, lease.worker.as_str()),
        Actor::Person(user) => {
            users::check_may_write(tx, user).await?;
            (runs::lock(tx, run).await?, user.as_str())
        }
    };
    let state = locked.state(leaves_something(tx, &locked).await?);
    let decided = match actor {
        Actor::Worker(_) => state.by_worker(change),
        Actor::Person(_) => state.by_person(change),
    };
    let transition = decided.map_err(|refusal| locked.refusal(refusal, change.participle()))?;
    write_details(tx, &locked, actor, change).await?;
    let (changed, mut notifications) =
        apply::transition(tx, &locked, by, change.participle(), &transition).await?;
    if matches!(change, RunChange::Approve { .. }) {
        notifications.push(Notification::enqueued(&changed));
    }
    Ok((changed, notifications))
}

/// Writes what a change says beside the statuses.
async fn write_details(
    tx: &mut Tx,
    locked: &LockedRun,
    actor: Actor<'_>,
    change: &RunChange,
) -> Result<(), StoreError> {
    let (run, now) = (&locked.run, locked.job.now);
    match (change, actor) {
        (RunChange::Hold { risk, refused }, _) => {
            check_tree(run, &risk.tree)?;
            tiers::assess(tx, &run.id, risk).await?;
            tiers::void_approval(tx, &run.id, &risk.tree, refused.as_ref()).await
        }
        (RunChange::Approve { tree, .. }, Actor::Person(user)) => {
            check_tree(run, tree)?;
            tiers::approve(tx, &run.id, user, now, tree).await
        }
        (RunChange::CleanUp, _) => runs::clear_repository(tx, &run.id).await,
        (RunChange::Compare { update }, _) => {
            let ComparedUpdate {
                result,
                documents,
                risk,
            } = &**update;
            if let Some(documents) = documents {
                runs::set_documents(tx, &run.id, documents, result.tree_id.as_ref()).await?;
            }
            if let Some(risk) = risk {
                tiers::assess(tx, &run.id, risk).await?;
            }
            set_result(tx, run, result, now).await
        }
        (RunChange::FinishUpdate { repo_url, result }, _) => {
            if let Some(url) = repo_url {
                runs::set_repo_url(tx, &run.id, url).await?;
            }
            set_result(tx, run, result, now).await
        }
        (RunChange::Succeed { repo_url, .. }, _) => {
            runs::set_repo_url(tx, &run.id, repo_url).await?;
            let version = runs::template_ref(tx, &run.id).await?;
            products::set_repository(tx, run, repo_url, version, now).await
        }
        _ => Ok(()),
    }
}

/// Writes the result of an update, for the run and for boards.
async fn set_result(
    tx: &mut Tx,
    run: &Run,
    result: &UpdateResult,
    now: i64,
) -> Result<(), StoreError> {
    updates::set_result(tx, &run.id, result, now).await?;
    jobs::set_result(tx, &run.job, result).await
}

/// True if something is or may be left outside by a run that is locked. A ledger that cannot be read proves nothing, so
/// that something may be left.
pub(super) async fn leaves_something(tx: &mut Tx, locked: &LockedRun) -> Result<bool, StoreError> {
    match effects::entries(tx, &locked.run.id).await {
        Ok(entries) => Ok(leaves(&entries, locked.is_recorded)),
        Err(StoreError::Damaged { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

impl LockedRun {
    /// The state that a transition is decided on.
    pub(super) fn state(&self, leaves: bool) -> RunState<'_> {
        RunState {
            run: self.run.status,
            job: self.run.job_status,
            is_held: self.run.is_held,
            leaves,
            approval: self.run.approval.as_ref(),
        }
    }

    /// The error of a refused change; `wanted` is its participle, as in "it cannot be cancelled".
    pub(super) fn refusal(&self, refusal: Refusal, wanted: &'static str) -> StoreError {
        let run = self.run.id.clone();
        match refusal {
            Refusal::Cancelled => StoreError::Cancelled { run },
            Refusal::LeaseLost => StoreError::LeaseLost { run },
            Refusal::Conflict => StoreError::Conflict {
                run,
                status: self.run.status,
                job: self.run.job_status,
                wanted,
            },
        }
    }
}

/// Refuses an assessment or approval of a tree that the run does not create.
fn check_tree(run: &Run, tree: &GitId) -> Result<(), StoreError> {
    if run.tree.as_deref() == Some(tree.as_str()) {
        return Ok(());
    }
    Err(StoreError::AnotherTree {
        named: tree.to_string(),
        promised: run.tree.clone(),
    })
}
