//! Recipes of checked files, each read at its first use: a preview needs those of the selected options.

use super::file::CatalogFile;
use super::load;
use crate::model::content::Files;
use crate::model::slug::OptionRef;
use crate::recipe::Recipe;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The recipes of a catalogue whose files have no findings.
#[derive(Clone, Debug)]
pub(super) struct LazyRecipes {
    files: Arc<Files>,
    /// None inside for an option without a recipe.
    by_option: BTreeMap<OptionRef, OnceLock<Option<Recipe>>>,
}

impl LazyRecipes {
    pub(super) fn of(catalog: &CatalogFile, files: Files) -> Self {
        let options = catalog.options().map(|entry| entry.reference());
        Self {
            by_option: options.map(|option| (option, OnceLock::new())).collect(),
            files: Arc::new(files),
        }
    }

    pub(super) fn get(&self, catalog: &CatalogFile, option: &OptionRef) -> Option<&Recipe> {
        let recipe = self.by_option.get(option)?;
        recipe
            .get_or_init(|| load::checked_recipe(&self.files, catalog, option))
            .as_ref()
    }
}
