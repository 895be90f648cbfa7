//! Renaming of categories and options: every reference, and the files that are named like them.

use super::references::{self, Named, SlugReference};
use super::roots::DocumentKind;
use super::subject::SubjectDocument;
use crate::model::slug::Slug;
use crate::source;
use crate::source::node::{Document, Node};
use std::collections::BTreeMap;
use std::ops::Range;

/// The new texts of ranges, by path from the root.
pub(super) type TextEdits = BTreeMap<String, Vec<(Range<usize>, String)>>;

/// A change of files, by path from the root.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FileEdits {
    pub(super) edits: TextEdits,
    /// Files and folders with a new path, after the edits.
    pub(super) moves: Vec<(String, String)>,
}

/// The slug at an offset, if it can be renamed: its range and its name.
pub(super) fn target(subject: &SubjectDocument<'_>, offset: usize) -> Option<SlugReference> {
    let document = subject.document()?;
    references::at(subject.kind, &document, offset)
}

/// The edits that give a category or an option another slug.
///
/// # Errors
/// A message: the slug is not valid or taken, or a document with a reference does not parse.
pub(super) fn rename(
    subject: &SubjectDocument<'_>,
    named: &Named,
    new: &str,
) -> Result<FileEdits, String> {
    let new = Slug::parse(new).map_err(|error| error.to_string())?;
    let (old, is_taken) = match named {
        Named::Category(slug) => (slug, subject.outline.category(new.as_str()).is_some()),
        Named::Option { category, option } => (
            option,
            subject.outline.option(category, new.as_str()).is_some(),
        ),
    };
    if old == new.as_str() {
        return Ok(FileEdits::default());
    }
    if is_taken {
        return Err(format!("slug `{new}` is used already"));
    }
    references_and_files(subject, named, &new)
}

/// The edits of references, and the moves of files, for another slug.
pub(super) fn references_and_files(
    subject: &SubjectDocument<'_>,
    named: &Named,
    new: &Slug,
) -> Result<FileEdits, String> {
    let mut edits = FileEdits {
        edits: reference_edits(subject, named, new.as_str())?,
        moves: moves(subject, named, new),
    };
    include_edits(subject, &mut edits)?;
    Ok(edits)
}

/// [`rename`], and the old slug in `formerly`.
pub(super) fn rename_with_formerly(
    subject: &SubjectDocument<'_>,
    named: &Named,
    new: &str,
) -> Result<FileEdits, String> {
    let mut edits = rename(subject, named, new)?;
    let path = subject.catalog_path();
    let old = match named {
        Named::Category(slug) => slug,
        Named::Option { option, .. } => option,
    };
    let document = parsed(subject, &path)?;
    let all = references::all(DocumentKind::CatalogFile, &document);
    let slug = all
        .into_iter()
        .find(|reference| reference.is_definition && reference.named == *named)
        .ok_or_else(|| format!("`{path}` does not define `{old}`"))?;
    let edit = formerly_edit(&document, &slug.range, old);
    edits.edits.entry(path).or_default().push(edit);
    Ok(edits)
}

/// The edit that adds a slug to the `formerly` beside the slug at a range.
pub(super) fn formerly_edit(
    document: &Document,
    slug: &Range<usize>,
    old: &str,
) -> (Range<usize>, String) {
    let content = document.text.content();
    let mapping = mapping_with_slug(&document.root, slug);
    let formerly = mapping.and_then(|mapping| mapping.get("formerly"));
    let last = formerly.and_then(|list| super::outline::items(Some(list)).last());
    if let Some(last) = last {
        let line = line_start(content, last.range.start);
        let before = &content[line..last.range.start];
        let text = if before.trim() == "-" {
            format!("\n{before}{old}")
        } else {
            format!(", {old}")
        };
        return (last.range.end..last.range.end, text);
    }
    if let Some(list) = formerly {
        return (list.range.clone(), format!("[{old}]"));
    }
    let quoted = usize::from(content[slug.end..].starts_with(['"', '\'']));
    let end = slug.end + quoted;
    let line = line_start(content, slug.start);
    let before = &content[line..slug.start];
    let text = if before.contains(['{', '[']) {
        format!(", formerly: [{old}]")
    } else {
        let column = before.find("slug").unwrap_or(0);
        format!("\n{}formerly: [{old}]", " ".repeat(column))
    };
    // A comment after the slug stays on its line.
    let after = &content[end..];
    let rest = after.split_once('\n').map_or(after, |(line, _)| line);
    let at = if text.starts_with('\n') {
        end + rest.trim_end_matches('\r').len()
    } else {
        end
    };
    (at..at, text)
}

fn line_start(content: &str, offset: usize) -> usize {
    content[..offset].rfind('\n').map_or(0, |at| at + 1)
}

/// The mapping whose `slug` is at a range.
fn mapping_with_slug<'n>(node: &'n Node, slug: &Range<usize>) -> Option<&'n Node> {
    let own = node.get("slug").map(|value| &value.range);
    if own.is_some_and(|own| own.start <= slug.start && slug.end <= own.end) {
        return Some(node);
    }
    let values = node.entries().iter().map(|entry| &entry.value);
    let mut all = values.chain(super::outline::items(Some(node)));
    all.find_map(|value| mapping_with_slug(value, slug))
}

/// The edits of all references in the catalogue's documents.
fn reference_edits(
    subject: &SubjectDocument<'_>,
    named: &Named,
    new: &str,
) -> Result<TextEdits, String> {
    let mut edits = TextEdits::new();
    for (path, kind) in documents(subject) {
        let document = parsed(subject, &path)?;
        let found: Vec<_> = references::all(kind, &document)
            .into_iter()
            .filter(|reference| reference.named == *named)
            .map(|reference| (reference.range, new.to_owned()))
            .collect();
        if !found.is_empty() {
            edits.insert(path, found);
        }
    }
    Ok(edits)
}

/// The documents of the catalogue that may contain references.
fn documents(subject: &SubjectDocument<'_>) -> Vec<(String, DocumentKind)> {
    let folder = format!("catalog/{}/cases/", subject.catalog);
    let cases = subject
        .files_below(&folder)
        .filter(|name| name.strip_suffix(".yaml").is_some() && !name.contains('/'))
        .map(|name| (format!("{folder}{name}"), DocumentKind::Case));
    let recipes = subject
        .workspace
        .recipes(subject.catalog)
        .map(|path| (path.to_owned(), DocumentKind::Recipe));
    std::iter::once((subject.catalog_path(), DocumentKind::CatalogFile))
        .chain(recipes)
        .chain(cases)
        .collect()
}

fn parsed(subject: &SubjectDocument<'_>, path: &str) -> Result<Document, String> {
    let text = subject.workspace.text(path);
    let partial = text.and_then(|text| source::read_partial(path, text));
    let broken = || format!("`{path}` has a syntax error: correct it first");
    let whole = partial.filter(|partial| partial.is_whole);
    whole.map(|partial| partial.document).ok_or_else(broken)
}

/// The files that are named like the category or option.
fn moves(subject: &SubjectDocument<'_>, named: &Named, new: &Slug) -> Vec<(String, String)> {
    let recipes = subject.recipes_folder();
    let has_files = |folder: &str| subject.files_below(folder).next().is_some();
    match named {
        Named::Category(category) => {
            let (old, new) = (format!("{recipes}{category}"), format!("{recipes}{new}"));
            let is_there = has_files(&format!("{old}/"));
            is_there.then_some((old, new)).into_iter().collect()
        }
        Named::Option { category, option } => {
            let old = format!("{recipes}{category}/{option}");
            let new = format!("{recipes}{category}/{new}");
            let file = (format!("{old}.yaml"), format!("{new}.yaml"));
            let has_recipe = subject.workspace.files().contains_key(&file.0);
            let has_folder = has_files(&format!("{old}/"));
            let folder = has_folder.then_some((old, new));
            has_recipe
                .then_some(file)
                .into_iter()
                .chain(folder)
                .collect()
        }
    }
}

/// Adds the edits of `include` entries that name a moved file.
fn include_edits(subject: &SubjectDocument<'_>, edits: &mut FileEdits) -> Result<(), String> {
    let folder = subject.recipes_folder();
    for path in subject.workspace.recipes(subject.catalog) {
        let document = parsed(subject, path)?;
        for node in super::outline::items(document.root.get("include")) {
            let Some(text) = super::outline::text(node) else {
                continue;
            };
            let included = format!("{folder}{text}");
            let moved = edits.moves.iter().find_map(|(old, new)| {
                let rest = included.strip_prefix(old.as_str())?;
                let below = new.strip_prefix(folder.as_str())?;
                (rest.is_empty() || rest.starts_with('/')).then(|| format!("{below}{rest}"))
            });
            if let Some(moved) = moved {
                let content = document.text.content();
                let range = super::cursor::unquoted(content, node.range.clone());
                let list = edits.edits.entry(path.to_owned()).or_default();
                list.push((range, moved));
            }
        }
    }
    Ok(())
}
