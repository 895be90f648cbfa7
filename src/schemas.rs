//! The JSON Schemas of all documents, as in `schema/`, and the schema hash.

use crate::catalog::CatalogFile;
use crate::error::ErrorDocument;
use crate::model::action::Action;
use crate::model::canonical;
use crate::model::digest::Digest;
use crate::model::plan::Plan;
use crate::model::provenance::Provenance;
use crate::model::report::Report;
use crate::recipe::RecipeFile;
use crate::resolve::{CaseFile, SelectionFile};
use serde_json::Value;

/// A document with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaDocument {
    Catalog,
    Recipe,
    Selection,
    Case,
    Plan,
    Report,
    Provenance,
    Error,
}

impl SchemaDocument {
    /// Every document.
    pub const ALL: [Self; 8] = [
        Self::Catalog,
        Self::Recipe,
        Self::Selection,
        Self::Case,
        Self::Plan,
        Self::Report,
        Self::Provenance,
        Self::Error,
    ];

    /// The name on the command line and in `schema/<name>.schema.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Recipe => "recipe",
            Self::Selection => "selection",
            Self::Case => "case",
            Self::Plan => "plan",
            Self::Report => "report",
            Self::Provenance => "provenance",
            Self::Error => "error",
        }
    }

    /// The JSON Schema (2020-12), indented, with a final newline.
    pub fn schema(self) -> String {
        let schema = match self {
            Self::Catalog => schemars::schema_for!(CatalogFile),
            Self::Recipe => schemars::schema_for!(RecipeFile),
            Self::Selection => schemars::schema_for!(SelectionFile),
            Self::Case => schemars::schema_for!(CaseFile),
            Self::Plan => schemars::schema_for!(Plan),
            Self::Report => schemars::schema_for!(Report),
            Self::Provenance => schemars::schema_for!(Provenance),
            Self::Error => schemars::schema_for!(ErrorDocument),
        };
        format!("{:#}\n", schema.as_value())
    }
}

/// SHA-256 over the canonical form of the action schema without its titles and descriptions: it changes when a rule
/// changes, and not with the wording of a comment. Two programs with equal hashes read actions in the same way.
pub fn schema_hash() -> Digest {
    let mut schema = schemars::schema_for!(Action).to_value();
    remove_annotations(&mut schema);
    canonical::digest(&schema)
}

/// Removes `title` and `description` where they are annotations: texts. A property of that name has a schema.
fn remove_annotations(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                !(matches!(name.as_str(), "title" | "description") && value.is_string())
            });
            fields.values_mut().for_each(remove_annotations);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_annotations),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn annotations_are_removed_and_properties_of_the_same_name_are_kept() {
        let mut schema = json!({
            "title": "ADR", "description": "A record.",
            "properties": { "title": { "type": "string", "description": "The title." } },
            "anyOf": [{ "description": "One.", "const": "a" }],
        });
        remove_annotations(&mut schema);
        assert_eq!(
            schema,
            json!({
                "properties": { "title": { "type": "string" } },
                "anyOf": [{ "const": "a" }],
            })
        );
    }
}
