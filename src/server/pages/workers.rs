//! The workers that run, and the runs that they work on.

use super::frame::{Frame, Html};
use super::time::Moment;
use crate::app::{insights, runs};
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::id::RunId;
use crate::store::listed::Listed;
use crate::store::run::{Run, RunFilter, RunStatus};
use crate::store::sql::insights::ListedWorker;
use askama::Template;
use axum::extract::State;
use std::sync::Arc;

/// The time without a sign of life after which a worker is called silent, in milliseconds. It reports every 10 seconds.
const SILENT: i64 = 30_000;

#[derive(Template)]
#[template(path = "workers.html")]
struct WorkersPage {
    frame: Frame,
    workers: Vec<WorkerLine>,
}

struct WorkerLine {
    worker: ListedWorker,
    started: Moment,
    seen: Moment,
    is_silent: bool,
    work: Vec<WorkOfWorker>,
}

/// A run that a worker has. The run of another user has no name here.
struct WorkOfWorker {
    run: Option<(RunId, String)>,
}

/// `GET /workers`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let now = state.clock().now();
    let workers = insights::workers(&state.database).await?;
    let active = RunFilter {
        statuses: vec![RunStatus::Pending, RunStatus::Running],
        ..RunFilter::default()
    };
    let active = runs::list(state.database.as_ref(), &active).await?;
    let held: Vec<Run> = active
        .into_iter()
        .filter_map(Listed::readable)
        .filter(|run| run.is_held)
        .collect();
    let line = |worker: ListedWorker| WorkerLine {
        work: work(&held, &worker, &signed),
        started: Moment::new(worker.started_at, now),
        seen: Moment::new(worker.seen_at, now),
        is_silent: now - worker.seen_at > SILENT,
        worker,
    };
    Ok(Html(WorkersPage {
        frame,
        workers: workers.into_iter().map(line).collect(),
    }))
}

fn work(held: &[Run], worker: &ListedWorker, signed: &Signed) -> Vec<WorkOfWorker> {
    let scope = signed.caller.scope();
    let own = |run: &&Run| run.worker.as_deref() == Some(worker.id.as_str());
    held.iter()
        .filter(own)
        .map(|run| {
            let is_visible = scope.user().is_none_or(|user| *user == run.user);
            WorkOfWorker {
                run: is_visible.then(|| (run.id.clone(), run.repo.clone())),
            }
        })
        .collect()
}

impl WorkerLine {
    /// The state in a word, and its class.
    fn state(&self) -> (&'static str, &'static str) {
        if self.is_silent {
            ("Silent", "failed")
        } else if self.work.is_empty() {
            ("Waits for jobs", "done")
        } else {
            ("Works", "running")
        }
    }
}
