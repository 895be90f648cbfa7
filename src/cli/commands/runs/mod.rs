//! `groundplan runs`

mod cleanup;
mod list;
mod show;
mod steer;
mod submit;
mod watch;

use crate::base::sanitize;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::{GREEN, RED, Terminal, YELLOW};
use crate::model::timestamp::Timestamp;
use crate::store::listed::UnreadableRow;
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
    /// Submit an accepted preview as a run.
    Submit(Box<submit::Args>),
    /// List runs, newest first.
    List(list::Args),
    /// Show a run and its events.
    Show(show::Args),
    /// Follow a run until it ends.
    Watch(watch::Args),
    /// Cancel a run and undo what it created.
    Cancel(steer::RunArgs),
    /// Retry a failed run from where it stopped.
    Retry(steer::RunArgs),
    /// Approve a run to create exactly one tree.
    Approve(steer::ApproveArgs),
    /// Remove what a failed run left on the forge, or keep it.
    Cleanup(Box<cleanup::Args>),
}

impl Args {
    pub(super) fn has_long_results(&self) -> bool {
        matches!(self.command, RunsCommand::List(_) | RunsCommand::Show(_))
    }
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

/// Prints a row of a list that cannot be read.
pub(crate) fn print_unreadable(
    row: &UnreadableRow,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    writeln!(
        terminal.out(),
        "{}  {RED}unreadable{RED:#}  {}",
        sanitize::line(&row.id),
        sanitize::line(&row.unreadable),
    )?;
    Ok(())
}

/// The colour of a status.
fn colour(status: RunStatus) -> Style {
    match status {
        RunStatus::Succeeded => GREEN,
        RunStatus::Failed | RunStatus::FailedNeedsCleanup => RED,
        RunStatus::Pending | RunStatus::Running => YELLOW,
        RunStatus::Cancelled => Style::new(),
    }
}

/// A time in milliseconds since 1970 as UTC.
pub(crate) fn moment(unix_millis: i64) -> String {
    let moment = Timestamp::of_unix_millis(unix_millis);
    moment.map_or_else(
        || unix_millis.to_string(),
        |moment| moment.as_str().to_owned(),
    )
}
