//! The rules of a single action, in a recipe or in a stored plan.

use crate::model::action::{Action, AddDependency, CopyFile, ReplaceString};
use crate::model::dependency::{Ecosystem, PackageName, VersionRange};
use crate::model::diagnostic::Code;

/// The maximum number of categories in one `when`. Those of every two actions on one path are compared.
pub(super) const MAX_CONDITIONS: usize = 20;

/// A broken rule of an action that is valid by its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub code: Code,
    /// None if the whole action breaks the rule.
    pub field: Option<&'static str>,
    pub message: String,
    pub help: &'static str,
}

/// All broken rules of an action.
pub fn violations(action: &Action) -> Vec<Violation> {
    let conditions = action.common().when.len();
    let too_many = (conditions > MAX_CONDITIONS).then(|| Violation {
        code: Code::BadValue,
        field: Some("when"),
        message: format!("`when` names {conditions} categories, the maximum is {MAX_CONDITIONS}"),
        help: "use `requires` of the option instead",
    });
    let own = match action {
        Action::CopyFile(copy) => source(copy).into_iter().collect(),
        Action::ReplaceString(replace) => replacement(replace).into_iter().collect(),
        Action::AddDependency(dependency) => self::dependency(dependency),
        Action::WriteFile(_) | Action::AppendToFile(_) | Action::CreateAdrStub(_) => Vec::new(),
    };
    too_many.into_iter().chain(own).collect()
}

fn source(copy: &CopyFile) -> Option<Violation> {
    let (message, help) = match (&copy.from, &copy.template) {
        (Some(_), None) | (None, Some(_)) => return None,
        (Some(_), Some(_)) => (
            "COPY_FILE has both `from` and `template`",
            "keep `from` for a file beside the recipe, or `template` for one of the template",
        ),
        (None, None) => (
            "COPY_FILE has no source",
            "add `from: files/…` for a file beside the recipe, or `template: …` for one of the template",
        ),
    };
    Some(Violation {
        code: Code::CopySource,
        field: None,
        message: message.to_owned(),
        help,
    })
}

fn replacement(replace: &ReplaceString) -> Option<Violation> {
    replace.replace.contains(&replace.find).then(|| Violation {
        code: Code::EndlessReplacement,
        field: Some("replace"),
        message: "replacement contains the text to replace, so a second run would replace it again"
            .to_owned(),
        help: "choose a `find` that the replacement does not contain, for example a marker comment",
    })
}

fn dependency(dependency: &AddDependency) -> Vec<Violation> {
    let violation = |field, message, help| Violation {
        code: Code::BadDependency,
        field: Some(field),
        message,
        help,
    };
    let manifest = &dependency.manifest;
    let Some(ecosystem) = Ecosystem::of(manifest.as_str()) else {
        return vec![violation(
            "manifest",
            format!("`{manifest}` is not a supported manifest"),
            "use a package.json, Cargo.toml or pyproject.toml",
        )];
    };
    let mut found = Vec::new();
    if let Err(error) = PackageName::parse(ecosystem, &dependency.name) {
        let help = "write the name as in the registry";
        found.push(violation("name", error.to_string(), help));
    }
    if let Err(error) = VersionRange::parse(ecosystem, &dependency.version) {
        let help =
            "choose the version that you tested: tags, URLs and open ranges change without notice";
        found.push(violation("version", error.to_string(), help));
    }
    if dependency.section.name_in(ecosystem).is_none() {
        let message = format!(
            "{} has no section `{}`",
            ecosystem.manifest(),
            dependency.section
        );
        let help = "choose `dependencies` or `devDependencies`";
        found.push(violation("section", message, help));
    }
    found
}
