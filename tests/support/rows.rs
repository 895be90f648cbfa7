//! Rows of a store's database, read and changed behind the store's back.

use super::jobs::StoreFixture;
use groundplan::store::id::RunId;
use groundplan::store::sql::Dialect;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AssertSqlSafe};
use sqlx_macros::FromRow;

/// A row of `claude_jobs`. Times are texts that sort by time.
#[derive(Debug, FromRow)]
pub(crate) struct JobRow {
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) claimed_at: Option<String>,
    pub(crate) started_at: Option<String>,
    pub(crate) lease_until: Option<String>,
    pub(crate) worker: Option<String>,
    pub(crate) requested_model: Option<String>,
    pub(crate) requested_thinking_budget: Option<String>,
    pub(crate) requested_permission_mode: Option<String>,
    pub(crate) error: Option<String>,
}

/// The columns of `bootstrap_runs` that only the application reads.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub(crate) struct RunColumns {
    pub(crate) started_at: Option<String>,
    pub(crate) repository_id: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) pushed_at: Option<String>,
}

/// A row of `products`.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub(crate) struct ProductRow {
    pub(crate) user_id: String,
    pub(crate) repo_url: Option<String>,
    pub(crate) template_version: Option<String>,
    pub(crate) last_run: Option<String>,
    pub(crate) repo_owner: Option<String>,
    pub(crate) repo_slug: Option<String>,
}

/// A row of `claude_workers`.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub(crate) struct WorkerRow {
    pub(crate) hostname: String,
    pub(crate) pid: i64,
}

/// A published action with its option and category.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub(crate) struct OfferRow {
    pub(crate) category: String,
    pub(crate) option: String,
    pub(crate) option_name: String,
    pub(crate) action: String,
}

impl StoreFixture {
    /// The number of rows of a table.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&self.raw)
            .await
            .unwrap()
    }

    /// The ids of a table, in order.
    pub(crate) async fn ids(&self, table: &str) -> Vec<String> {
        let sql = format!("SELECT id FROM {table} ORDER BY id");
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&self.raw)
            .await
            .unwrap()
    }

    pub(crate) async fn job(&self, id: &str) -> JobRow {
        sqlx::query_as(
            "SELECT CAST(kind AS TEXT) AS kind, CAST(status AS TEXT) AS status, \
             CAST(claimed_at AS TEXT) AS claimed_at, CAST(started_at AS TEXT) AS started_at, \
             CAST(lease_until AS TEXT) AS lease_until, claimed_by_worker_id AS worker, requested_model, \
             CAST(requested_thinking_budget AS TEXT) AS requested_thinking_budget, requested_permission_mode, error \
             FROM claude_jobs WHERE id = $1",
        )
        .bind(id)
        .fetch_one(&self.raw)
        .await
        .unwrap()
    }

    pub(crate) async fn run_columns(&self, run: &RunId) -> RunColumns {
        sqlx::query_as(
            "SELECT CAST(started_at AS TEXT) AS started_at, CAST(github_repo_id AS TEXT) AS repository_id, \
             github_repo_full_name AS full_name, CAST(github_repo_created_at AS TEXT) AS created_at, \
             CAST(push_completed_at AS TEXT) AS pushed_at FROM bootstrap_runs WHERE id = $1",
        )
        .bind(run.as_str())
        .fetch_one(&self.raw)
        .await
        .unwrap()
    }

    pub(crate) async fn product(&self, id: &str) -> ProductRow {
        sqlx::query_as(
            "SELECT user_id, repo_url, template_version, last_bootstrap_run_id AS last_run, repo_owner, repo_slug \
             FROM products WHERE id = $1",
        )
        .bind(id)
        .fetch_one(&self.raw)
        .await
        .unwrap()
    }

    pub(crate) async fn workers(&self) -> Vec<WorkerRow> {
        sqlx::query_as("SELECT hostname, pid FROM claude_workers")
            .fetch_all(&self.raw)
            .await
            .unwrap()
    }

    /// The published actions of a catalogue, in order.
    pub(crate) async fn offers(&self, catalog: &str) -> Vec<OfferRow> {
        sqlx::query_as(
            "SELECT m.catalog || '/' || c.slug AS category, o.slug AS option, o.name AS option_name, CAST(a.kind AS TEXT) AS action \
             FROM bootstrap_actions a JOIN bootstrap_options o ON o.id = a.option_id \
             JOIN bootstrap_categories c ON c.id = o.category_id \
             JOIN bootstrap_catalog_categories m ON m.category_id = c.id WHERE m.catalog = $1 \
             ORDER BY c.slug, o.slug, a.execution_order",
        )
        .bind(catalog)
        .fetch_all(&self.raw)
        .await
        .unwrap()
    }

    /// Adds products `pFIRST` to `pLAST` of `ada`.
    pub(crate) async fn add_products(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.write(&format!(
                "INSERT INTO products (id, user_id, name, updated_at) SELECT 'p{number}', user_id, name, updated_at \
                 FROM products WHERE id = 'p0'"
            ))
            .await;
        }
    }

    /// Points a product to a repository.
    pub(crate) async fn set_product_repository(&self, product: &str, owner: &str, name: &str) {
        self.write(&format!(
            "UPDATE products SET repo_owner = '{owner}', repo_slug = '{name}' WHERE id = '{product}'"
        ))
        .await;
    }

    /// Writes into a run's row that a repository was created.
    pub(crate) async fn set_full_name(&self, run: &RunId, full_name: &str) {
        self.write(&format!(
            "UPDATE bootstrap_runs SET github_repo_full_name = '{full_name}' WHERE id = '{run}'"
        ))
        .await;
    }

    /// Adds a job of another kind beside the first job.
    pub(crate) async fn add_foreign_job(&self, id: &str, status: &str) {
        self.write(&format!(
            "INSERT INTO claude_jobs (id, user_id, product_id, kind, status, lease_until, created_at, updated_at) \
             SELECT '{id}', user_id, product_id, 'PLAN_CHAT', '{status}', created_at, created_at, created_at \
             FROM claude_jobs LIMIT 1"
        ))
        .await;
    }

    /// Adds a queued job of our kind that has no run.
    pub(crate) async fn add_job_without_run(&self, id: &str) {
        self.write(&format!(
            "INSERT INTO claude_jobs (id, user_id, product_id, kind, created_at, updated_at) \
             SELECT '{id}', user_id, product_id, kind, updated_at, updated_at FROM claude_jobs LIMIT 1"
        ))
        .await;
    }

    /// Makes a job the oldest of all.
    pub(crate) async fn make_oldest(&self, job: &str) {
        let time = self.epoch();
        self.write(&format!(
            "UPDATE claude_jobs SET created_at = {time} WHERE id = '{job}'"
        ))
        .await;
    }

    /// Changes the status of every job, as another program may do.
    pub(crate) async fn set_job_status(&self, status: &str) {
        self.write(&format!("UPDATE claude_jobs SET status = '{status}'"))
            .await;
    }

    /// Requeues every job as another program does: without a look at kind and run, and without removing the worker.
    pub(crate) async fn requeue_as_another_program(&self) {
        self.write(
            "UPDATE claude_jobs SET status = 'QUEUED', claimed_at = NULL, lease_until = NULL, \
             retry_count = retry_count + 1",
        )
        .await;
    }

    /// Fails every job as another program does.
    pub(crate) async fn fail_as_another_program(&self) {
        self.write("UPDATE claude_jobs SET status = 'FAILED', error = 'stale', lease_until = NULL")
            .await;
    }

    /// Writes an approval that has neither user nor time.
    pub(crate) async fn approve_without_user(&self) {
        self.write("UPDATE bootstrap_tiers SET approved_tree = tree")
            .await;
    }

    pub(crate) async fn delete_jobs(&self) {
        self.write("DELETE FROM claude_jobs").await;
    }

    /// Deletes a product, with its jobs and runs, as an application does.
    pub(crate) async fn delete_product(&self, id: &str) {
        let deleted = self
            .write(&format!("DELETE FROM products WHERE id = '{id}'"))
            .await;
        assert_eq!(deleted, 1);
    }

    /// Deletes the ledger of a run.
    pub(crate) async fn delete_ledger(&self, run: &RunId) {
        self.write(&format!(
            "DELETE FROM bootstrap_effects WHERE run_id = '{run}'"
        ))
        .await;
    }

    /// Sends a payload on the application's channel. Postgres only.
    pub(crate) async fn send_notification(&self, payload: &str) {
        self.write(&format!(
            "SELECT CAST(pg_notify('scrum4me_changes', '{payload}') AS TEXT)"
        ))
        .await;
    }

    /// Ends every session of this database that listens. Postgres only.
    pub(crate) async fn cut_listeners(&self) {
        self.write(
            "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity \
             WHERE query LIKE 'LISTEN%' AND datname = current_database()",
        )
        .await;
    }

    /// Lets the database refuse every change of a job when the transaction commits. Postgres only.
    pub(crate) async fn refuse_commits(&self) {
        self.write(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
        )
        .await;
        self.write(
            "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON claude_jobs DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    }
}

impl StoreFixture {
    /// Copies the first run, with its job, this many times. All copies have the same time and have succeeded.
    pub(crate) async fn copy_run(&self, times: u32) {
        let numbers = match self.dialect() {
            Dialect::Postgres => format!("generate_series(1, {times}) AS s(n)"),
            Dialect::Sqlite => format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {times}) SELECT n FROM s)"
            ),
        };
        self.write(&format!(
            "INSERT INTO claude_jobs (id, user_id, product_id, kind, status, created_at, updated_at) \
             SELECT 'job' || n, user_id, product_id, kind, 'DONE', created_at, updated_at \
             FROM (SELECT * FROM claude_jobs LIMIT 1) AS j, {numbers}"
        ))
        .await;
        self.write(&format!(
            "INSERT INTO bootstrap_runs (id, claude_job_id, product_id, user_id, status, recipe_hash, catalog_version, \
             action_schema_version, dry_run_report, recipe_snapshot, selected_options, created_at) \
             SELECT 'run' || n, 'job' || n, product_id, user_id, 'SUCCEEDED', recipe_hash, catalog_version, \
             action_schema_version, dry_run_report, recipe_snapshot, selected_options, created_at \
             FROM (SELECT * FROM bootstrap_runs LIMIT 1) AS r, {numbers}"
        ))
        .await;
        self.write(&format!(
            "INSERT INTO bootstrap_run_targets (run_id, owner, repo, tree) \
             SELECT 'run' || n, owner, repo, tree FROM (SELECT * FROM bootstrap_run_targets LIMIT 1) AS t, {numbers}"
        ))
        .await;
    }

    /// A connection without the protection of foreign keys and checks, to damage rows.
    pub(crate) async fn unprotected(&self) -> PoolConnection<Any> {
        let mut connection = self.raw.acquire().await.unwrap();
        let statements: &[&str] = match self.dialect() {
            Dialect::Postgres => &[
                "SET session_replication_role = replica",
                "ALTER TYPE \"BootstrapRunStatus\" ADD VALUE 'DAMAGED'",
                "ALTER TYPE \"ClaudeJobStatus\" ADD VALUE 'DAMAGED'",
                "ALTER TABLE bootstrap_tiers DROP CONSTRAINT bootstrap_tiers_tier_check",
            ],
            Dialect::Sqlite => &[
                "PRAGMA foreign_keys = OFF",
                "PRAGMA ignore_check_constraints = ON",
            ],
        };
        for statement in statements {
            sqlx::query(AssertSqlSafe(*statement))
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        connection
    }

    /// The columns of a table with their types.
    pub(crate) async fn columns(&self, table: &str) -> Vec<(String, String)> {
        let sql = match self.dialect() {
            Dialect::Postgres => format!(
                "SELECT CAST(column_name AS TEXT), CAST(udt_name AS TEXT) FROM information_schema.columns \
                 WHERE table_name = '{table}' ORDER BY ordinal_position"
            ),
            Dialect::Sqlite => format!("SELECT name, type FROM pragma_table_info('{table}')"),
        };
        sqlx::query_as(AssertSqlSafe(sql))
            .fetch_all(&self.raw)
            .await
            .unwrap()
    }
}
