//! `groundplan runs cleanup`

use super::parse_run;
use crate::cli::database::DatabaseArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::forge::wait_for;
use crate::cli::means::MeansArgs;
use crate::cli::operator::PersonArgs;
use crate::cli::terminal::{BOLD, Terminal, clean_line};
use crate::cli::work;
use crate::publish::ending::Cleaned;
use crate::store::Store as _;
use crate::store::change::{Change, Hand};
use crate::store::id::RunId;
use crate::store::lease::Pick;
use crate::worker::clean_up;
use crate::worker::log::RunLog;
use crate::worker::meter::Meter;
use std::sync::Arc;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The run, by its id.
    #[arg(value_name = "RUN", value_parser = parse_run)]
    run: RunId,
    /// Leave what is there to a person: nothing is removed, and the run needs no cleanup any more.
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    means: MeansArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let what = wait_for(args.clean())??;
    let run = &args.run;
    writeln!(
        terminal.out(),
        "{BOLD}Run {run}{BOLD:#} {}",
        clean_line(&what)
    )?;
    Ok(Exit::Fine)
}

impl Args {
    async fn clean(&self) -> Result<String, Failure> {
        let database = Arc::new(self.database.open().await?);
        let done = if self.release {
            let hand = Hand::Person(&self.person.user);
            let released = database.change(&self.run, hand, &Change::Release).await;
            let said = "is released: what it left belongs to you from now on".to_owned();
            released.map(|_| said).map_err(Failure::from)
        } else {
            let worker = work::worker();
            let store = database.clone();
            let means = self.means.means(store, worker, Arc::new(Meter::new()));
            match means {
                Ok(means) => self.remove(&Arc::new(means)).await,
                Err(failure) => Err(failure),
            }
        };
        database.close().await;
        done
    }

    async fn remove(&self, means: &Arc<crate::worker::means::Means>) -> Result<String, Failure> {
        let pick = Pick::Ended(self.run.clone());
        let lease = means.store.claim(&means.worker, &pick).await?;
        let lease = lease.ok_or_else(|| Failure::Refused {
            message: format!("run {} needs no cleanup, or somebody is at it", self.run),
            hint: format!("look at it with `groundplan runs show {}`", self.run),
        })?;
        let log = RunLog::new(&lease, None);
        match clean_up(means, lease, log).await {
            Ok(Cleaned::Nothing) => Ok("left nothing on the forge".to_owned()),
            Ok(Cleaned::Removed(id)) => {
                Ok(format!("is cleaned up: the repository with number {id} is removed"))
            }
            Err(message) => Err(Failure::Refused {
                message,
                hint: "look at the repository; keep it with `--release`, or remove it by hand and try again"
                    .to_owned(),
            }),
        }
    }
}
