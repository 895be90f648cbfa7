//! ADD_DEPENDENCY: one package in a manifest. The narrower range wins when several options ask for one package.

use crate::interpret::manifest::{self, Dependency, Edit, ManifestError};
use crate::interpret::step::{ActionError, ActionKind, Done, Step, Violation};
use crate::model::action::{AddDependency, RiskLevel};
use crate::model::dependency::{Ecosystem, PackageName, VersionRange};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::path::TreePath;
use std::borrow::Cow;

impl ActionKind for AddDependency {
    fn target(&self) -> Cow<'_, str> {
        self.manifest.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        let mut violations = parse(self).err().unwrap_or_default();
        if let Some(ecosystem) = Ecosystem::of(self.manifest.as_str())
            && self.section.name_in(ecosystem).is_none()
        {
            violations.push(violation(
                "section",
                format!("{} has no section `{}`", ecosystem.manifest(), self.section),
                "choose `dependencies` or `devDependencies`",
            ));
        }
        violations
    }

    fn risk(&self) -> Option<(RiskLevel, String)> {
        let message = format!("a new dependency: {} {}", self.name, self.version);
        Some((RiskLevel::Medium, message))
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.manifest.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.manifest.as_tree();
        let (ecosystem, name, range) = parse(self).map_err(|violations| {
            let message = violations
                .into_iter()
                .next()
                .map(|violation| violation.message);
            step.finding(Code::BadDependency, message.unwrap_or_default())
                .help("check the recipe that the plan was created from")
        })?;
        let file = step.text(path)?;
        let dependency = Dependency {
            name: &name,
            range: &range,
            section: self.section,
        };
        let edit = manifest::edit(ecosystem, &file.text, &dependency)
            .map_err(|error| refused(step, path, &name, &error))?;
        let (text, message) = match edit {
            Edit::Unchanged { kept } if kept == range.as_str() => {
                return Ok(Done::unchanged("already present"));
            }
            Edit::Unchanged { kept } => {
                let message = format!("kept {kept}, which {range} contains");
                return Ok(Done::Unchanged(message));
            }
            Edit::Present { reason } => {
                return Ok(Done::Unchanged(format!(
                    "{name} is already present: {reason}"
                )));
            }
            Edit::Added(text) => (text, format!("{name} {range} added")),
            Edit::Replaced { text, previous } => {
                (text, format!("{name} narrowed from {previous} to {range}"))
            }
        };
        step.write_text(path, &file, &text)?;
        step.record_range(path, name.key());
        Ok(Done::Changed(message))
    }
}

/// The typed parts of an action, or the fields that cannot be parsed.
fn parse(action: &AddDependency) -> Result<(Ecosystem, PackageName, VersionRange), Vec<Violation>> {
    let manifest = &action.manifest;
    let Some(ecosystem) = Ecosystem::of(manifest.as_str()) else {
        return Err(vec![violation(
            "manifest",
            format!("`{manifest}` is not a supported manifest"),
            "use a package.json, Cargo.toml or pyproject.toml",
        )]);
    };
    let name = PackageName::parse(ecosystem, &action.name).map_err(|error| {
        violation(
            "name",
            error.to_string(),
            "write the name as in the registry",
        )
    });
    let range = VersionRange::parse(ecosystem, &action.version).map_err(|error| {
        violation(
            "version",
            error.to_string(),
            "choose the version that you tested: tags, URLs and open ranges change without notice",
        )
    });
    match (name, range) {
        (Ok(name), Ok(range)) => Ok((ecosystem, name, range)),
        (name, range) => Err(name.err().into_iter().chain(range.err()).collect()),
    }
}

fn violation(field: &'static str, message: String, help: &'static str) -> Violation {
    Violation {
        code: Code::BadDependency,
        field: Some(field),
        message,
        help,
    }
}

/// The finding about a manifest that cannot take a dependency.
fn refused(
    step: &Step<'_, '_>,
    path: &TreePath,
    name: &PackageName,
    error: &ManifestError,
) -> Diagnostic {
    let other = step.range_origin(path, name.key());
    let (code, help) = match error {
        ManifestError::RangeConflict { .. } | ManifestError::OtherSection { .. } => (
            Code::DependencyConflict,
            if other.is_some() {
                "let both options ask for ranges of which one contains the other"
            } else {
                "the other range is in the template; ask for one that is compatible with it"
            },
        ),
        ManifestError::OtherSpelling { .. } => {
            (Code::BadManifest, "correct the name in the recipe")
        }
        ManifestError::Syntax { .. }
        | ManifestError::TooDeep { .. }
        | ManifestError::Duplicate { .. }
        | ManifestError::WrongShape { .. }
        | ManifestError::Missing { .. }
        | ManifestError::Layout { .. }
        | ManifestError::TwoSpellings { .. }
        | ManifestError::NoSuchSection { .. }
        | ManifestError::NotARange { .. } => {
            (Code::BadManifest, "correct the manifest in the template")
        }
    };
    step.finding(code, format!("`{path}`: {error}"))
        .also(other, "requested differently here")
        .help(help)
}
