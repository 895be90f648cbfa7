//! Updates of repositories as runs: the list of the repositories that runs created, the request for their updates, and the
//! comparison that a worker makes.

use super::caller::{Access, Caller};
use super::error::AppError;
use super::fleet::state_of;
use super::planned_update::PlannedUpdate;
use super::run_view::run_status_to_api;
use crate::engine::update::Verdict;
use crate::model::update::FleetState;
use crate::store::error::StoreError;
use crate::store::id::{ProductId, RunId, UserId};
use crate::store::listed::Listed;
use crate::store::run::Run;
use crate::store::sql::Database;
use crate::store::update::{
    ComparedUpdate, FleetRow, UpdateDocuments, UpdateMode, UpdateResult, UpdateSubmission,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The number of repositories read at a time.
const PAGE: u32 = 200;

/// A repository that a run of this installation created, with its newest update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetEntry {
    pub product: ProductId,
    pub product_name: String,
    /// The owner of the product.
    pub user: UserId,
    /// `owner/name` of the repository.
    pub repo: String,
    pub repo_url: Option<String>,
    /// The run that created the repository.
    pub created_by: RunId,
    /// The newest comparison with the new plan. Null until a run has compared the repository.
    pub result: Option<UpdateResult>,
    /// The time of that comparison, in milliseconds since 1970.
    pub compared_at: Option<i64>,
    /// The newest run that updates the repository.
    pub run: Option<FleetRun>,
}

/// The newest run that updates a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetRun {
    pub id: RunId,
    pub mode: UpdateMode,
    /// As in a run.
    pub status: &'static str,
}

/// The outcome of a request for the update of one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedUpdate {
    pub product: ProductId,
    /// The run that updates the repository. Null if none was queued.
    pub run: Option<RunId>,
    /// The reason why none was queued.
    pub error: Option<String>,
}

/// At most `limit` repositories of products whose ids follow `after`, by product. A damaged row is listed as unreadable.
///
/// # Errors
/// Refuses everyone but administrators.
pub async fn list(
    database: &Database,
    caller: &Caller,
    after: &str,
    limit: u32,
) -> Result<Vec<Listed<FleetEntry>>, AppError> {
    caller.check(Access::Administrate)?;
    let rows = database.fleet(after, limit).await?;
    let entry = |row: Listed<FleetRow>| match row {
        Listed::Readable(row) => Listed::Readable(row.into()),
        Listed::Unreadable(row) => Listed::Unreadable(row),
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// All repositories that can be read, by product.
///
/// # Errors
/// Refuses everyone but administrators.
pub async fn all(database: &Database, caller: &Caller) -> Result<Vec<FleetEntry>, AppError> {
    let mut entries = Vec::new();
    let mut after = String::new();
    loop {
        let page = list(database, caller, &after, PAGE).await?;
        after = match page.last() {
            Some(Listed::Readable(last)) => last.product.to_string(),
            Some(Listed::Unreadable(last)) => last.id.clone(),
            None => return Ok(entries),
        };
        entries.extend(page.into_iter().filter_map(Listed::readable));
    }
}

/// Queues a run for the repository of each product. One that cannot be queued is reported and stops no other.
///
/// # Errors
/// Refuses everyone but administrators, and tables of an application that has no such kind of jobs.
pub async fn queue(
    database: &Database,
    caller: &Caller,
    products: &[ProductId],
    mode: UpdateMode,
) -> Result<Vec<QueuedUpdate>, AppError> {
    caller.check(Access::Administrate)?;
    database.check_updates().await?;
    database.ensure_user(caller.user()).await?;
    let mut queued = Vec::new();
    for product in products {
        let submission = UpdateSubmission {
            user: caller.user().clone(),
            product: product.clone(),
            mode,
            key: None,
        };
        queued.push(match database.submit_update(&submission).await {
            Ok(run) => QueuedUpdate::queued(run),
            Err(
                error @ (StoreError::NoRepository { .. }
                | StoreError::ActiveRun { .. }
                | StoreError::Damaged { .. }),
            ) => QueuedUpdate {
                product: product.clone(),
                run: None,
                error: Some(AppError::from(error).reason()),
            },
            Err(error) => return Err(error.into()),
        });
    }
    Ok(queued)
}

/// The comparison of a repository as a run records it. Its risk is assessed where it is to be proposed.
pub fn compared(planned: &PlannedUpdate) -> ComparedUpdate {
    let report = &planned.report;
    let state = state_of(report);
    let is_conflict = |verdict: Verdict| verdict == Verdict::Conflict;
    let conflicts = report.files.iter().filter(|file| is_conflict(file.verdict));
    let reason = report
        .errors
        .first()
        .map(|finding| finding.message.clone())
        .filter(|_| state == FleetState::CannotBeRemade);
    ComparedUpdate {
        result: UpdateResult {
            state,
            reason,
            head: Some(report.head.clone()),
            tree_id: report.tree_id.clone(),
            counts: report.counts.clone(),
            conflicts: conflicts
                .map(|file| file.path.clone())
                .take(UpdateResult::MOST_CONFLICTS)
                .collect(),
            proposal: None,
        },
        documents: report.can_proceed.then(|| UpdateDocuments {
            plan: planned.plan.clone(),
            recipe_hash: planned.recipe_hash().clone(),
            report: json!(report),
        }),
        risk: None,
    }
}

/// The record of a repository that cannot be compared.
pub fn not_comparable(reason: String) -> ComparedUpdate {
    ComparedUpdate {
        result: UpdateResult {
            state: FleetState::CannotBeRemade,
            reason: Some(reason),
            head: None,
            tree_id: None,
            counts: BTreeMap::new(),
            conflicts: Vec::new(),
            proposal: None,
        },
        documents: None,
        risk: None,
    }
}

impl FleetEntry {
    /// True for the name `owner/name` of the repository, and for its address with or without `.git`. Case is ignored, as forges do.
    pub fn is_named(&self, text: &str) -> bool {
        let plain = |text: &str| {
            let short = text.trim_end_matches('/');
            short
                .strip_suffix(".git")
                .unwrap_or(short)
                .to_ascii_lowercase()
        };
        let named = plain(text);
        let address = self.repo_url.as_deref().map(plain);
        plain(&self.repo) == named || address.is_some_and(|address| address == named)
    }

    /// The owner of the repository on the forge.
    pub fn owner(&self) -> &str {
        self.repo.split_once('/').map_or("", |(owner, _)| owner)
    }
}

impl QueuedUpdate {
    fn queued(run: Run) -> Self {
        Self {
            product: run.product,
            run: Some(run.id),
            error: None,
        }
    }
}

impl From<FleetRow> for FleetEntry {
    fn from(row: FleetRow) -> Self {
        let (result, compared_at) = row.compared.unzip();
        Self {
            product: row.product,
            product_name: row.product_name,
            user: row.user,
            repo: row.repo,
            repo_url: row.repo_url,
            created_by: row.created_by,
            result,
            compared_at,
            run: row.newest.map(|(id, mode, status)| FleetRun {
                id,
                mode,
                status: run_status_to_api(status),
            }),
        }
    }
}
