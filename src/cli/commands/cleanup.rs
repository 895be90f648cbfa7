//! `groundplan cleanup`

use crate::cli::commands::resume::Args;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::publish::Publisher;
use crate::publish::file_ledger::FileLedger;
use crate::publish::outcome::CleanupOutcome;
use serde_json::json;

/// The ledger is named as for `resume`.
pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let format = args.format;
    let (files, session, mut ledger) = args.open()?;
    let work = Terminal::working("cleaning up");
    let cleanup =
        async |publisher: &Publisher<'_>, ledger: &mut FileLedger| publisher.cleanup(ledger).await;
    let ended = session.run(&files, &mut ledger, cleanup)?;
    drop(work);
    let cleaned = match ended {
        Ok(cleaned) => cleaned,
        Err(interrupted) => {
            return Err(session.account(interrupted, &files, None, format, terminal)?);
        }
    };
    session.tidy(&files, terminal);
    match (format, cleaned) {
        (Format::Json, CleanupOutcome::Nothing) => terminal.json(&json!({ "removed": null }))?,
        (Format::Json, CleanupOutcome::Removed(id)) => terminal.json(&json!({ "removed": id }))?,
        (Format::Text, CleanupOutcome::Nothing) => {
            writeln!(terminal.out(), "Nothing of this run is on the forge.")?;
        }
        (Format::Text, CleanupOutcome::Removed(id)) => {
            writeln!(
                terminal.out(),
                "Removed the unfinished repository (number {id})."
            )?;
        }
    }
    Ok(Exit::Success)
}
