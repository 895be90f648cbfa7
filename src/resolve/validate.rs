//! Validation of selections.

use super::unanswered;
use crate::catalog::{Catalog, Category, SelectionType};
use crate::model::action::SingleLine;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::selection::Selection;
use crate::model::slug::{OptionRef, Slug};
use crate::model::suggest;

/// All violations of the catalogue's rules in a selection.
pub(super) fn check(catalog: &Catalog, selection: &Selection) -> Vec<Diagnostic> {
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
            "no option of `{}` ({}) is selected",
            category.slug, category.title
        );
        let finding = Diagnostic::error(Code::NothingSelected, message)
            .at(pointer(category.slug.as_str()), None);
        findings.push(finding.help(format!("choose one of {}", suggest::list(&options))));
    }
    findings.extend(several(catalog, selection));
    findings.extend(references(catalog, selection));
    findings
}

/// SINGLE categories with more than one selected option.
fn several(catalog: &Catalog, selection: &Selection) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
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
                "`{}` allows one option, but {} are selected",
                category.slug,
                suggest::list(&chosen)
            );
            let finding = Diagnostic::error(Code::SeveralSelected, message)
                .at(pointer(category.slug.as_str()), None);
            findings.push(finding.help(format!("keep one of {}", suggest::list(&chosen))));
        }
    }
    findings
}

/// Selected options whose `requires` or `conflicts` the selection breaks.
fn references(catalog: &Catalog, selection: &Selection) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
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
            let message = format!("`{option}` conflicts with `{other}`");
            let finding = Diagnostic::error(Code::OptionsConflict, message)
                .at(pointer(option.category()), None);
            findings.push(finding.help(format!("remove `{option}` or `{other}`")));
        }
    }
    findings
}

/// The finding about a slug that the catalogue does not allow.
pub(super) fn slug(catalog: &Catalog, slug: &Slug) -> Option<Diagnostic> {
    let rules = catalog.file().slug.as_ref()?;
    let is_reserved = |word: &SingleLine| word.as_str() == slug.as_str();
    let (message, help) = if rules.reserved.iter().any(is_reserved) {
        (
            format!("the slug `{slug}` is reserved"),
            format!("choose another slug, such as `{slug}-app`"),
        )
    } else if let Some(pattern) = rules.pattern.as_ref()
        && !pattern.matches(slug.as_str())
    {
        (
            format!("the slug `{slug}` does not match `{pattern}`"),
            "choose another slug with `--slug`".to_owned(),
        )
    } else {
        return None;
    };
    let message = format!("{message} in catalogue `{}`", catalog.slug());
    Some(
        Diagnostic::error(Code::InvalidSlug, message)
            .at("/slug", None)
            .help(help),
    )
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
            "select `{required}`{}, or remove `{option}`",
            if instead.is_some() { " instead" } else { "" }
        ))
}

fn pointer(category: &str) -> String {
    format!("/{category}")
}
