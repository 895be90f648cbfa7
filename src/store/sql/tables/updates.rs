//! `bootstrap_updates`: what each run of kind UPDATE_REPO is asked for, and its result; and the list of repositories with their
//! newest update.

use super::json_text;
use crate::store::error::StoreError;
use crate::store::id::{ProductId, RunId, UserId};
use crate::store::listed::Listed;
use crate::store::run::RunStatus;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use crate::store::sql::error::UnknownValue;
use crate::store::update::{FleetRow, UpdateMode, UpdateResult};
use sqlx_macros::FromRow;

statements! {
    INSERT = ["
        INSERT INTO bootstrap_updates (run_id, product_id, mode, asked_at) VALUES ($1, $2, $3, {at:$4})"];

    SET_RESULT = ["
        UPDATE bootstrap_updates SET result = {cast:$2 AS jsonb}, compared_at = {at:$3} WHERE run_id = $1"];

    /// The repositories that runs created, by product.
    FLEET = ["
        SELECT p.id AS product, p.name AS product_name, p.user_id AS owner,
            COALESCE(r.github_repo_full_name, g.owner || '/' || g.repo, '') AS repo, p.repo_url AS repo_url,
            r.id AS created_by, u.run_id AS run, u.mode AS mode, CAST(n.status AS TEXT) AS status,
            CAST(c.result AS TEXT) AS result, {millis:c.compared_at} AS compared_at
        FROM products p
        JOIN bootstrap_runs r ON r.id = p.last_bootstrap_run_id
        LEFT JOIN bootstrap_run_targets g ON g.run_id = r.id
        LEFT JOIN bootstrap_updates u ON u.run_id = (
            SELECT x.run_id FROM bootstrap_updates x JOIN bootstrap_runs y ON y.id = x.run_id
            WHERE x.product_id = p.id ORDER BY x.asked_at DESC, x.run_id DESC LIMIT 1)
        LEFT JOIN bootstrap_runs n ON n.id = u.run_id
        LEFT JOIN bootstrap_updates c ON c.run_id = (
            SELECT x.run_id FROM bootstrap_updates x
            WHERE x.product_id = p.id AND x.compared_at IS NOT NULL
            ORDER BY x.compared_at DESC, x.run_id DESC LIMIT 1)
        WHERE p.id > $1 ORDER BY p.id LIMIT $2"];
}

#[derive(FromRow)]
struct FleetColumns {
    product: String,
    product_name: String,
    owner: String,
    repo: String,
    repo_url: Option<String>,
    created_by: String,
    run: Option<String>,
    mode: Option<String>,
    status: Option<String>,
    result: Option<String>,
    compared_at: Option<i64>,
}

/// Adds the request of a run.
pub(crate) async fn insert(
    tx: &mut Tx,
    run: &RunId,
    product: &ProductId,
    mode: UpdateMode,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(tx.dialect))
        .bind(run.as_str())
        .bind(product.as_str())
        .bind(mode.as_db())
        .bind(at)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Replaces the result of a run.
pub(crate) async fn set_result(
    tx: &mut Tx,
    run: &RunId,
    result: &UpdateResult,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query(SET_RESULT.on(tx.dialect))
        .bind(run.as_str())
        .bind(json_text("the result of an update", result)?)
        .bind(at)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// At most `limit` repositories that runs created, of products whose ids follow `after`, by product.
pub(crate) async fn fleet(
    database: &Database,
    after: &str,
    limit: u32,
) -> Result<Vec<Listed<FleetRow>>, StoreError> {
    let rows: Vec<FleetColumns> = sqlx::query_as(FLEET.on(database.dialect()))
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&database.pool)
        .await?;
    let listed = |row: FleetColumns| {
        let id = row.product.clone();
        Listed::of(&id, row.try_into())
    };
    rows.into_iter().map(listed).collect()
}

impl TryFrom<FleetColumns> for FleetRow {
    type Error = StoreError;

    fn try_from(row: FleetColumns) -> Result<Self, StoreError> {
        let id = &row.product;
        let damaged = |error| StoreError::damaged(format!("the repository of product {id}"), error);
        let unknown = |value: &str| {
            let value = UnknownValue(value.to_owned());
            StoreError::damaged(format!("the newest update of product {id}"), value)
        };
        let newest = match (&row.run, &row.mode, &row.status) {
            (Some(run), Some(mode), Some(status)) => Some((
                RunId::parse(run).map_err(damaged)?,
                UpdateMode::of_db(mode).ok_or_else(|| unknown(mode))?,
                RunStatus::of_db(status).ok_or_else(|| unknown(status))?,
            )),
            _ => None,
        };
        let parsed = row.result.as_deref().map(serde_json::from_str);
        let result = parsed.transpose().map_err(|error| {
            StoreError::damaged(format!("the result of an update of product {id}"), error)
        })?;
        Ok(Self {
            user: UserId::parse(&row.owner).map_err(damaged)?,
            created_by: RunId::parse(&row.created_by).map_err(damaged)?,
            product: ProductId::parse(id).map_err(damaged)?,
            product_name: row.product_name,
            repo: row.repo,
            repo_url: row.repo_url,
            compared: result.zip(row.compared_at),
            newest,
        })
    }
}
