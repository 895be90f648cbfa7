//! `groundplan resume`

use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::push::PushArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::ForgeSession;
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::cli::publication_files::PublicationFiles;
use crate::publish::Publisher;
use crate::publish::file_ledger::FileLedger;
use crate::publish::ledger::{Ledger as _, PublishRequest};
use crate::publish::stage::{self, Stage};
use crate::tree::git;
use serde_json::json;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The ledger that a failed `new --forge` named.
    #[arg(value_name = "LEDGER")]
    pub(crate) ledger: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (files, session, mut ledger) = args.open()?;
    let (order, stage) = crate::cli::runtime::wait_for(ledger.entries())?
        .and_then(|entries| stage::read(&entries))
        .map_err(|error| session.scrubbed(error.into()))?;
    if !matches!(
        stage,
        Stage::Pushed(_) | Stage::Describing { .. } | Stage::Published(_)
    ) {
        check(&files, &order)?;
    }
    let work = Terminal::working("publishing");
    let resume =
        async |publisher: &Publisher<'_>, ledger: &mut FileLedger| publisher.resume(ledger).await;
    let ended = session.run(&files, &mut ledger, resume)?;
    drop(work);
    match ended {
        Ok(published) => {
            session.tidy(&files, terminal);
            match args.format {
                Format::Json => {
                    let published = session.published(&published, &files);
                    terminal.json(&json!({ "published": published }))?;
                }
                Format::Text => session.print(&published, &files, terminal)?,
            }
            Ok(Exit::Success)
        }
        Err(interrupted) => {
            Err(session.account(interrupted, &files, None, args.format, terminal)?)
        }
    }
}

impl Args {
    /// The files of an earlier run, and the forge they name.
    pub(crate) fn open(&self) -> Result<(PublicationFiles, ForgeSession, FileLedger), Failure> {
        let files = PublicationFiles::named(&self.ledger)?;
        let ledger = FileLedger::open(files.ledger())?;
        let flags = match files.load()? {
            Some(remembered) => remembered.flags(&self.forge)?,
            None => self.forge.clone(),
        };
        let session = ForgeSession::open(flags, &self.push)?.ok_or_else(|| Failure::Usage {
            message: "the file that remembers the forge is not beside the ledger".to_owned(),
            hint: "name the forge with `--forge` and `--forge-url`".to_owned(),
        })?;
        Ok((files, session, ledger))
    }
}

/// Whether what is to be pushed is still what was built.
fn check(files: &PublicationFiles, order: &PublishRequest) -> Result<(), Failure> {
    let path = files.repository();
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
