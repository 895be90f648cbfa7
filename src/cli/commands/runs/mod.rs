//! `groundplan runs`: what people do with runs; a worker does the work.

mod cleanup;
mod list;
mod show;
mod steer;
mod submit;
mod watch;

use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::{GREEN, RED, Terminal, YELLOW};
use crate::model::timestamp::Timestamp;
use crate::store::id::RunId;
use crate::store::run::RunStatus;
use anstyle::Style;
use clap::Subcommand;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: RunsCommand,
}

#[derive(Subcommand)]
enum RunsCommand {
    /// Store an accepted preview as a run, for a worker to make.
    Submit(Box<submit::Args>),
    /// List runs, newest first.
    List(list::Args),
    /// Show a run and everything that happened to it.
    Show(show::Args),
    /// Follow a run until it ends.
    Watch(watch::Args),
    /// Stop a run. What it made is taken back.
    Cancel(steer::RunArgs),
    /// Try a failed run again, from where it stopped.
    Retry(steer::RunArgs),
    /// Allow a run that waits for an approval to make exactly one tree.
    Approve(steer::ApproveArgs),
    /// Remove what a failed run left on the forge, or take it over.
    Cleanup(Box<cleanup::Args>),
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        RunsCommand::Submit(args) => submit::run(args, terminal),
        RunsCommand::List(args) => list::run(args, terminal),
        RunsCommand::Show(args) => show::run(args, terminal),
        RunsCommand::Watch(args) => watch::run(args, terminal),
        RunsCommand::Cancel(args) => steer::cancel(args, terminal),
        RunsCommand::Retry(args) => steer::retry(args, terminal),
        RunsCommand::Approve(args) => steer::approve(args, terminal),
        RunsCommand::Cleanup(args) => cleanup::run(args, terminal),
    }
}

/// A run's key as a person typed it.
fn parse_run(text: &str) -> Result<RunId, String> {
    RunId::parse(text).map_err(|error| error.to_string())
}

/// The colour that goes with a status, beside its word.
fn colour(status: RunStatus) -> Style {
    match status {
        RunStatus::Succeeded => GREEN,
        RunStatus::Failed | RunStatus::FailedNeedsCleanup => RED,
        RunStatus::Pending | RunStatus::Running => YELLOW,
        RunStatus::Cancelled => Style::new(),
    }
}

/// A time of the database as people read it.
pub(crate) fn moment(unix_millis: i64) -> String {
    let moment = Timestamp::of_unix_millis(unix_millis);
    moment.map_or_else(
        || unix_millis.to_string(),
        |moment| moment.as_str().to_owned(),
    )
}
