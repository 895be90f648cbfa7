//! The ledger of effects: each entry under a lease, and what it proves repeated in the run's own row.

use super::connection::Tx;
use super::lease;
use super::tables::{effects, events, runs};
use crate::publish::ledger::{LedgerEntry, PublishStep, StepOutcome};
use crate::publish::stage::{self, Stage};
use crate::publish::update_progress::UpdateProgress;
use crate::store::error::StoreError;
use crate::store::event::EventKind;
use crate::store::id::RunId;
use crate::store::job::JobKind;
use crate::store::lease::Lease;
use crate::store::run::Run;
use crate::store::transition::LeaseState;
use serde_json::{Value, json};

/// Adds an entry. An entry that equals the last one is not added again: the answer to the first call was lost.
///
/// # Errors
/// [`StoreError::LeaseLost`]; [`StoreError::Cancelled`] for the intent of anything but a removal, when the run was
/// cancelled; [`StoreError::Damaged`] for an entry that cannot follow the others.
pub(super) async fn record(
    tx: &mut Tx,
    lease: &Lease,
    entry: &LedgerEntry,
) -> Result<(), StoreError> {
    let (locked, state) = lease::lock(tx, lease).await?;
    let (run, now) = (&locked.run.id, locked.job.now);
    let mut entries = effects::entries(tx, run).await?;
    if entries.last() == Some(entry) {
        return Ok(());
    }
    let is_forward =
        matches!(entry, LedgerEntry::Intended { step, .. } if *step != PublishStep::Delete);
    if is_forward && state != LeaseState::Held {
        return Err(StoreError::Cancelled { run: run.clone() });
    }
    entries.push(entry.clone());
    let stage = stage_of(&locked.run, &entries)?;
    effects::insert(tx, run, entries.len(), now, entry).await?;
    if let (LedgerEntry::Finished { outcome, .. }, Some(stage)) = (entry, stage) {
        repeat(tx, run, now, outcome, &stage).await?;
    }
    let events: Vec<_> = event(&entries, entry).into_iter().collect();
    events::append(tx, run, now, lease.worker.as_str(), &events).await
}

/// The stage of a publication after its last entry; none for an update, which has no stages.
///
/// # Errors
/// [`StoreError::Damaged`] for an entry that does not follow from those before it, or is of another kind of run.
fn stage_of(run: &Run, entries: &[LedgerEntry]) -> Result<Option<Stage>, StoreError> {
    let stage = match run.kind {
        JobKind::UpdateRepo => UpdateProgress::read(entries).map(|_| None),
        _ => stage::read(entries).map(|(_, stage)| Some(stage)),
    };
    stage.map_err(|error| effects::damaged(&run.id, error))
}

/// Repeats in the run's row what the last entry proves.
async fn repeat(
    tx: &mut Tx,
    run: &RunId,
    now: i64,
    outcome: &StepOutcome,
    stage: &Stage,
) -> Result<(), StoreError> {
    match (outcome, stage) {
        (StepOutcome::Created { repo }, _) => runs::set_repository(tx, run, repo).await,
        (StepOutcome::Done, Stage::Pushed(_)) => runs::set_pushed(tx, run, now).await,
        (StepOutcome::Done, Stage::Removed) => runs::clear_repository(tx, run).await,
        _ => Ok(()),
    }
}

/// The event of an entry. The first entry has none: the run's own events show that the run started.
fn event(entries: &[LedgerEntry], entry: &LedgerEntry) -> Option<(EventKind, Value)> {
    let (nonce, outcome) = match entry {
        LedgerEntry::Started { .. } | LedgerEntry::UpdateStarted { .. } => return None,
        LedgerEntry::Intended { step, .. } => {
            return Some((EventKind::Intended, json!({ "step": step })));
        }
        LedgerEntry::Finished { nonce, outcome, .. } => (nonce, outcome),
    };
    let step = entries.iter().rev().find_map(|earlier| match earlier {
        LedgerEntry::Intended {
            step, nonce: its, ..
        } if its == nonce => Some(*step),
        _ => None,
    });
    let detail = match outcome {
        StepOutcome::Created { repo } => {
            json!({ "step": step, "repository": repo.full_name, "outcome": "made" })
        }
        StepOutcome::Done => json!({ "step": step, "outcome": "done" }),
        StepOutcome::NotDone { message } => {
            json!({ "step": step, "outcome": "not_done", "message": message })
        }
        StepOutcome::Unknown { message } => {
            json!({ "step": step, "outcome": "unknown", "message": message })
        }
    };
    Some((EventKind::Ended, detail))
}
