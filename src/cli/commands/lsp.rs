//! `groundplan lsp`

use crate::cli::error::{Exit, Failure};
use crate::lsp::{self, Ended};
use std::io;

/// Serve an editor: findings while typing, completion, hover and renaming.
///
/// A language server over standard input and output. The editor starts it: docs/editors.md shows the settings.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Accepted because editors pass it: the server has no other channel.
    #[arg(long, hide = true)]
    stdio: bool,
}

pub(crate) fn run(_: &Args) -> Result<Exit, Failure> {
    // The lock of the process is not used: a writer of the protocol is the only one.
    let ended = lsp::serve(io::stdin(), io::stdout())?;
    Ok(match ended {
        Ended::InOrder => Exit::Success,
        Ended::Abruptly => Exit::Findings,
    })
}
