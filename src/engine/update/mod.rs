//! The update of a repository to a new plan: a three-way comparison of whole trees, path by path.
//!
//! ```text
//! base    the tree that the old plan made
//! ours    the tree of the repository
//! theirs  the tree that the new plan makes
//! ```
//!
//! A path that only one side changed gets that side's bytes. Both sides' changes are merged where they are apart.
//! Otherwise the repository's file stays whole, and the report lists the plan's change as a conflict.

mod content;
mod json;
mod moves;
mod outcome;
mod paths;
mod text;
mod toml;
mod value;

use crate::error::{Class, Explain, Hint};
use crate::model::path::TreePath;
pub use crate::model::update::{Decision, Verdict};
use crate::tree::TreeError;
use crate::tree::snapshot::Snapshot;
pub use outcome::{Conflict, PathUpdate, Update};
use std::collections::BTreeMap;
pub use text::with_markers;
use thiserror::Error;

/// The three trees of an update, all without their provenance file.
#[derive(Clone, Copy)]
pub struct Sides<'s> {
    pub base: &'s Snapshot<'s>,
    pub ours: &'s Snapshot<'s>,
    pub theirs: &'s Snapshot<'s>,
}

/// The rules of one update besides the trees.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub decisions: BTreeMap<TreePath, Decision>,
    /// The moves that the catalogue declares: from, to.
    pub moved: Vec<(TreePath, TreePath)>,
    /// Paths at which a work tree has something that is not committed; each with a sentence about it.
    pub uncommitted: BTreeMap<TreePath, String>,
}

/// The errors of an update.
#[derive(Debug, Error)]
pub enum UpdateError {
    #[error("`{path}` is not part of this update")]
    UnknownPath { path: TreePath },
    #[error("the plan has no `{path}` that could be taken")]
    NothingToTake { path: TreePath },
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Compares three trees. Nothing is written, and nothing but the trees and rules decides on the result.
///
/// # Errors
/// [`UpdateError::UnknownPath`] for a decision on a path that no side changed.
pub fn update(sides: Sides<'_>, rules: &Rules) -> Result<Update, UpdateError> {
    paths::update(sides, rules)
}

impl Explain for UpdateError {
    fn class(&self) -> Class {
        match self {
            Self::UnknownPath { .. } | Self::NothingToTake { .. } => Class::Usage,
            Self::Tree(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownPath { .. } => "update_path_unknown",
            Self::NothingToTake { .. } => "update_nothing_to_take",
            Self::Tree(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::UnknownPath { .. } => {
                Some("`groundplan update --full` lists every path that can be decided on".into())
            }
            Self::NothingToTake { .. } => Some(
                "use `--mine` to keep the repository's version, or `--remove` to remove it".into(),
            ),
            Self::Tree(error) => error.hint(),
        }
    }
}
