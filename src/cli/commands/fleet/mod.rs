//! `groundplan fleet`

mod status;
mod update;

use crate::app::fleet;
use crate::app::updates::UpdateRequest;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::input;
use crate::cli::output::terminal::Terminal;
use crate::engine::SelectionChanges;
use clap::Subcommand;
use std::collections::BTreeMap;
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
    #[arg(value_name = "FILE")]
    list: PathBuf,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        FleetCommand::Status(args) => status::run(args, terminal),
        FleetCommand::Update(args) => update::run(args, terminal),
    }
}

impl ListArgs {
    /// A request for each repository of the list.
    fn requests(&self, made: &GeneratedRepoArgs) -> Result<Vec<UpdateRequest>, Failure> {
        let text = input::document(&self.list)?;
        let text = String::from_utf8(text).map_err(|error| {
            let message = format!("`{}` is not UTF-8", self.list.display());
            Failure::usage("list_not_text", message).caused_by(error)
        })?;
        let folder = self.list.parent().unwrap_or(Path::new(""));
        let request = |named: String| {
            let place = if named.contains(':') {
                named
            } else {
                folder.join(named).to_string_lossy().into_owned()
            };
            let (repository, catalog, template) = made.update(&place)?;
            Ok(UpdateRequest {
                repository,
                catalog,
                template,
                choices: SelectionChanges::default(),
                decisions: BTreeMap::new(),
                is_full: false,
            })
        };
        fleet::parse_list(&text).into_iter().map(request).collect()
    }
}
