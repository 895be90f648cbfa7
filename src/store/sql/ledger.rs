//! The ledger of effects, with what it proves repeated in the run's own row.

use super::connection::Tx;
use super::dialect::Statement;
use super::submissions::document;
use super::{claims, events};
use crate::publish::ledger::{LedgerEntry, PublishStep, StepOutcome};
use crate::publish::stage::{self, Stage};
use crate::store::error::StoreError;
use crate::store::event::EventKind;
use crate::store::id::RunId;
use crate::store::lease::Lease;
use crate::store::transition::LeaseState;
use serde_json::{Value, json};
use sqlx::Row as _;

static ENTRIES: Statement = Statement::new(
    "SELECT CAST(entry AS TEXT) AS entry FROM bootstrap_effects WHERE run_id = $1 ORDER BY number",
);
static ADD: Statement = Statement::new(
    "INSERT INTO bootstrap_effects (run_id, number, at, entry) VALUES ($1, $2, {at:$3}, {json:$4})",
);
static MADE: Statement = Statement::new(
    "UPDATE bootstrap_runs SET github_repo_created_at = {at:$2}, github_repo_id = $3, github_repo_full_name = $4 \
     WHERE id = $1",
);
static PUSHED: Statement =
    Statement::new("UPDATE bootstrap_runs SET push_completed_at = {at:$2} WHERE id = $1");
static FORGET: Statement = Statement::new(
    "UPDATE bootstrap_runs SET github_repo_created_at = NULL, github_repo_id = NULL, github_repo_full_name = NULL, \
     push_completed_at = NULL WHERE id = $1",
);

/// Reads the ledger of a run.
pub(super) async fn entries(tx: &mut Tx, run: &RunId) -> Result<Vec<LedgerEntry>, StoreError> {
    let query = sqlx::query(ENTRIES.on(tx.dialect)).bind(run.as_str());
    let rows = query.fetch_all(tx.at()).await?;
    rows.iter()
        .map(|row| {
            let entry: String = row.try_get("entry")?;
            serde_json::from_str(&entry).map_err(|error| damaged(run, error.to_string()))
        })
        .collect()
}

fn damaged(run: &RunId, message: String) -> StoreError {
    StoreError::Damaged {
        run: run.clone(),
        what: "the ledger",
        message,
    }
}

/// Adds an entry. One that is the last already is not added again: the answer to the first try was lost.
pub(super) async fn record(
    tx: &mut Tx,
    lease: &Lease,
    entry: &LedgerEntry,
) -> Result<(), StoreError> {
    let (standing, grip) = claims::grip(tx, lease).await?;
    let run = &standing.run.id;
    let mut all = entries(tx, run).await?;
    if all.last() == Some(entry) {
        return Ok(());
    }
    let is_forward =
        matches!(entry, LedgerEntry::Intended { step, .. } if *step != PublishStep::Delete);
    if is_forward && grip != LeaseState::Held {
        return Err(StoreError::Cancelled { run: run.clone() });
    }
    all.push(entry.clone());
    let (_, stage) = stage::read(&all).map_err(|error| damaged(run, error.to_string()))?;
    let number = i64::try_from(all.len()).unwrap_or(i64::MAX);
    sqlx::query(ADD.on(tx.dialect))
        .bind(run.as_str())
        .bind(number)
        .bind(standing.now)
        .bind(document("an entry of the ledger", entry)?)
        .execute(tx.at())
        .await?;
    if let LedgerEntry::Finished { outcome, .. } = entry {
        repeat(tx, run, standing.now, outcome, &stage).await?;
    }
    let happened: Vec<_> = happened(&all, entry).into_iter().collect();
    events::append(tx, run, standing.now, lease.worker.as_str(), &happened).await
}

/// Repeats in the run's row what the ledger proves since its last entry.
async fn repeat(
    tx: &mut Tx,
    run: &RunId,
    now: i64,
    outcome: &StepOutcome,
    stage: &Stage,
) -> Result<(), StoreError> {
    match (outcome, stage) {
        (StepOutcome::Created { repo }, _) => {
            let id = i64::try_from(repo.id.0).map_err(|error| StoreError::Refused {
                message: error.to_string(),
            })?;
            sqlx::query(MADE.on(tx.dialect))
                .bind(run.as_str())
                .bind(repo.created_at.saturating_mul(1000))
                .bind(id)
                .bind(repo.full_name.as_str())
                .execute(tx.at())
                .await?;
        }
        (StepOutcome::Done, Stage::Pushed(_)) => {
            sqlx::query(PUSHED.on(tx.dialect))
                .bind(run.as_str())
                .bind(now)
                .execute(tx.at())
                .await?;
        }
        (StepOutcome::Done, Stage::Removed) => forget(tx, run).await?,
        _ => {}
    }
    Ok(())
}

/// Takes out of the run's row what was made: it is gone.
pub(super) async fn forget(tx: &mut Tx, run: &RunId) -> Result<(), StoreError> {
    sqlx::query(FORGET.on(tx.dialect))
        .bind(run.as_str())
        .execute(tx.at())
        .await?;
    Ok(())
}

/// The event of an entry. That a ledger began is told by the run's own events.
fn happened(all: &[LedgerEntry], entry: &LedgerEntry) -> Option<(EventKind, Value)> {
    match entry {
        LedgerEntry::Started { .. } => None,
        LedgerEntry::Intended { step, .. } => Some((EventKind::Intended, json!({ "step": step }))),
        LedgerEntry::Finished { nonce, outcome, .. } => {
            let step = all.iter().rev().find_map(|earlier| match earlier {
                LedgerEntry::Intended {
                    step, nonce: its, ..
                } if its == nonce => Some(*step),
                _ => None,
            });
            let mut detail = json!({ "step": step });
            let (word, message) = match outcome {
                StepOutcome::Created { repo } => {
                    detail["repository"] = json!(repo.full_name);
                    ("made", None)
                }
                StepOutcome::Done => ("done", None),
                StepOutcome::NotDone { message } => ("not_done", Some(message)),
                StepOutcome::Unknown { message } => ("unknown", Some(message)),
            };
            detail["outcome"] = json!(word);
            if let Some(message) = message {
                detail["message"] = json!(message);
            }
            Some((EventKind::Ended, detail))
        }
    }
}
