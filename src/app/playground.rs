//! The playground of an author: a recipe in place of an option's own, with its findings and its result.

use super::catalog_drafts::changed;
use super::catalogs::OpenedCatalog;
use super::checks;
use super::choices;
use super::error::AppError;
use super::templates::{self, CacheOpener, TemplateRequest};
use crate::model::diagnostic::Diagnostic;
use crate::model::path::TreePath;
use crate::model::report::Report;
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::sweep::trial::TrialInput;
use std::collections::BTreeMap;

/// The findings of a recipe, and what a selection with its option gives for the sample product.
pub struct RecipeTrial {
    /// The findings of the whole catalogue with the recipe, and of the selection.
    pub findings: Vec<Diagnostic>,
    /// None if a finding prevents a result.
    pub result: Option<TrialResult>,
}

/// The result of a selection.
pub struct TrialResult {
    pub selection: Selection,
    pub report: Report,
}

/// The path of an option's recipe below the root of the catalogues.
pub fn recipe_path(catalog: &Slug, option: &OptionRef) -> String {
    format!("recipes/{catalog}/{option}.yaml")
}

/// Builds a recipe in place of the one that an option has. Nothing is stored.
pub fn try_recipe(
    opened: &OpenedCatalog,
    option: &OptionRef,
    text: String,
    cache: CacheOpener<'_, '_>,
) -> Result<RecipeTrial, AppError> {
    let slug = opened.catalog.slug();
    let path = TreePath::parse(&recipe_path(slug, option)).expect("slugs are segments of a path");
    let source = changed(opened, BTreeMap::from([(path, Some(text))]));
    let mut findings = checks::catalogs(source.clone()).findings.findings;
    if findings.iter().any(Diagnostic::is_error) {
        return Ok(RecipeTrial {
            findings,
            result: None,
        });
    }
    let changed = source.load(slug.as_str())?;
    let template = templates::open(&TemplateRequest::default(), &changed, cache)?;
    let input = TrialInput {
        catalog: &changed.catalog,
        template: template.tree(),
        pin: &template.pin,
    };
    let selection = choices::around(&changed.catalog, option);
    let result = match input.sample(&selection)? {
        Ok(preview) => Some(TrialResult {
            selection,
            report: preview.report,
        }),
        Err(found) => {
            findings.extend(found);
            None
        }
    };
    Ok(RecipeTrial { findings, result })
}
