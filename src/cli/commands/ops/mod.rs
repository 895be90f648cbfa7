//! `groundplan ops`

mod apply;
mod evidence;
mod prove;
mod verify;

use crate::app::generated_repos::{GeneratedRepo, RecordedPlan};
use crate::app::operations_repo::OperationsRepo;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::forge::Forge;
use clap::Subcommand;

/// Compare and set what a repository needs on its forge beside its files.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: OpsCommand,
}

#[derive(Subcommand)]
enum OpsCommand {
    /// Compare a repository with its plan: settings on the forge, files, evidence. Changes nothing.
    ///
    /// Exits 0 without a difference, 1 otherwise.
    Verify(Box<OpsArgs>),
    /// Set the labels, collaborators, branch protection and first issues that the plan needs on the forge.
    ///
    /// Sets only what differs, and reads it back. Existing settings beside these stay as they are.
    Apply(Box<OpsArgs>),
    /// Prove by real pushes that the account of the token can write as the plan chose, and not more.
    ///
    /// Run it with the token of each account: of the agent, and of one that must be refused. It pushes a commit without
    /// changes to a branch, which is deleted again, and to `main` unless the account is an exempt administrator. A push that
    /// `main` accepts stays there. Exits 0 if every result is as expected, 1 otherwise.
    Prove(Box<prove::Args>),
    /// Commit a dated test result to `evidence/`, through the forge's API.
    ///
    /// The file is checked against the schema of the repository's plan. Where the plan protects `main`, a pull request
    /// proposes it. Repeating the command finds what was committed before.
    Evidence(Box<evidence::Args>),
}

/// A repository and its forge.
#[derive(clap::Args)]
pub(super) struct OpsArgs {
    /// The repository: a folder, bare or not, or a URL.
    #[arg(value_name = "REPO", default_value = ".")]
    repository: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
    #[command(flatten)]
    forge: ForgeArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        OpsCommand::Verify(args) => verify::run(args, terminal),
        OpsCommand::Apply(args) => apply::run(args, terminal),
        OpsCommand::Prove(args) => prove::run(args, terminal),
        OpsCommand::Evidence(args) => evidence::run(args, terminal),
    }
}

impl OpsArgs {
    /// Reads the repository, its recorded plan, and the forge that the flags name.
    fn open(&self) -> Result<(GeneratedRepo, RecordedPlan, Box<dyn Forge>), Failure> {
        let (forge, _) = self.forge.open_named()?;
        let (repository, recorded) = self.made.read_current(&self.repository)?;
        Ok((repository, recorded, forge))
    }
}

/// The sentence about a repository whose plan needs no settings on the forge.
fn without_settings(repo: &OperationsRepo<'_>) -> Option<String> {
    let is_empty = repo.settings().is_empty();
    is_empty.then(|| format!("the plan of `{}` has no settings on the forge", repo.name()))
}
