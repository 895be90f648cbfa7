//! Valid catalogues.

use super::file::{CatalogFile, Category, OptionEntry};
use super::lazy_recipes::LazyRecipes;
use crate::model::action::Action;
use crate::model::canonical;
use crate::model::content::File;
use crate::model::digest::Digest;
use crate::model::slug::{OptionRef, Slug};
use crate::recipe::{Recipe, RecipeAction};
use serde::Serialize;
use std::collections::BTreeMap;

/// A valid catalogue with its recipes.
#[derive(Clone, Debug)]
pub struct Catalog {
    file: CatalogFile,
    recipes: Recipes,
    version: Digest,
}

#[derive(Clone, Debug)]
enum Recipes {
    Read(BTreeMap<OptionRef, Recipe>),
    Lazy(LazyRecipes),
}

#[derive(Serialize)]
struct VersionOf<'a> {
    #[serde(flatten)]
    catalog: &'a CatalogFile,
    actions: BTreeMap<&'a str, Vec<&'a Action>>,
    literals: BTreeMap<&'a str, Vec<BTreeMap<&'a str, LiteralDigest>>>,
}

#[derive(Serialize)]
struct LiteralDigest {
    mode: &'static str,
    sha256: Digest,
}

impl Catalog {
    pub(super) fn new(file: CatalogFile, recipes: BTreeMap<OptionRef, Recipe>) -> Self {
        fn digests(action: &RecipeAction) -> BTreeMap<&str, LiteralDigest> {
            let digest = |file: &File| LiteralDigest {
                mode: file.mode.octal(),
                sha256: Digest::of(&file.bytes),
            };
            action
                .literals
                .iter()
                .map(|(path, file)| (path.as_str(), digest(file)))
                .collect()
        }
        let version = canonical::digest(&VersionOf {
            catalog: &file,
            actions: recipes
                .iter()
                .map(|(option, recipe)| {
                    (
                        option.as_str(),
                        recipe.actions.iter().map(|action| &action.action).collect(),
                    )
                })
                .collect(),
            literals: recipes
                .iter()
                .map(|(option, recipe)| {
                    (
                        option.as_str(),
                        recipe.actions.iter().map(digests).collect(),
                    )
                })
                .collect(),
        });
        Self {
            file,
            recipes: Recipes::Read(recipes),
            version,
        }
    }

    /// The catalogue of files that were checked before, with the version that was computed then.
    pub(super) fn of_checked_files(
        file: CatalogFile,
        recipes: LazyRecipes,
        version: Digest,
    ) -> Self {
        Self {
            file,
            recipes: Recipes::Lazy(recipes),
            version,
        }
    }

    /// The catalogue's name.
    pub fn slug(&self) -> &Slug {
        &self.file.catalog
    }

    /// The content of catalog.yaml.
    pub fn file(&self) -> &CatalogFile {
        &self.file
    }

    /// SHA-256 over the catalogue, its actions and the files they copy. The template has its own pin.
    pub fn version(&self) -> &Digest {
        &self.version
    }

    /// The categories in the order of catalog.yaml.
    pub fn categories(&self) -> &[Category] {
        &self.file.categories
    }

    /// A category by its slug.
    pub fn category(&self, slug: &str) -> Option<&Category> {
        self.file.category(slug)
    }

    /// All options in the order of catalog.yaml.
    pub fn options(&self) -> impl Iterator<Item = OptionEntry<'_>> {
        self.file.options()
    }

    /// The recipe of an option, if it has one.
    pub fn recipe(&self, option: &OptionRef) -> Option<&Recipe> {
        match &self.recipes {
            Recipes::Read(recipes) => recipes.get(option),
            Recipes::Lazy(recipes) => recipes.get(&self.file, option),
        }
    }
}
