//! `products`: who owns a product, and where its repository is.

use crate::store::error::StoreError;
use crate::store::id::{ProductId, RunId, UserId};
use crate::store::product::Product;
use crate::store::run::Run;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};
use sqlx_macros::FromRow;

const SELECT: &str = "
    SELECT id, name, code, repo_url, last_bootstrap_run_id AS last_run, {millis:created_at} AS created_at
    FROM products WHERE user_id = $1 ";

statements! {
    OF_USER = ["SELECT id FROM products WHERE id = $1 AND user_id = $2"];

    CREATION = ["
        SELECT r.id FROM products p JOIN bootstrap_runs r ON r.id = p.last_bootstrap_run_id WHERE p.id = $1"];

    INSERT = ["
        INSERT INTO products (id, user_id, name, updated_at) VALUES ($1, $2, $1, {now})
        ON CONFLICT (id) DO NOTHING"];

    INSERT_NEW = ["
        INSERT INTO products (id, user_id, name, code, updated_at) VALUES ($1, $2, $3, $4, {now})
        ON CONFLICT (id) DO NOTHING"];

    ALL = [SELECT, "AND id > $2 ORDER BY id LIMIT $3"];

    ONE = [SELECT, "AND id = $2"];

    /// Owner and name are left out when another product has that pair.
    SET_REPOSITORY = ["
        UPDATE products
        SET repo_url = $2, template_version = $3, last_bootstrap_run_id = $4,
            repo_owner = CASE WHEN EXISTS (
                SELECT 1 FROM products o WHERE o.repo_owner = $5 AND o.repo_slug = $6 AND o.id <> $1
            ) THEN repo_owner ELSE $5 END,
            repo_slug = CASE WHEN EXISTS (
                SELECT 1 FROM products o WHERE o.repo_owner = $5 AND o.repo_slug = $6 AND o.id <> $1
            ) THEN repo_slug ELSE $6 END,
            updated_at = {at:$7}
        WHERE id = $1"];
}

/// Refuses a product that the user does not own.
///
/// # Errors
/// [`StoreError::NoProduct`].
pub(crate) async fn check_owner(
    tx: &mut Tx,
    user: &UserId,
    product: &ProductId,
) -> Result<(), StoreError> {
    let id: Option<String> = sqlx::query_scalar(OF_USER.on(tx.dialect))
        .bind(product.as_str())
        .bind(user.as_str())
        .fetch_optional(tx.connection())
        .await?;
    id.map(|_| ()).ok_or_else(|| StoreError::NoProduct {
        product: product.clone(),
        user: user.clone(),
    })
}

/// The run that created the repository of a product.
///
/// # Errors
/// [`StoreError::NoRepository`].
pub(crate) async fn creation(tx: &mut Tx, product: &ProductId) -> Result<RunId, StoreError> {
    let id: Option<String> = sqlx::query_scalar(CREATION.on(tx.dialect))
        .bind(product.as_str())
        .fetch_optional(tx.connection())
        .await?;
    let id = id.ok_or_else(|| StoreError::NoRepository {
        product: product.clone(),
    })?;
    RunId::parse(&id)
        .map_err(|error| StoreError::damaged(format!("the run of product {product}"), error))
}

/// Adds a product that is missing.
pub(crate) async fn ensure(
    database: &Database,
    user: &UserId,
    product: &ProductId,
) -> Result<(), StoreError> {
    sqlx::query(INSERT.on(database.dialect()))
        .bind(product.as_str())
        .bind(user.as_str())
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// Points the product of a run to the repository that the run created.
pub(crate) async fn set_repository(
    tx: &mut Tx,
    run: &Run,
    url: &str,
    template_version: Option<String>,
    at: i64,
) -> Result<(), StoreError> {
    let full_name = run.full_name.as_ref().unwrap_or(&run.repo);
    let (owner, name) = full_name.split_once('/').unwrap_or(("", full_name));
    sqlx::query(SET_REPOSITORY.on(tx.dialect))
        .bind(run.product.as_str())
        .bind(url)
        .bind(template_version)
        .bind(run.id.as_str())
        .bind(owner)
        .bind(name)
        .bind(at)
        .execute(tx.connection())
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ProductRow {
    id: String,
    name: String,
    code: Option<String>,
    repo_url: Option<String>,
    last_run: Option<String>,
    created_at: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let damaged = |error| StoreError::damaged(format!("product {}", row.id), error);
        let last_run = row.last_run.as_deref().map(RunId::parse).transpose();
        Ok(Self {
            slug: row.id.clone(),
            id: ProductId::parse(&row.id).map_err(damaged)?,
            name: row.name,
            code: row.code,
            repo_url: row.repo_url,
            last_run: last_run.map_err(damaged)?,
            created_at: row.created_at,
        })
    }
}

/// Adds a product. False when the id is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    user: &UserId,
    id: &ProductId,
    name: &str,
    code: Option<&str>,
) -> Result<bool, StoreError> {
    let added = sqlx::query(INSERT_NEW.on(tx.dialect))
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(name)
        .bind(code)
        .execute(tx.connection())
        .await?;
    Ok(added.rows_affected() == 1)
}

/// At most `limit` products of a user whose ids follow `after`, by id.
pub(crate) async fn list(
    database: &Database,
    user: &UserId,
    after: &str,
    limit: u32,
) -> Result<Vec<Product>, StoreError> {
    let rows: Vec<ProductRow> = sqlx::query_as(ALL.on(database.dialect()))
        .bind(user.as_str())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&database.pool)
        .await?;
    rows.into_iter().map(Product::try_from).collect()
}

/// A product of a user.
///
/// # Errors
/// [`StoreError::NoProduct`].
pub(crate) async fn find(
    database: &Database,
    user: &UserId,
    id: &ProductId,
) -> Result<Product, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as(ONE.on(database.dialect()))
        .bind(user.as_str())
        .bind(id.as_str())
        .fetch_optional(&database.pool)
        .await?;
    row.ok_or_else(|| StoreError::NoProduct {
        product: id.clone(),
        user: user.clone(),
    })?
    .try_into()
}
