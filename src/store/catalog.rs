//! A published catalogue: its categories and options, and the files it was read from.

use crate::model::action::Action;
use crate::model::content::StoredFile;
use crate::model::digest::Digest;
use crate::model::slug::Slug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The state of a catalogue's rows: equal for equal rows, another one after every change of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsVersion(pub(in crate::store) String);

/// One version of a catalogue, complete: it can be compared with another version and resolved again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedCatalog {
    pub catalog: Slug,
    pub catalog_version: Digest,
    pub action_schema_version: u32,
    pub title: String,
    /// In the order of the questions.
    pub categories: Vec<PublishedCategory>,
    /// The source files by their path from the catalogue's root: `catalog.yaml`, recipes, and the files they copy.
    pub files: BTreeMap<String, StoredFile>,
}

/// One category of a catalogue: a question with its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedCategory {
    pub slug: Slug,
    pub title: String,
    pub description: Option<String>,
    /// True if more than one option may be selected.
    pub is_multi: bool,
    pub is_required: bool,
    pub options: Vec<PublishedOption>,
}

/// One option of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedOption {
    pub slug: Slug,
    pub title: String,
    pub description: Option<String>,
    pub is_default: bool,
    /// In the recipe's order.
    pub actions: Vec<Action>,
}

/// One entry in the history of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogVersion {
    pub catalog: Slug,
    pub catalog_version: Digest,
    /// Counts the versions of the catalogue from 1.
    pub number: i64,
    /// The user who published it first.
    pub by: String,
    /// The time of the first publication, in milliseconds since 1970.
    pub at: i64,
}

/// A change of a catalogue that is not published yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogDraft {
    pub catalog: Slug,
    /// The digest of the files.
    pub hash: Digest,
    /// The version of the rows that the draft was made from; none where there was none.
    pub base: Option<Digest>,
    /// All files of the catalogue, by their path from its root.
    pub files: BTreeMap<String, StoredFile>,
    /// The user who saved it.
    pub by: String,
    /// In milliseconds since 1970.
    pub at: i64,
}

/// A category as its row and the rows of its options show it now. The texts are not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryRow {
    pub slug: String,
    pub title: String,
    pub description: Option<String>,
    /// `SINGLE` or `MULTI`.
    pub selection: String,
    pub is_required: bool,
    /// In their order.
    pub options: Vec<OptionRow>,
}

/// An option as its rows show it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionRow {
    pub slug: String,
    pub title: String,
    pub description: Option<String>,
    pub is_default: bool,
    /// The actions, in the order of their execution.
    pub actions: Vec<Value>,
}
