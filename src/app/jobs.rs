//! Jobs of all kinds for a board: a list, counts that agree with it, and the kinds with their labels and colours.

use super::caller::Caller;
use super::error::AppError;
use crate::store::job::{JobKind, JobStatus, job_status_to_api};
use crate::store::job_list::{JobCount, JobEntry, JobFilter};
use crate::store::listed::Listed;
use crate::store::sql::Database;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The largest number that a count shows.
const LARGEST: u64 = 1000;
/// The colour of a kind that this program does not know.
const UNKNOWN_COLOUR: &str = "grey";

/// A kind of jobs as a board shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KindInfo {
    /// The name in a row, such as `BOOTSTRAP_REPO`.
    pub kind: String,
    pub label: String,
    /// The English name of a colour.
    pub colour: &'static str,
}

/// The number of jobs that a filter selects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobCounts {
    pub total: CappedCount,
    /// The known kinds in their order, then those of a newer application by name.
    pub kinds: Vec<KindCount>,
    pub statuses: Vec<StatusCount>,
}

/// A number of jobs up to 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CappedCount {
    pub count: u64,
    /// True if there are more than `count`.
    pub more: bool,
}

/// The number of jobs of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KindCount {
    #[serde(flatten)]
    pub info: KindInfo,
    #[serde(flatten)]
    pub number: CappedCount,
}

/// The number of jobs of one status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusCount {
    /// As in a job.
    pub status: &'static str,
    #[serde(flatten)]
    pub number: CappedCount,
}

/// The known kinds of jobs, in their order.
pub fn kinds() -> Vec<KindInfo> {
    JobKind::ALL
        .into_iter()
        .map(|kind| KindInfo::of(kind.as_db()))
        .collect()
}

/// At most `limit` jobs that the caller may see and that a filter selects, newest first. A damaged row is listed as
/// unreadable.
pub async fn list(
    database: &Database,
    caller: &Caller,
    filter: JobFilter,
    limit: u32,
) -> Result<Vec<Listed<JobEntry>>, AppError> {
    Ok(database.jobs(&visible(caller, filter), limit).await?)
}

/// The number of jobs that [`list`] lists with the same filter. Every known kind and status is there.
pub async fn counts(
    database: &Database,
    caller: &Caller,
    filter: JobFilter,
) -> Result<JobCounts, AppError> {
    let counts = database.job_counts(&visible(caller, filter)).await?;
    Ok(JobCounts::from(counts.as_slice()))
}

/// The filter within the jobs that the caller may see.
fn visible(caller: &Caller, filter: JobFilter) -> JobFilter {
    JobFilter {
        user: caller.scope().user().cloned().or(filter.user),
        ..filter
    }
}

impl KindInfo {
    /// A kind by its name; an unknown one is its own label.
    pub fn of(name: &str) -> Self {
        let known = JobKind::of_db(name);
        Self {
            kind: name.to_owned(),
            label: known.map_or_else(|| name.to_owned(), |kind| kind.label().to_owned()),
            colour: known.map_or(UNKNOWN_COLOUR, JobKind::colour),
        }
    }
}

impl From<u64> for CappedCount {
    fn from(count: u64) -> Self {
        Self {
            count: count.min(LARGEST),
            more: count > LARGEST,
        }
    }
}

impl From<&[JobCount]> for JobCounts {
    fn from(counts: &[JobCount]) -> Self {
        let mut of_kinds: BTreeMap<&str, u64> = BTreeMap::new();
        let mut of_statuses: BTreeMap<&str, u64> = BTreeMap::new();
        for one in counts {
            let status = one.status.map_or("unknown", job_status_to_api);
            *of_kinds.entry(&one.kind).or_default() += one.count;
            *of_statuses.entry(status).or_default() += one.count;
        }
        let known = JobKind::ALL.map(JobKind::as_db);
        let newer = of_kinds.keys().filter(|kind| !known.contains(kind));
        let kinds = known.iter().chain(newer).map(|kind| KindCount {
            info: KindInfo::of(kind),
            number: of_kinds.get(kind).copied().unwrap_or(0).into(),
        });
        let known = JobStatus::ALL.map(job_status_to_api);
        let newer = of_statuses.contains_key("unknown").then_some(&"unknown");
        let statuses = known.iter().chain(newer).map(|status| StatusCount {
            status,
            number: of_statuses.get(status).copied().unwrap_or(0).into(),
        });
        Self {
            total: counts.iter().map(|one| one.count).sum::<u64>().into(),
            kinds: kinds.collect(),
            statuses: statuses.collect(),
        }
    }
}
