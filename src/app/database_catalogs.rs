//! Catalogues whose categories, options and actions are rows of the database: what an administrator changes there is
//! what the next preview shows. Templates, rules and copied files come from the last published version.

use super::catalog_versions::{find_by_digest, open_published, parse_published};
use super::catalogs::{CatalogFiles, OpenedCatalog};
use super::error::AppError;
use super::recorded_sources::DatabaseVersion;
use crate::catalog::Catalog;
use crate::model::content::{File, Files};
use crate::model::digest::Digest;
use crate::model::slug::{OptionRef, Slug};
use crate::store::catalog::{CategoryRow, OptionRow, RowsVersion};
use crate::store::sql::Database;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The prefix of a catalogue of the database, which no folder and no built-in catalogue has.
pub const PREFIX: &str = "db:";

/// The catalogues of the rows, each kept until its rows change.
#[derive(Debug, Default)]
pub struct LoadedCatalogs(Mutex<BTreeMap<Slug, LoadedCatalog>>);

#[derive(Clone, Debug)]
struct LoadedCatalog {
    version: RowsVersion,
    opened: Arc<OpenedCatalog>,
}

impl LoadedCatalogs {
    /// The catalogue of the rows as they are now; `None` for a catalogue without rows.
    pub async fn find(
        &self,
        database: &Database,
        catalog: &Slug,
    ) -> Result<Option<Arc<OpenedCatalog>>, AppError> {
        let Some(version) = database.catalog_rows_version(catalog).await? else {
            return Ok(None);
        };
        let loaded = self.lock().get(catalog).cloned();
        if let Some(loaded) = loaded.filter(|loaded| loaded.version == version) {
            return Ok(Some(loaded.opened));
        }
        let Some(opened) = find(database, catalog).await?.map(Arc::new) else {
            return Ok(None);
        };
        // Rows that changed while they were read have another version now.
        if database.catalog_rows_version(catalog).await?.as_ref() == Some(&version) {
            let opened = Arc::clone(&opened);
            self.lock()
                .insert(catalog.clone(), LoadedCatalog { version, opened });
        }
        Ok(Some(opened))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Slug, LoadedCatalog>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens `NAME` from the rows, or `NAME@NUMBER` as it was published.
pub async fn open(database: &Database, named: &str) -> Result<OpenedCatalog, AppError> {
    let (catalog, number) = parse_published(named)?;
    let published = open_published(database, &catalog, number).await?;
    if number.is_some() {
        return Ok(published);
    }
    of_rows(&published, &database.catalog_rows(&catalog).await?)
}

/// The catalogue of a recorded plan, as it was or as it is now; `None` where the database lacks the recorded version.
pub async fn recorded(
    database: &Database,
    catalog: &Slug,
    version: &Digest,
    wanted: DatabaseVersion,
) -> Result<Option<OpenedCatalog>, AppError> {
    let stored = find_by_digest(database, catalog, version).await?;
    if stored.is_none() || wanted == DatabaseVersion::Recorded {
        return Ok(stored);
    }
    match find(database, catalog).await? {
        Some(current) => Ok(Some(current)),
        None => open_published(database, catalog, None).await.map(Some),
    }
}

/// The catalogue of the rows; `None` for a catalogue without rows.
pub async fn find(database: &Database, catalog: &Slug) -> Result<Option<OpenedCatalog>, AppError> {
    let rows = database.catalog_rows(catalog).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let published = open_published(database, catalog, None).await?;
    of_rows(&published, &rows).map(Some)
}

/// A published catalogue with the categories, options and actions of the rows.
fn of_rows(published: &OpenedCatalog, rows: &[CategoryRow]) -> Result<OpenedCatalog, AppError> {
    let catalog = &published.catalog;
    let name = catalog.slug().to_string();
    let mut files: Files = published.source.files.clone();
    let written = json!(catalog.file());
    let mut document = written.clone();
    document["categories"] = rows
        .iter()
        .map(|row| category(&document["categories"], row))
        .collect();
    // Files of rows that say the same keep their text. JSON is YAML.
    if document != written {
        let text = File::regular(document.to_string());
        files.insert(format!("catalog/{name}/catalog.yaml"), text);
    }
    for row in rows {
        for option in &row.options {
            if published_actions(catalog, &row.slug, &option.slug) == option.actions {
                continue;
            }
            let path = recipe_path(catalog, &row.slug, &option.slug);
            let has_recipe = files.contains_key(&path);
            if has_recipe || !option.actions.is_empty() {
                let recipe = json!({ "actions": option.actions });
                files.insert(path, File::regular(recipe.to_string()));
            }
        }
    }
    CatalogFiles {
        files,
        ..CatalogFiles::default()
    }
    .load(&name)
}

/// The actions of an option as they were published.
fn published_actions(catalog: &Catalog, category: &str, option: &str) -> Vec<Value> {
    let option = OptionRef::parse(&format!("{category}/{option}"));
    let recipe = option.ok().and_then(|option| catalog.recipe(&option));
    let actions = recipe.into_iter().flat_map(|recipe| &recipe.actions);
    actions.map(|action| json!(action.action)).collect()
}

/// The file of an option's recipe: the one it was published from, else a new one.
fn recipe_path(catalog: &Catalog, category: &str, option: &str) -> String {
    let known = OptionRef::parse(&format!("{category}/{option}"))
        .ok()
        .and_then(|option| Some(catalog.recipe(&option)?.file.clone()));
    known.unwrap_or_else(|| format!("recipes/{}/{category}/{option}.yaml", catalog.slug()))
}

/// A category as it was published, with the values of its row.
fn category(published: &Value, row: &CategoryRow) -> Value {
    let mut category = by_slug(published, &row.slug);
    category.insert("slug".to_owned(), json!(row.slug));
    category.insert("title".to_owned(), json!(row.title));
    set_text(&mut category, "description", row.description.as_deref());
    category.insert("selection".to_owned(), json!(row.selection));
    category.insert("required".to_owned(), json!(row.is_required));
    let written = category.remove("options").unwrap_or(Value::Null);
    let options = row.options.iter().map(|row| option(&written, row));
    category.insert("options".to_owned(), options.collect());
    Value::Object(category)
}

fn option(published: &Value, row: &OptionRow) -> Value {
    let mut option = by_slug(published, &row.slug);
    option.insert("slug".to_owned(), json!(row.slug));
    option.insert("title".to_owned(), json!(row.title));
    set_text(&mut option, "description", row.description.as_deref());
    option.insert("default".to_owned(), json!(row.is_default));
    Value::Object(option)
}

fn by_slug(list: &Value, slug: &str) -> Map<String, Value> {
    let entries = list.as_array().into_iter().flatten();
    let mut found = entries.filter_map(Value::as_object);
    found
        .rfind(|entry| entry.get("slug").and_then(Value::as_str) == Some(slug))
        .cloned()
        .unwrap_or_default()
}

fn set_text(entry: &mut Map<String, Value>, field: &str, text: Option<&str>) {
    match text {
        Some(text) => entry.insert(field.to_owned(), json!(text)),
        None => entry.remove(field),
    };
}
