//! Recipes: the actions of an option in order, with the files they copy.

mod check;
pub mod rules;

use crate::model::action::{Action, WrittenAction};
use crate::model::content::File;
use crate::model::diagnostic::Location;
use crate::model::limits;
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::slug::OptionRef;
use crate::source::node::{KeyValue, Node, NodeValue};
use crate::source::schema::AsStrictAsSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use check::{RecipeReader, literal_folder};

/// A recipe as written in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipeFile {
    /// Recipes whose actions come before the own ones: paths below `recipes/<catalogue>/`, as in `shared/lint.yaml`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[serde(deserialize_with = "limits::length::<0, 20, _, _>")]
    pub include: Vec<SafeRelPath>,
    /// The actions, in order.
    pub actions: Vec<WrittenAction>,
}

impl AsStrictAsSchema for RecipeFile {
    /// serde reads a number as the kind at that place of the list, and a mapping with one key as a word.
    fn can_be_read_directly(root: &Node) -> bool {
        const MAPPINGS: [&str; 4] = ["when", "unless", "value", "key_order"];
        let is_plain = |field: &KeyValue| match &field.value.value {
            NodeValue::Text(_) => true,
            NodeValue::Map(_) => MAPPINGS.contains(&field.key.as_str()),
            _ => field.key != "kind",
        };
        let has_plain_fields = |action: &Node| match &action.value {
            NodeValue::Map(fields) => fields.iter().all(is_plain),
            _ => false,
        };
        match root.get("actions").map(|actions| &actions.value) {
            Some(NodeValue::List(actions)) => actions.iter().all(has_plain_fields),
            _ => false,
        }
    }
}

/// A valid recipe.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The option of the recipe; none for a recipe without its catalogue.
    pub option: Option<OptionRef>,
    /// The path of the recipe from the catalogue's root.
    pub file: String,
    pub actions: Vec<RecipeAction>,
}

/// An action, its location and the files it copies.
#[derive(Clone, Debug)]
pub struct RecipeAction {
    pub action: Action,
    pub location: Location,
    pub pointer: String,
    /// The files that a COPY_FILE with `from` copies, by their path below the recipe's folder.
    pub literals: BTreeMap<TreePath, File>,
}
