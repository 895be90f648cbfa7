//! The content of `catalog.yaml`.

use super::input::CatalogInput;
use crate::model::action::SingleLine;
use crate::model::condition::Condition;
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::input_pattern::InputPattern;
use crate::model::limits;
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::placeholder::{BuiltInFact, PlaceholderName};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use crate::model::repository_settings::RepositorySettings;
use crate::model::slug::{OptionRef, Slug};
use crate::source::schema::AsStrictAsSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A catalogue as written in catalog.yaml.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogFile {
    /// The name of the catalogue and of its folder.
    pub catalog: Slug,
    /// The title for people.
    pub title: SingleLine,
    /// One sentence on the repositories that it creates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SingleLine>,
    /// The template: the files that every repository starts with.
    pub template: TemplateSource,
    /// The facts that files contain as placeholders, without their underscores. Inputs and case forms need no entry.
    #[serde(default)]
    pub placeholders: Vec<BuiltInFact>,
    /// The inputs, in the order of questions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    #[serde(deserialize_with = "limits::length::<0, 100, _, _>")]
    pub inputs: Vec<CatalogInput>,
    /// The rules for the slug of a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<SlugRules>,
    /// The steps after the creation of a repository, one line each. Placeholders are replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[serde(deserialize_with = "limits::length::<0, 20, _, _>")]
    pub next_steps: Vec<SingleLine>,
    /// The settings of every repository on its forge.
    #[serde(default, skip_serializing_if = "RepositorySettings::is_empty")]
    pub settings: RepositorySettings,
    /// Files and folders of the template that an earlier version had at another path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    #[serde(deserialize_with = "limits::length::<0, 1000, _, _>")]
    pub moved: Vec<MovedPath>,
    /// The path of the provenance file, `.scrum4me/bootstrap.json` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<SafeRelPath>,
    /// The policy for symbolic links in the template.
    #[serde(default)]
    pub symlinks: Symlinks,
    /// The categories, in the order of questions and of execution.
    pub categories: Vec<Category>,
}

/// The source of the template: `path` and `version` for a folder beside the catalogue, or `repo` and `ref`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateSource {
    /// A folder beside catalog.yaml, or in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<SafeRelPath>,
    /// The version of that folder, which repositories record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<SingleLine>,
    /// A git repository, over https or ssh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<RemoteUrl>,
    /// A tag, branch or commit of that repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#ref: Option<RefName>,
    /// The commit that `ref` must point to; a moved tag is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<GitId>,
    /// Files to exclude, in the syntax of .gitignore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    #[serde(deserialize_with = "limits::length::<0, 100, _, _>")]
    pub exclude: Vec<ExcludePattern>,
    /// Files and folders with conditions. All others are in every result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    #[serde(deserialize_with = "limits::length::<0, 1000, _, _>")]
    pub files: Vec<TemplateFile>,
}

/// A file or folder of the template that is only there with some selections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateFile {
    /// A file or folder of the template, as the template names it.
    pub path: TreePath,
    /// The result contains it if this condition holds.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub when: Condition,
    /// The result does not contain it if this condition holds.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub unless: Condition,
}

/// The rules for the slug of a product, beside those for every slug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlugRules {
    /// A regular expression that the whole slug must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<InputPattern>,
    /// Slugs that no product may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    #[serde(deserialize_with = "limits::length::<0, 1000, _, _>")]
    pub reserved: Vec<SingleLine>,
}

/// A file or folder of the template that an update moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MovedPath {
    /// The path in earlier versions.
    pub from: TreePath,
    /// The path now.
    pub to: TreePath,
}

/// The policy for symbolic links in a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Symlinks {
    /// A template with a link is refused.
    #[default]
    Refuse,
    /// Links are kept unchanged. No action can name or follow one.
    Allow,
}

/// A group of options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The name in commands and documents; unique in the catalogue.
    pub slug: Slug,
    /// The title for people.
    pub title: SingleLine,
    /// One sentence that helps to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SingleLine>,
    /// The number of options that may be selected.
    pub selection: SelectionType,
    /// True if an option must be selected.
    #[serde(default)]
    pub required: bool,
    /// Slugs that the category had in earlier versions. Selections may still name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[serde(deserialize_with = "limits::length::<0, 20, _, _>")]
    pub formerly: Vec<Slug>,
    /// The options, in the order of questions and of execution.
    #[schemars(length(min = 1))]
    #[serde(deserialize_with = "limits::length::<1, {usize::MAX}, _, _>")]
    pub options: Vec<CatalogOption>,
}

/// The number of options of a category that may be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SelectionType {
    /// At most one.
    Single,
    /// Any number.
    Multi,
}

/// An option of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogOption {
    /// The name in commands and documents; unique in its category.
    pub slug: Slug,
    /// The title for people.
    pub title: SingleLine,
    /// One sentence on what it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SingleLine>,
    /// True for an option that is selected unless another one is.
    #[serde(default)]
    pub default: bool,
    /// Options that must be selected with this one.
    #[serde(default)]
    pub requires: Vec<OptionRef>,
    /// Options that cannot be selected with this one.
    #[serde(default)]
    pub conflicts: Vec<OptionRef>,
    /// Slugs that the option had in earlier versions. Selections may still name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[serde(deserialize_with = "limits::length::<0, 20, _, _>")]
    pub formerly: Vec<Slug>,
    /// The steps after the creation of a repository with this option, one line each. Placeholders are replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[serde(deserialize_with = "limits::length::<0, 20, _, _>")]
    pub next_steps: Vec<SingleLine>,
    /// The settings on its forge of a repository with this option.
    #[serde(default, skip_serializing_if = "RepositorySettings::is_empty")]
    pub settings: RepositorySettings,
}

/// An option with its category.
#[derive(Clone, Copy, Debug)]
pub struct OptionEntry<'c> {
    pub category: &'c Category,
    pub option: &'c CatalogOption,
    /// The positions of category and option, from 0.
    position: (usize, usize),
}

impl AsStrictAsSchema for CatalogFile {}

impl CatalogFile {
    /// The declared moves: from, to.
    pub fn moves(&self) -> Vec<(TreePath, TreePath)> {
        let moved = self.moved.iter();
        moved
            .map(|moved| (moved.from.clone(), moved.to.clone()))
            .collect()
    }

    /// All options in the order of the document.
    pub fn options(&self) -> impl Iterator<Item = OptionEntry<'_>> {
        let categories = self.categories.iter().enumerate();
        categories.flat_map(|(c, category)| {
            let options = category.options.iter().enumerate();
            options.map(move |(o, option)| OptionEntry {
                category,
                option,
                position: (c, o),
            })
        })
    }

    /// An input by its name.
    pub fn input(&self, name: &PlaceholderName) -> Option<&CatalogInput> {
        self.inputs.iter().find(|input| input.name == *name)
    }

    /// The placeholders that are replaced in files and paths of this catalogue.
    pub fn placeholder_names(&self) -> Vec<PlaceholderName> {
        let facts = BuiltInFact::ALL.into_iter().flat_map(|fact| {
            let is_listed = self.placeholders.contains(&fact);
            let name = fact.name();
            let cases: Vec<_> = if fact.is_text() {
                name.with_cases().into_iter().skip(1).collect()
            } else {
                Vec::new()
            };
            is_listed.then_some(name).into_iter().chain(cases)
        });
        let inputs = self.inputs.iter().flat_map(CatalogInput::placeholder_names);
        facts.chain(inputs).collect()
    }

    /// A category by its slug.
    pub fn category(&self, slug: &str) -> Option<&Category> {
        self.categories
            .iter()
            .find(|category| category.slug.as_str() == slug)
    }
}

impl OptionEntry<'_> {
    /// `category/option`.
    pub fn reference(&self) -> OptionRef {
        OptionRef::new(&self.category.slug, &self.option.slug)
    }

    /// The JSON pointer of the option in the document.
    pub fn pointer(&self) -> String {
        let (category, option) = self.position;
        format!("/categories/{category}/options/{option}")
    }
}

impl Category {
    /// An option by its slug.
    pub fn option(&self, slug: &str) -> Option<&CatalogOption> {
        self.options
            .iter()
            .find(|option| option.slug.as_str() == slug)
    }
}
