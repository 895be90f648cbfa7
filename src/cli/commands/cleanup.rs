//! `groundplan cleanup`

use super::resume::Args;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::ForgeSession;
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::forge::repository::RepositoryId;
use crate::publish::file_ledger::FileLedger;
use crate::publish::{CleanupOutcome, Publisher};
use serde::Serialize;

/// The removed repository as a JSON document.
#[derive(Serialize)]
struct CleanupJson {
    /// Its number on the forge; null when there was nothing to remove.
    removed: Option<RepositoryId>,
}

/// Removes what the publication of a ledger left. The ledger is named as for `resume`.
pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (files, session, mut ledger) = args.open(terminal)?;
    let cleanup =
        async |publisher: &Publisher<'_>, ledger: &mut FileLedger| publisher.cleanup(ledger).await;
    let ended = Terminal::busy("cleaning up", || session.run(&files, &mut ledger, cleanup));
    let outcome = ended.map_err(|interrupted| session.failure(interrupted, &files, None))?;
    ForgeSession::tidy(&files, terminal);
    let removed = match outcome {
        CleanupOutcome::Nothing => None,
        CleanupOutcome::Removed(id) => Some(id),
    };
    terminal.done(match removed {
        None => "nothing of this run is on the forge".to_owned(),
        Some(id) => format!("removed the unfinished repository (number {id})"),
    });
    match (args.format, removed) {
        (Format::Json, removed) => terminal.json(&CleanupJson { removed })?,
        (Format::Text, None) => {
            writeln!(terminal.out(), "Nothing of this run is on the forge.")?;
        }
        (Format::Text, Some(id)) => {
            writeln!(
                terminal.out(),
                "Removed the unfinished repository (number {id})."
            )?;
        }
    }
    Ok(Exit::Success)
}
