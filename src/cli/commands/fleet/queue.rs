//! `groundplan fleet update --queue`

use super::ListArgs;
use crate::app::caller::Caller;
use crate::app::queued_updates::{self, FleetEntry, QueuedUpdate};
use crate::base::sanitize;
use crate::cli::args::database::DatabaseArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::output::Format;
use crate::cli::output::terminal::{BOLD, RED, Terminal};
use crate::store::id::{ProductId, RunId};
use crate::store::update::UpdateMode;
use serde::Serialize;

/// The runs that were queued for the repositories of a list, in its order.
#[derive(Serialize)]
struct QueuedFleet {
    repositories: Vec<QueuedRepository>,
}

/// The outcome for one repository.
#[derive(Serialize)]
struct QueuedRepository {
    /// The repository as it was named.
    repository: String,
    run: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn run(
    list: &ListArgs,
    caller: &Caller,
    database: &DatabaseArgs,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let named = list.lines()?;
    let owner = list.owner.as_ref();
    let queued = database.look(async |database| {
        let all = queued_updates::all(database, caller).await?;
        let found = match owner {
            Some(owner) => {
                let is_owned =
                    |entry: &&FleetEntry| entry.owner().eq_ignore_ascii_case(owner.as_str());
                let owned = all.iter().filter(is_owned);
                owned
                    .map(|entry| (entry.repo.clone(), Some(entry)))
                    .collect()
            }
            None => matched(named, &all),
        };
        let known = found.iter().filter_map(|(_, entry)| *entry);
        let products: Vec<ProductId> = known.map(|entry| entry.product.clone()).collect();
        let mode = UpdateMode::Propose;
        let queued = queued_updates::queue(database, caller, &products, mode).await?;
        Ok(outcomes(found, queued))
    })?;
    let has_failed = queued.iter().any(|one| one.run.is_none());
    let fleet = QueuedFleet {
        repositories: queued,
    };
    match format {
        Format::Json => terminal.json(&fleet)?,
        Format::Text => print(&fleet, terminal)?,
    }
    Ok(if has_failed {
        Exit::Findings
    } else {
        Exit::Success
    })
}

/// Each named repository with its entry; none for one that no run has created.
fn matched(named: Vec<String>, all: &[FleetEntry]) -> Vec<(String, Option<&FleetEntry>)> {
    let entry = |name: &str| all.iter().find(|entry| entry.is_named(name));
    named
        .into_iter()
        .map(|name| {
            let found = entry(&name);
            (name, found)
        })
        .collect()
}

/// The outcomes in the order of the list; `queued` has those of the known repositories.
fn outcomes(
    found: Vec<(String, Option<&FleetEntry>)>,
    queued: Vec<QueuedUpdate>,
) -> Vec<QueuedRepository> {
    let mut next = queued.into_iter();
    let outcome = |(repository, entry): (String, Option<&FleetEntry>)| {
        let update = entry.and_then(|_| next.next());
        match update {
            Some(update) => QueuedRepository {
                repository,
                run: update.run,
                error: update.error,
            },
            None => QueuedRepository {
                repository,
                run: None,
                error: Some("no run of this database has created it".to_owned()),
            },
        }
    };
    found.into_iter().map(outcome).collect()
}

fn print(fleet: &QueuedFleet, terminal: &mut Terminal) -> Result<(), Failure> {
    let out = terminal.out();
    for one in &fleet.repositories {
        let name = sanitize::line(&one.repository);
        match (&one.run, &one.error) {
            (Some(run), _) => writeln!(out, "  queued      {name}  run {run}")?,
            (None, error) => {
                let reason = sanitize::line(error.as_deref().unwrap_or_default());
                writeln!(out, "  {RED}not queued{RED:#}  {name}  {reason}")?;
            }
        }
    }
    let queued = fleet.repositories.iter().filter(|one| one.run.is_some());
    writeln!(
        out,
        "\n{BOLD}{} repositories{BOLD:#}: {} queued",
        fleet.repositories.len(),
        queued.count()
    )?;
    Ok(())
}
