//! Lock files that a plan makes stale: after it, `npm ci` and its like would refuse the repository.

use super::interpreter::Interpreter;
use crate::model::dependency::Ecosystem;
use crate::model::diagnostic::{Code, Diagnostic, Severity};
use crate::model::path::TreePath;
use crate::tree::TreeError;

/// Warns once for each lock file beside a manifest that got a dependency, or at the repository's top.
pub(super) fn warn_of_stale_ones(work: &mut Interpreter<'_>) -> Result<(), TreeError> {
    for (manifest, index) in work.edited_manifests() {
        for lock in lock_files(&manifest) {
            if work.tree().read(&lock)?.is_some() {
                let message = format!("`{lock}` no longer matches `{manifest}`");
                let warning = Diagnostic {
                    severity: Severity::Warning,
                    ..work.error(index, Code::StaleLockFile, message)
                };
                work.warn(warning.help("install once in the new repository and commit the lock file, or leave it out of the template"));
            }
        }
    }
    Ok(())
}

/// The lock files that a manifest's edit makes stale, beside it and at the repository's top.
fn lock_files(manifest: &TreePath) -> Vec<TreePath> {
    let names: &[&str] = match Ecosystem::of(manifest.as_str()) {
        Some(Ecosystem::Npm) => &[
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
            "bun.lockb",
        ],
        Some(Ecosystem::Cargo) => &["Cargo.lock"],
        Some(Ecosystem::Python) => &["poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock"],
        None => &[],
    };
    let folder = manifest
        .folders()
        .last()
        .map(|folder| format!("{folder}/"))
        .unwrap_or_default();
    let mut places = vec![folder.as_str(), ""];
    places.dedup();
    places
        .iter()
        .flat_map(|place| names.iter().map(move |name| format!("{place}{name}")))
        .filter_map(|path| TreePath::parse(&path).ok())
        .collect()
}
