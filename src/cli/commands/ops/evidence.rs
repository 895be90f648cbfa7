//! `groundplan ops evidence`

use crate::app::evidence::{self, Evidence, EvidenceOutcome};
use crate::app::operations_repo::OperationsRepo;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The result as JSON, or `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The repository: a folder, bare or not, or a URL.
    #[arg(long = "in", value_name = "REPO", default_value = ".")]
    repository: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
    #[command(flatten)]
    forge: ForgeArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (forge, _) = args.forge.open_named()?;
    let document = input::document(&args.file)?;
    let (_, recorded) = args.made.read_current(&args.repository)?;
    let schema = recorded.file(&evidence::schema_path())?;
    let evidence = Evidence::parse(document, schema.as_deref())?;
    let repo = OperationsRepo::of(&recorded.plan, &*forge)?;
    let commit = Terminal::busy("committing", || wait_for(repo.add_evidence(&evidence)))??;
    let path = &commit.path;
    terminal.done(match commit.outcome {
        EvidenceOutcome::Present => format!("`{path}` is already present"),
        EvidenceOutcome::Committed => format!("committed `{path}` to `{}`", commit.branch),
        EvidenceOutcome::Proposed => format!("proposed `{path}` on branch `{}`", commit.branch),
    });
    match (args.format, &commit.pull_request) {
        (Format::Json, _) => terminal.json(&commit)?,
        (Format::Text, Some(url)) => writeln!(terminal.out(), "{url}")?,
        (Format::Text, None) => {}
    }
    Ok(Exit::Success)
}
