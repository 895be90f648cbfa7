//! ADD_DEPENDENCY: one package in a manifest; ranges that several options want are brought together.

use super::interpreter::{ActionError, Done, Interpreter};
use super::manifest::{self, Dependency, Edit, ManifestError};
use crate::model::action::AddDependency;
use crate::model::content::File;
use crate::model::dependency::{Ecosystem, PackageName, VersionRange};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::path::TreePath;

pub(super) fn run(
    work: &mut Interpreter<'_>,
    index: usize,
    action: &AddDependency,
) -> Result<Done, ActionError> {
    let path = action.manifest.as_tree();
    let refuse = |reason: String| {
        let finding = work.error(index, Code::BadDependency, reason);
        finding.help("check the recipe that the plan was made from")
    };
    let ecosystem = Ecosystem::of(path.as_str())
        .ok_or_else(|| refuse(format!("`{path}` is not a manifest that can be edited")))?;
    let name =
        PackageName::parse(ecosystem, &action.name).map_err(|error| refuse(error.to_string()))?;
    let range = VersionRange::parse(ecosystem, &action.version)
        .map_err(|error| refuse(error.to_string()))?;
    let (mode, text) = work.text(index, path)?;
    let dependency = Dependency {
        name: &name,
        range: &range,
        section: action.section,
    };
    match manifest::edit(ecosystem, &text, &dependency) {
        Ok(Edit::Unchanged { kept }) if kept == range.as_str() => {
            Ok(Done::Unchanged("already there".to_owned()))
        }
        Ok(Edit::Unchanged { kept }) => Ok(Done::Unchanged(format!(
            "kept {kept}, which {range} contains"
        ))),
        Ok(Edit::Added(text)) => {
            put(
                work,
                index,
                path,
                File {
                    mode,
                    bytes: text.into(),
                },
                &name,
            )?;
            Ok(Done::Changed(format!("{name} {range} added")))
        }
        Ok(Edit::Replaced { text, previous }) => {
            put(
                work,
                index,
                path,
                File {
                    mode,
                    bytes: text.into(),
                },
                &name,
            )?;
            Ok(Done::Changed(format!(
                "{name} narrowed from {previous} to {range}"
            )))
        }
        Err(error) => Err(refused(work, index, path, &name, &error).into()),
    }
}

fn put(
    work: &mut Interpreter<'_>,
    index: usize,
    path: &TreePath,
    file: File,
    name: &PackageName,
) -> Result<(), ActionError> {
    work.put(index, path, file)?;
    work.set_by(path, name.key(), index);
    Ok(())
}

fn refused(
    work: &Interpreter<'_>,
    index: usize,
    path: &TreePath,
    name: &PackageName,
    error: &ManifestError,
) -> Diagnostic {
    let code = match error {
        ManifestError::RangeConflict { .. } | ManifestError::OtherSection { .. } => {
            Code::DependencyConflict
        }
        ManifestError::Syntax { .. }
        | ManifestError::TooDeep { .. }
        | ManifestError::Duplicate { .. }
        | ManifestError::WrongShape { .. }
        | ManifestError::Missing { .. }
        | ManifestError::Layout { .. }
        | ManifestError::NoSuchSection { .. }
        | ManifestError::OtherSpelling { .. }
        | ManifestError::NotARange { .. } => Code::BadManifest,
    };
    let finding = work.error(index, code, format!("`{path}`: {error}"));
    let setter = work
        .setter(path, name.key())
        .map(|setter| work.plan().recipe.actions[setter].origin.location());
    let help = match (code, &setter) {
        (Code::DependencyConflict, Some(_)) => {
            "let both options ask for ranges of which one contains the other"
        }
        (Code::DependencyConflict, None) => {
            "the other range stands in the template; ask for one that fits it"
        }
        (..) if matches!(error, ManifestError::OtherSpelling { .. }) => {
            "correct the name in the recipe"
        }
        (..) => "mend the manifest in the template",
    };
    finding
        .also(setter, "asked for differently here")
        .help(help)
}
