//! Jobs of all kinds as a board lists them, those of the surrounding application included.

use super::id::{JobId, ProductId, UserId};
use super::job::JobStatus;
use schemars::JsonSchema;
use serde::Serialize;

/// Conditions on jobs; all must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    pub user: Option<UserId>,
    pub product: Option<ProductId>,
    /// Names of kinds as in rows; an application has kinds that this program does not know. Empty for all.
    pub kinds: Vec<String>,
    /// Empty for all.
    pub statuses: Vec<JobStatus>,
    /// A text that the id, the product, the repository, the branch, the summary or the error contains. Case is ignored.
    pub text: Option<String>,
    /// Only jobs created at this time or later, in milliseconds since 1970.
    pub created_from: Option<i64>,
    /// Only jobs that follow this one in the list, which exists.
    pub after: Option<JobId>,
}

/// A job of any kind. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobEntry {
    pub id: String,
    pub user: String,
    pub product: String,
    pub product_name: String,
    /// The name in a row, such as `BOOTSTRAP_REPO`.
    pub kind: String,
    /// `queued`, `claimed`, `running`, `done`, `failed`, `cancelled`, `skipped`; `unknown` for a status of a newer
    /// application.
    pub status: &'static str,
    /// The run of a job of kind `BOOTSTRAP_REPO` or `UPDATE_REPO`.
    pub run: Option<String>,
    /// The address of what it made: the pull request of an update or of another job, or the repository of a run.
    pub url: Option<String>,
    pub branch: Option<String>,
    pub summary: Option<String>,
    pub error: Option<String>,
    pub retries: i64,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
}

/// The number of jobs of one kind and status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobCount {
    /// The name in a row.
    pub kind: String,
    /// `None` for a status of a newer application.
    pub status: Option<JobStatus>,
    pub count: u64,
}
