//! Resolution of a selection of a catalogue to a plan: a pure function.

mod actions;
mod case_file;
mod former;
mod inputs;
mod order;
pub mod selection_file;
pub mod stored;
mod validate;

use crate::catalog::{Catalog, Category};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::condition::InputValues;
use crate::model::diagnostic::Diagnostic;
use crate::model::input::{Identity, Inputs};
use crate::model::placeholder::BuiltInFact;
use crate::model::plan::{Plan, ResolvedRecipe, TemplatePin};
use crate::model::provenance::{CatalogSource, Provenance};
use crate::model::selection::Selection;
use crate::model::slug::Slug;

pub use case_file::{CaseFile, CaseUpdate};
pub use former::{current, current_option};
pub use inputs::{Question, carry_over, questions};
pub use selection_file::{SelectedOptions, SelectionFile};

/// The name and version of this program in plans and provenance.
pub const GENERATOR: &str = concat!("groundplan ", env!("CARGO_PKG_VERSION"));

/// The inputs of a plan besides the catalogue. Inputs of the catalogue without a given value get their defaults.
#[derive(Clone, Debug)]
pub struct Request {
    pub selection: Selection,
    pub inputs: Inputs,
    pub author: Identity,
    /// The source of the catalogue, for the provenance file. None writes version 1 of it.
    pub catalog_source: Option<CatalogSource>,
    pub template: TemplatePin,
}

/// Fails with all violations of the catalogue's rules in a selection.
pub fn check(catalog: &Catalog, selection: &Selection) -> Result<(), Vec<Diagnostic>> {
    let findings = validate::check(catalog, &current(catalog, selection));
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings)
    }
}

/// Fails for a slug that the catalogue refuses. Only new products are checked: a repository keeps the slug that it has.
pub fn check_slug(catalog: &Catalog, slug: &Slug) -> Result<(), Vec<Diagnostic>> {
    match validate::slug(catalog, slug) {
        None => Ok(()),
        Some(finding) => Err(vec![finding]),
    }
}

/// The recipe of a selection for one product, and the values of all inputs that apply to it.
///
/// # Errors
/// All violations of the catalogue's rules.
pub fn recipe(
    catalog: &Catalog,
    selection: &Selection,
    inputs: &Inputs,
    author: &Identity,
) -> Result<(ResolvedRecipe, InputValues), Vec<Diagnostic>> {
    let selection = current(catalog, selection);
    let mut findings = validate::check(catalog, &selection);
    let values = inputs::values(catalog, &selection, inputs::Given { inputs, author });
    let values = match values {
        Ok(values) if findings.is_empty() => values,
        Ok(_) => return Err(findings),
        Err(more) => {
            findings.extend(more);
            return Err(findings);
        }
    };
    Ok((actions::of_selection(catalog, selection, &values)?, values))
}

/// The plan of a selection for one product.
///
/// # Errors
/// As [`recipe`].
pub fn resolve(catalog: &Catalog, request: Request) -> Result<Plan, Vec<Diagnostic>> {
    let (recipe, values) = recipe(
        catalog,
        &request.selection,
        &request.inputs,
        &request.author,
    )?;
    Ok(plan(catalog, recipe, values, request))
}

/// The plan of a selection that may lack options of required categories, for a trial of single options.
///
/// # Errors
/// Inputs without a value, and more actions than a plan may have.
pub fn partial(catalog: &Catalog, request: Request) -> Result<Plan, Vec<Diagnostic>> {
    let given = inputs::Given {
        inputs: &request.inputs,
        author: &request.author,
    };
    let values = inputs::values(catalog, &request.selection, given)?;
    let recipe = actions::of_selection(catalog, request.selection.clone(), &values)?;
    Ok(plan(catalog, recipe, values, request))
}

/// The plan of a recipe.
fn plan(catalog: &Catalog, recipe: ResolvedRecipe, values: InputValues, request: Request) -> Plan {
    let Request {
        inputs,
        author,
        catalog_source,
        template,
        ..
    } = request;
    let file = catalog.file();
    let mut placeholders = file.placeholders.clone();
    placeholders.sort_unstable();
    placeholders.dedup();
    let has_address = placeholders.contains(&BuiltInFact::RepoUrl);
    Plan {
        generator: GENERATOR.to_owned(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        catalog: catalog.slug().clone(),
        catalog_version: catalog.version().clone(),
        catalog_source,
        template,
        provenance_path: file
            .provenance
            .clone()
            .unwrap_or_else(Provenance::default_path),
        placeholders,
        inputs: Inputs {
            repo_url: inputs.repo_url.filter(|_| has_address),
            values,
            ..inputs
        },
        author,
        recipe,
    }
}

/// Selects the defaults of every category without a selected option.
pub fn fill_with_defaults(catalog: &Catalog, selection: &mut Selection) {
    *selection = current(catalog, selection);
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
