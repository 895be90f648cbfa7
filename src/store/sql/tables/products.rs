//! `products`: who owns a product, and where its repository is.

use crate::store::error::StoreError;
use crate::store::id::{ProductId, UserId};
use crate::store::run::Run;
use crate::store::sql::Database;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};

statements! {
    OF_USER = ["SELECT id FROM products WHERE id = $1 AND user_id = $2"];

    INSERT = ["
        INSERT INTO products (id, user_id, name, updated_at) VALUES ($1, $2, $1, {now})
        ON CONFLICT (id) DO NOTHING"];

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
