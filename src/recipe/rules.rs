//! The rules of one action by itself, wherever it stands: in a recipe that is written, or in a plan that was stored.

use crate::model::action::{Action, AddDependency, CopyFile, ReplaceString};
use crate::model::dependency::{Ecosystem, PackageName, VersionRange};
use crate::model::diagnostic::Code;

/// At most this many categories in one `when`: every two actions on one path are compared by theirs.
pub(super) const MAX_CONDITIONS: usize = 20;

/// One thing that is wrong with an action that has the right shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub code: Code,
    /// Nothing where the whole action is at violation.
    pub field: Option<&'static str>,
    pub message: String,
    pub help: &'static str,
}

/// Everything that is wrong with an action.
pub fn violations(action: &Action) -> Vec<Violation> {
    let conditions = action.common().when.len();
    let too_many = (conditions > MAX_CONDITIONS).then(|| Violation {
        code: Code::BadValue,
        field: Some("when"),
        message: format!(
            "`when` names {conditions} categories, at most {MAX_CONDITIONS} are allowed"
        ),
        help: "let the option require others instead",
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
            "`from` and `template` are both given",
            "keep `from` for a file beside the recipe, or `template` for one of the template",
        ),
        (None, None) => (
            "this COPY_FILE has no source",
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
        message:
            "the replacement contains the text it replaces, so a second run would replace again"
                .to_owned(),
        help: "choose a `find` that is gone afterwards, for instance a marker comment",
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
            format!("`{manifest}` is not a manifest that can be edited"),
            "name a package.json, Cargo.toml or pyproject.toml",
        )];
    };
    let mut found = Vec::new();
    if let Err(error) = PackageName::parse(ecosystem, &dependency.name) {
        let help = "write the name as the registry spells it";
        found.push(violation("name", error.to_string(), help));
    }
    if let Err(error) = VersionRange::parse(ecosystem, &dependency.version) {
        let help =
            "choose the version that you tested; tags, URLs and open ranges change by themselves";
        found.push(violation("version", error.to_string(), help));
    }
    if dependency.section.name_in(ecosystem).is_none() {
        let message = format!("{} has no such section", ecosystem.manifest());
        let help = "choose `dependencies` or `devDependencies`";
        found.push(violation("section", message, help));
    }
    found
}
