//! `groundplan fleet update`

use super::{ListArgs, queue};
use crate::app::error::AppError;
use crate::app::fleet::{FleetRepository, FleetState};
use crate::app::planned_update::PlannedUpdate;
use crate::app::previews;
use crate::app::recorded_sources::RecordedSources;
use crate::app::updates;
use crate::base::clock::SystemClock;
use crate::base::sanitize;
use crate::cli::args::author::AuthorArgs;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::args::forge::ForgeArgs;
use crate::cli::args::generated_repo::GeneratedRepoArgs;
use crate::cli::args::policy::PersonArgs;
use crate::cli::args::push::PushArgs;
use crate::cli::args::signing::SigningArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::forge_session::ForgeSession;
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, DIM, RED, Terminal};
use crate::cli::recorded_database::RecordedDatabase;
use crate::cli::signals;
use crate::model::input::Identity;
use crate::model::ref_name::RefName;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The longest pause that a forge gets.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Update the repositories that are behind, each by a branch or a pull request.
///
/// One repository after the other. A repository that cannot be updated is reported, and the next one is tried; a forge that asks
/// for a pause gets it. A second run finds what the first one did and continues. With `--queue` the workers of a service do it.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    list: ListArgs,
    /// Create this branch in each repository.
    #[arg(long, value_name = "BRANCH", value_parser = RefName::parse)]
    into_branch: Option<RefName>,
    /// Open a pull request for each repository.
    #[arg(
        long,
        requires = "forge",
        conflicts_with = "into_branch",
        required_unless_present_any = ["into_branch", "queue"]
    )]
    pull_request: bool,
    /// Queue a run for each repository in the database of a service, whose workers propose the updates. FILE lists repositories
    /// that its runs created, as OWNER/NAME or by address.
    #[arg(long, conflicts_with_all = ["into_branch", "pull_request"])]
    queue: bool,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    author: AuthorArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    made: GeneratedRepoArgs,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    forge: ForgeArgs,
    #[command(flatten)]
    push: PushArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The outcome for one repository.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedRepository {
    #[serde(flatten)]
    repository: FleetRepository,
    outcome: FleetOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    /// The address of the pull request.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The outcomes of a fleet's update, in the order of the list.
#[derive(Serialize)]
struct FleetUpdate {
    repositories: Vec<UpdatedRepository>,
    counts: BTreeMap<FleetOutcome, usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum FleetOutcome {
    /// Nothing had to be done.
    Current,
    /// A branch or a pull request has the update.
    Proposed,
    Failed,
}

pub(crate) fn run(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.queue {
        let caller = args.person.caller();
        return queue::run(&args.list, &caller, &args.database, args.format, terminal);
    }
    let session = if args.pull_request {
        ForgeSession::open(args.forge.clone(), &args.push, terminal)?
    } else {
        None
    };
    let author = args.author.identity();
    let key = args.signing.key()?.map(Arc::new);
    let stop = signals::stop();
    let recorded = RecordedDatabase::default();
    let mut updated = Vec::new();
    for request in args.list.requests(&args.made, &args.forge)? {
        if stop.load(Ordering::Relaxed) {
            return Err(Failure::cancelled());
        }
        let name = &request.repository.repository;
        let sources = RecordedSources {
            cache: &|| args.made.cache(),
            database: &|provenance, wanted| recorded.find(provenance, wanted),
        };
        let one = match updates::plan(&request, sources) {
            Ok(mut planned) => {
                planned.signing.clone_from(&key);
                update(args, planned, session.as_ref(), &author, name)
            }
            Err(error) => not_compared(name, &error),
        };
        if args.format == Format::Text {
            print(&one, terminal)?;
        }
        updated.push(one);
    }
    let mut counts = BTreeMap::new();
    for one in &updated {
        *counts.entry(one.outcome).or_default() += 1;
    }
    let has_failed = counts.contains_key(&FleetOutcome::Failed);
    let all = FleetUpdate {
        repositories: updated,
        counts,
    };
    match args.format {
        Format::Json => terminal.json(&all)?,
        Format::Text => conclusion(&all, terminal)?,
    }
    Ok(if has_failed {
        Exit::Findings
    } else {
        Exit::Success
    })
}

fn not_compared(name: &str, error: &AppError) -> UpdatedRepository {
    let repository = FleetRepository::failed(name, error);
    UpdatedRepository {
        outcome: FleetOutcome::Failed,
        branch: None,
        url: None,
        error: repository.reason.clone(),
        repository,
    }
}

fn update(
    args: &Args,
    mut planned: PlannedUpdate,
    session: Option<&ForgeSession>,
    author: &Identity,
    name: &str,
) -> UpdatedRepository {
    let repository = FleetRepository::compared(name, &planned);
    let mut one = UpdatedRepository {
        outcome: FleetOutcome::Current,
        branch: None,
        url: None,
        error: None,
        repository,
    };
    match one.repository.state {
        FleetState::Current => return one,
        FleetState::CannotBeRemade => {
            one.outcome = FleetOutcome::Failed;
            one.error.clone_from(&one.repository.reason);
            return one;
        }
        FleetState::BehindClean | FleetState::BehindConflicts | FleetState::Untouched => {}
    }
    match write(args, &mut planned, session, author) {
        Ok(()) => {
            one.outcome = FleetOutcome::Proposed;
            one.branch = planned.report.created.map(|created| created.branch);
            one.url = planned.report.pull_request.map(|proposal| proposal.url);
        }
        Err(failure) => {
            one.outcome = FleetOutcome::Failed;
            one.error = Some(failure.message());
        }
    }
    one
}

fn write(
    args: &Args,
    planned: &mut PlannedUpdate,
    session: Option<&ForgeSession>,
    author: &Identity,
) -> Result<(), Failure> {
    if let Some(branch) = &args.into_branch {
        planned.commit_to_branch(branch, author, &previews::today(&SystemClock)?)?;
    }
    if let Some(session) = session {
        session.compare_settings(planned)?;
        session.propose(planned, author, LONGEST_PAUSE)?;
    }
    Ok(())
}

fn print(one: &UpdatedRepository, terminal: &mut Terminal) -> Result<(), Failure> {
    let place = one.url.as_ref().or(one.branch.as_ref());
    let name = sanitize::line(&one.repository.repository);
    let out = terminal.out();
    match (&one.error, place) {
        (Some(error), _) => writeln!(
            out,
            "  {RED}failed{RED:#}    {name}  {}",
            sanitize::line(error)
        )?,
        (None, Some(place)) => {
            writeln!(out, "  {:<9} {name}  {}", "updated", sanitize::line(place))?;
        }
        (None, None) => writeln!(out, "  {DIM}current   {name}{DIM:#}")?,
    }
    Ok(())
}

fn conclusion(all: &FleetUpdate, terminal: &mut Terminal) -> Result<(), Failure> {
    let count = |outcome| all.counts.get(&outcome).copied().unwrap_or(0);
    writeln!(
        terminal.out(),
        "\n{BOLD}{} repositories{BOLD:#}: {} current, {} updated, {} failed",
        all.repositories.len(),
        count(FleetOutcome::Current),
        count(FleetOutcome::Proposed),
        count(FleetOutcome::Failed)
    )?;
    Ok(())
}
