//! A case that a catalogue is tested with: a selection, and the product it is made for.

use super::selection_file::SelectionFile;
use crate::model::date::Day;
use crate::model::diagnostic::Diagnostic;
use crate::model::input::{Inputs, Owner, ProductName, RepoName};
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::source::node::Document;
use crate::source::schema::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A case as its author writes it. What is left out of the product is that of a sample product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// What is selected: category → option, or a list of options.
    #[serde(default)]
    selection: SelectionFile,
    /// Whether categories that are not answered take the catalogue's defaults.
    #[serde(default)]
    pub defaults: bool,
    /// The product's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<ProductName>,
    /// The product's name for programs; made from the name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slug: Option<Slug>,
    /// The user or organisation the repository belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    /// The repository's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repo: Option<RepoName>,
    /// The day that decision records carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<Day>,
}

impl CaseFile {
    /// Reads a case.
    ///
    /// # Errors
    /// Every place where the document is no case.
    pub fn read(document: &Document) -> Result<Self, Vec<Diagnostic>> {
        Schema::new().parse(document)
    }

    /// What the case selects by name.
    pub fn selection(&self) -> Selection {
        self.selection.clone().into()
    }

    /// The product of the case, where it says nothing as in `sample`.
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
        }
    }
}
