//! `groundplan resume`

use super::Format;
use super::exit::{Exit, Failure};
use super::forge::ForgeArgs;
use super::publish::Desk;
use super::push::PushArgs;
use super::state::State;
use super::terminal::Terminal;
use crate::publish::Publisher;
use crate::publish::file_ledger::FileLedger;
use crate::publish::ledger::{Ledger as _, PublishRequest};
use crate::publish::stage;
use crate::tree::git;
use serde_json::json;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The ledger that a failed `new --forge` named.
    #[arg(value_name = "LEDGER")]
    pub(super) ledger: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (state, desk, mut ledger) = args.open()?;
    let (order, stage) = super::forge::wait_for(ledger.entries())?
        .and_then(|entries| stage::read(&entries))
        .map_err(|error| desk.scrubbed(error.into()))?;
    if !stage.is_pushed() {
        check(&state, &order)?;
    }
    let work = Terminal::working("publishing");
    let resume =
        async |publisher: &Publisher<'_>, ledger: &mut FileLedger| publisher.resume(ledger).await;
    let ended = desk.run(&state, &mut ledger, resume)?;
    drop(work);
    match ended {
        Ok(published) => {
            desk.tidy(&state, terminal);
            match args.format {
                Format::Json => {
                    let published = desk.published(&published, &state);
                    terminal.json(&json!({ "published": published }))?;
                }
                Format::Text => desk.print(&published, &state, terminal)?,
            }
            Ok(Exit::Fine)
        }
        Err(broken) => Err(desk.account(broken, &state, None, args.format, terminal)?),
    }
}

impl Args {
    /// The files of an earlier run, and the forge they name.
    pub(super) fn open(&self) -> Result<(State, Desk, FileLedger), Failure> {
        let state = State::named(&self.ledger)?;
        let ledger = FileLedger::open(state.ledger())?;
        let flags = match state.load()? {
            Some(remembered) => remembered.flags(&self.forge)?,
            None => self.forge.clone(),
        };
        let desk = Desk::open(flags, &self.push)?.ok_or_else(|| Failure::Usage {
            message: "the file that remembers the forge is not beside the ledger".to_owned(),
            hint: "name the forge with `--forge` and `--forge-url`".to_owned(),
        })?;
        Ok((state, desk, ledger))
    }
}

/// Whether what is to be pushed is still what was built.
fn check(state: &State, order: &PublishRequest) -> Result<(), Failure> {
    let path = state.repository();
    let found = git::resolve(&path, "refs/heads/main");
    if found.is_ok_and(|found| found == order.commit) {
        return Ok(());
    }
    Err(Failure::Refused {
        message: format!(
            "`{}` does not hold commit {} any more",
            path.display(),
            order.commit
        ),
        hint: "take back what is left with `groundplan cleanup`, and make it again with `groundplan new`".to_owned(),
    })
}
