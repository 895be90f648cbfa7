//! A catalogue that keeps its rules, with its recipes and its version.

use super::file::{CatalogFile, Category};
use crate::model::action::Action;
use crate::model::canonical;
use crate::model::content::File;
use crate::model::digest::Digest;
use crate::model::slug::{OptionRef, Slug};
use crate::recipe::{Recipe, RecipeAction};
use serde::Serialize;
use std::collections::BTreeMap;

/// A catalogue that keeps its rules, with its recipes.
#[derive(Clone, Debug)]
pub struct Catalog {
    file: CatalogFile,
    recipes: BTreeMap<OptionRef, Recipe>,
    version: Digest,
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
            recipes,
            version,
        }
    }

    /// The catalogue's name.
    pub fn slug(&self) -> &Slug {
        &self.file.catalog
    }

    /// What the author wrote, checked.
    pub fn file(&self) -> &CatalogFile {
        &self.file
    }

    /// SHA-256 over the catalogue, its actions and the files they copy (R48). The template is pinned apart from it.
    pub fn version(&self) -> &Digest {
        &self.version
    }

    /// The categories in their order.
    pub fn categories(&self) -> &[Category] {
        &self.file.categories
    }

    /// A category by its slug.
    pub fn category(&self, slug: &str) -> Option<&Category> {
        self.categories()
            .iter()
            .find(|category| category.slug.as_str() == slug)
    }

    /// What an option does, if anything.
    pub fn recipe(&self, option: &OptionRef) -> Option<&Recipe> {
        self.recipes.get(option)
    }
}
