//! `groundplan mirror push`

use super::{check_online, short};
use crate::app::generated_repos::repository_above;
use crate::app::mirrored_repository::{self, MirroredReference, MirroredRepository, MirroredState};
use crate::base::sanitize;
use crate::cli::args::forge::{ForgeArgs, no_forge};
use crate::cli::args::push::PushArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::ForgeSession;
use crate::cli::output::Format;
use crate::cli::output::terminal::{DIM, GREEN, RED, Terminal};
use crate::forge::repository::RepoPath;
use crate::model::input::{Owner, RepoName};
use crate::tree::commits::Commits;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The repository on this machine, bare or not.
    #[arg(value_name = "REPO", default_value = ".")]
    repository: PathBuf,
    /// Owner of the copy [default: the recorded one].
    #[arg(long, value_parser = Owner::parse)]
    owner: Option<Owner>,
    /// Name of the copy [default: the recorded one].
    #[arg(long, value_parser = RepoName::parse)]
    repo: Option<RepoName>,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
}

pub(super) fn run(
    args: &Args,
    is_offline: bool,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    check_online(is_offline, "push")?;
    let session =
        ForgeSession::open(args.forge.clone(), &args.push, terminal)?.ok_or_else(no_forge)?;
    let commits = Commits::open(&repository_above(&args.repository))?;
    let to = args.target(&commits)?;
    let mirrored = session.mirror(&commits, &to)?;
    match format {
        Format::Json => terminal.json(&mirrored)?,
        Format::Text => print(&mirrored, terminal)?,
    }
    let is_complete = mirrored.diverged().next().is_none();
    Ok(if is_complete {
        Exit::Success
    } else {
        Exit::Findings
    })
}

impl Args {
    /// The repository of the copy: as named, else as recorded.
    fn target(&self, commits: &Commits) -> Result<RepoPath, Failure> {
        if let (Some(owner), Some(name)) = (&self.owner, &self.repo) {
            return Ok(RepoPath {
                owner: owner.clone(),
                name: name.clone(),
            });
        }
        let recorded = mirrored_repository::recorded_place(commits)?.ok_or_else(|| {
            Failure::usage(
                "names_missing",
                "the repository records no owner and no name",
            )
            .hinted("name the copy with `--owner OWNER --repo REPO`")
        })?;
        Ok(RepoPath {
            owner: self.owner.clone().unwrap_or(recorded.owner),
            name: self.repo.clone().unwrap_or(recorded.name),
        })
    }
}

fn print(mirrored: &MirroredRepository, terminal: &mut Terminal) -> Result<(), Failure> {
    let out = terminal.out();
    writeln!(out, "{}", sanitize::line(&mirrored.remote))?;
    for MirroredReference {
        name, id, state, ..
    } in &mirrored.references
    {
        let state = match state {
            MirroredState::Pushed => format!("{GREEN}pushed{GREEN:#}"),
            MirroredState::UpToDate => format!("{DIM}up to date{DIM:#}"),
            MirroredState::Diverged => format!("{RED}diverged{RED:#}"),
        };
        let (name, id) = (sanitize::line(name), short(id));
        writeln!(out, "  {name}  {id}  {state}")?;
    }
    terminal.flush()?;
    for reference in mirrored.diverged() {
        let name = sanitize::line(&reference.name);
        let there = reference.before.as_ref().map_or("", short);
        let (cause, hint) = if name.starts_with("refs/tags/") {
            (
                "which is another tag of this name",
                "delete one of the two tags; `mirror push` replaces none",
            )
        } else {
            (
                "which this repository has not",
                "fetch from the copy and merge there; `mirror push` rewinds nothing",
            )
        };
        let message = format!("`{name}` was not pushed: the copy is at {there}, {cause}");
        terminal.error(&message, &[hint.to_owned()]);
    }
    Ok(())
}
