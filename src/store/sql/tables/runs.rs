//! `bootstrap_runs`: one run for each job of our kind; `bootstrap_run_targets`: the repository of each run, for lists.

use super::json_text;
use super::run_row::{LockedRun, RunRow};
use crate::model::digest::GitId;
use crate::publish::ledger::CreatedRepo;
use crate::store::error::StoreError;
use crate::store::id::{JobId, ProductId, RunId};
use crate::store::listed::Listed;
use crate::store::run::{Run, RunFilter, RunStatus};
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Dialect, Statement, statements};
use crate::store::submission::Submission;
use crate::store::update::{UpdateDocuments, UpdateSubmission};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, FromRow as _, Row as _};
use sqlx_macros::FromRow;

/// The columns of [`RunRow`] before those of the repository.
const SELECT: &str = "
    SELECT CASE WHEN {key:r.id} THEN r.id ELSE '(invalid id)' END AS id, j.id AS job, r.user_id AS user_id, r.product_id AS product_id,
        CAST(j.kind AS TEXT) AS kind, CAST(r.status AS TEXT) AS status, CAST(j.status AS TEXT) AS job_status,";

/// The repository by the stored documents.
const OF_DOCUMENTS: &str = "
        {json:r.recipe_snapshot -> 'inputs' ->> 'owner'} AS owner,
        {json:r.recipe_snapshot -> 'inputs' ->> 'repo'} AS repo, {json:r.dry_run_report ->> 'treeId'} AS tree,";

/// The repository as it was written beside the documents: a database reads a whole document for one of its values.
const OF_TARGETS: &str = "
        COALESCE(g.owner, {json:r.recipe_snapshot -> 'inputs' ->> 'owner'}) AS owner,
        COALESCE(g.repo, {json:r.recipe_snapshot -> 'inputs' ->> 'repo'}) AS repo,
        COALESCE(g.tree, {json:r.dry_run_report ->> 'treeId'}) AS tree,";

/// The other columns, and the tables.
const FROM: &str = "
        r.recipe_hash AS recipe_hash, r.catalog_version AS catalog_version, CAST(j.retry_count AS BIGINT) AS retries,
        r.github_repo_full_name AS full_name, {millis:r.github_repo_created_at} AS repo_created_at,
        r.repo_url AS repo_url, j.error AS error, {millis:r.created_at} AS created_at,
        {millis:r.started_at} AS started_at, {millis:r.finished_at} AS finished_at,
        c.worker_id AS claim_worker, c.generation AS generation,
        CASE WHEN c.lease_until > {now} THEN 1 ELSE 0 END AS is_held,
        t.tier AS tier, CAST(t.reasons AS TEXT) AS reasons, t.tree AS assessed_tree,
        t.approved_by AS approved_by, {millis:t.approved_at} AS approved_at, t.approved_tree AS approved_tree,
        u.mode AS update_mode, CAST(u.result AS TEXT) AS update_result,
        {millis:{now}} AS now, {millis:j.claimed_at} AS claimed_at, {millis:j.started_at} AS job_started_at,
        {millis:j.finished_at} AS job_finished_at, j.claimed_by_worker_id AS job_worker,
        {millis:j.lease_until} AS job_lease_until
    FROM bootstrap_runs r
    LEFT JOIN claude_jobs j ON j.id = r.claude_job_id
    LEFT JOIN bootstrap_claims c ON c.job_id = j.id
    LEFT JOIN bootstrap_tiers t ON t.run_id = r.id
    LEFT JOIN bootstrap_updates u ON u.run_id = r.id
    ";

statements! {
    /// Runs, without a condition; [`list`] adds its own.
    ALL = [SELECT, OF_TARGETS, FROM, "LEFT JOIN bootstrap_run_targets g ON g.run_id = r.id"];

    ONE = [SELECT, OF_DOCUMENTS, FROM, "WHERE r.id = $1"];

    INSERT_TARGET = ["
        INSERT INTO bootstrap_run_targets (run_id, owner, repo, tree) VALUES ($1, $2, $3, $4)"];

    EXISTS = ["SELECT id FROM bootstrap_runs WHERE id = $1"];

    ACTIVE = ["
        SELECT id FROM bootstrap_runs WHERE product_id = $1 AND status IN ('PENDING', 'RUNNING')"];

    DOCUMENTS = ["
        SELECT CAST(recipe_snapshot AS TEXT) AS plan, CAST(dry_run_report AS TEXT) AS report
        FROM bootstrap_runs WHERE id = $1"];

    TEMPLATE_REF = ["
        SELECT {json:recipe_snapshot -> 'template' ->> 'ref'} FROM bootstrap_runs WHERE id = $1"];

    COUNT_BY_STATUS = ["
        SELECT CAST(status AS TEXT), COUNT(*) FROM bootstrap_runs
        WHERE CAST(status AS TEXT) IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'FAILED_NEEDS_CLEANUP', 'CANCELLED')
        GROUP BY status"];

    INSERT = ["
        INSERT INTO bootstrap_runs (id, claude_job_id, product_id, user_id, status, recipe_hash, catalog_version,
            action_schema_version, dry_run_report, recipe_snapshot, selected_options, created_at)
        VALUES ($1, $2, $3, $4, 'PENDING', $5, $6, CAST($7 AS INTEGER), {cast:$8 AS jsonb}, {cast:$9 AS jsonb},
            {cast:$10 AS jsonb}, {at:$11})"];

    /// The documents are those of the run that created the repository, until a worker has computed the new plan.
    INSERT_UPDATE = ["
        INSERT INTO bootstrap_runs (id, claude_job_id, product_id, user_id, status, recipe_hash, catalog_version,
            action_schema_version, recipe_snapshot, selected_options, created_at)
        SELECT $1, $2, product_id, $3, 'PENDING', recipe_hash, catalog_version, action_schema_version,
            recipe_snapshot, selected_options, {at:$5}
        FROM bootstrap_runs WHERE id = $4"];

    INSERT_UPDATE_TARGET = ["
        INSERT INTO bootstrap_run_targets (run_id, owner, repo)
        SELECT $1, {json:r.recipe_snapshot -> 'inputs' ->> 'owner'}, {json:r.recipe_snapshot -> 'inputs' ->> 'repo'}
        FROM bootstrap_runs r WHERE r.id = $2"];

    SET_DOCUMENTS = ["
        UPDATE bootstrap_runs
        SET recipe_hash = $2, catalog_version = $3, action_schema_version = CAST($4 AS INTEGER),
            dry_run_report = {cast:$5 AS jsonb}, recipe_snapshot = {cast:$6 AS jsonb},
            selected_options = {cast:$7 AS jsonb}
        WHERE id = $1"];

    SET_TREE = ["UPDATE bootstrap_run_targets SET tree = $2 WHERE run_id = $1"];

    /// Writes nothing when another program changed the status since the row was read.
    UPDATE_STATUS = [r#"
        UPDATE bootstrap_runs
        SET status = {cast:$3 AS "BootstrapRunStatus"}, started_at = {at:$4}, finished_at = {at:$5}
        WHERE id = $1 AND status = {cast:$2 AS "BootstrapRunStatus"}"#];

    SET_REPO_URL = ["UPDATE bootstrap_runs SET repo_url = $2 WHERE id = $1"];

    SET_REPOSITORY = ["
        UPDATE bootstrap_runs
        SET github_repo_created_at = {at:$2}, github_repo_id = $3, github_repo_full_name = $4
        WHERE id = $1"];

    SET_PUSHED = ["UPDATE bootstrap_runs SET push_completed_at = {at:$2} WHERE id = $1"];

    CLEAR_REPOSITORY = ["
        UPDATE bootstrap_runs
        SET github_repo_created_at = NULL, github_repo_id = NULL, github_repo_full_name = NULL,
            push_completed_at = NULL
        WHERE id = $1"];
}

/// Postgres only: SQLite has one writer at a time. The job first, everywhere, so that no two transactions wait for each
/// other.
pub(crate) const LOCK: &str = "
    SELECT r.id FROM claude_jobs j JOIN bootstrap_runs r ON r.claude_job_id = j.id
    WHERE r.id = $1 FOR UPDATE OF j, r";

/// Reads a run.
///
/// # Errors
/// [`StoreError::NoRun`]; [`StoreError::Damaged`] for a row that is not a run.
pub(crate) async fn find(tx: &mut Tx, run: &RunId) -> Result<LockedRun, StoreError> {
    let row = sqlx::query(ONE.on(tx.dialect))
        .bind(run.as_str())
        .fetch_optional(tx.connection())
        .await?
        .ok_or_else(|| StoreError::NoRun { run: run.clone() })?;
    RunRow::from_row(&row)?.try_into()
}

/// Locks a run, its job and its claim until the end of the transaction, and reads them.
///
/// The row is read after the lock: a join that waited for one row shows the others as they were before.
pub(crate) async fn lock(tx: &mut Tx, run: &RunId) -> Result<LockedRun, StoreError> {
    if tx.dialect == Dialect::Postgres {
        sqlx::query(LOCK)
            .bind(run.as_str())
            .fetch_optional(tx.connection())
            .await?;
    }
    find(tx, run).await
}

/// The runs that a filter selects, newest first.
///
/// # Errors
/// [`StoreError::NoRun`] when the run that the list continues after does not exist.
pub(crate) async fn list(
    database: &Database,
    filter: &RunFilter,
) -> Result<Vec<Listed<Run>>, StoreError> {
    if let Some(after) = &filter.after {
        check_exists(database, after).await?;
    }
    match read_page(database, filter).await {
        // One row made the statement fail.
        Err(error) if error.concerns_row() => read_one_by_one(database, filter).await,
        page => page,
    }
}

async fn read_page(
    database: &Database,
    filter: &RunFilter,
) -> Result<Vec<Listed<Run>>, StoreError> {
    let (page, values) = page_of(database.dialect(), "r.id", filter);
    // Runs of older versions have only documents: they are read for the runs of the page only.
    let text = format!(
        "{} WHERE r.id IN (SELECT id FROM ({page}) AS page) {NEWEST_FIRST}",
        ALL.on(database.dialect())
    );
    let mut query = sqlx::query(AssertSqlSafe(text));
    for value in values {
        query = query.bind(value);
    }
    let rows = query.fetch_all(&database.pool).await?;
    rows.iter().map(read_row).collect()
}

fn read_row(row: &AnyRow) -> Result<Listed<Run>, StoreError> {
    let id: String = row.try_get("id").unwrap_or_else(|_| "unknown".to_owned());
    let run = RunRow::from_row(row)
        .map_err(StoreError::from)
        .and_then(Run::try_from);
    Listed::of(&id, run)
}

/// Reads each run of a page with its own statement.
async fn read_one_by_one(
    database: &Database,
    filter: &RunFilter,
) -> Result<Vec<Listed<Run>>, StoreError> {
    let dialect = database.dialect();
    let (page, values) = page_of(dialect, ID.on(dialect), filter);
    let mut query = sqlx::query_scalar(AssertSqlSafe(page));
    for value in values {
        query = query.bind(value);
    }
    let ids: Vec<String> = query.fetch_all(&database.pool).await?;
    let mut runs = Vec::new();
    for id in ids {
        let run = match RunId::parse(&id) {
            Ok(run) => find(&mut database.begin_read().await?, &run).await,
            Err(error) => Err(StoreError::damaged("the id of a run", error)),
        };
        runs.push(Listed::of(&id, run.map(|found| found.run))?);
    }
    Ok(runs)
}

/// The id of a run, or a text that is none.
static ID: Statement = {
    let text: &[&str] = &["CASE WHEN {key:r.id} THEN r.id ELSE '(invalid id)' END"];
    Statement::new(text, text)
};

/// True for a run that a worker has the lease of.
static HELD: Statement = {
    let text: &[&str] = &[
        "r.claude_job_id IN (SELECT c.job_id FROM bootstrap_claims c WHERE c.lease_until > {now})",
    ];
    Statement::new(text, text)
};

const NEWEST_FIRST: &str = "ORDER BY r.created_at DESC, r.id DESC";

/// The query of a column of the runs that a filter selects, and the values of its placeholders. They are numbered here: for the driver
/// `Any`, `QueryBuilder` writes `?`, which Postgres does not read.
fn page_of(dialect: Dialect, column: &str, filter: &RunFilter) -> (String, Vec<String>) {
    let mut query = format!(
        "SELECT {column} AS id FROM bootstrap_runs r \
         LEFT JOIN bootstrap_tiers t ON t.run_id = r.id WHERE 1 = 1"
    );
    let mut values = Vec::new();
    let mut placeholder = |value: &str| {
        values.push(value.to_owned());
        format!("${}", values.len())
    };
    let mut add = |condition: String| query.extend([" AND ", &condition]);
    if let Some(id) = &filter.id {
        add(format!("r.id = {}", placeholder(id.as_str())));
    }
    if let Some(prefix) = &filter.id_prefix {
        let prefix = placeholder(prefix);
        add(format!("substr(r.id, 1, length({prefix})) = {prefix}"));
    }
    if let Some(user) = &filter.user {
        add(format!("r.user_id = {}", placeholder(user.as_str())));
    }
    if let Some(product) = &filter.product {
        add(format!("r.product_id = {}", placeholder(product.as_str())));
    }
    if let Some(version) = &filter.catalog_version {
        add(format!(
            "r.catalog_version = {}",
            placeholder(version.as_str())
        ));
    }
    if let Some(after) = &filter.after {
        add(format!(
            "(r.created_at, r.id) < (SELECT a.created_at, a.id FROM bootstrap_runs a WHERE a.id = {})",
            placeholder(after.as_str())
        ));
    }
    if !filter.statuses.is_empty() {
        let statuses = filter.statuses.iter();
        let list: Vec<String> = statuses.map(|status| placeholder(status.as_db())).collect();
        add(format!("CAST(r.status AS TEXT) IN ({})", list.join(", ")));
    }
    if filter.awaiting_approval {
        add("t.tier = 'HIGH' AND r.status IN ('PENDING', 'RUNNING') \
             AND (t.approved_tree IS NULL OR t.approved_tree <> t.tree)"
            .to_owned());
    }
    if filter.awaiting_review {
        add("t.tier = 'MEDIUM' AND r.status IN ('RUNNING', 'SUCCEEDED', 'FAILED_NEEDS_CLEANUP') \
             AND NOT EXISTS (SELECT 1 FROM bootstrap_events e WHERE e.run_id = r.id AND e.kind = 'reviewed')"
            .to_owned());
    }
    if filter.held {
        add(HELD.on(dialect).to_owned());
    }
    let limit = filter.limit.unwrap_or(100);
    query.extend([" ", NEWEST_FIRST, &format!(" LIMIT {limit}")]);
    (query, values)
}

async fn check_exists(database: &Database, run: &RunId) -> Result<(), StoreError> {
    let id: Option<String> = sqlx::query_scalar(EXISTS.on(database.dialect()))
        .bind(run.as_str())
        .fetch_optional(&database.pool)
        .await?;
    id.map(|_| ())
        .ok_or_else(|| StoreError::NoRun { run: run.clone() })
}

/// The run of a product that is pending or running.
pub(crate) async fn active(tx: &mut Tx, product: &ProductId) -> Result<Option<RunId>, StoreError> {
    let id: Option<String> = sqlx::query_scalar(ACTIVE.on(tx.dialect))
        .bind(product.as_str())
        .fetch_optional(tx.connection())
        .await?;
    Ok(id.and_then(|id| RunId::parse(&id).ok()))
}

#[derive(FromRow)]
struct DocumentsRow {
    plan: Option<String>,
    report: Option<String>,
}

/// The stored plan and report of a run, as JSON.
pub(crate) async fn documents(tx: &mut Tx, run: &RunId) -> Result<(Value, Value), StoreError> {
    let row: DocumentsRow = sqlx::query_as(DOCUMENTS.on(tx.dialect))
        .bind(run.as_str())
        .fetch_one(tx.connection())
        .await?;
    let read = |text: Option<String>, what: &str| {
        serde_json::from_str(text.as_deref().unwrap_or("null"))
            .map_err(|error| StoreError::damaged(format!("{what} of run {run}"), error))
    };
    Ok((read(row.plan, "the plan")?, read(row.report, "the report")?))
}

/// The version of the template that the stored plan names.
pub(crate) async fn template_ref(tx: &mut Tx, run: &RunId) -> Result<Option<String>, StoreError> {
    let version = sqlx::query_scalar(TEMPLATE_REF.on(tx.dialect))
        .bind(run.as_str())
        .fetch_one(tx.connection())
        .await?;
    Ok(version)
}

/// The number of runs of each status; every status is there.
pub(crate) async fn count_by_status(tx: &mut Tx) -> Result<Vec<(RunStatus, u64)>, StoreError> {
    let counts: Vec<(String, i64)> = sqlx::query_as(COUNT_BY_STATUS.on(tx.dialect))
        .fetch_all(tx.connection())
        .await?;
    let of = |status: RunStatus| {
        let count = counts.iter().find(|(name, _)| name == status.as_db());
        count.map_or(0, |(_, count)| count.unsigned_abs())
    };
    Ok(RunStatus::ALL
        .into_iter()
        .map(|status| (status, of(status)))
        .collect())
}

/// Adds a pending run.
///
/// # Errors
/// [`StoreError::ActiveRun`] when the product has a run that is pending or running.
pub(crate) async fn insert(
    tx: &mut Tx,
    run: &RunId,
    job: &JobId,
    submission: &Submission,
    at: i64,
) -> Result<(), StoreError> {
    let Submission { plan, report, .. } = submission;
    sqlx::query(INSERT.on(tx.dialect))
        .bind(run.as_str())
        .bind(job.as_str())
        .bind(submission.product.as_str())
        .bind(submission.user.as_str())
        .bind(report.recipe_hash.as_str())
        .bind(report.catalog_version.as_str())
        .bind(i64::from(plan.action_schema_version))
        .bind(json_text("the report", report)?)
        .bind(json_text("the plan", plan)?)
        .bind(json_text("the selection", &plan.recipe.selections)?)
        .bind(at)
        .execute(tx.connection())
        .await
        .map_err(|error| or_active(error, &submission.product))?;
    sqlx::query(INSERT_TARGET.on(tx.dialect))
        .bind(run.as_str())
        .bind(plan.inputs.owner.as_str())
        .bind(plan.inputs.repo.as_str())
        .bind(submission.risk.tree.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Adds a pending run that updates the repository of the run `creation`.
///
/// # Errors
/// [`StoreError::ActiveRun`] when the product has a run that is pending or running.
pub(crate) async fn insert_update(
    tx: &mut Tx,
    run: &RunId,
    job: &JobId,
    submission: &UpdateSubmission,
    creation: &RunId,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_UPDATE.on(tx.dialect))
        .bind(run.as_str())
        .bind(job.as_str())
        .bind(submission.user.as_str())
        .bind(creation.as_str())
        .bind(at)
        .execute(tx.connection())
        .await
        .map_err(|error| or_active(error, &submission.product))?;
    sqlx::query(INSERT_UPDATE_TARGET.on(tx.dialect))
        .bind(run.as_str())
        .bind(run.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Writes the new plan of an update and its report, which promises the tree.
pub(crate) async fn set_documents(
    tx: &mut Tx,
    run: &RunId,
    documents: &UpdateDocuments,
    tree: Option<&GitId>,
) -> Result<(), StoreError> {
    let UpdateDocuments {
        plan,
        recipe_hash,
        report,
    } = documents;
    sqlx::query(SET_DOCUMENTS.on(tx.dialect))
        .bind(run.as_str())
        .bind(recipe_hash.as_str())
        .bind(plan.catalog_version.as_str())
        .bind(i64::from(plan.action_schema_version))
        .bind(json_text("the report", report)?)
        .bind(json_text("the plan", plan)?)
        .bind(json_text("the selection", &plan.recipe.selections)?)
        .execute(tx.connection())
        .await?;
    sqlx::query(SET_TREE.on(tx.dialect))
        .bind(run.as_str())
        .bind(tree.map(GitId::as_str))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Changes the status of a run that was read before. False when the status is another one by now.
///
/// # Errors
/// [`StoreError::ActiveRun`] when the product has another run that is pending or running.
pub(crate) async fn update_status(
    tx: &mut Tx,
    run: &Run,
    status: RunStatus,
    started_at: Option<i64>,
    finished_at: Option<i64>,
) -> Result<bool, StoreError> {
    let written = sqlx::query(UPDATE_STATUS.on(tx.dialect))
        .bind(run.id.as_str())
        .bind(run.status.as_db())
        .bind(status.as_db())
        .bind(started_at)
        .bind(finished_at)
        .execute(tx.connection())
        .await
        .map_err(|error| or_active(error, &run.product))?;
    Ok(written.rows_affected() == 1)
}

/// [`StoreError::ActiveRun`] for a broken unique index: "one active run for a product" is the only one on a run's row.
fn or_active(error: sqlx::Error, product: &ProductId) -> StoreError {
    let is_second = error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation);
    if is_second {
        StoreError::ActiveRun {
            product: product.clone(),
            run: None,
        }
    } else {
        error.into()
    }
}

/// Writes the address of the finished repository.
pub(crate) async fn set_repo_url(tx: &mut Tx, run: &RunId, url: &str) -> Result<(), StoreError> {
    sqlx::query(SET_REPO_URL.on(tx.dialect))
        .bind(run.as_str())
        .bind(url)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Writes the repository that the ledger proves to have been created.
pub(crate) async fn set_repository(
    tx: &mut Tx,
    run: &RunId,
    created: &CreatedRepo,
) -> Result<(), StoreError> {
    let id = i64::try_from(created.id.0)
        .map_err(|error| StoreError::damaged(format!("the repository id of run {run}"), error))?;
    sqlx::query(SET_REPOSITORY.on(tx.dialect))
        .bind(run.as_str())
        .bind(created.created_at.saturating_mul(1000))
        .bind(id)
        .bind(created.full_name.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Writes that the content was pushed.
pub(crate) async fn set_pushed(tx: &mut Tx, run: &RunId, at: i64) -> Result<(), StoreError> {
    sqlx::query(SET_PUSHED.on(tx.dialect))
        .bind(run.as_str())
        .bind(at)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Removes the repository from the run's row: it does not exist any more.
pub(crate) async fn clear_repository(tx: &mut Tx, run: &RunId) -> Result<(), StoreError> {
    sqlx::query(CLEAR_REPOSITORY.on(tx.dialect))
        .bind(run.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}
