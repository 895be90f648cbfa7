//! Selections in files: category → option, or a list of options.

use crate::model::diagnostic::Diagnostic;
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::source::node::Document;
use crate::source::schema::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A selection as written in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SelectionFile(BTreeMap<Slug, OneOrMany>);

/// One option, or a list of options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(Slug),
    Many(Vec<Slug>),
}

/// Parses a selection.
///
/// # Errors
/// All violations of the schema.
pub fn read(document: &Document) -> Result<Selection, Vec<Diagnostic>> {
    let written: SelectionFile = Schema::new().parse(document)?;
    Ok(written.into())
}

impl From<Selection> for SelectionFile {
    fn from(selection: Selection) -> Self {
        let written = selection.iter().map(|(category, options)| {
            let options = options.iter().cloned().collect();
            (category.clone(), OneOrMany::Many(options))
        });
        Self(written.collect())
    }
}

impl From<SelectionFile> for Selection {
    fn from(SelectionFile(written): SelectionFile) -> Self {
        let mut selection = Self::default();
        for (category, chosen) in written {
            let options = match chosen {
                OneOrMany::One(option) => vec![option],
                OneOrMany::Many(options) => options,
            };
            for option in options {
                selection.insert(category.clone(), option);
            }
        }
        selection
    }
}
