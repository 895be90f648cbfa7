//! `groundplan mirror`

mod fetch;
mod list;
mod prune;
mod push;

use crate::app::templates::parse_address;
use crate::cli::args::git::GitArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::Terminal;
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;

/// Manage cached git templates.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: MirrorCommand,
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    #[command(flatten)]
    git: GitArgs,
}

#[derive(clap::Subcommand)]
enum MirrorCommand {
    /// Fetch repositories and keep them in the cache.
    Add {
        /// An https or ssh address, or `owner/name` on GitHub; several with spaces or commas between them.
        #[arg(required = true, value_name = "URL", value_delimiter = ',', value_parser = parse_address)]
        urls: Vec<RemoteUrl>,
        /// A tag, branch or commit to fetch from each of them; repeatable.
        #[arg(long = "ref", value_name = "REF", default_value = "HEAD", value_parser = RefName::parse)]
        references: Vec<RefName>,
    },
    /// Fetch all kept repositories again. A failure does not stop the others.
    Sync,
    /// List the cached repositories.
    List,
    /// Bring the branch and the tags of a published repository to a second forge. Nothing there is rewound.
    Push(Box<push::Args>),
    /// Remove repositories that are not kept and the remains of interrupted fetches, or the named repositories.
    Prune {
        #[arg(value_name = "URL", value_delimiter = ',', value_parser = parse_address)]
        urls: Vec<RemoteUrl>,
    },
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let format = args.format;
    match &args.command {
        MirrorCommand::Push(push) => push::run(push, args.git.is_offline(), format, terminal),
        MirrorCommand::Add { urls, references } => {
            fetch::add(&args.git.cache()?, urls, references, format, terminal)
        }
        MirrorCommand::Sync => fetch::sync(&args.git.cache()?, format, terminal),
        MirrorCommand::List => list::run(&args.git.cache()?, format, terminal),
        MirrorCommand::Prune { urls } => prune::run(&args.git.cache()?, urls, format, terminal),
    }
}

/// Fails with `--offline` for a verb that sends requests.
fn check_online(is_offline: bool, verb: &str) -> Result<(), Failure> {
    if !is_offline {
        return Ok(());
    }
    let message = format!("cannot {verb} with `--offline`");
    Err(Failure::usage("offline", message).hinted("omit `--offline` and unset GROUNDPLAN_OFFLINE"))
}

fn short(commit: &GitId) -> &str {
    &commit.as_str()[..12]
}
