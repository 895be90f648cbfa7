//! The places that name a category or an option: their definitions in catalog.yaml, and references to them.

use super::cursor::{EntryPart, Spot, unquoted, visit};
use super::meaning::{self, PlaceMeaning};
use super::roots::DocumentKind;
use crate::source::node::Document;
use std::ops::Range;

/// A category or an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Category(String),
    Option { category: String, option: String },
}

/// A place that names a category or an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlugReference {
    pub(super) named: Named,
    /// The range of its slug alone.
    pub(super) range: Range<usize>,
    pub(super) is_definition: bool,
}

impl Named {
    pub(super) fn option(category: &str, option: &str) -> Self {
        Self::Option {
            category: category.to_owned(),
            option: option.to_owned(),
        }
    }
}

/// All places of a document that name a category or an option, in its order.
pub(super) fn all(kind: DocumentKind, document: &Document) -> Vec<SlugReference> {
    let mut found = Vec::new();
    visit(&document.root, &mut Vec::new(), &mut |spot, text| {
        if let Some(text) = text {
            found.extend(of_spot(kind, document, &spot, text));
        }
    });
    found
}

/// The reference at an offset.
pub(super) fn at(kind: DocumentKind, document: &Document, offset: usize) -> Option<SlugReference> {
    all(kind, document)
        .into_iter()
        .rfind(|reference| (reference.range.start..=reference.range.end).contains(&offset))
}

fn of_spot(kind: DocumentKind, document: &Document, spot: &Spot, text: &str) -> Vec<SlugReference> {
    let content = document.text.content();
    let range = unquoted(content, spot.range.clone());
    // A slug needs no escapes, so a text that is written with some is none.
    if content.get(range.clone()) != Some(text) {
        return Vec::new();
    }
    let slug_of = |index: usize| {
        let pointer = format!("/categories/{index}/slug");
        document.root.at(&pointer).and_then(super::outline::text)
    };
    let one = |named, is_definition| {
        vec![SlugReference {
            named,
            range: range.clone(),
            is_definition,
        }]
    };
    match meaning::of(kind, &document.root, spot) {
        PlaceMeaning::CategorySlug { .. } => one(Named::Category(text.to_owned()), true),
        PlaceMeaning::OptionSlug { category, .. } => {
            slug_of(category).map_or_else(Vec::new, |slug| one(Named::option(slug, text), true))
        }
        PlaceMeaning::ConditionCategory if spot.part == EntryPart::Key && text != "inputs" => {
            one(Named::Category(text.to_owned()), false)
        }
        PlaceMeaning::ConditionOption { category } => one(Named::option(&category, text), false),
        PlaceMeaning::OptionReference => both(text, &range),
        _ => Vec::new(),
    }
}

/// The category and the option of `category/option`.
fn both(text: &str, range: &Range<usize>) -> Vec<SlugReference> {
    let Some((category, option)) = text.split_once('/') else {
        return Vec::new();
    };
    let slash = range.start + category.len();
    vec![
        SlugReference {
            named: Named::Category(category.to_owned()),
            range: range.start..slash,
            is_definition: false,
        },
        SlugReference {
            named: Named::option(category, option),
            range: slash + 1..range.end,
            is_definition: false,
        },
    ]
}
