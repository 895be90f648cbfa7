//! Many repositories at once: the state of each against its new plan, computed in memory, several at a time.

use super::error::AppError;
use super::planned_update::PlannedUpdate;
use super::recorded_sources::{DatabaseOpener, RecordedSources};
use super::templates::TemplateCache;
use super::update_report::UpdateReport;
use super::updates::{self, UpdateRequest};
use crate::engine::update::Verdict;
pub use crate::model::update::FleetState;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// A repository of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetRepository {
    /// The folder or address as it was named.
    pub repository: String,
    pub state: FleetState,
    /// The reason why the comparison is not possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The tree after the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree_id: Option<String>,
    /// The number of paths by verdict.
    pub counts: BTreeMap<Verdict, usize>,
}

/// The states of a fleet, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetStatus {
    pub repositories: Vec<FleetRepository>,
    /// The number of repositories by state.
    pub counts: BTreeMap<FleetState, usize>,
}

/// The state that a report shows.
pub(super) fn state_of(report: &UpdateReport) -> FleetState {
    if !report.can_proceed {
        FleetState::CannotBeRemade
    } else if report.up_to_date || report.only_provenance {
        FleetState::Current
    } else if report.has_conflicts() {
        FleetState::BehindConflicts
    } else if report.untouched {
        FleetState::Untouched
    } else {
        FleetState::BehindClean
    }
}

impl FleetRepository {
    /// A repository that was compared.
    pub fn compared(repository: &str, planned: &PlannedUpdate) -> Self {
        let report = &planned.report;
        let errors = || {
            let found = report.errors.first();
            found.map(|finding| finding.message.clone())
        };
        Self {
            repository: repository.to_owned(),
            state: state_of(report),
            reason: (!report.can_proceed).then(errors).flatten(),
            head: Some(report.head.to_string()),
            tree_id: report.tree_id.as_ref().map(ToString::to_string),
            counts: report.counts.clone(),
        }
    }

    /// A repository that cannot be compared.
    pub fn failed(repository: &str, error: &AppError) -> Self {
        let reason = error.reason();
        Self {
            repository: repository.to_owned(),
            state: FleetState::CannotBeRemade,
            reason: Some(reason),
            head: None,
            tree_id: None,
            counts: BTreeMap::new(),
        }
    }
}

impl FleetStatus {
    /// The states of some repositories.
    pub fn of(repositories: Vec<FleetRepository>) -> Self {
        let mut counts = BTreeMap::new();
        for repository in &repositories {
            *counts.entry(repository.state).or_default() += 1;
        }
        Self {
            repositories,
            counts,
        }
    }
}

/// Compares repositories, `parallel` of them at a time, until `stop` is set.
pub fn status<'s>(
    requests: &[UpdateRequest],
    cache: &(dyn Fn() -> Result<TemplateCache<'s>, AppError> + Sync),
    database: DatabaseOpener<'_>,
    parallel: NonZeroUsize,
    stop: &AtomicBool,
) -> FleetStatus {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..parallel.get().min(requests.len()) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(index) else {
                        return;
                    };
                    let state = compare(request, cache, database);
                    let mut states = found.lock().unwrap_or_else(PoisonError::into_inner);
                    states.insert(index, state);
                }
            });
        }
    });
    let states = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    FleetStatus::of(states.into_values().collect())
}

fn compare<'s>(
    request: &UpdateRequest,
    cache: &(dyn Fn() -> Result<TemplateCache<'s>, AppError> + Sync),
    database: DatabaseOpener<'_>,
) -> FleetRepository {
    let name = &request.repository.repository;
    let sources = RecordedSources {
        cache: &|| cache(),
        database,
    };
    match updates::plan(request, sources) {
        Ok(planned) => FleetRepository::compared(name, &planned),
        Err(error) => FleetRepository::failed(name, &error),
    }
}

/// The repositories of a list: one folder or address on each line, with comments after `#`.
pub fn parse_list(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| {
            line.split_once(" #")
                .map_or(line, |(before, _)| before)
                .trim()
        })
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
