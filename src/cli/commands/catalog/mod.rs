//! `groundplan catalog`

mod diff;
mod publish;
mod render;
mod version;

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
    /// Say command a change of a catalogue changes in the repositories made from it.
    Diff(Box<diff::Args>),
    /// Keep a catalogue's present version in the database, and offer it there.
    Publish(publish::Args),
    /// List the versions of a catalogue that were published.
    History(publish::HistoryArgs),
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        CatalogCommand::Diff(args) => diff::run(args, terminal),
        CatalogCommand::Publish(args) => publish::run(args, terminal),
        CatalogCommand::History(args) => publish::history(args, terminal),
    }
}
