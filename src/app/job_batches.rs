//! Changes of all runs whose jobs match a filter.

use super::caller::{Access, Caller};
use super::error::AppError;
use super::{jobs, runs};
use crate::store::id::{JobId, RunId};
use crate::store::job::{JobKind, JobStatus};
use crate::store::job_list::{JobEntry, JobFilter};
use crate::store::listed::Listed;
use crate::store::sql::Database;

/// The largest number of runs that one request changes.
pub const MOST: u32 = 1000;

/// The number of jobs read at a time.
const PAGE: u32 = 200;

/// A change of many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchAction {
    Retry,
    Cancel,
}

/// The outcome of a change of many runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    pub changed: u32,
    /// Runs whose state did not allow the change any more.
    pub refused: u32,
}

impl BatchAction {
    const ALL: [Self; 2] = [Self::Retry, Self::Cancel];

    /// The name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Cancel => "cancel",
        }
    }

    /// The action with a name; `None` for an unknown name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// The statuses of jobs whose runs it can change.
    pub fn statuses(self) -> &'static [JobStatus] {
        match self {
            Self::Retry => &[JobStatus::Failed],
            Self::Cancel => &[JobStatus::Queued, JobStatus::Claimed, JobStatus::Running],
        }
    }

    /// The part of a filter that the action can change; `None` if it is empty. Jobs of other kinds belong to the
    /// application and are never changed.
    fn within(self, filter: &JobFilter) -> Option<JobFilter> {
        let own = JobKind::OWN.map(JobKind::as_db);
        let statuses: Vec<JobStatus> = self
            .statuses()
            .iter()
            .copied()
            .filter(|status| filter.statuses.is_empty() || filter.statuses.contains(status))
            .collect();
        let is_wanted =
            |kind: &&str| filter.kinds.is_empty() || filter.kinds.iter().any(|found| found == kind);
        let kinds: Vec<String> = own
            .into_iter()
            .filter(is_wanted)
            .map(str::to_owned)
            .collect();
        (!kinds.is_empty() && !statuses.is_empty()).then(|| JobFilter {
            kinds,
            statuses,
            after: None,
            ..filter.clone()
        })
    }
}

/// The number of the caller's runs that an action would change.
pub async fn count(
    database: &Database,
    caller: &Caller,
    filter: &JobFilter,
    action: BatchAction,
) -> Result<u64, AppError> {
    let Some(filter) = action.within(filter) else {
        return Ok(0);
    };
    let counts = database.job_counts(&jobs::visible(caller, filter)).await?;
    Ok(counts.iter().map(|one| one.count).sum())
}

/// Changes the newest [`MOST`] of the caller's runs whose jobs match a filter. Each run is changed on its own: one whose
/// state does not allow the change any more stays as it is and stops no other.
///
/// # Errors
/// Refuses demo users, and fails when the database does.
pub async fn carry_out(
    database: &Database,
    caller: &Caller,
    filter: &JobFilter,
    action: BatchAction,
) -> Result<BatchOutcome, AppError> {
    caller.check(Access::Write)?;
    let mut outcome = BatchOutcome::default();
    let Some(filter) = action.within(filter) else {
        return Ok(outcome);
    };
    for run in runs_of(database, caller, &filter).await? {
        let changed = match action {
            BatchAction::Retry => runs::retry(database, caller, &run).await,
            BatchAction::Cancel => runs::cancel(database, caller, &run).await,
        };
        match changed {
            Ok(_) => outcome.changed += 1,
            Err(error) if error.is_about_subject() => outcome.refused += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(outcome)
}

/// The runs of the newest jobs, all read before the first one is changed: a changed job may leave the filter.
async fn runs_of(
    database: &Database,
    caller: &Caller,
    filter: &JobFilter,
) -> Result<Vec<RunId>, AppError> {
    let mut found = Vec::new();
    let mut further = filter.clone();
    while found.len() < MOST as usize {
        let page = jobs::list(database, caller, further.clone(), PAGE).await?;
        let jobs: Vec<JobEntry> = page.into_iter().filter_map(Listed::readable).collect();
        let Some(last) = jobs.last() else {
            break;
        };
        further.after = Some(JobId::parse(&last.id)?);
        let runs = jobs.iter().filter_map(|job| job.run.as_deref());
        found.extend(runs.filter_map(|run| RunId::parse(run).ok()));
    }
    found.truncate(MOST as usize);
    Ok(found)
}
