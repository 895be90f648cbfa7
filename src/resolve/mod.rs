//! Resolution of a selection of a catalogue to a plan: a pure function.

mod case_file;
mod order;
pub mod selection_file;
pub mod stored;
mod validate;

use crate::catalog::{Catalog, Category};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::content::StoredFile;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::input::{Identity, Inputs};
use crate::model::path::SafeRelPath;
use crate::model::plan::{
    MAX_ACTIONS, MAX_WRITTEN, Origin, Plan, PlannedAction, ResolvedRecipe, TemplatePin,
};
use crate::model::provenance::{CatalogSource, Provenance};
use crate::model::selection::Selection;
use std::collections::BTreeMap;

pub use case_file::CaseFile;
pub use selection_file::SelectionFile;

/// The name and version of this program in plans and provenance.
pub const GENERATOR: &str = concat!("groundplan ", env!("CARGO_PKG_VERSION"));

/// The inputs of a plan besides the catalogue.
#[derive(Clone, Debug)]
pub struct Request {
    pub selection: Selection,
    pub inputs: Inputs,
    pub author: Identity,
    /// The source of the catalogue, for the provenance file. None writes version 1 of it.
    pub catalog_source: Option<CatalogSource>,
    pub template: TemplatePin,
}

/// The actions of a selection, independent of the product.
///
/// # Errors
/// All violations of the catalogue's rules.
pub fn recipe(catalog: &Catalog, selection: Selection) -> Result<ResolvedRecipe, Vec<Diagnostic>> {
    let findings = validate::check(catalog, &selection);
    if !findings.is_empty() {
        return Err(findings);
    }
    let steps = order::ordered(catalog, &selection);
    if steps.len() > MAX_ACTIONS {
        let message = format!(
            "selection has {} actions, the maximum is {MAX_ACTIONS}",
            steps.len()
        );
        let help = "select fewer options, or copy a folder with one COPY_FILE instead of many single files";
        return Err(vec![
            Diagnostic::error(Code::TooManyActions, message).help(help),
        ]);
    }
    let copied: u64 = steps
        .iter()
        .flat_map(|(.., step)| step.literals.values())
        .map(|file| file.bytes.len() as u64)
        .sum();
    if copied > MAX_WRITTEN {
        let message =
            format!("selection copies {copied} bytes of files, the maximum is {MAX_WRITTEN}");
        return Err(vec![
            Diagnostic::error(Code::FileTooLarge, message)
                .help("move large files from recipes to the template"),
        ]);
    }
    let mut literals = BTreeMap::new();
    let mut actions = Vec::new();
    for (option, recipe, index, step) in steps {
        for (path, file) in &step.literals {
            let path = ResolvedRecipe::literal_path(catalog.slug(), &option, path.as_str());
            literals.insert(
                path.expect("a path below two slugs is valid"),
                StoredFile::from(file),
            );
        }
        let origin = Origin {
            option,
            index: index + 1,
            file: recipe.file.clone(),
            line: step.location.line,
            column: step.location.column,
        };
        actions.push(PlannedAction {
            origin,
            action: step.action.clone(),
        });
    }
    Ok(ResolvedRecipe {
        selections: selection,
        actions,
        literals,
    })
}

/// The plan of a selection for one product.
///
/// # Errors
/// As [`recipe`].
pub fn resolve(catalog: &Catalog, request: Request) -> Result<Plan, Vec<Diagnostic>> {
    let recipe = recipe(catalog, request.selection)?;
    let file = catalog.file();
    let mut placeholders = file.placeholders.clone();
    placeholders.sort_unstable();
    placeholders.dedup();
    let default_path =
        || SafeRelPath::parse(Provenance::DEFAULT_PATH).expect("the default path is a safe path");
    Ok(Plan {
        generator: GENERATOR.to_owned(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        catalog: catalog.slug().clone(),
        catalog_version: catalog.version().clone(),
        catalog_source: request.catalog_source,
        template: request.template,
        provenance_path: file.provenance.clone().unwrap_or_else(default_path),
        placeholders,
        inputs: request.inputs,
        author: request.author,
        recipe,
    })
}

/// Selects the defaults of every category without a selected option.
pub fn fill_with_defaults(catalog: &Catalog, selection: &mut Selection) {
    for category in catalog.categories() {
        if selection.of(category.slug.as_str()).next().is_none() {
            for option in category.options.iter().filter(|option| option.default) {
                selection.insert(category.slug.clone(), option.slug.clone());
            }
        }
    }
}

/// The required categories without a selected option.
pub fn unanswered<'c>(catalog: &'c Catalog, selection: &Selection) -> Vec<&'c Category> {
    let open = |category: &&Category| {
        category.required && selection.of(category.slug.as_str()).next().is_none()
    };
    catalog.categories().iter().filter(open).collect()
}
