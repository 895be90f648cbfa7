//! `groundplan catalog`

mod diff;
mod publish;
mod render;
mod version;

use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use clap::Subcommand;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say what a change of a catalogue changes in the repositories made from it.
    Diff(Box<diff::Args>),
    /// Keep a catalogue's present version in the database, and offer it there.
    Publish(publish::Args),
    /// List the versions of a catalogue that were published.
    History(publish::HistoryArgs),
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.what {
        What::Diff(args) => diff::run(args, terminal),
        What::Publish(args) => publish::run(args, terminal),
        What::History(args) => publish::history(args, terminal),
    }
}
