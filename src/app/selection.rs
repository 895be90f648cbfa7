//! The selection of options: from a document, completed with defaults, and checked for open categories.

use super::catalogs::OpenedCatalog;
use super::error::{AppError, Findings};
use crate::catalog::{Catalog, Category};
use crate::error::{Class, Explain, Hint};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::condition::InputValues;
use crate::model::content::{File, Files};
use crate::model::digest::Digest;
use crate::model::input::{Identity, Inputs};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::resolve::{self, selection_file};
use crate::schemas;
use crate::source::{self, node::Document};
use crate::sweep::trial::sample_inputs;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;
use thiserror::Error;

/// A selection and the document it was read from, which findings point into.
#[derive(Clone, Debug, Default)]
pub struct SelectionRequest {
    pub selection: Selection,
    /// The values that are given for the catalogue's inputs.
    pub inputs: InputValues,
    pub document: Option<Document>,
}

/// The versions and hashes of a catalogue and, where one is given, a selection.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hashes {
    pub catalog: Slug,
    pub catalog_version: Digest,
    pub action_schema_version: u32,
    pub schema_hash: Digest,
    pub recipe_hash: Option<Digest>,
}

/// Required categories without a selected option.
#[derive(Debug, Error)]
#[error("no option selected for these categories: {}", open.join(", "))]
pub struct OpenCategories {
    /// A flag for each category, with its options.
    open: Vec<String>,
}

impl SelectionRequest {
    /// Reads a selection from a YAML or JSON document.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, AppError> {
        let document = source::read(name, bytes);
        let read = document.and_then(|document| {
            let (selection, inputs) = selection_file::read(&document)?;
            Ok((selection, inputs, document))
        });
        let (selection, inputs, document) = read.map_err(|findings| Findings {
            findings,
            files: Files::from([(name.to_owned(), File::regular(bytes.to_vec()))]),
            root: None,
        })?;
        Ok(Self {
            selection,
            inputs,
            document: Some(document),
        })
    }

    /// Selects the catalogue's defaults in all categories without a selected option.
    pub fn fill_with_defaults(&mut self, catalog: &Catalog) {
        resolve::fill_with_defaults(catalog, &mut self.selection);
    }

    /// Fails if a required category is open. Selections from a document, and selections of unknown options, are left to
    /// the findings of the preview.
    pub fn check_complete(&self, catalog: &Catalog) -> Result<(), OpenCategories> {
        let selection = resolve::current(catalog, &self.selection);
        let open = resolve::unanswered(catalog, &selection);
        let is_known = |option: OptionRef| {
            let category = catalog.category(option.category());
            category.is_some_and(|category| category.option(option.option()).is_some())
        };
        if open.is_empty() || self.document.is_some() || !selection.options().all(is_known) {
            return Ok(());
        }
        Err(OpenCategories {
            open: open.into_iter().map(flag).collect(),
        })
    }
}

fn flag(category: &Category) -> String {
    let options: Vec<&str> = category
        .options
        .iter()
        .map(|option| option.slug.as_str())
        .collect();
    format!("`--select {}={}`", category.slug, options.join("|"))
}

impl fmt::Display for Hashes {
    /// One value per line, each after its name in snake case.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "catalog                {}", self.catalog)?;
        writeln!(formatter, "catalog_version        {}", self.catalog_version)?;
        writeln!(
            formatter,
            "action_schema_version  {}",
            self.action_schema_version
        )?;
        writeln!(formatter, "schema_hash            {}", self.schema_hash)?;
        match &self.recipe_hash {
            Some(recipe_hash) => writeln!(formatter, "recipe_hash            {recipe_hash}"),
            None => Ok(()),
        }
    }
}

/// The versions and hashes of a catalogue and a selection.
pub fn hashes(
    opened: &OpenedCatalog,
    request: Option<SelectionRequest>,
) -> Result<Hashes, AppError> {
    let catalog = &opened.catalog;
    let recipe_hash = |request: SelectionRequest| {
        // Products have equal recipes but for inputs, whose defaults come from the sample product here.
        let inputs = Inputs {
            values: request.inputs,
            ..sample_inputs()
        };
        let author = Identity::default();
        let (recipe, _) = resolve::recipe(catalog, &request.selection, &inputs, &author)
            .map_err(|findings| Findings::in_selection(findings, request.document.as_ref()))?;
        Ok::<_, Findings>(recipe.hash(ACTION_SCHEMA_VERSION))
    };
    Ok(Hashes {
        catalog: catalog.slug().clone(),
        catalog_version: catalog.version().clone(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        schema_hash: schemas::schema_hash(),
        recipe_hash: request.map(recipe_hash).transpose()?,
    })
}

impl Explain for OpenCategories {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn code(&self) -> &'static str {
        "selection_incomplete"
    }

    fn hint(&self) -> Option<Hint> {
        Some("add these flags, or use `--defaults`".into())
    }
}
