//! Test cases of a catalogue: a selection and the inputs of a product, and an update of its repository.

use super::selection_file::SelectedOptions;
use crate::model::condition::InputValues;
use crate::model::date::Day;
use crate::model::diagnostic::Diagnostic;
use crate::model::input::{Inputs, Owner, ProductName, RepoName};
use crate::model::path::TreePath;
use crate::model::selection::Selection;
use crate::model::single_line::SingleLine;
use crate::model::slug::Slug;
use crate::model::update::{Decision, Verdict};
use crate::source::node::Document;
use crate::source::schema::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A test case as written in a file. Missing inputs are those of the sample product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The selection: category → option, or a list of options.
    #[serde(default)]
    selection: SelectedOptions,
    /// Selects the catalogue's defaults in categories without a selected option.
    #[serde(default)]
    pub defaults: bool,
    /// The display name of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<ProductName>,
    /// The machine-readable name of the product, derived from `name` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slug: Option<Slug>,
    /// The user or organisation that owns the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    /// The name of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repo: Option<RepoName>,
    /// The date in decision records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<Day>,
    /// The values of the catalogue's inputs.
    #[serde(default, skip_serializing_if = "InputValues::is_empty")]
    inputs: InputValues,
    /// Edits and updates the repository that this selection gives. The expected files are those after the update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<CaseUpdate>,
}

/// An update of the repository that a case creates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseUpdate {
    /// The earlier catalogue that created the repository: a folder relative to the one with catalog/ and recipes/, or a commit as `REF[:FOLDER]` or `REPO@REF[:FOLDER]`. By default it is this catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<SingleLine>,
    /// Files that a person wrote into the repository: path → text. An existing file keeps its mode.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub write: BTreeMap<TreePath, String>,
    /// Files that a person removed from the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<TreePath>,
    /// Options that replace those of their categories, as with `update --select`.
    #[serde(default)]
    select: SelectedOptions,
    /// Options that the update drops, as with `update --drop`.
    #[serde(default)]
    drop: SelectedOptions,
    /// New values of the catalogue's inputs, as with `update --input`.
    #[serde(default, skip_serializing_if = "InputValues::is_empty")]
    pub inputs: InputValues,
    /// Decisions about single paths, as with `update --mine`, `--theirs` and `--remove`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<TreePath, Decision>,
    /// The expected verdicts of single paths. Every conflict must be listed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub verdicts: BTreeMap<TreePath, Verdict>,
}

impl CaseUpdate {
    /// The options to select.
    pub fn selected(&self) -> Selection {
        self.select.clone().into()
    }

    /// The options to drop.
    pub fn dropped(&self) -> Selection {
        self.drop.clone().into()
    }
}

impl CaseFile {
    /// Parses a case.
    ///
    /// # Errors
    /// All violations of the schema.
    pub fn read(document: &Document) -> Result<Self, Vec<Diagnostic>> {
        Schema::new().parse(document)
    }

    /// The selection of the case without defaults.
    pub fn selection(&self) -> Selection {
        self.selection.clone().into()
    }

    /// The inputs of the case; missing ones are taken from `sample`.
    pub fn inputs(&self, sample: Inputs) -> Inputs {
        let slug = self
            .name
            .as_ref()
            .and_then(|name| Slug::from_title(name.as_str()));
        Inputs {
            product_name: self.name.clone().unwrap_or(sample.product_name),
            product_slug: self.slug.clone().or(slug).unwrap_or(sample.product_slug),
            owner: self.owner.clone().unwrap_or(sample.owner),
            repo: self.repo.clone().unwrap_or(sample.repo),
            date: self.date.clone().unwrap_or(sample.date),
            repo_url: sample.repo_url,
            values: self.inputs.clone(),
        }
    }
}
