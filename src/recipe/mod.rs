//! What one option does: its actions in order, with the files they copy.

mod check;
pub mod rules;

use crate::model::action::Action;
use crate::model::content::File;
use crate::model::diagnostic::Location;
use crate::model::path::TreePath;
use crate::model::slug::OptionRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use check::{RecipeReader, literal_folder};

/// A recipe as its author writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipeFile {
    /// The actions, in order.
    pub actions: Vec<Action>,
}

/// A recipe that keeps its rules.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The option it belongs to; absent for a recipe that is checked by itself.
    pub option: Option<OptionRef>,
    /// Its file, from the catalogue's root.
    pub file: String,
    pub actions: Vec<RecipeAction>,
}

/// One action, its place and the files it brings.
#[derive(Clone, Debug)]
pub struct RecipeAction {
    pub action: Action,
    pub location: Location,
    pub pointer: String,
    /// What a COPY_FILE with `from` copies: path below the recipe's folder → file. A single file stands under its
    /// own name.
    pub literals: BTreeMap<TreePath, File>,
}
