//! `groundplan resume`

use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::push::PushArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::{ForgeSession, PublishedJson};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::cli::publication_files::PublicationFiles;
use crate::cli::runtime::wait_for;
use crate::publish::Publisher;
use crate::publish::file_ledger::FileLedger;
use crate::publish::ledger::{Ledger as _, PublishRequest};
use crate::publish::stage;
use crate::tree::git;
use serde::Serialize;
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

/// A resumed publication as a JSON document.
#[derive(Serialize)]
struct ResumeJson {
    published: PublishedJson,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (files, session, mut ledger) = args.open(terminal)?;
    let (request, stage) = wait_for(ledger.entries())?.and_then(|entries| stage::read(&entries))?;
    if !stage.is_pushed() {
        check_commit(&files, &request)?;
    }
    let resume =
        async |publisher: &Publisher<'_>, ledger: &mut FileLedger| publisher.resume(ledger).await;
    let ended = Terminal::busy("publishing", || session.run(&files, &mut ledger, resume));
    let published = ended.map_err(|interrupted| session.failure(interrupted, &files, None))?;
    let has_note = session.publish_note(&files, &published, terminal);
    ForgeSession::tidy(&files, terminal);
    terminal.done(format!(
        "published `{}` at {}",
        published.full_name, published.remote
    ));
    match args.format {
        Format::Json => {
            let published = session.published(&published, &files, has_note);
            terminal.json(&ResumeJson { published })?;
        }
        Format::Text => session.print(&published, &files, terminal)?,
    }
    Ok(Exit::Success)
}

impl Args {
    /// The files of an earlier run, and the forge that they name.
    pub(crate) fn open(
        &self,
        terminal: &mut Terminal,
    ) -> Result<(PublicationFiles, ForgeSession, FileLedger), Failure> {
        let files = PublicationFiles::named(&self.ledger)?;
        let ledger = FileLedger::open(files.ledger())?;
        let flags = match files.load()? {
            Some(remembered) => remembered.flags(&self.forge)?,
            None => self.forge.clone(),
        };
        let session = ForgeSession::open(flags, &self.push, terminal)?.ok_or_else(|| {
            Failure::usage(
                "forge_file_missing",
                "the file that records the forge is not beside the ledger",
            )
            .hinted("name the forge with `--forge` and `--forge-url`")
        })?;
        Ok((files, session, ledger))
    }
}

/// Fails when the built repository does not contain the commit of the request any more.
fn check_commit(files: &PublicationFiles, request: &PublishRequest) -> Result<(), Failure> {
    let path = files.repository();
    let found = git::resolve(&path, "refs/heads/main");
    if found.is_ok_and(|found| found == request.commit) {
        return Ok(());
    }
    let message = format!(
        "`{}` does not contain commit {} any more",
        path.display(),
        request.commit
    );
    Err(Failure::refused("repository_changed", message).hinted(
        "remove what is left with `groundplan cleanup`, and create it again with `groundplan new`",
    ))
}
