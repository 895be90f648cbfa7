//! Plans. A plan contains everything its result depends on, so that plan → tree id is a pure function.

use super::action::Action;
use super::canonical;
use super::content::{Mode, StoredFile};
use super::diagnostic::Location;
use super::digest::{Digest, GitId};
use super::input::{Identity, Inputs};
use super::path::{PathError, SafeRelPath, TreePath};
use super::placeholder::BuiltInFact;
use super::provenance::{CatalogSource, Generated, Provenance};
use super::report::ObjectFormat;
use super::repository_settings::RepositorySettings;
use super::selection::Selection;
use super::slug::{OptionRef, Slug};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The maximum number of actions of a plan.
pub const MAX_ACTIONS: usize = 200;

/// The maximum number of bytes that a plan contains as files, and that it writes.
pub const MAX_WRITTEN: u64 = 32 * 1024 * 1024;

/// The ordered actions of one selection over one pinned template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name and version of the program that created the plan; recorded in the provenance file.
    pub generator: String,
    pub action_schema_version: u32,
    pub catalog: Slug,
    pub catalog_version: Digest,
    /// The source of the catalogue. Plans without it write provenance of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_source: Option<CatalogSource>,
    pub template: TemplatePin,
    /// The path of the provenance file.
    pub provenance_path: SafeRelPath,
    /// The facts that files contain as placeholders. Their case forms and the inputs are replaced too.
    pub placeholders: Vec<BuiltInFact>,
    pub inputs: Inputs,
    pub author: Identity,
    #[serde(flatten)]
    pub recipe: ResolvedRecipe,
}

/// The actions of a selection, independent of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolvedRecipe {
    pub selections: Selection,
    /// In order of execution.
    pub actions: Vec<PlannedAction>,
    /// The files that COPY_FILE actions copy, by their path below the catalogue's `recipes` folder.
    pub literals: BTreeMap<TreePath, StoredFile>,
    /// Files and folders of the template that the result does not contain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omitted: Vec<TreePath>,
    /// The settings of the repository on its forge, with their placeholders.
    #[serde(default, skip_serializing_if = "RepositorySettings::is_empty")]
    pub settings: RepositorySettings,
}

/// The exact template of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplatePin {
    /// `catalog:<name>` for a catalogue's own template, `folder` for one given as a folder, else a repository's URL.
    #[schemars(with = "String")]
    pub repo: TemplateOrigin,
    /// The requested version, tag or branch.
    pub r#ref: String,
    /// The commit that `ref` pointed to, for templates from git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<GitId>,
    /// The folder of the repository that contains the template, if it is not the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<SafeRelPath>,
    /// The git tree id of the template's content.
    pub tree: GitId,
}

/// The origin of a template, written `folder`, `catalog:<name>` or as a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum TemplateOrigin {
    /// A folder on disk. Its path is not recorded.
    Folder,
    /// The template folder of the catalogue with this name.
    Catalog(String),
    /// A git repository, by its URL.
    Repository(String),
}

/// An action and its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedAction {
    pub origin: Origin,
    pub action: Action,
}

/// The origin of an action in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    pub option: OptionRef,
    /// The position in the recipe, from 1.
    pub index: usize,
    /// The recipe's file, from the catalogue's root.
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl Origin {
    /// The origin as a location of a finding.
    pub fn location(&self) -> Location {
        Location::point(&self.file, self.line, self.column)
    }
}

/// The hashed part of a resolved recipe: no locations, which change with a comment.
#[derive(Serialize)]
struct RecipeHashInput<'a> {
    action_schema_version: u32,
    /// With their options, because a COPY_FILE refers to a file of its option.
    actions: Vec<(&'a OptionRef, &'a Action)>,
    literals: BTreeMap<&'a TreePath, (Mode, Digest)>,
    selections: &'a Selection,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    omitted: &'a [TreePath],
    #[serde(skip_serializing_if = "RepositorySettings::is_empty")]
    settings: &'a RepositorySettings,
}

/// The hashed part of a plan.
#[derive(Serialize)]
struct PlanHashInput<'a> {
    generator: &'a str,
    catalog: &'a Slug,
    catalog_version: &'a Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog_source: Option<&'a CatalogSource>,
    template: &'a TemplatePin,
    provenance_path: &'a SafeRelPath,
    placeholders: &'a [BuiltInFact],
    inputs: &'a Inputs,
    author: &'a Identity,
    recipe_hash: &'a Digest,
    origins: Vec<&'a Origin>,
}

impl ResolvedRecipe {
    /// The key of an option's file in [`ResolvedRecipe::literals`].
    pub fn literal_path(
        catalog: &Slug,
        option: &OptionRef,
        path: &str,
    ) -> Result<TreePath, PathError> {
        TreePath::parse(&format!("{catalog}/{option}/{path}"))
    }

    /// SHA-256 over the ordered actions, the files they copy, the selections, the settings on the forge and the version of the
    /// action schema.
    pub fn hash(&self, action_schema_version: u32) -> Digest {
        canonical::digest(&RecipeHashInput {
            action_schema_version,
            actions: self
                .actions
                .iter()
                .map(|planned| (&planned.origin.option, &planned.action))
                .collect(),
            literals: self
                .literals
                .iter()
                .map(|(path, file)| (path, (file.mode, Digest::of(&file.content))))
                .collect(),
            selections: &self.selections,
            omitted: &self.omitted,
            settings: &self.settings,
        })
    }
}

impl Plan {
    /// SHA-256 over the resolved recipe; equal for products that differ only in their inputs.
    pub fn recipe_hash(&self) -> Digest {
        self.recipe.hash(self.action_schema_version)
    }

    /// SHA-256 over the whole plan, with the recipe's hash in place of its content.
    pub fn hash(&self, recipe_hash: &Digest) -> Digest {
        canonical::digest(&PlanHashInput {
            generator: &self.generator,
            catalog: &self.catalog,
            catalog_version: &self.catalog_version,
            catalog_source: self.catalog_source.as_ref(),
            template: &self.template,
            provenance_path: &self.provenance_path,
            placeholders: &self.placeholders,
            inputs: &self.inputs,
            author: &self.author,
            recipe_hash,
            origins: self
                .recipe
                .actions
                .iter()
                .map(|planned| &planned.origin)
                .collect(),
        })
    }

    /// The provenance that the repository records. `tree` is the result without the provenance file.
    pub fn provenance(&self, tree: GitId) -> Provenance {
        let generated = |catalog_source: &CatalogSource| Generated {
            author: self.author.clone(),
            catalog_source: catalog_source.clone(),
            object_format: ObjectFormat::Sha1,
            tree,
        };
        Provenance {
            generator: self.generator.clone(),
            action_schema_version: self.action_schema_version,
            catalog: self.catalog.to_string(),
            catalog_version: self.catalog_version.clone(),
            recipe_hash: self.recipe_hash(),
            template: self.template.clone(),
            selected_options: self.recipe.selections.clone(),
            inputs: self.inputs.clone(),
            generated: self.catalog_source.as_ref().map(generated),
        }
    }

    /// The message of the first commit, with trailers that identify the plan.
    pub fn commit_message(&self, recipe_hash: &Digest) -> String {
        format!(
            "Bootstrap {}\n\n{}",
            self.inputs.product_name,
            self.trailers(recipe_hash)
        )
    }

    /// The message of a commit that adds missing files to a repository, with the same trailers.
    pub fn addition_message(&self, recipe_hash: &Digest) -> String {
        format!(
            "Add missing files from {}\n\n{}",
            self.catalog,
            self.trailers(recipe_hash)
        )
    }

    /// The trailers of a commit that identify the plan.
    pub fn trailers(&self, recipe_hash: &Digest) -> String {
        format!(
            "Recipe-Hash: {}\nCatalog-Version: {}\nTemplate: {} {} {}\n",
            recipe_hash,
            self.catalog_version,
            self.template.repo,
            self.template.r#ref,
            self.template.sha.as_ref().unwrap_or(&self.template.tree),
        )
    }
}

impl fmt::Display for TemplateOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str(Self::FOLDER),
            Self::Catalog(name) => write!(f, "{}{name}", Self::CATALOG),
            Self::Repository(url) => f.write_str(url),
        }
    }
}

impl From<String> for TemplateOrigin {
    fn from(text: String) -> Self {
        match text.strip_prefix(Self::CATALOG) {
            Some(name) => Self::Catalog(name.to_owned()),
            None if text == Self::FOLDER => Self::Folder,
            None => Self::Repository(text),
        }
    }
}

impl TemplateOrigin {
    const FOLDER: &'static str = "folder";
    const CATALOG: &'static str = "catalog:";
}

impl From<TemplateOrigin> for String {
    fn from(origin: TemplateOrigin) -> Self {
        origin.to_string()
    }
}
