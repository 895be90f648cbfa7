//! `groundplan runs cleanup`

use super::steer;
use crate::app::runs;
use crate::cli::args::worker::WorkerArgs;
use crate::cli::daemon;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use crate::publish::CleanupOutcome;
use crate::store::run::Run;
use crate::store::sql::Database;
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
        let caller = args.run.caller();
        let run = args
            .run
            .apply(async |database, id| runs::release(database, &caller, id).await)?;
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
    async fn clean(&self, store: Arc<Database>) -> Result<(Run, CleanupOutcome), Failure> {
        let caller = self.run.caller();
        let id = &self.run.id(&*store).await?;
        let worker = daemon::new_worker_id();
        runs::check_remains(&*store, &caller, id).await?;
        let context = self
            .means
            .means(&store, worker.clone(), Arc::new(Metrics::new()))?;
        let logs = self.means.logs()?;
        let lease = runs::claim_for_cleanup(&*store, &caller, &worker, id).await?;
        let log = logs.run_log(&lease);
        let cleaned = worker::clean_up(&Arc::new(context), lease, log)
            .await
            .map_err(|error| {
                Failure::from(error).hinted(format!(
                    "check it on the forge; `groundplan runs cleanup {id} --release` keeps it"
                ))
            })?;
        Ok((caller.scope().find_run(&*store, id).await?, cleaned))
    }
}
