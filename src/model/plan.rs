//! A plan holds everything its result depends on, so that plan → tree id is a pure function (I2).

use super::action::Action;
use super::canonical;
use super::content::{Mode, StoredFile};
use super::diagnostic::Location;
use super::digest::{Digest, GitId};
use super::input::{Identity, Inputs};
use super::path::{PathError, SafeRelPath, TreePath};
use super::provenance::Provenance;
use super::selection::Selection;
use super::slug::{OptionRef, Slug};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// At most this many actions in one plan (R45).
pub const MAX_ACTIONS: usize = 200;

/// At most this many bytes of files are brought by a plan, and as many written by it.
pub const MAX_WRITTEN: u64 = 32 * 1024 * 1024;

/// The ordered actions of one selection over one pinned template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name and version of the program that made the plan; written into the provenance file.
    pub generator: String,
    pub action_schema_version: u32,
    pub catalog: Slug,
    pub catalog_version: Digest,
    pub template: TemplatePin,
    /// Where the provenance file goes.
    pub provenance_path: SafeRelPath,
    /// The placeholders that are replaced, without their underscores.
    pub placeholders: Vec<Placeholder>,
    pub inputs: Inputs,
    pub author: Identity,
    #[serde(flatten)]
    pub recipe: ResolvedRecipe,
}

/// What a selection does, whatever the product is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolvedRecipe {
    pub selections: Selection,
    /// In running order.
    pub actions: Vec<PlannedAction>,
    /// The files COPY_FILE actions bring, by their place in the catalogue's `recipes` folder.
    pub literals: BTreeMap<TreePath, StoredFile>,
}

/// The exact template a plan was made over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplatePin {
    /// `catalog:<name>` for a catalogue's own template, `folder` for one given as a folder, else a repository's URL.
    pub repo: String,
    /// The version, tag or branch asked for.
    pub r#ref: String,
    /// The commit that `ref` meant, for templates that come from git (R104).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<GitId>,
    /// The folder of the repository that is the template, when it is not the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<SafeRelPath>,
    /// The git tree id of the template's content.
    pub tree: GitId,
}

/// One action and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedAction {
    pub origin: Origin,
    pub action: Action,
}

/// Where an action stands in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    pub option: OptionRef,
    /// Its place in the recipe, from 1.
    pub index: usize,
    /// The recipe's file, from the catalogue's root.
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl Origin {
    /// The origin as a diagnostic shows it.
    pub fn place(&self) -> Location {
        Location::point(&self.file, self.line, self.column)
    }
}

/// The names that stand between double underscores in templates: `__PRODUCT_NAME__`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Placeholder {
    ProductName,
    ProductSlug,
    GithubOwner,
    RepoName,
}

/// What is hashed of a resolved recipe: not its places, which move when a comment is added.
#[derive(Serialize)]
struct Hashed<'a> {
    action_schema_version: u32,
    /// With their options, since a COPY_FILE means a file of its own option.
    actions: Vec<(&'a OptionRef, &'a Action)>,
    literals: BTreeMap<&'a TreePath, (Mode, Digest)>,
    selections: &'a Selection,
}

/// What is hashed of a plan.
#[derive(Serialize)]
struct HashedPlan<'a> {
    generator: &'a str,
    catalog: &'a Slug,
    catalog_version: &'a Digest,
    template: &'a TemplatePin,
    provenance_path: &'a SafeRelPath,
    placeholders: &'a [Placeholder],
    inputs: &'a Inputs,
    author: &'a Identity,
    recipe_hash: &'a Digest,
    origins: Vec<&'a Origin>,
}

impl ResolvedRecipe {
    /// Where [`ResolvedRecipe::literals`] keeps a file of an option.
    pub fn literal_path(
        catalog: &Slug,
        option: &OptionRef,
        path: &str,
    ) -> Result<TreePath, PathError> {
        TreePath::parse(&format!("{catalog}/{option}/{path}"))
    }

    /// SHA-256 over the ordered actions, the files they copy, the selections and the action schema's version.
    pub fn hash(&self, action_schema_version: u32) -> Digest {
        canonical::digest(&Hashed {
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
        })
    }
}

impl Plan {
    /// SHA-256 over what the selection does; equal for products that differ only in name.
    pub fn recipe_hash(&self) -> Digest {
        self.recipe.hash(self.action_schema_version)
    }

    /// SHA-256 over the whole plan, in which the recipe's own hash stands for what the recipe holds.
    pub fn hash(&self, recipe_hash: &Digest) -> Digest {
        canonical::digest(&HashedPlan {
            generator: &self.generator,
            catalog: &self.catalog,
            catalog_version: &self.catalog_version,
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

    /// What the repository will remember of this plan.
    pub fn provenance(&self) -> Provenance {
        Provenance {
            generator: self.generator.clone(),
            action_schema_version: self.action_schema_version,
            catalog: self.catalog.to_string(),
            catalog_version: self.catalog_version.clone(),
            recipe_hash: self.recipe_hash(),
            template: self.template.clone(),
            selected_options: self.recipe.selections.clone(),
            inputs: self.inputs.clone(),
        }
    }

    /// The first commit's message, with the trailers that lead back to this plan.
    pub fn commit_message(&self, recipe_hash: &Digest) -> String {
        format!(
            "Bootstrap {}\n\n{}",
            self.inputs.product_name,
            self.trailers(recipe_hash)
        )
    }

    /// The message of the commit that adds the plan's files to a repository, with the same trailers.
    pub fn addition_message(&self, recipe_hash: &Digest) -> String {
        format!(
            "Add missing files from {}\n\n{}",
            self.catalog,
            self.trailers(recipe_hash)
        )
    }

    fn trailers(&self, recipe_hash: &Digest) -> String {
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

impl Placeholder {
    /// Every placeholder there is.
    pub const ALL: [Self; 4] = [
        Self::ProductName,
        Self::ProductSlug,
        Self::GithubOwner,
        Self::RepoName,
    ];

    /// As it stands in a file.
    pub fn token(self) -> &'static str {
        match self {
            Self::ProductName => "__PRODUCT_NAME__",
            Self::ProductSlug => "__PRODUCT_SLUG__",
            Self::GithubOwner => "__GITHUB_OWNER__",
            Self::RepoName => "__REPO_NAME__",
        }
    }

    /// What replaces it.
    pub fn value(self, inputs: &Inputs) -> &str {
        match self {
            Self::ProductName => inputs.product_name.as_str(),
            Self::ProductSlug => inputs.product_slug.as_str(),
            Self::GithubOwner => inputs.owner.as_str(),
            Self::RepoName => inputs.repo.as_str(),
        }
    }
}
