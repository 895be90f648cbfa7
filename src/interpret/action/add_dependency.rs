//! ADD_DEPENDENCY: one package in a manifest. The narrower range wins when several options ask for one package; features
//! and extras add up.

use crate::interpret::manifest::{self, Attributes, Dependency, Described, Edit, ManifestError};
use crate::interpret::step::{ActionError, ActionKind, Done, Step, Violation};
use crate::model::action::{AddDependency, RiskLevel, Section, SingleLine};
use crate::model::dependency::{Ecosystem, PackageName, VersionRange};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::path::TreePath;
use std::borrow::Cow;

impl ActionKind for AddDependency {
    fn target(&self) -> Cow<'_, str> {
        self.manifest.as_str().into()
    }

    fn violations(&self) -> Vec<Violation> {
        let mut violations = match parse(self) {
            Ok(_) => Vec::new(),
            Err(violations) => violations,
        };
        if let Some(ecosystem) = Ecosystem::of(self.manifest.as_str()) {
            if self.section().name_in(ecosystem).is_none() {
                violations.push(violation(
                    "section",
                    format!("{} has no section `{}`", ecosystem.manifest(), self.section),
                    "choose `dependencies` or `devDependencies`",
                ));
            }
            violations.extend(attribute_violations(self, ecosystem));
        }
        violations
    }

    fn risk(&self) -> Option<(RiskLevel, String)> {
        let version = if self.version.is_empty() {
            "of the workspace"
        } else {
            self.version.as_str()
        };
        let message = format!("a new dependency: {} {version}", self.name);
        Some((RiskLevel::Medium, message))
    }

    fn edits(&self, path: &TreePath) -> bool {
        self.manifest.as_tree() == path
    }

    fn run(&self, step: &mut Step<'_, '_>) -> Result<Done, ActionError> {
        let path = self.manifest.as_tree();
        let (ecosystem, name, range) = parse(self).map_err(|violations| {
            let messages: Vec<String> = violations
                .into_iter()
                .map(|violation| violation.message)
                .collect();
            step.finding(Code::BadDependency, messages.join("; "))
                .help("check the recipe that the plan was created from")
        })?;
        let file = step.text(path)?;
        let described = Described {
            name: &name,
            range: range.as_ref(),
            section: self.section(),
            attributes: Attributes {
                features: &self.features,
                default_features: self.default_features,
                optional: self.optional,
                extras: &self.extras,
                group: self.group.as_ref().map(SingleLine::as_str),
                workspace: self.workspace,
            },
        };
        let refuse = |error: &ManifestError| refused(step, path, &name, error);
        let (added, mut message) =
            add(ecosystem, &file.text, &described).map_err(|error| refuse(&error))?;
        let text = added.as_deref().unwrap_or(&file.text);
        let with_attributes =
            manifest::describe(ecosystem, text, &described).map_err(|error| refuse(&error))?;
        if with_attributes.is_some() && added.is_none() {
            message = format!("{name} gets what this option needs of it");
        }
        let Some(text) = with_attributes.or(added) else {
            return Ok(Done::Unchanged(message));
        };
        step.write_text(path, &file, &text)?;
        step.record_range(path, name.key());
        Ok(Done::Changed(message))
    }
}

impl AddDependency {
    /// The section; npm has one for optional dependencies.
    fn section(&self) -> Section {
        let is_npm = Ecosystem::of(self.manifest.as_str()) == Some(Ecosystem::Npm);
        if is_npm && self.optional && self.section == Section::Dependencies {
            Section::OptionalDependencies
        } else {
            self.section
        }
    }
}

/// Adds the package with its range: the new text, if it changed, and a message.
fn add(
    ecosystem: Ecosystem,
    text: &str,
    described: &Described<'_>,
) -> Result<(Option<String>, String), ManifestError> {
    let Described {
        name,
        range,
        section,
        attributes,
    } = described;
    let present = || "already present".to_owned();
    if attributes.workspace {
        let added = manifest::add_of_workspace(ecosystem, text, described)?;
        let message = added
            .as_ref()
            .map_or_else(present, |_| format!("{name} of the workspace added"));
        return Ok((added, message));
    }
    let Some(range) = range else {
        return Ok((None, present()));
    };
    if let (Ecosystem::Python, true, Some(group)) =
        (ecosystem, attributes.optional, attributes.group)
    {
        let added = manifest::add_optional_python(text, described, group)?;
        let message = added
            .as_ref()
            .map_or_else(present, |_| format!("{name} {range} added"));
        return Ok((added, message));
    }
    let dependency = Dependency {
        name,
        range,
        section: *section,
        group: attributes.group,
    };
    Ok(match manifest::edit(ecosystem, text, &dependency)? {
        Edit::Unchanged { kept } if kept == range.as_str() => (None, present()),
        Edit::Unchanged { kept } => (None, format!("kept {kept}, which {range} contains")),
        Edit::Present { reason } => (None, format!("{name} is already present: {reason}")),
        Edit::Added(text) => (Some(text), format!("{name} {range} added")),
        Edit::Replaced { text, previous } => {
            let message = format!("{name} narrowed from {previous} to {range}");
            (Some(text), message)
        }
    })
}

/// The attributes that a manifest of this kind does not have.
fn attribute_violations(action: &AddDependency, ecosystem: Ecosystem) -> Vec<Violation> {
    let (is_cargo, is_python) = (
        ecosystem == Ecosystem::Cargo,
        ecosystem == Ecosystem::Python,
    );
    let fields = [
        ("features", !action.features.is_empty(), is_cargo),
        (
            "default_features",
            action.default_features.is_some(),
            is_cargo,
        ),
        ("extras", !action.extras.is_empty(), is_python),
        ("group", action.group.is_some(), is_python),
    ];
    let mut violations: Vec<Violation> = fields
        .into_iter()
        .filter(|(_, is_given, is_known)| *is_given && !is_known)
        .map(|(field, ..)| {
            let message = format!("{} has no `{field}`", ecosystem.manifest());
            violation(
                field,
                message,
                "remove it: it belongs to another kind of manifest",
            )
        })
        .collect();
    if is_python && action.optional && action.group.is_none() {
        let message = "an optional dependency of pyproject.toml has no `group`".to_owned();
        let help = "add the name of its group in `project.optional-dependencies`";
        violations.push(violation("optional", message, help));
    }
    violations
}

/// The typed parts of an action.
type Parts = (Ecosystem, PackageName, Option<VersionRange>);

/// The typed parts of an action, or the fields that cannot be parsed.
fn parse(action: &AddDependency) -> Result<Parts, Vec<Violation>> {
    let manifest = &action.manifest;
    let Some(ecosystem) = Ecosystem::of(manifest.as_str()) else {
        return Err(vec![violation(
            "manifest",
            format!("`{manifest}` is not a supported manifest"),
            "use a package.json, Cargo.toml or pyproject.toml; add a line to another manifest by APPEND_TO_FILE with `after`",
        )]);
    };
    let name = PackageName::parse(ecosystem, &action.name).map_err(|error| {
        violation(
            "name",
            error.to_string(),
            "write the name as in the registry",
        )
    });
    let range = if action.workspace && action.version.is_empty() {
        Ok(None)
    } else {
        VersionRange::parse(ecosystem, &action.version).map(Some).map_err(|error| {
            violation(
                "version",
                error.to_string(),
                "choose the version that you tested: tags, URLs and open ranges change without notice",
            )
        })
    };
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
