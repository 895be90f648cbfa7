//! Hover: documentation of kinds, fields and words, and the effect of options.

use super::cursor::{self, EntryPart, PathStep, Spot};
use super::meaning::{self, PlaceMeaning};
use super::outline;
use super::references::{self, Named};
use super::schema::{SchemaField, ValueSchema};
use super::subject::SubjectDocument;
use crate::app::option_effect::{self, OptionEffect};
use crate::catalog;
use crate::model::path::TreePath;
use crate::model::placeholder::tokens_in;
use crate::model::slug::OptionRef;
use crate::source::node::Document;
use crate::template::Template;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use std::ops::Range;

/// The maximum number of paths in a list.
const MAX_PATHS: usize = 12;

/// The documentation of the text at a position.
pub(super) fn find(subject: &SubjectDocument<'_>, position: Position) -> Option<Hover> {
    let offset = subject.offset(position);
    let (range, value) = placeholder(subject, offset).or_else(|| {
        let document = subject.document()?;
        named(subject, &document, offset).or_else(|| documentation(subject, &document, offset))
    })?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value,
        }),
        range: Some(subject.range(&range)),
    })
}

fn placeholder(subject: &SubjectDocument<'_>, offset: usize) -> Option<(Range<usize>, String)> {
    let (range, token) = tokens_in(subject.text).find(|(range, _)| range.contains(&offset))?;
    let all = subject.outline.placeholders();
    let text = match all.iter().find(|known| known.token == token) {
        Some(known) => format!("`{token}`\n\n{}.", known.description),
        None => format!("`{token}`\n\nNothing replaces this placeholder."),
    };
    Some((range, text))
}

fn named(
    subject: &SubjectDocument<'_>,
    document: &Document,
    offset: usize,
) -> Option<(Range<usize>, String)> {
    let reference = references::at(subject.kind, document, offset)?;
    let text = match &reference.named {
        Named::Category(slug) => {
            let category = subject.outline.category(slug)?;
            let options = category.options.iter();
            let mut lines = vec![format!("**{}** (`{slug}`)\n", category.title)];
            lines.extend(options.map(|option| format!("- `{}`: {}", option.slug, option.title)));
            lines.join("\n")
        }
        Named::Option { category, option } => of_option(subject, category, option)?,
    };
    Some((reference.range, text))
}

fn of_option(subject: &SubjectDocument<'_>, category: &str, option: &str) -> Option<String> {
    let known = subject.outline.option(category, option)?;
    let mut paragraphs = vec![format!("**{}** (`{category}/{option}`)", known.title)];
    paragraphs.extend(known.description.clone());
    for (word, others) in [
        ("Requires", &known.requires),
        ("Conflicts with", &known.conflicts),
    ] {
        if !others.is_empty() {
            paragraphs.push(format!("{word} `{}`.", others.join("`, `")));
        }
    }
    let reference = OptionRef::parse(&format!("{category}/{option}")).ok()?;
    paragraphs.push(effect(subject, &reference));
    Some(paragraphs.join("\n\n"))
}

/// The effect of an option in a trial preview.
fn effect(subject: &SubjectDocument<'_>, option: &OptionRef) -> String {
    let files = subject.workspace.files();
    let loaded = catalog::load(files, subject.catalog);
    let opened = loaded.catalog.and_then(|catalog| {
        let checked = subject.workspace.template(subject.catalog).cloned();
        let path = catalog.file().template.path.clone()?;
        // Before the first check, or after a change that was not checked yet.
        let template = checked.or_else(|| Template::of_catalog(&catalog, files, &path).ok())?;
        Some((catalog, template))
    });
    let Some((catalog, template)) = opened else {
        return "Its effect is shown once the catalogue and its template have no errors."
            .to_owned();
    };
    match option_effect::of(&catalog, &template, option) {
        Ok(Some(effect)) => shown(&effect),
        Ok(None) | Err(_) => "A selection with it cannot be built.".to_owned(),
    }
}

fn shown(effect: &OptionEffect) -> String {
    let lists = [
        ("Adds", &effect.added),
        ("Changes", &effect.changed),
        ("Removes", &effect.removed),
    ];
    let lists: Vec<String> = lists
        .into_iter()
        .filter(|(_, paths)| !paths.is_empty())
        .map(|(verb, paths)| format!("{verb} {}", counted(paths)))
        .collect();
    if lists.is_empty() {
        return "Changes no file.".to_owned();
    }
    lists.join("\n\n")
}

/// The number of paths and their list.
fn counted(paths: &[TreePath]) -> String {
    let plural = if paths.len() == 1 { "" } else { "s" };
    let mut lines = vec![format!("{} file{plural}:\n", paths.len())];
    lines.extend(
        paths
            .iter()
            .take(MAX_PATHS)
            .map(|path| format!("- `{path}`")),
    );
    if paths.len() > MAX_PATHS {
        lines.push(format!("- {} more", paths.len() - MAX_PATHS));
    }
    lines.join("\n")
}

/// The schema's description of a key or of a word.
fn documentation(
    subject: &SubjectDocument<'_>,
    document: &Document,
    offset: usize,
) -> Option<(Range<usize>, String)> {
    let spot = cursor::spot(document, offset)?;
    let schema = ValueSchema::of(subject.kind)?;
    let text = match spot.part {
        EntryPart::Key => of_field(&schema, document, &spot)?,
        EntryPart::Value => of_word(subject, &schema, document, &spot)?,
    };
    Some((spot.range, text))
}

fn of_field(schema: &ValueSchema, document: &Document, spot: &Spot) -> Option<String> {
    let (PathStep::Key(name), above) = spot.steps.split_last()? else {
        return None;
    };
    let mapping = schema.at(&document.root, above)?;
    let fields = mapping.fields();
    let field = fields.iter().find(|field| field.name == name)?;
    let necessity = if field.is_required { " (required)" } else { "" };
    let mut lines = vec![format!("`{name}`{necessity}")];
    if let Some(description) = field.schema.description() {
        lines.extend([String::new(), description.to_owned()]);
    }
    lines.extend(
        field
            .schema
            .words()
            .iter()
            .map(|word| match word.description {
                Some(description) => format!("- `{}`: {description}", word.text),
                None => format!("- `{}`", word.text),
            }),
    );
    Some(lines.join("\n"))
}

fn of_word(
    subject: &SubjectDocument<'_>,
    schema: &ValueSchema,
    document: &Document,
    spot: &Spot,
) -> Option<String> {
    let text = outline::text(cursor::node_at(&document.root, &spot.steps)?)?;
    let is_kind = spot.steps.last() == Some(&PathStep::Key("kind".to_owned()));
    if is_kind {
        let above = spot.steps.split_last()?.1;
        let action = schema.at(&document.root, above)?;
        let kind = action.kinds().into_iter().find(|kind| kind.text == text)?;
        let fields = action.fields();
        let mut lines = vec![format!("**{text}**\n")];
        lines.extend(
            kind.description
                .map(|description| format!("{description}\n")),
        );
        lines.extend(
            fields
                .iter()
                .filter(|field| field.name != "kind")
                .map(of_kind_field),
        );
        return Some(lines.join("\n"));
    }
    if meaning::of(subject.kind, &document.root, spot) != PlaceMeaning::Other {
        return None;
    }
    let words = schema.at(&document.root, &spot.steps)?.words();
    let word = words.into_iter().find(|word| word.text == text)?;
    Some(format!("`{text}`\n\n{}", word.description?))
}

/// The line of a field in the documentation of its kind.
fn of_kind_field(field: &SchemaField) -> String {
    let necessity = if field.is_required { " (required)" } else { "" };
    match field.schema.description() {
        Some(description) => format!("- `{}`{necessity}: {description}", field.name),
        None => format!("- `{}`{necessity}", field.name),
    }
}
