//! Go to definition.

use super::cursor::{self, node_at};
use super::meaning::{self, PlaceMeaning};
use super::outline;
use super::references::{self, Named};
use super::roots::DocumentKind;
use super::subject::SubjectDocument;
use crate::model::placeholder::tokens_in;
use crate::recipe::literal_folder;
use crate::source;
use lsp_types::{Location, Position};

/// The place that the name at a position refers to.
pub(super) fn find(subject: &SubjectDocument<'_>, position: Position) -> Option<Location> {
    let offset = subject.offset(position);
    placeholder(subject, offset).or_else(|| name(subject, offset))
}

fn name(subject: &SubjectDocument<'_>, offset: usize) -> Option<Location> {
    let document = subject.document()?;
    if let Some(reference) = references::at(subject.kind, &document, offset) {
        return match (&reference.named, reference.is_definition) {
            (Named::Option { category, option }, true) => {
                let recipe = format!("{}{category}/{option}.yaml", subject.recipes_folder());
                start_of(subject, &recipe)
            }
            (named, _) => definition(subject, named),
        };
    }
    let spot = cursor::spot(&document, offset)?;
    let text = outline::text(node_at(&document.root, &spot.steps)?)?;
    match meaning::of(subject.kind, &document.root, &spot) {
        PlaceMeaning::LiteralPath => {
            start_of(subject, &format!("{}/{text}", literal_folder(subject.path)))
        }
        PlaceMeaning::TemplatePath => {
            start_of(subject, &format!("{}{text}", subject.template_folder()?))
        }
        PlaceMeaning::Piece => start_of(subject, &format!("{}{text}", subject.recipes_folder())),
        PlaceMeaning::DefaultSource => input(subject, text),
        _ => None,
    }
}

/// The slug that defines a category or an option.
pub(super) fn definition(subject: &SubjectDocument<'_>, named: &Named) -> Option<Location> {
    let path = subject.catalog_path();
    let text = subject.workspace.text(&path)?;
    let document = source::read_partial(&path, text)?.document;
    let all = references::all(DocumentKind::CatalogFile, &document);
    let defined = all
        .into_iter()
        .find(|reference| reference.is_definition && reference.named == *named)?;
    subject.location(&path, &defined.range)
}

/// The definition of the input behind the placeholder at an offset. A case form has the input of its name.
fn placeholder(subject: &SubjectDocument<'_>, offset: usize) -> Option<Location> {
    let (_, token) = tokens_in(subject.text).find(|(range, _)| range.contains(&offset))?;
    input(subject, token.trim_matches('_'))
}

fn input(subject: &SubjectDocument<'_>, name: &str) -> Option<Location> {
    let path = subject.catalog_path();
    let text = subject.workspace.text(&path)?;
    let document = source::read_partial(&path, text)?.document;
    let names = outline::items(document.root.get("inputs")).filter_map(|input| input.get("name"));
    let known = names.filter_map(|node| Some((outline::text(node)?, node.range.clone())));
    let range = known
        .filter(|(known, _)| {
            let rest = name.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        })
        .max_by_key(|(known, _)| known.len())?
        .1;
    subject.location(&path, &range)
}

/// The start of a file, or of the first file of a folder.
fn start_of(subject: &SubjectDocument<'_>, path: &str) -> Option<Location> {
    let files = subject.workspace.files();
    if files.contains_key(path) {
        return subject.location(path, &(0..0));
    }
    let folder = format!("{}/", path.trim_end_matches('/'));
    let (first, _) = files.range(folder.clone()..).next()?;
    let is_inside = first.starts_with(&folder);
    is_inside
        .then(|| subject.location(first, &(0..0)))
        .flatten()
}
