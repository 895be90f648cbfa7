//! `groundplan workers`

use crate::app::caller::Caller;
use crate::app::workers::{self, WorkerActivity, WorkerState};
use crate::base::sanitize;
use crate::cli::args::data::DataArgs;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal};
use crate::model::timestamp::Timestamp;
use crate::store::id::UserId;

/// List the workers that reported within the last minute.
///
/// Without `DATABASE_URL`, the database of `serve` in the data folder is used.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    // A terminal with the database's address has access to the runs of all users.
    let caller = Caller::Operator(UserId::parse("local").expect("a valid id"));
    let found = args
        .data
        .database(&args.database)?
        .look(async |database| Ok(workers::list(database, &caller).await?))?;
    if args.format == Format::Json {
        terminal.json(&found)?;
        return Ok(Exit::Success);
    }
    if found.is_empty() {
        writeln!(
            terminal.stderr(),
            "no workers: start one with `groundplan work`"
        )?;
    }
    for activity in &found {
        print(activity, terminal)?;
    }
    Ok(Exit::Success)
}

fn print(activity: &WorkerActivity, terminal: &mut Terminal) -> Result<(), Failure> {
    let (word, style) = match activity.state {
        WorkerState::Waiting => ("waiting", DIM),
        WorkerState::Working => ("working", GREEN),
        WorkerState::Silent => ("silent", RED),
    };
    let worker = &activity.worker;
    let started = Timestamp::of_unix_millis(worker.started_at)
        .map_or_else(String::new, |at| at.as_str().to_owned());
    let runs: Vec<String> = activity
        .runs
        .iter()
        .map(|run| format!("{} {}", run.id, sanitize::line(&run.place)))
        .collect();
    writeln!(
        terminal.out(),
        "{BOLD}{}{BOLD:#}  {style}{word:7}{style:#}  {started}  {} {}  {}",
        sanitize::line(&worker.id),
        sanitize::line(&worker.host),
        worker.process,
        runs.join(", "),
    )?;
    Ok(())
}
