//! `groundplan cleanup`

use super::Format;
use super::exit::{Exit, Failure};
use super::resume::Args;
use super::terminal::Terminal;
use crate::publish::file_ledger::FileLedger;
use crate::publish::{CleanupOutcome, Publisher};
use serde_json::json;

/// The ledger is named as for `resume`.
pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let format = args.format;
    let (state, desk, mut ledger) = args.open()?;
    let work = Terminal::working("cleaning up");
    let cleanup =
        async |publisher: &Publisher<'_>, ledger: &mut FileLedger| publisher.cleanup(ledger).await;
    let ended = desk.run(&state, &mut ledger, cleanup)?;
    drop(work);
    let cleaned = match ended {
        Ok(cleaned) => cleaned,
        Err(broken) => {
            return Err(desk.account(broken, &state, None, format, terminal)?);
        }
    };
    desk.tidy(&state, terminal);
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
    Ok(Exit::Fine)
}
