//! Products: what repositories are created for.

use super::caller::{Access, Caller};
use super::error::AppError;
use super::previews::ProductError;
use crate::model::input::ProductName;
use crate::model::slug::Slug;
use crate::store::answer::RequestKey;
use crate::store::id::ProductId;
use crate::store::product::Product;
use crate::store::sql::Database;
use schemars::JsonSchema;
use serde::Deserialize;

/// A product to add.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProduct {
    /// The display name.
    pub name: ProductName,
    /// The machine-readable name. By default it is derived from the display name.
    #[serde(default)]
    pub slug: Option<Slug>,
    /// A short code, such as a ticket prefix.
    #[serde(default)]
    pub code: Option<Slug>,
}

/// Adds a product of the caller.
///
/// # Errors
/// Refuses demo users, taken slugs, and names that give no slug.
pub async fn create(
    database: &Database,
    caller: &Caller,
    new: &NewProduct,
    key: Option<&RequestKey>,
) -> Result<Product, AppError> {
    caller.check(Access::Write)?;
    let slug = new
        .slug
        .clone()
        .or_else(|| Slug::from_title(new.name.as_str()))
        .ok_or_else(|| ProductError::NoSlug {
            name: new.name.clone(),
        })?;
    let id = ProductId::parse(slug.as_str()).expect("a slug is a valid id");
    let code = new.code.as_ref().map(Slug::as_str);
    database
        .add_product(caller.user(), &id, new.name.as_str(), code, key)
        .await?;
    find(database, caller, &id).await
}

/// A product of the caller.
pub async fn find(
    database: &Database,
    caller: &Caller,
    id: &ProductId,
) -> Result<Product, AppError> {
    Ok(database.product(caller.user(), id).await?)
}

/// At most `limit` products of the caller after an id, by id.
pub async fn list(
    database: &Database,
    caller: &Caller,
    after: &str,
    limit: u32,
) -> Result<Vec<Product>, AppError> {
    Ok(database.products(caller.user(), after, limit).await?)
}
