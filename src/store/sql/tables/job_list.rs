//! The list of jobs of all kinds, with their products and runs. It reads rows of the application and changes none.

use crate::store::error::StoreError;
use crate::store::id::JobId;
use crate::store::job::{JobStatus, job_status_to_api};
use crate::store::job_list::{JobCount, JobEntry, JobFilter};
use crate::store::listed::Listed;
use crate::store::sql::Database;
use crate::store::sql::dialect::{Dialect, Statement, statements};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, FromRow as _, Row as _};
use sqlx_macros::FromRow;

const TABLES: &str = "
    FROM claude_jobs j
    LEFT JOIN products p ON p.id = j.product_id
    LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id
    ";

statements! {
    /// Jobs, without a condition; [`page`] adds its own.
    ALL = ["
        SELECT CASE WHEN {key:j.id} THEN j.id ELSE '(invalid id)' END AS id, j.user_id AS owner,
            j.product_id AS product, COALESCE(p.name, j.product_id) AS product_name,
            CAST(j.kind AS TEXT) AS kind, CAST(j.status AS TEXT) AS status, r.id AS run,
            COALESCE(j.pr_url, r.repo_url) AS url, j.branch AS branch, j.summary AS summary, j.error AS error,
            CAST(j.retry_count AS BIGINT) AS retries, {millis:j.created_at} AS created_at,
            {millis:j.started_at} AS started_at, {millis:j.finished_at} AS finished_at", TABLES];

    EXISTS = ["SELECT id FROM claude_jobs WHERE id = $1"];

    /// Kind and status of jobs, without a condition; [`counts`] adds its own.
    KINDS = ["SELECT j.kind AS kind, j.status AS status FROM claude_jobs j "];

    /// The same where a condition reads a product or a run.
    KINDS_BY_TEXT = ["SELECT j.kind AS kind, j.status AS status", TABLES];
}

/// The columns that a text is searched in.
const SEARCHED: [&str; 8] = [
    "j.id",
    "j.product_id",
    "p.name",
    "r.id",
    "r.github_repo_full_name",
    "j.branch",
    "j.summary",
    "j.error",
];

#[derive(FromRow)]
struct JobListRow {
    id: String,
    owner: String,
    product: String,
    product_name: String,
    kind: String,
    status: String,
    run: Option<String>,
    url: Option<String>,
    branch: Option<String>,
    summary: Option<String>,
    error: Option<String>,
    retries: i64,
    created_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

impl From<JobListRow> for JobEntry {
    fn from(row: JobListRow) -> Self {
        Self {
            status: JobStatus::of_db(&row.status).map_or("unknown", job_status_to_api),
            id: row.id,
            user: row.owner,
            product: row.product,
            product_name: row.product_name,
            kind: row.kind,
            run: row.run,
            url: row.url,
            branch: row.branch,
            summary: row.summary,
            error: row.error,
            retries: row.retries,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// At most `limit` jobs that a filter selects, newest first.
///
/// # Errors
/// [`StoreError::NoJob`] when the job that the list continues after does not exist.
pub(crate) async fn page(
    database: &Database,
    filter: &JobFilter,
    limit: u32,
) -> Result<Vec<Listed<JobEntry>>, StoreError> {
    if let Some(after) = &filter.after {
        check_exists(database, after).await?;
    }
    let conditions = Conditions::of(filter, database.dialect());
    let text = format!(
        "{} WHERE 1 = 1{} ORDER BY j.created_at DESC, j.id DESC LIMIT {limit}",
        ALL.on(database.dialect()),
        conditions.text
    );
    let mut query = sqlx::query(AssertSqlSafe(text));
    for value in conditions.values {
        query = query.bind(value);
    }
    let rows = query.fetch_all(&database.pool).await?;
    rows.iter().map(read_row).collect()
}

async fn check_exists(database: &Database, job: &JobId) -> Result<(), StoreError> {
    let id: Option<String> = sqlx::query_scalar(EXISTS.on(database.dialect()))
        .bind(job.as_str())
        .fetch_optional(&database.pool)
        .await?;
    id.map(|_| ())
        .ok_or_else(|| StoreError::NoJob { job: job.clone() })
}

fn read_row(row: &AnyRow) -> Result<Listed<JobEntry>, StoreError> {
    let id: String = row.try_get("id").unwrap_or_else(|_| "unknown".to_owned());
    let entry = JobListRow::from_row(row).map_err(StoreError::from);
    Listed::of(&id, entry.map(JobEntry::from))
}

/// The number of jobs that a filter selects, by kind and status.
pub(crate) async fn counts(
    database: &Database,
    filter: &JobFilter,
) -> Result<Vec<JobCount>, StoreError> {
    let statement = match filter.text {
        Some(_) => &KINDS_BY_TEXT,
        None => &KINDS,
    };
    let conditions = Conditions::of(filter, database.dialect());
    // The columns as they are: the groups of converted ones are in no index.
    let text = format!(
        "SELECT CAST(s.kind AS TEXT), CAST(s.status AS TEXT), COUNT(*) FROM ({} WHERE 1 = 1{}) AS s \
         GROUP BY s.kind, s.status ORDER BY 1, 2",
        statement.on(database.dialect()),
        conditions.text
    );
    let mut query = sqlx::query_as(AssertSqlSafe(text));
    for value in conditions.values {
        query = query.bind(value);
    }
    let rows: Vec<(String, String, i64)> = query.fetch_all(&database.pool).await?;
    let count = |(kind, status, count): (String, String, i64)| JobCount {
        kind,
        status: JobStatus::of_db(&status),
        count: count.unsigned_abs(),
    };
    Ok(rows.into_iter().map(count).collect())
}

/// Conditions and the values of their placeholders. They are numbered here: for the driver `Any`, `QueryBuilder` writes
/// `?`, which Postgres does not read.
#[derive(Default)]
struct Conditions {
    text: String,
    values: Vec<String>,
}

impl Conditions {
    fn of(filter: &JobFilter, dialect: Dialect) -> Self {
        let mut conditions = Self::default();
        if let Some(user) = &filter.user {
            let user = conditions.placeholder(user.as_str());
            conditions.add(&format!("j.user_id = {user}"));
        }
        if let Some(product) = &filter.product {
            let product = conditions.placeholder(product.as_str());
            conditions.add(&format!("j.product_id = {product}"));
        }
        conditions.add_one_of("j.kind", filter.kinds.iter().map(String::as_str));
        let statuses = filter.statuses.iter().map(|status| status.as_db());
        conditions.add_one_of("j.status", statuses);
        if let Some(text) = &filter.text {
            conditions.add_text(text);
        }
        if let Some(from) = filter.created_from {
            conditions.add(&format!("j.created_at >= {}", dialect.at(from)));
        }
        if let Some(after) = &filter.after {
            let after = conditions.placeholder(after.as_str());
            conditions.add(&format!(
                "(j.created_at, j.id) < (SELECT a.created_at, a.id FROM claude_jobs a WHERE a.id = {after})"
            ));
        }
        conditions
    }

    fn placeholder(&mut self, value: &str) -> String {
        self.values.push(value.to_owned());
        format!("${}", self.values.len())
    }

    fn add(&mut self, condition: &str) {
        self.text.extend([" AND ", condition]);
    }

    fn add_one_of<'v>(&mut self, column: &str, values: impl Iterator<Item = &'v str>) {
        let list: Vec<String> = values.map(|value| self.placeholder(value)).collect();
        if !list.is_empty() {
            self.add(&format!("CAST({column} AS TEXT) IN ({})", list.join(", ")));
        }
    }

    fn add_text(&mut self, text: &str) {
        let mut pattern = String::from("%");
        for character in text.to_lowercase().chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        let pattern = self.placeholder(&pattern);
        let contains = SEARCHED.map(|column| format!("lower({column}) LIKE {pattern} ESCAPE '\\'"));
        self.add(&format!("({})", contains.join(" OR ")));
    }
}
