//! Runs as lines of a table.

use super::frame::web_address;
use super::time::{Moment, duration};
use crate::app::run_view::RunView;
use crate::store::listed::{Listed, UnreadableRow};
use crate::store::run::Run;

/// A line of a list of runs.
pub(super) enum RunLine {
    Readable(Box<ReadableRun>),
    Unreadable(UnreadableRow),
}

/// A run in a list.
pub(super) struct ReadableRun {
    pub(super) run: RunView,
    pub(super) created: Moment,
    /// The time from the start to the end.
    pub(super) took: Option<String>,
}

impl RunLine {
    /// The line of a run, seen at a time in milliseconds since 1970.
    pub(super) fn new(run: Listed<Run>, now: i64) -> Self {
        match run {
            Listed::Readable(run) => Self::Readable(Box::new(ReadableRun {
                created: Moment::new(run.created_at, now),
                took: run
                    .started_at
                    .zip(run.finished_at)
                    .map(|(from, to)| duration(to - from)),
                run: RunView::from(run),
            })),
            Listed::Unreadable(row) => Self::Unreadable(row),
        }
    }
}

/// The status of a run in words.
pub(super) fn status_label(run: &RunView) -> &'static str {
    match run.status {
        "pending" if run.awaits_approval => "Waits for approval",
        "pending" => "Queued",
        "running" => "Running",
        "succeeded" => "Succeeded",
        "failed" => "Failed",
        "failed_needs_cleanup" => "Failed, needs cleanup",
        "cancelled" => "Cancelled",
        other => other,
    }
}

impl ReadableRun {
    /// The address of the repository for a browser.
    pub(super) fn web_url(&self) -> Option<&str> {
        self.run.repo_url.as_deref().and_then(web_address)
    }

    /// The status in words.
    pub(super) fn label(&self) -> &'static str {
        status_label(&self.run)
    }
}
