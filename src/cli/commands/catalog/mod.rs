//! `groundplan catalog`

mod diff;
mod draft;
mod publish;
mod render;

use crate::cli::error::{Exit, Failure};
use crate::cli::output::terminal::Terminal;
use clap::Subcommand;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Subcommand)]
enum CatalogCommand {
    /// Show the impact of a catalogue change on new repositories.
    Diff(Box<diff::Args>),
    /// Store the current version of a catalogue in the database.
    Publish(publish::Args),
    /// Store, check and publish a change of a catalogue in steps.
    Draft(draft::Args),
    /// List the published versions of a catalogue.
    History(publish::HistoryArgs),
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        CatalogCommand::Diff(args) => diff::run(args, terminal),
        CatalogCommand::Publish(args) => publish::run(args, terminal),
        CatalogCommand::Draft(args) => draft::run(args, terminal),
        CatalogCommand::History(args) => publish::history(args, terminal),
    }
}
