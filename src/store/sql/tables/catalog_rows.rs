//! The rows of a catalogue as they are now, read from the three tables together.

use crate::model::digest::Digest;
use crate::model::slug::Slug;
use crate::store::catalog::{CategoryRow, OptionRow, RowsVersion};
use crate::store::error::StoreError;
use crate::store::sql::Database;
use crate::store::sql::dialect::{Statement, statements};
use serde_json::{Value, json};
use sqlx_macros::FromRow;

statements! {
    SELECT = [ROWS, ROLE, TABLES] or_sqlite [ROWS, "a.role_required", TABLES];

    /// Postgres changes the transaction and the place of a row with each change of it. SQLite's rows have no such mark, so
    /// there it is their content, which is read from the memory of this process.
    VERSION = ["
        SELECT md5(string_agg(concat_ws(' ', CAST(m.xmin AS TEXT), CAST(m.ctid AS TEXT), CAST(c.xmin AS TEXT),
            CAST(c.ctid AS TEXT), CAST(o.xmin AS TEXT), CAST(o.ctid AS TEXT), CAST(a.xmin AS TEXT),
            CAST(a.ctid AS TEXT)), ',' ORDER BY c.ctid, o.ctid, a.ctid)) || COALESCE((
                SELECT concat(' ', CAST(v.xmin AS TEXT), CAST(v.ctid AS TEXT)) FROM bootstrap_catalog_versions v
                WHERE v.catalog = $1 ORDER BY v.number DESC LIMIT 1), '')
        FROM bootstrap_catalog_categories m
        JOIN bootstrap_categories c ON c.id = m.category_id
        LEFT JOIN bootstrap_options o ON o.category_id = c.id
        LEFT JOIN bootstrap_actions a ON a.option_id = o.id
        WHERE m.catalog = $1"]
        or_sqlite ["
        SELECT group_concat(json_array(c.id, c.slug, c.name, c.description, c.selection_type, c.required, c.position,
            o.id, o.slug, o.name, o.description, o.is_default, o.position, a.id, a.execution_order, a.config, a.supports_dry_run,
            a.side_effect, a.role_required), ','
            ORDER BY c.id, o.id, a.id) || COALESCE((
                SELECT v.catalog_version FROM bootstrap_catalog_versions v
                WHERE v.catalog = $1 ORDER BY v.number DESC LIMIT 1), '')
        FROM bootstrap_catalog_categories m
        JOIN bootstrap_categories c ON c.id = m.category_id
        LEFT JOIN bootstrap_options o ON o.category_id = c.id
        LEFT JOIN bootstrap_actions a ON a.option_id = o.id
        WHERE m.catalog = $1"];
}

const ROWS: &str = "
        SELECT c.id AS category_id, c.slug AS category, c.name AS category_title,
            c.description AS category_description, CAST(c.selection_type AS TEXT) AS selection,
            CASE WHEN c.required THEN 1 ELSE 0 END AS is_required,
            o.id AS option_id, o.slug AS option_slug, o.name AS option_title, o.description AS option_description,
            CASE WHEN o.is_default THEN 1 ELSE 0 END AS is_default, CAST(a.config AS TEXT) AS config,
            CASE WHEN a.supports_dry_run THEN 1 ELSE 0 END AS supports_dry_run,
            CAST(a.side_effect AS TEXT) AS side_effect, ";

/// The role of an action. An application has its own names: its default is a member, and any other unknown role an
/// administrator.
const ROLE: &str = "
            CASE WHEN CAST(a.role_required AS TEXT) IN ('MEMBER', 'ADMIN') THEN CAST(a.role_required AS TEXT)
                WHEN (SELECT column_default FROM information_schema.columns WHERE table_schema = current_schema()
                    AND table_name = 'bootstrap_actions' AND column_name = 'role_required')
                    LIKE '''' || CAST(a.role_required AS TEXT) || '''%' THEN 'MEMBER'
                ELSE 'ADMIN' END";

const TABLES: &str = " AS role_required
        FROM bootstrap_catalog_categories m
        JOIN bootstrap_categories c ON c.id = m.category_id
        LEFT JOIN bootstrap_options o ON o.category_id = c.id
        LEFT JOIN bootstrap_actions a ON a.option_id = o.id
        WHERE m.catalog = $1
        ORDER BY c.position, c.id, o.position, o.id, a.execution_order";

/// One action, with its option and category; without them where there is none.
#[derive(FromRow)]
struct ActionRow {
    category_id: String,
    category: String,
    category_title: String,
    category_description: Option<String>,
    selection: String,
    is_required: i64,
    option_id: Option<String>,
    option_slug: Option<String>,
    option_title: Option<String>,
    option_description: Option<String>,
    is_default: i64,
    config: Option<String>,
    supports_dry_run: i64,
    side_effect: Option<String>,
    role_required: Option<String>,
}

/// The state of the rows of a catalogue; `None` for one without rows.
pub(crate) async fn version(
    database: &Database,
    catalog: &Slug,
) -> Result<Option<RowsVersion>, StoreError> {
    let text: Option<String> = sqlx::query_scalar(VERSION.on(database.dialect()))
        .bind(catalog.as_str())
        .fetch_one(&database.pool)
        .await?;
    Ok(text.map(|text| RowsVersion(Digest::of(text.as_bytes()).to_string())))
}

/// The categories of a catalogue in their order; none for a catalogue that was never published.
pub(crate) async fn of_catalog(
    database: &Database,
    catalog: &Slug,
) -> Result<Vec<CategoryRow>, StoreError> {
    let rows: Vec<ActionRow> = sqlx::query_as(SELECT.on(database.dialect()))
        .bind(catalog.as_str())
        .fetch_all(&database.pool)
        .await?;
    let mut categories = Vec::new();
    for of_category in rows.chunk_by(|a, b| a.category_id == b.category_id) {
        let first = &of_category[0];
        let of_options = of_category.chunk_by(|a, b| a.option_id == b.option_id);
        categories.push(CategoryRow {
            slug: first.category.clone(),
            title: first.category_title.clone(),
            description: first.category_description.clone(),
            selection: first.selection.clone(),
            is_required: first.is_required == 1,
            options: of_options
                .filter_map(|rows| option(catalog, rows).transpose())
                .collect::<Result<_, _>>()?,
        });
    }
    Ok(categories)
}

/// An option and its actions; `None` for a category without options.
fn option(catalog: &Slug, rows: &[ActionRow]) -> Result<Option<OptionRow>, StoreError> {
    let first = &rows[0];
    let (Some(slug), Some(title)) = (&first.option_slug, &first.option_title) else {
        return Ok(None);
    };
    let actions = rows.iter().filter_map(|row| {
        let action = serde_json::from_str(row.config.as_deref()?);
        let damaged =
            |error| StoreError::damaged(format!("an action of option {slug} of {catalog}"), error);
        Some(
            action
                .map(|action| row.with_columns(action))
                .map_err(damaged),
        )
    });
    Ok(Some(OptionRow {
        slug: slug.clone(),
        title: title.clone(),
        description: first.option_description.clone(),
        is_default: first.is_default == 1,
        actions: actions.collect::<Result<_, _>>()?,
    }))
}

impl ActionRow {
    /// The action with the values of its columns. A value that the action has already, or has by default, is left as it
    /// was written, so that an unchanged row is an unchanged document.
    fn with_columns(&self, mut action: Value) -> Value {
        // Any other word is the default, by the name that an application gives it.
        let is_other = |word: &&str| matches!(*word, "NONE" | "NETWORK");
        let side_effect = self.side_effect.as_deref().filter(is_other);
        let role = self.role_required.as_deref().unwrap_or("MEMBER");
        for (field, default, value) in [
            ("role_required", json!("MEMBER"), json!(role)),
            (
                "side_effect",
                json!("FILES"),
                json!(side_effect.unwrap_or("FILES")),
            ),
            (
                "supports_dry_run",
                json!(true),
                json!(self.supports_dry_run == 1),
            ),
        ] {
            if let Some(fields) = action.as_object_mut()
                && *fields.get(field).unwrap_or(&default) != value
            {
                fields.insert(field.to_owned(), value);
            }
        }
        action
    }
}
