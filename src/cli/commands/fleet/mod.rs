//! `groundplan fleet`

mod queue;
pub(in crate::cli::commands) mod status;
mod update;

use crate::app::fleet;
use crate::app::updates::UpdateRequest;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::generated_repo::{GeneratedRepoArgs, OldCatalogArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::terminal::Terminal;
use crate::cli::runtime::wait_for;
use crate::model::input::Owner;
use clap::Subcommand;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: FleetCommand,
}

#[derive(Subcommand)]
enum FleetCommand {
    /// Show which repositories are behind, and if their update would be clean. Writes nothing.
    Status(Box<status::Args>),
    /// Update the repositories that are behind, each by a branch or a pull request.
    Update(Box<update::Args>),
}

/// The repositories of a fleet.
#[derive(clap::Args)]
struct ListArgs {
    /// File with a repository on each line: a folder, relative to the file, or a URL; `#` begins a comment.
    #[arg(value_name = "FILE", required_unless_present = "owner")]
    list: Option<PathBuf>,
    /// All repositories of this owner on the forge instead of a list. Private ones are fetched with GROUNDPLAN_GIT_TOKEN.
    #[arg(long, value_name = "NAME", value_parser = Owner::parse, conflicts_with = "list")]
    owner: Option<Owner>,
    #[command(flatten)]
    old: OldCatalogArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        FleetCommand::Status(args) => status::run(args, terminal),
        FleetCommand::Update(args) => update::run(args, terminal),
    }
}

impl ListArgs {
    /// A request for each repository.
    fn requests(
        &self,
        made: &GeneratedRepoArgs,
        forge: &ForgeArgs,
    ) -> Result<Vec<UpdateRequest>, Failure> {
        let catalogs = made.catalogs(&self.old)?;
        let request = |place: String| made.update(&place, &catalogs);
        self.places(forge)?.into_iter().map(request).collect()
    }

    fn places(&self, forge: &ForgeArgs) -> Result<Vec<String>, Failure> {
        if let Some(owner) = &self.owner {
            let (forge, _) = forge.open_named()?;
            let remotes =
                Terminal::busy("asking the forge", || wait_for(forge.repositories(owner)))?;
            return Ok(remotes?.iter().map(ToString::to_string).collect());
        }
        let parent = self.list.as_deref().and_then(Path::parent);
        let folder = parent.unwrap_or(Path::new(""));
        let place = |named: String| {
            if named.contains(':') {
                named
            } else {
                folder.join(named).to_string_lossy().into_owned()
            }
        };
        Ok(self.lines()?.into_iter().map(place).collect())
    }

    /// The repositories of the list as they are written there; none without a list.
    fn lines(&self) -> Result<Vec<String>, Failure> {
        let Some(list) = &self.list else {
            return Ok(Vec::new());
        };
        let text = String::from_utf8(input::document(list)?).map_err(|error| {
            let message = format!("`{}` is not UTF-8", list.display());
            Failure::usage("list_not_text", message).caused_by(error)
        })?;
        Ok(fleet::parse_list(&text))
    }
}
