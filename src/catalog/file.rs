//! A catalogue as its author writes it: the shape of `catalog.yaml`.

use crate::model::action::SingleLine;
use crate::model::digest::GitId;
use crate::model::exclude::ExcludePattern;
use crate::model::path::SafeRelPath;
use crate::model::plan::Placeholder;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use crate::model::slug::{OptionRef, Slug};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A catalogue as its author writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogFile {
    /// The catalogue's name; the folder it stands in has the same.
    pub catalog: Slug,
    pub title: SingleLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SingleLine>,
    pub template: TemplateSource,
    /// The placeholders that are replaced, without their underscores.
    #[serde(default)]
    pub placeholders: Vec<Placeholder>,
    /// Where the provenance file goes; `.scrum4me/bootstrap.json` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<SafeRelPath>,
    #[serde(default)]
    pub symlinks: Symlinks,
    /// In the order in which they are asked and run.
    pub categories: Vec<Category>,
}

/// Where the template comes from: `path` and `version` for a folder beside the catalogue, or `repo` and `ref`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateSource {
    /// A folder beside catalog.yaml, or of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<SafeRelPath>,
    /// The version of that folder, as repositories remember it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<SingleLine>,
    /// A git repository, over https or ssh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<RemoteUrl>,
    /// A tag, branch or commit of that repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#ref: Option<RefName>,
    /// The commit that `ref` must mean; a tag that moved is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<GitId>,
    /// What of the files is left out, as in .gitignore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub exclude: Vec<ExcludePattern>,
}

/// Whether a template may hold symbolic links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Symlinks {
    /// A template with a link is refused.
    #[default]
    Refuse,
    /// Links are kept as they are; no action names, follows or passes one.
    Allow,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub slug: Slug,
    pub title: SingleLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SingleLine>,
    pub selection: SelectionType,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    #[schemars(length(min = 1))]
    pub options: Vec<CatalogOption>,
}

/// How many options of a category may be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SelectionType {
    /// At most one.
    Single,
    /// Any number.
    Multi,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogOption {
    pub slug: Slug,
    pub title: SingleLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SingleLine>,
    #[serde(default)]
    pub default: bool,
    /// Options that must be selected with this one.
    #[serde(default)]
    pub requires: Vec<OptionRef>,
    /// Options that cannot be selected with this one.
    #[serde(default)]
    pub conflicts: Vec<OptionRef>,
}

impl Category {
    /// An option by its slug.
    pub fn option(&self, slug: &str) -> Option<&CatalogOption> {
        self.options
            .iter()
            .find(|option| option.slug.as_str() == slug)
    }
}
