//! Code actions: renaming with `formerly`, at a slug and after the slug was edited by hand.

use super::references::{Named, SlugReference};
use super::rename::{self, FileEdits};
use super::roots::DocumentKind;
use super::subject::SubjectDocument;
use crate::model::slug::Slug;

/// A change that the editor offers.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) title: String,
    /// True for a change that removes findings.
    pub(super) is_fix: bool,
    pub(super) edits: FileEdits,
}

/// The changes for the text at an offset.
pub(super) fn find(subject: &SubjectDocument<'_>, offset: usize) -> Vec<Offer> {
    let Some(reference) = rename::target(subject, offset) else {
        return Vec::new();
    };
    let after_edit = finished_rename(subject, &reference);
    if after_edit.is_some() {
        return after_edit.into_iter().collect();
    }
    rename_with_formerly(subject, &reference)
        .into_iter()
        .collect()
}

/// The renaming to a free slug, which the editor's own renaming replaces by a better one afterwards.
fn rename_with_formerly(subject: &SubjectDocument<'_>, reference: &SlugReference) -> Option<Offer> {
    let (old, new) = match &reference.named {
        Named::Category(slug) => {
            let is_taken = |new: &str| subject.outline.category(new).is_some();
            (slug, free(slug, is_taken)?)
        }
        Named::Option { category, option } => {
            let is_taken = |new: &str| subject.outline.option(category, new).is_some();
            (option, free(option, is_taken)?)
        }
    };
    let edits = rename::rename_with_formerly(subject, &reference.named, &new).ok()?;
    Some(Offer {
        title: format!("Rename `{old}` to `{new}` with `formerly: [{old}]`"),
        is_fix: false,
        edits,
    })
}

/// The first free slug of `slug-2`, `slug-3`, ….
fn free(slug: &str, is_taken: impl Fn(&str) -> bool) -> Option<String> {
    let numbered = (2..100).map(|number| format!("{slug}-{number}"));
    numbered
        .filter(|new| Slug::parse(new).is_ok())
        .find(|new| !is_taken(new))
}

/// The rest of a renaming by hand: the slug of an option without a recipe is new, and its category has one recipe without
/// an option.
fn finished_rename(subject: &SubjectDocument<'_>, reference: &SlugReference) -> Option<Offer> {
    let Named::Option { category, option } = &reference.named else {
        return None;
    };
    let is_slug = reference.is_definition && subject.kind == DocumentKind::CatalogFile;
    let folder = format!("{}{category}/", subject.recipes_folder());
    let recipe_of = |option: &str| format!("{folder}{option}.yaml");
    let files = subject.workspace.files();
    if !is_slug || files.contains_key(&recipe_of(option)) {
        return None;
    }
    let document = subject.document()?;
    let outline = super::outline::Outline::of(&document.root);
    let mut orphans = subject
        .files_below(&folder)
        .filter_map(|name| name.strip_suffix(".yaml"))
        .filter(|name| Slug::parse(name).is_ok())
        .filter(|name| outline.option(category, name).is_none());
    let old = orphans.next()?.to_owned();
    if orphans.next().is_some() {
        return None;
    }
    let named = Named::option(category, &old);
    let mut edits =
        rename::references_and_files(subject, &named, &Slug::parse(option).ok()?).ok()?;
    let formerly = rename::formerly_edit(&document, &reference.range, &old);
    let list = edits.edits.entry(subject.path.to_owned()).or_default();
    list.push(formerly);
    Some(Offer {
        title: format!("Complete the renaming of `{old}` to `{option}` with `formerly: [{old}]`"),
        is_fix: true,
        edits,
    })
}
