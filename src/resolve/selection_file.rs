//! A selection in a file: category → option, or a list of options.

use crate::model::diagnostic::Diagnostic;
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::source::node::Document;
use crate::source::schema::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A selection as a person writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SelectionFile(BTreeMap<Slug, Chosen>);

/// One option, or a list of options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Chosen {
    One(Slug),
    Many(Vec<Slug>),
}

/// Reads a selection.
///
/// # Errors
/// Every place where the document is no selection.
pub fn read(document: &Document) -> Result<Selection, Vec<Diagnostic>> {
    let written: SelectionFile = Schema::new().parse(document)?;
    Ok(written.into())
}

impl From<SelectionFile> for Selection {
    fn from(SelectionFile(written): SelectionFile) -> Self {
        let mut selection = Self::default();
        for (category, chosen) in written {
            let options = match chosen {
                Chosen::One(option) => vec![option],
                Chosen::Many(options) => options,
            };
            for option in options {
                selection.insert(category.clone(), option);
            }
        }
        selection
    }
}
