//! The state of a worker in its folder, for supervisors that read files: `state.json`, and a marker while an operator has to
//! act. Workers that share a folder overwrite each other's; give each its own.

use super::health_state::{HealthReport, HealthState, HealthStatus};
use crate::base::atomic_file;
use crate::base::clock::Clock;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// The files of one worker.
#[derive(Debug)]
pub struct StateFiles {
    folder: PathBuf,
    /// The state that was written last.
    written: Option<String>,
}

/// The time between two looks at the health.
const INTERVAL: Duration = Duration::from_secs(1);
const STATE: &str = "state.json";
/// The markers, with the status that each one shows.
const MARKERS: [(&str, HealthStatus); 2] = [
    ("UNHEALTHY", HealthStatus::Unhealthy),
    ("TOKEN_EXPIRED", HealthStatus::TokenExpired),
];

impl StateFiles {
    /// The files in a folder, which may not exist yet.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            written: None,
        }
    }

    /// Writes the state if it changed. A failure is only logged: it must not keep the worker from working.
    pub fn write(&mut self, report: &HealthReport) {
        let state = format!("{}\n", report.state);
        if self.written.as_ref() == Some(&state) {
            return;
        }
        if let Err(error) = self.replace(report, &state) {
            tracing::debug!(
                "the state in `{}` was not written: {error}",
                self.folder.display()
            );
        }
        self.written = Some(state);
    }

    /// Writes the state of a worker as long as the future is polled.
    pub async fn keep(mut self, health: Arc<HealthState>, clock: Arc<dyn Clock>) {
        loop {
            self.write(&health.report(clock.now()));
            sleep(INTERVAL).await;
        }
    }

    fn replace(&self, report: &HealthReport, state: &str) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        // A reader of a marker finds its state.
        atomic_file::write(&self.folder.join(STATE), state.as_bytes())?;
        for (name, status) in MARKERS {
            let marker = self.folder.join(name);
            if report.status == status {
                let reason = report
                    .reason
                    .as_deref()
                    .unwrap_or("see the log of the worker");
                atomic_file::write(&marker, format!("{reason}\n").as_bytes())?;
            } else {
                atomic_file::remove(&marker)?;
            }
        }
        Ok(())
    }
}
