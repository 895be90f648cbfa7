//! Selections in files: category → option, or a list of options, and the values of inputs.

use crate::model::condition::{InputValue, InputValues, OneOrMany, by_category_schema};
use crate::model::diagnostic::Diagnostic;
use crate::model::placeholder::PlaceholderName;
use crate::model::selection::Selection;
use crate::model::slug::Slug;
use crate::source::node::Document;
use crate::source::schema::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A selection as written in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionFile {
    /// The values of inputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: InputValues,
    #[serde(flatten)]
    pub options: SelectedOptions,
}

/// Each category with an option or a list of options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SelectedOptions(BTreeMap<Slug, OneOrMany<Slug>>);

/// Parses a selection.
///
/// # Errors
/// All violations of the schema.
pub fn read(document: &Document) -> Result<(Selection, InputValues), Vec<Diagnostic>> {
    let SelectionFile { inputs, options } = Schema::new().parse(document)?;
    Ok((options.into(), inputs))
}

impl JsonSchema for SelectionFile {
    fn schema_name() -> Cow<'static, str> {
        "SelectionFile".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let inputs = generator.subschema_for::<BTreeMap<PlaceholderName, InputValue>>();
        by_category_schema(
            generator,
            "Each category with an option or a list of options, and `inputs` with the values of inputs by name.",
            inputs,
        )
    }
}

impl From<Selection> for SelectedOptions {
    fn from(selection: Selection) -> Self {
        let written = selection.iter().map(|(category, options)| {
            let names = options.iter().cloned().collect();
            (category.clone(), OneOrMany(names))
        });
        Self(written.collect())
    }
}

impl From<SelectedOptions> for Selection {
    fn from(SelectedOptions(written): SelectedOptions) -> Self {
        let mut selection = Self::default();
        for (category, OneOrMany(options)) in written {
            for option in options {
                selection.insert(category.clone(), option);
            }
        }
        selection
    }
}
