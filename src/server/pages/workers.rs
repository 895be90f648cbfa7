//! The workers that run, and the runs that they work on.

use super::frame::{Frame, Html};
use super::time::Moment;
use crate::app::workers::{self, WorkerActivity, WorkerState};
use crate::server::guard::Signed;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use askama::Template;
use axum::extract::State;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "workers.html")]
struct WorkersPage {
    frame: Frame,
    workers: Vec<WorkerLine>,
}

struct WorkerLine {
    activity: WorkerActivity,
    started: Moment,
    seen: Moment,
}

/// `GET /workers`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    frame: Frame,
) -> Result<Html<impl Template>, Problem> {
    let now = state.clock().now();
    let workers = workers::list(&state.database, &signed.caller).await?;
    let line = |activity: WorkerActivity| WorkerLine {
        started: Moment::new(activity.worker.started_at, now),
        seen: Moment::new(activity.worker.seen_at, now),
        activity,
    };
    Ok(Html(WorkersPage {
        frame,
        workers: workers.into_iter().map(line).collect(),
    }))
}

impl WorkerLine {
    /// The state in a word, and its class.
    fn state(&self) -> (&'static str, &'static str) {
        match self.activity.state {
            WorkerState::Silent => ("Silent", "failed"),
            WorkerState::Waiting => ("Waits for jobs", "done"),
            WorkerState::Working => ("Works", "running"),
        }
    }
}
