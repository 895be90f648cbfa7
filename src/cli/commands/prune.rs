//! `groundplan prune`

use crate::base::{atomic_file, clock};
use crate::cli::args::git::state_folder;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, Terminal};
use crate::cli::publication_files::PublicationFiles;
use crate::cli::runtime::wait_for;
use crate::publish::file_ledger::FileLedger;
use crate::publish::ledger::{Ledger as _, LedgerError};
use crate::publish::stage::{self, Stage};
use serde::Serialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The age after which files that no ledger names belong to no running command.
const MIN_AGE: Duration = Duration::from_hours(24);

/// Remove what ended and interrupted runs left on this machine.
///
/// Lists ledgers of publications that are complete or removed, files beside a ledger that does not exist, and folders
/// `.groundplan-…` of interrupted runs. Nothing is removed without `--yes`. A ledger is kept as long as anything of its
/// run may be on a forge.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders in which repositories were created [default: the current folder].
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Remove what is listed.
    #[arg(long)]
    yes: bool,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The findings as a JSON document.
#[derive(Serialize)]
struct PruneJson {
    removed: bool,
    leftovers: Vec<Leftover>,
    kept: Vec<Leftover>,
}

/// A file or folder, and the reason to remove or to keep it.
#[derive(Serialize)]
struct Leftover {
    path: PathBuf,
    reason: String,
}

impl Leftover {
    fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (mut leftovers, mut kept) = (Vec::new(), Vec::new());
    if let Some(state) = state_folder() {
        find_publications(&state.join("ledgers"), &mut leftovers, &mut kept)?;
    }
    let here = [PathBuf::from(".")];
    let folders = if args.folders.is_empty() {
        &here[..]
    } else {
        &args.folders
    };
    for folder in folders {
        find_interrupted(folder, &mut leftovers)?;
    }
    if args.yes {
        for leftover in &leftovers {
            atomic_file::remove(&leftover.path)
                .map_err(|error| Failure::reading(&leftover.path, error))?;
        }
    }
    if args.format == Format::Json {
        terminal.json(&PruneJson {
            removed: args.yes,
            leftovers,
            kept,
        })?;
        return Ok(Exit::Success);
    }
    print(args, &leftovers, &kept, terminal)
}

fn print(
    args: &Args,
    leftovers: &[Leftover],
    kept: &[Leftover],
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let verb = if args.yes { "removed" } else { "to remove" };
    for (leftovers, verb) in [(leftovers, verb), (kept, "kept")] {
        for Leftover { path, reason } in leftovers {
            terminal.content(&path.display().to_string())?;
            writeln!(
                terminal.out(),
                "  {BOLD}{verb}{BOLD:#}  {DIM}{reason}{DIM:#}"
            )?;
        }
    }
    match (leftovers.is_empty(), args.yes) {
        (true, _) => writeln!(terminal.out(), "There is nothing to remove.")?,
        (false, false) => writeln!(
            terminal.out(),
            "Nothing was removed. Remove it with `groundplan prune --yes`."
        )?,
        (false, true) => {}
    }
    Ok(Exit::Success)
}

/// Finds the files of publications that ended, and those whose ledger is gone.
fn find_publications(
    folder: &Path,
    leftovers: &mut Vec<Leftover>,
    kept: &mut Vec<Leftover>,
) -> Result<(), Failure> {
    for path in entries(folder)? {
        let name = path.to_string_lossy();
        if name.ends_with(".jsonl") {
            match verdict(&path)? {
                Ok(reason) => {
                    let files = PublicationFiles::named(&path)?;
                    let beside = files.all().into_iter();
                    let existing = beside.filter(|file| file.symlink_metadata().is_ok());
                    leftovers.extend(existing.map(|file| Leftover::new(&file, reason)));
                }
                Err(reason) => kept.push(Leftover::new(&path, reason)),
            }
            continue;
        }
        let ledger = [".git", ".forge.json"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let is_stray = ledger.is_some_and(|ledger| Path::new(ledger).symlink_metadata().is_err());
        if is_stray && is_old(&path) {
            leftovers.push(Leftover::new(&path, "its ledger does not exist"));
        }
    }
    Ok(())
}

/// The reason to remove a ledger, or to keep it.
fn verdict(path: &Path) -> Result<Result<&'static str, String>, Failure> {
    let mut ledger = match FileLedger::open(path) {
        Ok(ledger) => ledger,
        Err(LedgerError::Locked { .. }) => return Ok(Err("a command is using it".to_owned())),
        Err(error) => return Err(error.into()),
    };
    let read = wait_for(ledger.entries())?.and_then(|entries| stage::read(&entries));
    let (request, stage) = match read {
        Ok(read) => read,
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(match (&stage, stage.remains(&request.repo, None)) {
        (Stage::Published(_), _) => Ok("the repository is published"),
        (Stage::Removed, _) => Ok("the repository was removed"),
        (_, Some(remains)) => Err(remains.summary()),
        (_, None) if is_old(path) => Ok("nothing of the run is on the forge"),
        (_, None) => Err("the run may be resumed".to_owned()),
    })
}

/// Finds the folders of interrupted runs.
fn find_interrupted(folder: &Path, leftovers: &mut Vec<Leftover>) -> Result<(), Failure> {
    for path in entries(folder)? {
        let is_ours = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(".groundplan-"));
        if is_ours && is_old(&path) {
            leftovers.push(Leftover::new(&path, "an interrupted run left it"));
        }
    }
    Ok(())
}

/// The entries of a folder, by name; none if it is absent.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::reading(folder, error);
    let mut paths = Vec::new();
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(entries) => {
            for entry in entries {
                paths.push(entry.map_err(failed)?.path());
            }
        }
    }
    paths.sort();
    Ok(paths)
}

/// True if the entry was not changed for a day.
fn is_old(path: &Path) -> bool {
    let changed = path.symlink_metadata().and_then(|found| found.modified());
    changed.is_ok_and(|changed| {
        let age = clock::system_time().duration_since(changed);
        age.is_ok_and(|age| age >= MIN_AGE)
    })
}
