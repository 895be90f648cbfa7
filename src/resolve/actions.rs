//! The ordered actions of a valid selection, with the files that they copy.

use super::order;
use crate::catalog::Catalog;
use crate::model::condition::{InputValues, applies};
use crate::model::content::StoredFile;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::path::TreePath;
use crate::model::plan::{MAX_ACTIONS, MAX_WRITTEN, Origin, PlannedAction, ResolvedRecipe};
use crate::model::repository_settings::RepositorySettings;
use crate::model::selection::Selection;
use std::collections::BTreeMap;

/// The actions of a valid selection.
pub(super) fn of_selection(
    catalog: &Catalog,
    selection: Selection,
    values: &InputValues,
) -> Result<ResolvedRecipe, Vec<Diagnostic>> {
    let steps = order::ordered(catalog, &selection, values);
    check_size(&steps)?;
    let needed = settings(catalog, &selection);
    check_settings(&needed)?;
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
        settings: needed,
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

/// The settings of the catalogue and of the selected options.
fn settings(catalog: &Catalog, selection: &Selection) -> RepositorySettings {
    let mut settings = catalog.file().settings.clone();
    for entry in catalog.options() {
        if selection.contains(&entry.reference()) {
            settings.extend(&entry.option.settings);
        }
    }
    settings
}

/// Fails for more settings than a plan may have. Each option alone has fewer.
fn check_settings(settings: &RepositorySettings) -> Result<(), Vec<Diagnostic>> {
    let finding = |(what, found)| {
        let max = RepositorySettings::MAX;
        let message = format!("selection has {found} {what}, the maximum is {max}");
        Diagnostic::error(Code::BadValue, message).help(format!(
            "select fewer options, or remove {what} from their `settings`"
        ))
    };
    let findings: Vec<Diagnostic> = settings.excess().map(finding).collect();
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings)
    }
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
