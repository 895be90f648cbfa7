//! `groundplan hash`

use crate::app::selection;
use crate::cli::args::catalog;
use crate::cli::args::git::GitArgs;
use crate::cli::args::selection::SelectionArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    git: GitArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let asks_for_recipe = args.selection.defaults
        || args.selection.selection.is_some()
        || !args.selection.select.is_empty();
    let (opened, request) = if asks_for_recipe {
        let (opened, request) = args.selection.choose(&args.git)?;
        (opened, Some(request))
    } else {
        (catalog::open(args.selection.catalog(), &args.git)?, None)
    };
    let hashes = selection::hashes(&opened, request)?;
    match args.format {
        Format::Json => terminal.json(&hashes)?,
        Format::Text => terminal.bytes(hashes.to_string().as_bytes())?,
    }
    Ok(Exit::Success)
}
