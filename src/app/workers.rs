//! The workers that report, their states, and the runs that they work on.

use super::caller::Caller;
use super::error::AppError;
use super::runs;
use crate::store::id::RunId;
use crate::store::listed::Listed;
use crate::store::run::{Run, RunFilter};
use crate::store::sql::Database;
use crate::store::sql::insights::ListedWorker;
use schemars::JsonSchema;
use serde::Serialize;

/// The most runs that are looked at. A worker has the leases of a few.
const MAX_HELD: u32 = 10_000;
/// The time without a report after which a worker is silent, in milliseconds. It reports every 10 seconds.
const SILENT: i64 = 30_000;

/// A worker that reported within the last minute, with its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerActivity {
    #[serde(flatten)]
    pub worker: ListedWorker,
    pub state: WorkerState,
    /// The runs of the worker that the caller may see.
    pub runs: Vec<HeldRun>,
    /// The number of its runs that the caller may not see.
    pub other_runs: usize,
}

/// The state of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Waits for jobs.
    Waiting,
    /// Has the lease of a run.
    Working,
    /// Has not reported for 30 seconds.
    Silent,
}

/// A run that a worker has the lease of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeldRun {
    pub id: RunId,
    /// `owner/name` that was asked for.
    pub place: String,
}

/// The workers that reported within the last minute, oldest first.
pub async fn list(database: &Database, caller: &Caller) -> Result<Vec<WorkerActivity>, AppError> {
    let workers = database.workers().await?;
    let now = database.now().await?;
    let of_workers = RunFilter {
        held: true,
        limit: Some(MAX_HELD),
        ..RunFilter::default()
    };
    let listed = runs::list(database, &of_workers).await?;
    let held: Vec<Run> = listed.into_iter().filter_map(Listed::readable).collect();
    Ok(workers
        .into_iter()
        .map(|worker| activity(worker, &held, caller, now))
        .collect())
}

fn activity(worker: ListedWorker, held: &[Run], caller: &Caller, now: i64) -> WorkerActivity {
    let scope = caller.scope();
    let (visible, other): (Vec<&Run>, Vec<&Run>) = held
        .iter()
        .filter(|run| run.worker.as_deref() == Some(worker.id.as_str()))
        .partition(|run| scope.user().is_none_or(|user| *user == run.user));
    let state = if now - worker.seen_at > SILENT {
        WorkerState::Silent
    } else if visible.is_empty() && other.is_empty() {
        WorkerState::Waiting
    } else {
        WorkerState::Working
    };
    let held_run = |run: &Run| HeldRun {
        id: run.id.clone(),
        place: run.repo.clone(),
    };
    WorkerActivity {
        worker,
        state,
        runs: visible.into_iter().map(held_run).collect(),
        other_runs: other.len(),
    }
}
