//! A run, its job and its claim, as one row tells them.

use super::connection::Tx;
use super::dialect::Statement;
use crate::model::digest::{Digest, GitId};
use crate::store::error::StoreError;
use crate::store::id::{IdError, JobId, ProductId, RunId, UserId};
use crate::store::job::JobStatus;
use crate::store::run::{Run, RunFilter, RunStatus};
use crate::store::submission::{Approval, RiskAssessment};
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// A run as it is now, with what only the store needs of it.
#[derive(Debug)]
pub(super) struct LockedRun {
    pub run: Run,
    /// The database's clock, in milliseconds since 1970.
    pub now: i64,
    /// Times of the job; the run has its own.
    pub claimed_at: Option<i64>,
    pub job_started_at: Option<i64>,
    pub job_finished_at: Option<i64>,
    /// As the job's own row mirrors them.
    pub mirror: (Option<String>, Option<i64>),
    /// Who claimed it last, and how often it was claimed.
    pub claim: Option<(String, i64)>,
    /// Whether the run's row names a repository.
    pub is_recorded: bool,
}

/// What every reading of runs selects. `statement!` puts the rest behind it.
macro_rules! runs {
    ($rest:literal) => {
        concat!(
            "SELECT r.id AS id, j.id AS job, r.user_id AS user_id, r.product_id AS product_id, \
             CAST(r.status AS TEXT) AS status, CAST(j.status AS TEXT) AS job_status, \
             {path:r.recipe_snapshot|inputs,owner} AS owner, {path:r.recipe_snapshot|inputs,repo} AS repo, \
             {path:r.dry_run_report|treeId} AS tree, r.recipe_hash AS recipe_hash, \
             r.catalog_version AS catalog_version, CAST(j.retry_count AS BIGINT) AS retries, \
             j.claimed_by_worker_id AS mirror_worker, {millis:j.lease_until} AS mirror_lease, \
             c.worker_id AS holder, c.generation AS generation, \
             CASE WHEN c.lease_until > {now} THEN 1 ELSE 0 END AS is_held, \
             r.github_repo_full_name AS full_name, {millis:r.github_repo_created_at} AS made_at, \
             r.repo_url AS repo_url, j.error AS error, {millis:r.created_at} AS created_at, \
             {millis:r.started_at} AS started_at, {millis:r.finished_at} AS finished_at, \
             {millis:j.claimed_at} AS claimed_at, {millis:j.started_at} AS job_started_at, \
             {millis:j.finished_at} AS job_finished_at, t.tier AS tier, CAST(t.reasons AS TEXT) AS reasons, \
             t.tree AS judged, t.approved_by AS approved_by, {millis:t.approved_at} AS approved_at, \
             t.approved_tree AS approved_tree, {now_millis} AS now \
             FROM bootstrap_runs r JOIN claude_jobs j ON j.id = r.claude_job_id \
             LEFT JOIN bootstrap_claims c ON c.job_id = j.id LEFT JOIN bootstrap_tiers t ON t.run_id = r.id ",
            $rest
        )
    };
}

static ONE: Statement = Statement::new(runs!("WHERE r.id = $1"));
/// The job first, everywhere, so that no two wait for each other.
static LOCK: Statement = Statement::new(
    "SELECT r.id AS id FROM claude_jobs j JOIN bootstrap_runs r ON r.claude_job_id = j.id \
     WHERE r.id = $1 {lock:j, r}",
);

/// Reads a run.
pub(super) async fn find(tx: &mut Tx, run: &RunId) -> Result<LockedRun, StoreError> {
    let query = sqlx::query(ONE.on(tx.dialect)).bind(run.as_str());
    let row = query.fetch_optional(tx.at()).await?;
    row.as_ref()
        .ok_or_else(|| StoreError::NoRun { run: run.clone() })
        .and_then(read)
}

/// Keeps a run, its job and its claim from everybody else until the transaction's end, and reads them.
///
/// The row is read after the lock was got: a join that waited for one row still shows the others as they were before.
pub(super) async fn lock(tx: &mut Tx, run: &RunId) -> Result<LockedRun, StoreError> {
    let query = sqlx::query(LOCK.on(tx.dialect)).bind(run.as_str());
    query.fetch_optional(tx.at()).await?;
    find(tx, run).await
}

/// Reads one row of [`runs!`].
pub(super) fn read(row: &AnyRow) -> Result<LockedRun, StoreError> {
    let id: String = row.try_get("id")?;
    let run = RunId::parse(&id).map_err(|error| StoreError::Refused {
        message: error.to_string(),
    })?;
    let damaged = |what: &'static str, message: String| StoreError::Damaged {
        run: run.clone(),
        what,
        message,
    };
    let text = |name: &str| row.try_get::<Option<String>, _>(name);
    let number = |name: &str| row.try_get::<Option<i64>, _>(name);
    let status: String = row.try_get("status")?;
    let job_status: String = row.try_get("job_status")?;
    let owner_and_name = text("owner")?.zip(text("repo")?);
    let full_name = text("full_name")?;
    let is_held = row.try_get::<i64, _>("is_held")? == 1;
    let holder = text("holder")?;
    let mirror_worker = text("mirror_worker")?;
    let tier = text("tier")?.zip(text("judged")?);
    let risk = tier.map(|(tier, tree)| {
        let reasons = text("reasons")?.unwrap_or_else(|| "[]".to_owned());
        let json = format!(
            "{{\"tier\":{},\"reasons\":{reasons},\"tree\":{}}}",
            serde_json::Value::from(tier),
            serde_json::Value::from(tree)
        );
        serde_json::from_str::<RiskAssessment>(&json)
            .map_err(|error| damaged("the tier", error.to_string()))
    });
    let approval = match (
        text("approved_by")?,
        number("approved_at")?,
        text("approved_tree")?,
    ) {
        (Some(by), Some(at), Some(tree)) => Some(Approval {
            by: UserId::parse(&by).map_err(|error| damaged("the approval", error.to_string()))?,
            at,
            tree: GitId::parse(&tree)
                .map_err(|error| damaged("the approval", error.to_string()))?,
        }),
        _ => None,
    };
    let id_of = |error: IdError| damaged("an id", error.to_string());
    let digest = |name: &'static str| {
        Digest::parse(&row.try_get::<String, _>(name)?)
            .map_err(|error| damaged("a digest", error.to_string()))
    };
    Ok(LockedRun {
        now: row.try_get("now")?,
        claimed_at: number("claimed_at")?,
        job_started_at: number("job_started_at")?,
        job_finished_at: number("job_finished_at")?,
        mirror: (mirror_worker.clone(), number("mirror_lease")?),
        claim: holder.clone().zip(number("generation")?),
        is_recorded: full_name.is_some() || number("made_at")?.is_some(),
        run: Run {
            job: JobId::parse(&row.try_get::<String, _>("job")?).map_err(id_of)?,
            user: UserId::parse(&row.try_get::<String, _>("user_id")?).map_err(id_of)?,
            product: ProductId::parse(&row.try_get::<String, _>("product_id")?).map_err(id_of)?,
            status: RunStatus::of_db(&status)
                .ok_or_else(|| damaged("the status", format!("`{status}` is none")))?,
            job_status: JobStatus::of_db(&job_status)
                .ok_or_else(|| damaged("the job's status", format!("`{job_status}` is none")))?,
            repo: owner_and_name.map_or_else(
                || full_name.clone().unwrap_or_default(),
                |(owner, name)| format!("{owner}/{name}"),
            ),
            tree: text("tree")?,
            recipe_hash: digest("recipe_hash")?,
            catalog_version: digest("catalog_version")?,
            retries: row.try_get("retries")?,
            worker: if is_held { holder } else { mirror_worker },
            is_held,
            full_name,
            repo_url: text("repo_url")?,
            error: text("error")?,
            created_at: row.try_get("created_at")?,
            started_at: number("started_at")?,
            finished_at: number("finished_at")?,
            risk: risk.transpose()?,
            approval,
            id: run,
        },
    })
}

/// A wish that is not there asks for nothing.
static LIST: Statement = Statement::new(runs!(
    "WHERE (CAST($1 AS TEXT) IS NULL OR r.id = $1) AND (CAST($2 AS TEXT) IS NULL OR r.product_id = $2) \
     AND ($3 = '' OR $3 LIKE '%,' || CAST(r.status AS TEXT) || ',%') \
     AND ($4 = 0 OR (t.tier = 'HIGH' AND r.status IN ('PENDING', 'RUNNING') \
     AND (t.approved_tree IS NULL OR t.approved_tree <> t.tree))) \
     ORDER BY r.created_at DESC, r.id DESC LIMIT $5"
));

/// Reads the runs that a filter wants, newest first.
pub(super) async fn list(tx: &mut Tx, filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
    // Every name stands between commas, so that none is found in another one.
    let names = filter.statuses.iter().map(|status| status.as_db());
    let statuses = [""].into_iter().chain(names).chain([""]);
    let statuses = if filter.statuses.is_empty() {
        String::new()
    } else {
        statuses.collect::<Vec<_>>().join(",")
    };
    let rows = sqlx::query(LIST.on(tx.dialect))
        .bind(filter.id.as_ref().map(RunId::as_str))
        .bind(filter.product.as_ref().map(ProductId::as_str))
        .bind(statuses)
        .bind(i64::from(filter.awaiting_approval))
        .bind(i64::from(filter.limit.unwrap_or(100)))
        .fetch_all(tx.at())
        .await?;
    rows.iter()
        .map(|row| read(row).map(|standing| standing.run))
        .collect()
}
