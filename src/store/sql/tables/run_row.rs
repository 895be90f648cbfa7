//! One row of a run with its job, its claim and its tier, and the run that is read from it.

use crate::model::digest::{Digest, GitId};
use crate::store::error::StoreError;
use crate::store::id::{JobId, ProductId, RunId, UserId};
use crate::store::job::{JobKind, JobStatus};
use crate::store::run::{Run, RunStatus};
use crate::store::sql::error::UnknownValue;
use crate::store::submission::{Approval, RiskAssessment};
use crate::store::update::{RunUpdate, UpdateMode};
use sqlx_macros::FromRow;
use std::error::Error;

type BoxError = Box<dyn Error + Send + Sync>;

/// The columns of every query of runs, by their names in `runs.rs`. Times are milliseconds since 1970.
#[derive(FromRow)]
pub(crate) struct RunRow {
    id: String,
    job: String,
    user_id: String,
    product_id: String,
    /// The kind of the job.
    kind: String,
    status: String,
    job_status: String,
    owner: Option<String>,
    repo: Option<String>,
    tree: Option<String>,
    recipe_hash: String,
    catalog_version: String,
    retries: i64,
    full_name: Option<String>,
    repo_created_at: Option<i64>,
    repo_url: Option<String>,
    error: Option<String>,
    created_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    #[sqlx(flatten)]
    claim: ClaimColumns,
    #[sqlx(flatten)]
    tier: TierColumns,
    #[sqlx(flatten)]
    update: UpdateColumns,
    #[sqlx(flatten)]
    job_columns: JobColumns,
}

/// The row of `bootstrap_updates`, if there is one.
#[derive(FromRow)]
struct UpdateColumns {
    update_mode: Option<String>,
    update_result: Option<String>,
}

/// The row of `bootstrap_claims`, if there is one.
#[derive(FromRow)]
struct ClaimColumns {
    claim_worker: Option<String>,
    generation: Option<i64>,
    /// 1 while the lease is valid.
    is_held: i64,
}

/// The row of `bootstrap_tiers`, if there is one.
#[derive(FromRow)]
struct TierColumns {
    tier: Option<String>,
    reasons: Option<String>,
    assessed_tree: Option<String>,
    approved_by: Option<String>,
    approved_at: Option<i64>,
    approved_tree: Option<String>,
}

/// Columns of the job that a change of its status writes again, and the database's clock.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct JobColumns {
    /// The database's clock.
    pub(crate) now: i64,
    pub(crate) claimed_at: Option<i64>,
    pub(crate) job_started_at: Option<i64>,
    pub(crate) job_finished_at: Option<i64>,
    /// The worker as the job's own row repeats it.
    pub(crate) job_worker: Option<String>,
    /// The end of the lease as the job's own row repeats it.
    pub(crate) job_lease_until: Option<i64>,
}

/// A run with the columns that only the store needs, read while its rows are locked.
#[derive(Debug)]
pub(crate) struct LockedRun {
    pub(crate) run: Run,
    pub(crate) job: JobColumns,
    /// The worker that claimed the job last, and how often the job was claimed.
    pub(crate) claim: Option<(String, i64)>,
    /// True if the run's row names a repository.
    pub(crate) is_recorded: bool,
}

impl TryFrom<RunRow> for LockedRun {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        Ok(Self {
            job: row.job_columns.clone(),
            claim: row.claim.claim_worker.clone().zip(row.claim.generation),
            is_recorded: row.full_name.is_some() || row.repo_created_at.is_some(),
            run: row.try_into()?,
        })
    }
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        let id = row.id.as_str();
        let is_held = row.claim.is_held == 1;
        let asked_for = row.owner.zip(row.repo);
        Ok(Self {
            job: column(id, "the job id", JobId::parse(&row.job))?,
            user: column(id, "the user id", UserId::parse(&row.user_id))?,
            product: column(id, "the product id", ProductId::parse(&row.product_id))?,
            kind: column(
                id,
                "the kind",
                JobKind::of_db(&row.kind)
                    .filter(|kind| JobKind::OWN.contains(kind))
                    .ok_or(UnknownValue(row.kind)),
            )?,
            status: column(
                id,
                "the status",
                RunStatus::of_db(&row.status).ok_or(UnknownValue(row.status)),
            )?,
            job_status: column(
                id,
                "the job's status",
                JobStatus::of_db(&row.job_status).ok_or(UnknownValue(row.job_status)),
            )?,
            repo: asked_for.map_or_else(
                || row.full_name.clone().unwrap_or_default(),
                |(owner, name)| format!("{owner}/{name}"),
            ),
            tree: row.tree,
            recipe_hash: column(id, "the recipe hash", Digest::parse(&row.recipe_hash))?,
            catalog_version: column(
                id,
                "the catalogue version",
                Digest::parse(&row.catalog_version),
            )?,
            retries: row.retries,
            worker: if is_held {
                row.claim.claim_worker
            } else {
                row.job_columns.job_worker
            },
            is_held,
            full_name: row.full_name,
            repo_url: row.repo_url,
            error: row.error,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            approval: column(id, "the approval", row.tier.approval())?,
            risk: column(id, "the tier", row.tier.assessment())?,
            update: column(id, "the update", row.update.update())?,
            id: column(id, "the id", RunId::parse(id))?,
        })
    }
}

impl TierColumns {
    /// The assessment; `None` when no worker and no submission has written one.
    fn assessment(self) -> Result<Option<RiskAssessment>, BoxError> {
        let (Some(tier), Some(tree)) = (self.tier, self.assessed_tree) else {
            return Ok(None);
        };
        Ok(Some(RiskAssessment {
            tier: serde_json::from_value(tier.into())?,
            reasons: serde_json::from_str(self.reasons.as_deref().unwrap_or("[]"))?,
            tree: GitId::parse(&tree)?,
        }))
    }

    /// The approval; `None` unless user, time and tree are there.
    fn approval(&self) -> Result<Option<Approval>, BoxError> {
        let (Some(by), Some(at), Some(tree)) =
            (&self.approved_by, self.approved_at, &self.approved_tree)
        else {
            return Ok(None);
        };
        Ok(Some(Approval {
            by: UserId::parse(by)?,
            at,
            tree: GitId::parse(tree)?,
        }))
    }
}

impl UpdateColumns {
    /// The update; `None` for a run that creates a repository.
    fn update(self) -> Result<Option<RunUpdate>, BoxError> {
        let Some(name) = self.update_mode else {
            return Ok(None);
        };
        let mode = UpdateMode::of_db(&name).ok_or(UnknownValue(name))?;
        let result = self.update_result.as_deref().map(serde_json::from_str);
        Ok(Some(RunUpdate {
            mode,
            result: result.transpose()?,
        }))
    }
}

/// The value of a column; an error names the column and the run.
fn column<T, E: Into<BoxError>>(
    run: &str,
    name: &str,
    value: Result<T, E>,
) -> Result<T, StoreError> {
    value.map_err(|error| StoreError::damaged(format!("{name} of run {run}"), error))
}
