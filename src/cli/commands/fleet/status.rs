//! `groundplan fleet status`

use super::ListArgs;
use crate::app::fleet::{self, FleetRepository, FleetState, FleetStatus};
use crate::base::sanitize;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, GREEN, RED, Terminal, YELLOW};
use crate::cli::recorded_database::RecordedDatabase;
use crate::cli::signals;
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::thread::available_parallelism;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    list: ListArgs,
    /// Number of repositories that are compared at a time [default: the number of processors].
    #[arg(long, value_name = "COUNT")]
    parallel: Option<NonZeroUsize>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
    #[command(flatten)]
    forge: ForgeArgs,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let requests = args.list.requests(&args.made, &args.forge)?;
    let processors = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let parallel = args.parallel.unwrap_or_else(processors);
    let stop = signals::stop();
    let recorded = RecordedDatabase::default();
    let database = |provenance: &_, wanted| recorded.find(provenance, wanted);
    let status = Terminal::busy("comparing the repositories", || {
        let cache = || args.made.cache();
        fleet::status(&requests, &cache, &database, parallel, stop)
    });
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::cancelled());
    }
    match args.format {
        Format::Json => terminal.json(&status)?,
        Format::Text => print(&status, terminal)?,
    }
    Ok(if status.counts.contains_key(&FleetState::CannotBeRemade) {
        Exit::Findings
    } else {
        Exit::Success
    })
}

/// Prints a line for each repository, and the number of each state.
pub(in crate::cli::commands) fn print(
    status: &FleetStatus,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    for repository in &status.repositories {
        print_one(repository, terminal)?;
    }
    let counts: Vec<String> = status
        .counts
        .iter()
        .map(|(state, count)| format!("{count} {}", state.phrase()))
        .collect();
    writeln!(
        terminal.out(),
        "\n{BOLD}{} repositories{BOLD:#}: {}",
        status.repositories.len(),
        counts.join("; ")
    )?;
    Ok(())
}

fn print_one(repository: &FleetRepository, terminal: &mut Terminal) -> Result<(), Failure> {
    let style = match repository.state {
        FleetState::Current => DIM,
        FleetState::BehindClean | FleetState::Untouched => GREEN,
        FleetState::BehindConflicts => YELLOW,
        FleetState::CannotBeRemade => RED,
    };
    let counts: Vec<String> = repository
        .counts
        .iter()
        .map(|(verdict, count)| format!("{count} {}", verdict.word()))
        .collect();
    let detail = repository
        .reason
        .clone()
        .unwrap_or_else(|| counts.join(", "));
    writeln!(
        terminal.out(),
        "  {style}{:<18}{style:#} {}  {DIM}{}{DIM:#}",
        repository.state.phrase(),
        sanitize::line(&repository.repository),
        sanitize::line(&detail)
    )?;
    Ok(())
}
