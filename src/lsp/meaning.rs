//! The meaning of a place in a document: what its text names.

use super::cursor::{Part, Spot, Step, node_at, words};
use super::roots::DocumentKind;
use crate::source::node::{Node, NodeValue};

/// The thing that a key or value names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The slug of a category or of an option, where the catalogue defines it.
    CategorySlug {
        category: usize,
    },
    OptionSlug {
        category: usize,
        option: usize,
    },
    /// `category/option`.
    OptionReference,
    /// A category in a condition or selection, or `inputs`.
    ConditionCategory,
    /// An option in a condition or selection.
    ConditionOption {
        category: String,
    },
    /// An input in a condition.
    ConditionInput,
    /// The value of an input in a condition.
    ConditionValue {
        input: String,
    },
    /// The name of an input, where the catalogue defines it.
    InputName,
    /// A fact or an input that a default is derived from.
    DefaultSource,
    /// A file beside the recipe.
    LiteralPath,
    /// A path in the template or in the result.
    TemplatePath,
    /// A shared piece of recipes.
    Piece,
    /// A text in which placeholders are replaced.
    Text,
    /// A key or value that names nothing.
    Other,
}

/// The meaning of a key or a value.
pub(super) fn of(kind: DocumentKind, root: &Node, spot: &Spot) -> Meaning {
    of_steps(kind, root, &spot.steps, spot.part)
}

/// The meaning of the key or value that some steps lead to.
pub(super) fn of_steps(kind: DocumentKind, root: &Node, steps: &[Step], part: Part) -> Meaning {
    match kind {
        DocumentKind::CatalogFile => in_catalog(steps, part),
        DocumentKind::Recipe => in_recipe(root, steps, part),
        DocumentKind::Case => match words(steps).as_slice() {
            ["selection", rest @ ..] => in_condition(rest, part),
            _ => Meaning::Other,
        },
        DocumentKind::Content => Meaning::Text,
    }
}

fn in_catalog(steps: &[Step], part: Part) -> Meaning {
    let index = |at: usize| match steps.get(at) {
        Some(Step::Index(index)) => *index,
        _ => 0,
    };
    match (words(steps).as_slice(), part) {
        (
            ["inputs", "#", "when" | "unless", rest @ ..]
            | ["template", "files", "#", "when" | "unless", rest @ ..],
            _,
        ) => in_condition(rest, part),
        (["categories", "#", "slug"], Part::Value) => Meaning::CategorySlug { category: index(1) },
        (["categories", "#", "options", "#", "slug"], Part::Value) => Meaning::OptionSlug {
            category: index(1),
            option: index(3),
        },
        (
            [
                "categories",
                "#",
                "options",
                "#",
                "requires" | "conflicts",
                ..,
            ],
            Part::Value,
        ) => Meaning::OptionReference,
        (["template", "files", "#", "path"] | ["moved", "#", "to"], Part::Value) => {
            Meaning::TemplatePath
        }
        (["inputs", "#", "name"], Part::Value) => Meaning::InputName,
        (["inputs", "#", "default", "from"], Part::Value) => Meaning::DefaultSource,
        (["next_steps", "#"] | ["categories", "#", "options", "#", "next_steps", "#"], _) => {
            Meaning::Text
        }
        _ => Meaning::Other,
    }
}

fn in_recipe(root: &Node, steps: &[Step], part: Part) -> Meaning {
    match (words(steps).as_slice(), part) {
        (["actions", "#", "when" | "unless", rest @ ..], _) => in_condition(rest, part),
        (["include", ..], Part::Value) => Meaning::Piece,
        (["actions", "#", "from"], Part::Value) if copies(root, steps) => Meaning::LiteralPath,
        (
            [
                "actions",
                "#",
                "from" | "to" | "template" | "path" | "manifest",
            ],
            Part::Value,
        ) => Meaning::TemplatePath,
        (
            ["actions", "#", "value", ..]
            | [
                "actions",
                "#",
                "content" | "find" | "replace" | "title" | "context" | "decision" | "consequences"
                | "after" | "before",
            ],
            Part::Value,
        ) => Meaning::Text,
        _ => Meaning::Other,
    }
}

/// True for an action that copies a file: its `from` is beside the recipe.
fn copies(root: &Node, steps: &[Step]) -> bool {
    let action = node_at(root, &steps[..2]);
    let kind = action.and_then(|action| action.get("kind"));
    !matches!(kind.map(|kind| &kind.value), Some(NodeValue::Text(kind)) if kind == "MOVE_FILE")
}

fn in_condition(rest: &[&str], part: Part) -> Meaning {
    match (rest, part) {
        ([], _) | ([_], Part::Key) => Meaning::ConditionCategory,
        (["inputs"], Part::Value) | (["inputs", _], Part::Key) => Meaning::ConditionInput,
        (["inputs", input] | ["inputs", input, "#"], Part::Value) => Meaning::ConditionValue {
            input: (*input).to_owned(),
        },
        (["inputs", ..], _) => Meaning::Other,
        ([category] | [category, "#"], Part::Value) => Meaning::ConditionOption {
            category: (*category).to_owned(),
        },
        _ => Meaning::Other,
    }
}
