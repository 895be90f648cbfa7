//! `groundplan catalog`

mod diff;
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
    Diff(diff::Args),
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.what {
        What::Diff(args) => diff::run(args, terminal),
    }
}
