//! Lock files that no longer match their manifest, which `npm ci` and similar commands refuse.

use super::interpreter::{Interpreter, finding_at};
use crate::model::dependency::Ecosystem;
use crate::model::diagnostic::{Code, Diagnostic, Severity};
use crate::model::path::TreePath;
use crate::model::plan::PlannedAction;
use crate::tree::TreeError;

/// Warns once for each lock file, beside a manifest that got a dependency or at the top of the repository, that no action
/// of the dependency's option wrote.
pub(super) fn warn_of_stale_ones(interpreter: &mut Interpreter<'_>) -> Result<(), TreeError> {
    let mut warnings = Vec::new();
    for (manifest, setters) in interpreter.edited_manifests() {
        for lock in lock_files(manifest) {
            let writers = interpreter.options_of(&lock);
            let is_other = |setter: &&&PlannedAction| !writers.contains(&&setter.origin.option);
            let Some(planned) = setters.iter().rfind(is_other) else {
                continue;
            };
            if interpreter.tree().read(&lock)?.is_some() {
                let message = format!("`{lock}` no longer matches `{manifest}`");
                let finding = finding_at(planned, Code::StaleLockFile, message).help(
                    "install once in the new repository and commit the lock file, or remove it from the template",
                );
                warnings.push(Diagnostic {
                    severity: Severity::Warning,
                    ..finding
                });
            }
        }
    }
    for warning in warnings {
        interpreter.warn(warning);
    }
    Ok(())
}

/// The lock files of each ecosystem.
fn names(ecosystem: Ecosystem) -> &'static [&'static str] {
    match ecosystem {
        Ecosystem::Npm => &[
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
            "bun.lockb",
        ],
        Ecosystem::Cargo => &["Cargo.lock"],
        Ecosystem::Python => &["poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock"],
    }
}

/// True for the path of a lock file that a package manager writes.
pub(crate) fn is_lock_file(path: &str) -> bool {
    const OTHERS: [&str; 5] = [
        "Gemfile.lock",
        "composer.lock",
        "go.sum",
        "flake.lock",
        "deno.lock",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ecosystems = [Ecosystem::Npm, Ecosystem::Cargo, Ecosystem::Python];
    let mut known = ecosystems.into_iter().flat_map(names).chain(&OTHERS);
    known.any(|known| *known == name)
}

/// The possible lock files of a manifest, beside it and at the top of the repository.
fn lock_files(manifest: &TreePath) -> Vec<TreePath> {
    let names = Ecosystem::of(manifest.as_str()).map_or(&[][..], names);
    let folder = manifest
        .folders()
        .last()
        .map_or_else(String::new, |folder| format!("{folder}/"));
    let mut folders = vec![folder.as_str(), ""];
    folders.dedup();
    folders
        .iter()
        .flat_map(|folder| names.iter().map(move |name| format!("{folder}{name}")))
        .filter_map(|path| TreePath::parse(&path).ok())
        .collect()
}
