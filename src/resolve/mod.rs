//! Catalogue + selection → plan: a pure function, so that the same choice always gives the same plan.

pub mod selection_file;

use crate::catalog::{Catalog, Category, SelectionType};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::content::StoredFile;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::input::{Identity, Inputs};
use crate::model::path::SafeRelPath;
use crate::model::plan::{MAX_ACTIONS, Origin, Plan, PlannedAction, ResolvedRecipe, TemplatePin};
use crate::model::provenance::Provenance;
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::recipe::{Recipe, RecipeAction};
use crate::source::suggest;
use std::collections::BTreeMap;

pub use selection_file::SelectionFile;

/// The name and version that plans and provenance carry.
pub const GENERATOR: &str = concat!("groundplan ", env!("CARGO_PKG_VERSION"));

/// Everything a plan depends on besides the catalogue.
#[derive(Clone, Debug)]
pub struct Request {
    pub selection: Selection,
    pub inputs: Inputs,
    pub author: Identity,
    pub template: TemplatePin,
}

/// What a selection does, whatever the product is called.
///
/// # Errors
/// Every reason why the selection does not fit the catalogue.
pub fn recipe(catalog: &Catalog, selection: Selection) -> Result<ResolvedRecipe, Vec<Diagnostic>> {
    let findings = check(catalog, &selection);
    if !findings.is_empty() {
        return Err(findings);
    }
    let steps = ordered(catalog, &selection);
    if steps.len() > MAX_ACTIONS {
        let message = format!(
            "this selection has {} actions, at most {MAX_ACTIONS} run",
            steps.len()
        );
        let help =
            "select fewer options, or copy folders with one COPY_FILE instead of many single files";
        return Err(vec![
            Diagnostic::error(Code::TooManyActions, message).help(help),
        ]);
    }
    let mut literals = BTreeMap::new();
    let mut actions = Vec::new();
    for (option, recipe, index, step) in steps {
        for (path, file) in &step.literals {
            let path = ResolvedRecipe::literal_path(catalog.slug(), &option, path.as_str());
            literals.insert(
                path.expect("slugs before a path make a path"),
                StoredFile::from(file),
            );
        }
        let origin = Origin {
            option,
            index: index + 1,
            file: recipe.file.clone(),
            line: step.place.line,
            column: step.place.column,
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
    let written = catalog.written();
    let mut placeholders = written.placeholders.clone();
    placeholders.sort_unstable();
    placeholders.dedup();
    let default_path =
        || SafeRelPath::parse(Provenance::DEFAULT_PATH).expect("the default path is a safe path");
    Ok(Plan {
        generator: GENERATOR.to_owned(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        catalog: catalog.slug().clone(),
        catalog_version: catalog.version().clone(),
        template: request.template,
        provenance_path: written.provenance.clone().unwrap_or_else(default_path),
        placeholders,
        inputs: request.inputs,
        author: request.author,
        recipe,
    })
}

/// Answers every category that the selection leaves open with its defaults.
pub fn fill_with_defaults(catalog: &Catalog, selection: &mut Selection) {
    for category in catalog.categories() {
        if selection.of(category.slug.as_str()).next().is_none() {
            for option in category.options.iter().filter(|option| option.default) {
                selection.insert(category.slug.clone(), option.slug.clone());
            }
        }
    }
}

/// The required categories that the selection leaves open.
pub fn unanswered<'c>(catalog: &'c Catalog, selection: &Selection) -> Vec<&'c Category> {
    let open = |category: &&Category| {
        category.required && selection.of(category.slug.as_str()).next().is_none()
    };
    catalog.categories().iter().filter(open).collect()
}

/// Every reason why a selection does not fit.
fn check(catalog: &Catalog, selection: &Selection) -> Vec<Diagnostic> {
    let mut findings = unknown(catalog, selection);
    let is_misspelt = |category: &Category| {
        let own = category.slug.as_str();
        let unknown = |slug: &&Slug| catalog.category(slug.as_str()).is_none();
        let mut words = selection.iter().map(|(slug, _)| slug).filter(unknown);
        words.any(|slug| suggest::nearest(slug.as_str(), [own]).is_some())
    };
    let open = unanswered(catalog, selection).into_iter();
    for category in open.filter(|category| !is_misspelt(category)) {
        let options: Vec<&str> = category
            .options
            .iter()
            .map(|option| option.slug.as_str())
            .collect();
        let message = format!(
            "nothing is selected for `{}` ({})",
            category.slug, category.title
        );
        let finding = Diagnostic::error(Code::NothingSelected, message)
            .at(pointer(category.slug.as_str()), None);
        findings.push(finding.help(format!("choose one of {}", suggest::list(&options))));
    }
    for category in catalog
        .categories()
        .iter()
        .filter(|category| category.selection == SelectionType::Single)
    {
        let chosen: Vec<&str> = selection
            .of(category.slug.as_str())
            .map(Slug::as_str)
            .collect();
        if chosen.len() > 1 {
            let message = format!(
                "`{}` takes one option, but {} are selected",
                category.slug,
                suggest::list(&chosen)
            );
            let finding = Diagnostic::error(Code::SeveralSelected, message)
                .at(pointer(category.slug.as_str()), None);
            findings.push(finding.help(format!("keep one of {}", suggest::list(&chosen))));
        }
    }
    for option in selection.options() {
        let known = catalog
            .category(option.category())
            .and_then(|category| category.option(option.option()));
        let Some(known) = known else { continue };
        for required in known
            .requires
            .iter()
            .filter(|required| !selection.contains(required))
        {
            findings.push(unmet(catalog, selection, &option, required));
        }
        for other in known
            .conflicts
            .iter()
            .filter(|other| selection.contains(other))
        {
            let message = format!("`{option}` cannot be selected together with `{other}`");
            let finding = Diagnostic::error(Code::OptionsConflict, message)
                .at(pointer(option.category()), None);
            findings.push(finding.help(format!("leave out `{option}` or `{other}`")));
        }
    }
    findings
}

fn unknown(catalog: &Catalog, selection: &Selection) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (slug, options) in selection.iter() {
        let at = pointer(slug.as_str());
        let Some(category) = catalog.category(slug.as_str()) else {
            let known = catalog
                .categories()
                .iter()
                .map(|category| category.slug.as_str());
            let message = format!("catalogue `{}` has no category `{slug}`", catalog.slug());
            let finding = Diagnostic::error(Code::UnknownSelection, message).at(at, None);
            findings.push(finding.help(suggest::help(slug.as_str(), known)));
            continue;
        };
        for option in options
            .iter()
            .filter(|option| category.option(option.as_str()).is_none())
        {
            let known = category.options.iter().map(|option| option.slug.as_str());
            let message = format!("category `{slug}` has no option `{option}`");
            let finding = Diagnostic::error(Code::UnknownSelection, message).at(&at, None);
            findings.push(finding.help(suggest::help(option.as_str(), known)));
        }
    }
    findings
}

fn unmet(
    catalog: &Catalog,
    selection: &Selection,
    option: &OptionRef,
    required: &OptionRef,
) -> Diagnostic {
    let category = catalog.category(required.category());
    let is_single = category.is_some_and(|category| category.selection == SelectionType::Single);
    let instead = selection
        .of(required.category())
        .next()
        .filter(|_| is_single);
    let message = match instead {
        Some(instead) => format!(
            "`{option}` requires `{required}`, but `{}/{instead}` is selected",
            required.category()
        ),
        None => format!("`{option}` requires `{required}`, which is not selected"),
    };
    Diagnostic::error(Code::RequirementUnmet, message)
        .at(pointer(option.category()), None)
        .help(format!(
            "select `{required}`{}, or leave out `{option}`",
            if instead.is_some() { " instead" } else { "" }
        ))
}

/// The one order: `execution_order`, then category, option and list order of the catalogue.
fn ordered<'c>(
    catalog: &'c Catalog,
    selection: &Selection,
) -> Vec<(OptionRef, &'c Recipe, usize, &'c RecipeAction)> {
    let options = catalog.categories().iter().flat_map(|category| {
        category
            .options
            .iter()
            .map(|option| OptionRef::new(&category.slug, &option.slug))
    });
    let mut steps = Vec::new();
    for option in options.filter(|option| selection.contains(option)) {
        let Some(recipe) = catalog.recipe(&option) else {
            continue;
        };
        for (index, step) in recipe.actions.iter().enumerate() {
            let when = &step.action.common().when;
            if when
                .iter()
                .all(|(category, option)| selection.has(category.as_str(), option.as_str()))
            {
                steps.push((option.clone(), recipe, index, step));
            }
        }
    }
    steps.sort_by_key(|(.., step)| step.action.common().execution_order.unwrap_or(0));
    steps
}

fn pointer(category: &str) -> String {
    format!("/{category}")
}
