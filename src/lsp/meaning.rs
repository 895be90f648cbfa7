//! The meaning of a place in a document: what its text names.

use super::cursor::{EntryPart, PathStep, Spot, node_at, words};
use super::roots::DocumentKind;
use crate::source::node::{Node, NodeValue};

/// The thing that a key or value names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlaceMeaning {
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
pub(super) fn of(kind: DocumentKind, root: &Node, spot: &Spot) -> PlaceMeaning {
    of_steps(kind, root, &spot.steps, spot.part)
}

/// The meaning of the key or value that some steps lead to.
pub(super) fn of_steps(
    kind: DocumentKind,
    root: &Node,
    steps: &[PathStep],
    part: EntryPart,
) -> PlaceMeaning {
    match kind {
        DocumentKind::CatalogFile => in_catalog(steps, part),
        DocumentKind::Recipe => in_recipe(root, steps, part),
        DocumentKind::Case => match words(steps).as_slice() {
            ["selection", rest @ ..] | ["update", "select" | "drop", rest @ ..] => {
                in_condition(rest, part)
            }
            _ => PlaceMeaning::Other,
        },
        DocumentKind::Content => PlaceMeaning::Text,
    }
}

fn in_catalog(steps: &[PathStep], part: EntryPart) -> PlaceMeaning {
    let index = |at: usize| match steps.get(at) {
        Some(PathStep::Index(index)) => *index,
        _ => 0,
    };
    match (words(steps).as_slice(), part) {
        (
            ["inputs", "#", "when" | "unless", rest @ ..]
            | ["template", "files", "#", "when" | "unless", rest @ ..],
            _,
        ) => in_condition(rest, part),
        (["categories", "#", "slug"], EntryPart::Value) => {
            PlaceMeaning::CategorySlug { category: index(1) }
        }
        (["categories", "#", "options", "#", "slug"], EntryPart::Value) => {
            PlaceMeaning::OptionSlug {
                category: index(1),
                option: index(3),
            }
        }
        (
            [
                "categories",
                "#",
                "options",
                "#",
                "requires" | "conflicts",
                ..,
            ],
            EntryPart::Value,
        ) => PlaceMeaning::OptionReference,
        (["template", "files", "#", "path"] | ["moved", "#", "to"], EntryPart::Value) => {
            PlaceMeaning::TemplatePath
        }
        (["inputs", "#", "name"], EntryPart::Value) => PlaceMeaning::InputName,
        (["inputs", "#", "default", "from"], EntryPart::Value) => PlaceMeaning::DefaultSource,
        (["next_steps", "#"] | ["categories", "#", "options", "#", "next_steps", "#"], _) => {
            PlaceMeaning::Text
        }
        _ => PlaceMeaning::Other,
    }
}

fn in_recipe(root: &Node, steps: &[PathStep], part: EntryPart) -> PlaceMeaning {
    match (words(steps).as_slice(), part) {
        (["actions", "#", "when" | "unless", rest @ ..], _) => in_condition(rest, part),
        (["include", ..], EntryPart::Value) => PlaceMeaning::Piece,
        (["actions", "#", "from"], EntryPart::Value) if copies(root, steps) => {
            PlaceMeaning::LiteralPath
        }
        (
            [
                "actions",
                "#",
                "from" | "to" | "template" | "path" | "manifest",
            ],
            EntryPart::Value,
        ) => PlaceMeaning::TemplatePath,
        (
            ["actions", "#", "value", ..]
            | [
                "actions",
                "#",
                "content" | "find" | "replace" | "title" | "context" | "decision" | "consequences"
                | "after" | "before",
            ],
            EntryPart::Value,
        ) => PlaceMeaning::Text,
        _ => PlaceMeaning::Other,
    }
}

/// True for an action that copies a file: its `from` is beside the recipe.
fn copies(root: &Node, steps: &[PathStep]) -> bool {
    let action = node_at(root, &steps[..2]);
    let kind = action.and_then(|action| action.get("kind"));
    !matches!(kind.map(|kind| &kind.value), Some(NodeValue::Text(kind)) if kind == "MOVE_FILE")
}

fn in_condition(rest: &[&str], part: EntryPart) -> PlaceMeaning {
    match (rest, part) {
        ([], _) | ([_], EntryPart::Key) => PlaceMeaning::ConditionCategory,
        (["inputs"], EntryPart::Value) | (["inputs", _], EntryPart::Key) => {
            PlaceMeaning::ConditionInput
        }
        (["inputs", input] | ["inputs", input, "#"], EntryPart::Value) => {
            PlaceMeaning::ConditionValue {
                input: (*input).to_owned(),
            }
        }
        (["inputs", ..], _) => PlaceMeaning::Other,
        ([category] | [category, "#"], EntryPart::Value) => PlaceMeaning::ConditionOption {
            category: (*category).to_owned(),
        },
        _ => PlaceMeaning::Other,
    }
}
