//! `bootstrap_categories`, `bootstrap_options` and `bootstrap_actions`: what published catalogues offer now.

use super::json_text;
use crate::model::action::{RoleRequired, SideEffect};
use crate::model::slug::Slug;
use crate::store::catalog::{PublishedCatalog, PublishedCategory, PublishedOption};
use crate::store::error::StoreError;
use crate::store::id::CatalogRowId;
use crate::store::sql::connection::Tx;
use crate::store::sql::dialect::{Statement, statements};

statements! {
    CATEGORY = ["
        SELECT c.id FROM bootstrap_catalog_categories m JOIN bootstrap_categories c ON c.id = m.category_id
        WHERE m.catalog = $1 AND m.slug = $2"];

    /// The categories of a name, with their catalogue where one is known.
    OF_NAME = ["
        SELECT c.id, m.catalog FROM bootstrap_categories c
        LEFT JOIN bootstrap_catalog_categories m ON m.category_id = c.id
        WHERE c.slug = $1"];

    UPSERT_CATEGORY = [r#"
        INSERT INTO bootstrap_categories (id, slug, name, description, selection_type, required, position, updated_at)
        VALUES ($1, $2, $3, $4, {cast:$5 AS "BootstrapSelectionType"}, $6, CAST($7 AS INTEGER), {at:$8})
        ON CONFLICT (id) DO UPDATE
        SET slug = excluded.slug, name = excluded.name, description = excluded.description,
            selection_type = excluded.selection_type, required = excluded.required, position = excluded.position,
            updated_at = excluded.updated_at"#];

    /// Its row may have been deleted and made again.
    ASSIGN = ["
        INSERT INTO bootstrap_catalog_categories (category_id, catalog, slug) VALUES ($1, $2, $3)
        ON CONFLICT (catalog, slug) DO UPDATE SET category_id = excluded.category_id"];

    UPSERT_OPTION = ["
        INSERT INTO bootstrap_options (id, category_id, slug, name, description, is_default, position, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS INTEGER), {at:$8})
        ON CONFLICT (category_id, slug) DO UPDATE
        SET name = excluded.name, description = excluded.description, is_default = excluded.is_default,
            position = excluded.position, updated_at = excluded.updated_at
        RETURNING id"];

    /// Role and effect get the table's defaults, which an application may name in its own way.
    UPSERT_ACTION = [ACTION, "role_required = DEFAULT, side_effect = DEFAULT"]
        or_sqlite [ACTION, "role_required = 'MEMBER', side_effect = 'FILES'"];

    SET_ROLE = [r#"
        UPDATE bootstrap_actions SET role_required = {cast:$3 AS "RoleRequired"}
        WHERE option_id = $1 AND execution_order = $2"#];

    SET_SIDE_EFFECT = [r#"
        UPDATE bootstrap_actions SET side_effect = {cast:$3 AS "SideEffect"}
        WHERE option_id = $1 AND execution_order = $2"#];

    DELETE_ACTIONS_AFTER = ["
        DELETE FROM bootstrap_actions WHERE option_id = $1 AND execution_order > $2"];

    /// Rows that a publication did not write carry another time and are not offered any more.
    DELETE_OLD_ACTIONS = ["
        DELETE FROM bootstrap_actions WHERE option_id IN (
            SELECT o.id FROM bootstrap_options o
            JOIN bootstrap_categories c ON c.id = o.category_id
            JOIN bootstrap_catalog_categories m ON m.category_id = c.id
            WHERE m.catalog = $1 AND (o.updated_at <> {at:$2} OR c.updated_at <> {at:$2}))"];

    DELETE_OLD_OPTIONS = ["
        DELETE FROM bootstrap_options WHERE category_id IN (
            SELECT c.id FROM bootstrap_categories c
            JOIN bootstrap_catalog_categories m ON m.category_id = c.id
            WHERE m.catalog = $1 AND (bootstrap_options.updated_at <> {at:$2} OR c.updated_at <> {at:$2}))"];

    DELETE_OLD_CATEGORIES = ["
        DELETE FROM bootstrap_categories
        WHERE id IN (SELECT category_id FROM bootstrap_catalog_categories WHERE catalog = $1)
            AND updated_at <> {at:$2}"];

    DELETE_OLD_ASSIGNMENTS = ["
        DELETE FROM bootstrap_catalog_categories
        WHERE catalog = $1 AND category_id NOT IN (SELECT id FROM bootstrap_categories)"];
}

const ACTION: &str = r#"
        INSERT INTO bootstrap_actions
            (id, option_id, kind, execution_order, config, risk_level, updated_at, supports_dry_run)
        VALUES ($1, $2, {cast:$3 AS "BootstrapActionKind"}, CAST($4 AS INTEGER), {cast:$5 AS jsonb},
            {cast:$6 AS "RiskLevel"}, {at:$7}, {cast:$8 <> 0 AS boolean})
        ON CONFLICT (option_id, execution_order) DO UPDATE
        SET kind = excluded.kind, config = excluded.config, risk_level = excluded.risk_level,
            updated_at = excluded.updated_at, supports_dry_run = excluded.supports_dry_run, "#;

/// Replaces the rows of a catalogue. `are_names_unique` is true where the table allows each name of a category once.
///
/// # Errors
/// [`StoreError::CategoryTaken`] where another catalogue has a name that is unique.
pub(crate) async fn replace(
    tx: &mut Tx,
    catalog: &PublishedCatalog,
    are_names_unique: bool,
    at: i64,
) -> Result<(), StoreError> {
    for (position, category) in catalog.categories.iter().enumerate() {
        let known = category_id(tx, &catalog.catalog, &category.slug).await?;
        let unassigned = if are_names_unique {
            unassigned(tx, &catalog.catalog, &category.slug).await?
        } else {
            None
        };
        let id = known
            .or(unassigned)
            .unwrap_or_else(|| CatalogRowId::fresh().into());
        upsert_category(tx, &id, &catalog.catalog, category, position, at).await?;
    }
    for delete in [
        &DELETE_OLD_ACTIONS,
        &DELETE_OLD_OPTIONS,
        &DELETE_OLD_CATEGORIES,
    ] {
        sqlx::query(delete.on(tx.dialect))
            .bind(catalog.catalog.as_str())
            .bind(at)
            .execute(tx.connection())
            .await?;
    }
    sqlx::query(DELETE_OLD_ASSIGNMENTS.on(tx.dialect))
        .bind(catalog.catalog.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The row of a catalogue's category.
async fn category_id(
    tx: &mut Tx,
    catalog: &Slug,
    category: &Slug,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(CATEGORY.on(tx.dialect))
        .bind(catalog.as_str())
        .bind(category.as_str())
        .fetch_optional(tx.connection())
        .await?)
}

/// The row of a category that no catalogue has, such as one that the application added itself.
async fn unassigned(
    tx: &mut Tx,
    catalog: &Slug,
    category: &Slug,
) -> Result<Option<String>, StoreError> {
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(OF_NAME.on(tx.dialect))
        .bind(category.as_str())
        .fetch_all(tx.connection())
        .await?;
    let mut unassigned = None;
    for (id, owner) in rows {
        match owner {
            Some(owner) if owner != catalog.as_str() => {
                return Err(StoreError::CategoryTaken {
                    category: category.clone(),
                    catalog: owner,
                });
            }
            Some(_) => {}
            None => unassigned = Some(id),
        }
    }
    Ok(unassigned)
}

async fn upsert_category(
    tx: &mut Tx,
    id: &str,
    catalog: &Slug,
    category: &PublishedCategory,
    position: usize,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query(UPSERT_CATEGORY.on(tx.dialect))
        .bind(id)
        .bind(category.slug.as_str())
        .bind(category.title.as_str())
        .bind(category.description.as_deref())
        .bind(if category.is_multi { "MULTI" } else { "SINGLE" })
        .bind(category.is_required)
        .bind(count(position))
        .bind(at)
        .execute(tx.connection())
        .await?;
    sqlx::query(ASSIGN.on(tx.dialect))
        .bind(id)
        .bind(catalog.as_str())
        .bind(category.slug.as_str())
        .execute(tx.connection())
        .await?;
    for (position, option) in category.options.iter().enumerate() {
        upsert_option(tx, id, option, position, at).await?;
    }
    Ok(())
}

async fn upsert_option(
    tx: &mut Tx,
    category: &str,
    option: &PublishedOption,
    position: usize,
    at: i64,
) -> Result<(), StoreError> {
    let id: String = sqlx::query_scalar(UPSERT_OPTION.on(tx.dialect))
        .bind(CatalogRowId::fresh().as_str())
        .bind(category)
        .bind(option.slug.as_str())
        .bind(option.title.as_str())
        .bind(option.description.as_deref())
        .bind(option.is_default)
        .bind(count(position))
        .bind(at)
        .fetch_one(tx.connection())
        .await?;
    for (number, action) in (1_i64..).zip(&option.actions) {
        let common = action.common();
        // The risk that the recipe states; each preview assesses the risk of its result.
        let risk = common.risk_level.unwrap_or_default();
        sqlx::query(UPSERT_ACTION.on(tx.dialect))
            .bind(CatalogRowId::fresh().as_str())
            .bind(id.as_str())
            .bind(action.kind())
            .bind(number)
            .bind(json_text("an action", action)?)
            .bind(risk.as_str())
            .bind(at)
            .bind(i64::from(common.is_previewed()))
            .execute(tx.connection())
            .await?;
        if common.role() != RoleRequired::default() {
            set_attribute(tx, &SET_ROLE, &id, number, common.role().as_str()).await?;
        }
        if common.effect() != SideEffect::default() {
            set_attribute(tx, &SET_SIDE_EFFECT, &id, number, common.effect().as_str()).await?;
        }
    }
    sqlx::query(DELETE_ACTIONS_AFTER.on(tx.dialect))
        .bind(id.as_str())
        .bind(count(option.actions.len()))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Sets an attribute of one action to another value than the table's default.
async fn set_attribute(
    tx: &mut Tx,
    statement: &'static Statement,
    option: &str,
    number: i64,
    value: &str,
) -> Result<(), StoreError> {
    sqlx::query(statement.on(tx.dialect))
        .bind(option)
        .bind(number)
        .bind(value)
        .execute(tx.connection())
        .await?;
    Ok(())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
