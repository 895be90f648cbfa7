//! A change: lock, decide, write.

use super::connection::Tx;
use super::dialect::Statement;
use super::notify::Notification;
use super::row::{self, LockedRun};
use super::submissions::{judge, may_write};
use super::{claims, ledger, write};
use crate::model::digest::GitId;
use crate::store::change::{Actor, RunChange};
use crate::store::error::StoreError;
use crate::store::id::{RunId, UserId};
use crate::store::remains::leaves;
use crate::store::run::Run;
use crate::store::transition::{Refusal, RunState};
use sqlx::Row as _;

static APPROVE: Statement = Statement::new(
    "INSERT INTO bootstrap_tiers (run_id, approved_by, approved_at, approved_tree) VALUES ($1, $2, {at:$3}, $4) \
     ON CONFLICT (run_id) DO UPDATE SET approved_by = excluded.approved_by, approved_at = excluded.approved_at, \
     approved_tree = excluded.approved_tree",
);
/// An approval of another tree, or by nobody, is none. Were it left there, the job would be claimed and held for ever.
static VOID: Statement = Statement::new(
    "UPDATE bootstrap_tiers SET approved_by = NULL, approved_at = NULL, approved_tree = NULL \
     WHERE run_id = $1 AND (approved_tree <> $2 OR approved_by IS NULL OR approved_at IS NULL)",
);
static SUCCEED: Statement = Statement::new("UPDATE bootstrap_runs SET repo_url = $2 WHERE id = $1");
/// Owner and name stay away from a product when another one has them: its row is not ours to change.
static PRODUCT: Statement = Statement::new(
    "UPDATE products SET repo_url = $2, template_version = $3, last_bootstrap_run_id = $4, \
     repo_owner = CASE WHEN EXISTS (SELECT 1 FROM products o WHERE o.repo_owner = $5 AND o.repo_slug = $6 \
     AND o.id <> $1) THEN repo_owner ELSE $5 END, \
     repo_slug = CASE WHEN EXISTS (SELECT 1 FROM products o WHERE o.repo_owner = $5 AND o.repo_slug = $6 \
     AND o.id <> $1) THEN repo_slug ELSE $6 END, updated_at = {at:$7} WHERE id = $1",
);
static TEMPLATE: Statement = Statement::new(
    "SELECT {path:recipe_snapshot|template,ref} AS version FROM bootstrap_runs WHERE id = $1",
);

impl RunChange {
    /// What was wanted, after "it cannot be".
    pub(super) fn wanted(&self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Succeed { .. } => "finished",
            Self::Fail { .. } => "failed",
            Self::Withdraw { .. } => "withdrawn",
            Self::HandBack { .. } => "handed back",
            Self::Hold { .. } => "held",
            Self::Cancel => "cancelled",
            Self::Retry => "retried",
            Self::Approve { .. } => "approved",
            Self::CleanUp => "cleaned up",
            Self::Release => "released",
        }
    }
}

impl LockedRun {
    pub(super) fn situation(&self, leaves: bool) -> RunState<'_> {
        RunState {
            run: self.run.status,
            job: self.run.job_status,
            is_held: self.run.is_held,
            leaves,
            approval: self.run.approval.as_ref(),
        }
    }
}

/// Whether something is or may be left of a run that is locked.
pub(super) async fn is_left(tx: &mut Tx, standing: &LockedRun) -> Result<bool, StoreError> {
    match ledger::entries(tx, &standing.run.id).await {
        Ok(entries) => Ok(leaves(&entries, standing.is_recorded)),
        // What cannot be read proves nothing.
        Err(StoreError::Damaged { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Moves a run and its job.
pub(super) async fn apply(
    tx: &mut Tx,
    run: &RunId,
    actor: Actor<'_>,
    change: &RunChange,
) -> Result<(Run, Vec<Notification>), StoreError> {
    let (standing, by) = match actor {
        Actor::Worker(lease) => {
            if lease.run != *run {
                return Err(StoreError::LeaseLost { run: run.clone() });
            }
            (claims::grip(tx, lease).await?.0, lease.worker.as_str())
        }
        Actor::Person(user) => {
            may_write(tx, user).await?;
            (row::lock(tx, run).await?, user.as_str())
        }
    };
    let situation = standing.situation(is_left(tx, &standing).await?);
    let decided = match actor {
        Actor::Worker(_) => situation.by_worker(change),
        Actor::Person(_) => situation.by_person(change),
    };
    let transition = decided.map_err(|refusal| standing.refused(refusal, change.wanted()))?;
    match (change, actor) {
        (RunChange::Hold { risk }, _) => {
            promised(&standing, &risk.tree)?;
            judge(tx, run, risk).await?;
            sqlx::query(VOID.on(tx.dialect))
                .bind(run.as_str())
                .bind(risk.tree.as_str())
                .execute(tx.at())
                .await?;
        }
        (RunChange::Approve { tree }, Actor::Person(user)) => {
            promised(&standing, tree)?;
            approve(tx, &standing, user, tree).await?;
        }
        (RunChange::CleanUp, _) => ledger::forget(tx, run).await?,
        (RunChange::Succeed { repo_url }, _) => succeed(tx, &standing, repo_url).await?,
        _ => {}
    }
    let (now, mut told) = write::apply(tx, &standing, by, change.wanted(), &transition).await?;
    if matches!(change, RunChange::Approve { .. }) {
        told.push(Notification::enqueued(&now));
    }
    Ok((now, told))
}

impl LockedRun {
    pub(super) fn refused(&self, refusal: Refusal, wanted: &'static str) -> StoreError {
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

/// Refuses a judgement about a tree that the run is not to make.
fn promised(standing: &LockedRun, tree: &GitId) -> Result<(), StoreError> {
    if standing.run.tree.as_deref() == Some(tree.as_str()) {
        return Ok(());
    }
    Err(StoreError::AnotherTree {
        named: tree.to_string(),
        promised: standing
            .run
            .tree
            .clone()
            .unwrap_or_else(|| "none".to_owned()),
    })
}

async fn approve(
    tx: &mut Tx,
    standing: &LockedRun,
    user: &UserId,
    tree: &GitId,
) -> Result<(), StoreError> {
    sqlx::query(APPROVE.on(tx.dialect))
        .bind(standing.run.id.as_str())
        .bind(user.as_str())
        .bind(standing.now)
        .bind(tree.as_str())
        .execute(tx.at())
        .await?;
    Ok(())
}

/// The run and the product point to the repository (R115).
async fn succeed(tx: &mut Tx, standing: &LockedRun, repo_url: &str) -> Result<(), StoreError> {
    let run = &standing.run;
    sqlx::query(SUCCEED.on(tx.dialect))
        .bind(run.id.as_str())
        .bind(repo_url)
        .execute(tx.at())
        .await?;
    let row = sqlx::query(TEMPLATE.on(tx.dialect))
        .bind(run.id.as_str())
        .fetch_one(tx.at())
        .await?;
    let version: Option<String> = row.try_get("version")?;
    let place = run.full_name.as_ref().unwrap_or(&run.repo);
    let (owner, name) = place.split_once('/').unwrap_or(("", place));
    sqlx::query(PRODUCT.on(tx.dialect))
        .bind(run.product.as_str())
        .bind(repo_url)
        .bind(version)
        .bind(run.id.as_str())
        .bind(owner)
        .bind(name)
        .bind(standing.now)
        .execute(tx.at())
        .await?;
    Ok(())
}
