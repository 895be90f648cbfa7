//! Recipes: the actions of an option in order, with the files they copy.

mod check;
pub mod rules;

use crate::model::action::{Action, WrittenAction};
use crate::model::content::File;
use crate::model::diagnostic::Location;
use crate::model::limits;
use crate::model::path::{SafeRelPath, TreePath};
use crate::model::slug::OptionRef;
use crate::source::node::{Node, NodeValue};
use crate::source::schema::HoldsItsSchema;
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

impl HoldsItsSchema for RecipeFile {
    /// serde reads a number as the kind at that place of the list.
    fn may_be_read(root: &Node) -> bool {
        let has_name = |action: &Node| {
            let kind = action.get("kind").map(|kind| &kind.value);
            matches!(kind, Some(NodeValue::Text(_)))
        };
        match root.get("actions").map(|actions| &actions.value) {
            Some(NodeValue::List(actions)) => actions.iter().all(has_name),
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
