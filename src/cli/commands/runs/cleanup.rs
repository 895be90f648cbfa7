//! `groundplan runs cleanup`

use super::show::find;
use super::steer;
use crate::cli::args::worker::WorkerArgs;
use crate::cli::commands::work;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use crate::publish::CleanupOutcome;
use crate::store::Store;
use crate::store::change::RunChange;
use crate::store::id::RunId;
use crate::store::lease::ClaimTarget;
use crate::store::run::{Run, RunStatus};
use crate::worker;
use crate::worker::metrics::Metrics;
use std::sync::Arc;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Keep the repository on the forge and remove it from the run.
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    run: steer::RunArgs,
    #[command(flatten, next_help_heading = None::<&str>)]
    means: WorkerArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.release {
        let run = args.run.change(&RunChange::Release)?;
        let what = "is released: its repository is yours from now on";
        return args.run.print_result(&run, what, terminal);
    }
    let (run, cleaned) = wait_for(async {
        let database = Arc::new(args.run.database.open().await?);
        let cleaned = args.clean(database.clone()).await;
        database.close().await;
        cleaned
    })??;
    let what = match cleaned {
        CleanupOutcome::Nothing => "is cleaned up: nothing was left on the forge".to_owned(),
        CleanupOutcome::Removed(id) => {
            format!("is cleaned up: removed repository number {id}")
        }
    };
    args.run.print_result(&run, &what, terminal)
}

impl Args {
    async fn clean(&self, store: Arc<dyn Store>) -> Result<(Run, CleanupOutcome), Failure> {
        let id = &self.run.run;
        let found = find(&*store, id).await?;
        if found.status != RunStatus::FailedNeedsCleanup {
            return Err(nothing_left(id, &found));
        }
        let worker = work::worker();
        let means = self
            .means
            .means(store.clone(), worker.clone(), Arc::new(Metrics::new()))?;
        let logs = self.means.logs()?;
        let lease = store
            .claim(&worker, &ClaimTarget::Ended(id.clone()))
            .await?;
        let lease = lease.ok_or_else(|| {
            Failure::refused(
                "run_being_cleaned_up",
                format!("run {id} is being cleaned up by another process"),
            )
            .hinted(format!("look at `groundplan runs show {id}`"))
        })?;
        let log = logs.run_log(&lease);
        let cleaned = worker::clean_up(&Arc::new(means), lease, log).await;
        let cleaned = cleaned.map_err(|error| {
            Failure::from(error).hinted(format!(
                "check it on the forge; `groundplan runs cleanup {id} --release` keeps it"
            ))
        })?;
        Ok((find(&*store, id).await?, cleaned))
    }
}

fn nothing_left(id: &RunId, run: &Run) -> Failure {
    Failure::refused(
        "run_without_remains",
        format!(
            "run {id} is {}: it left nothing to clean up",
            run.status.as_db()
        ),
    )
    .hinted("only runs in status FAILED_NEEDS_CLEANUP leave something")
}
