//! Resolution of a selection of a catalogue to a plan: a pure function.

mod case_file;
mod former;
mod inputs;
mod order;
pub mod selection_file;
pub mod stored;
mod validate;

use crate::catalog::{Catalog, Category};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::condition::{InputValues, applies};
use crate::model::content::StoredFile;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::input::{Identity, Inputs};
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::placeholder::BuiltInFact;
use crate::model::plan::{
    MAX_ACTIONS, MAX_WRITTEN, Origin, Plan, PlannedAction, ResolvedRecipe, TemplatePin,
};
use crate::model::provenance::{CatalogSource, Provenance};
use crate::model::selection::Selection;
use std::collections::BTreeMap;

pub use case_file::CaseFile;
pub use former::current;
pub use inputs::{Question, applicable, questions};
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
    findings.extend(validate::slug(catalog, &inputs.product_slug));
    let values = inputs::values(catalog, &selection, inputs::Given { inputs, author });
    let values = match values {
        Ok(values) if findings.is_empty() => values,
        Ok(_) => return Err(findings),
        Err(more) => {
            findings.extend(more);
            return Err(findings);
        }
    };
    Ok((actions(catalog, selection, &values)?, values))
}

/// The actions of a valid selection.
fn actions(
    catalog: &Catalog,
    selection: Selection,
    values: &InputValues,
) -> Result<ResolvedRecipe, Vec<Diagnostic>> {
    let steps = order::ordered(catalog, &selection, values);
    check_size(&steps)?;
    let mut literals = BTreeMap::new();
    let mut actions = Vec::new();
    for (option, index, step) in steps {
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
            file: step.location.file.clone(),
            line: step.location.line,
            column: step.location.column,
        };
        actions.push(PlannedAction {
            origin,
            action: step.action.clone(),
        });
    }
    Ok(ResolvedRecipe {
        omitted: omitted(catalog, &selection, values),
        selections: selection,
        actions,
        literals,
    })
}

/// The files and folders of the template whose conditions do not hold.
fn omitted(catalog: &Catalog, selection: &Selection, values: &InputValues) -> Vec<TreePath> {
    let files = catalog.file().template.files.iter();
    let mut omitted: Vec<TreePath> = files
        .filter(|file| !applies(&file.when, &file.unless, selection, values))
        .map(|file| file.path.clone())
        .collect();
    omitted.sort_unstable();
    omitted
}

/// Fails for more actions or larger files than a plan may have.
fn check_size(steps: &[order::Step<'_>]) -> Result<(), Vec<Diagnostic>> {
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
    Ok(())
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
    let recipe = actions(catalog, request.selection.clone(), &values)?;
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
    let default_path =
        || SafeRelPath::parse(Provenance::DEFAULT_PATH).expect("the default path is a safe path");
    Plan {
        generator: GENERATOR.to_owned(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        catalog: catalog.slug().clone(),
        catalog_version: catalog.version().clone(),
        catalog_source,
        template,
        provenance_path: file.provenance.clone().unwrap_or_else(default_path),
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
