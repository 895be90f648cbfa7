//! Hover: documentation of kinds, fields and words, and the effect of options.

use super::cursor::{self, EntryPart, PathStep, Spot};
use super::meaning::{self, PlaceMeaning};
use super::outline;
use super::references::{self, Named};
use super::schema::ValueSchema;
use super::subject::SubjectDocument;
use crate::app::option_effect::{self, OptionEffect};
use crate::catalog;
use crate::model::path::TreePath;
use crate::model::placeholder::tokens_in;
use crate::model::slug::OptionRef;
use crate::source::node::Document;
use crate::template::Template;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use std::fmt::Write as _;
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
            let mut text = format!("**{}** (`{slug}`)\n", category.title);
            for option in &category.options {
                let _ = write!(text, "\n- `{}`: {}", option.slug, option.title);
            }
            text
        }
        Named::Option { category, option } => of_option(subject, category, option)?,
    };
    Some((reference.range, text))
}

fn of_option(subject: &SubjectDocument<'_>, category: &str, option: &str) -> Option<String> {
    let known = subject.outline.option(category, option)?;
    let mut text = format!("**{}** (`{category}/{option}`)", known.title);
    if let Some(description) = &known.description {
        let _ = write!(text, "\n\n{description}");
    }
    for (word, others) in [
        ("Requires", &known.requires),
        ("Conflicts with", &known.conflicts),
    ] {
        if !others.is_empty() {
            let _ = write!(text, "\n\n{word} `{}`.", others.join("`, `"));
        }
    }
    let reference = OptionRef::parse(&format!("{category}/{option}")).ok()?;
    text.push_str(&effect(subject, &reference));
    Some(text)
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
        return "\n\nIts effect is shown once the catalogue and its template have no errors."
            .to_owned();
    };
    match option_effect::of(&catalog, &template, option) {
        Ok(Some(effect)) => shown(&effect),
        Ok(None) | Err(_) => "\n\nA selection with it cannot be built.".to_owned(),
    }
}

fn shown(effect: &OptionEffect) -> String {
    let mut text = String::new();
    let lists = [
        ("Adds", &effect.added),
        ("Changes", &effect.changed),
        ("Removes", &effect.removed),
    ];
    for (verb, paths) in lists {
        if !paths.is_empty() {
            let _ = write!(text, "\n\n{verb} {}", counted(paths));
        }
    }
    if text.is_empty() {
        text.push_str("\n\nChanges no file.");
    }
    text
}

/// The number of paths and their list.
fn counted(paths: &[TreePath]) -> String {
    let plural = if paths.len() == 1 { "" } else { "s" };
    let mut text = format!("{} file{plural}:\n", paths.len());
    for path in paths.iter().take(MAX_PATHS) {
        let _ = write!(text, "\n- `{path}`");
    }
    if paths.len() > MAX_PATHS {
        let _ = write!(text, "\n- {} more", paths.len() - MAX_PATHS);
    }
    text
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
    let mut text = format!("`{name}`{necessity}");
    if let Some(description) = field.schema.description() {
        let _ = write!(text, "\n\n{description}");
    }
    for word in field.schema.words() {
        let _ = write!(text, "\n- `{}`", word.text);
        if let Some(description) = word.description {
            let _ = write!(text, ": {description}");
        }
    }
    Some(text)
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
        let mut shown = format!("**{text}**\n\n{}\n", kind.description.unwrap_or_default());
        for field in action.fields().iter().filter(|field| field.name != "kind") {
            let necessity = if field.is_required { " (required)" } else { "" };
            let description = field.schema.description().unwrap_or_default();
            let _ = write!(shown, "\n- `{}`{necessity}: {description}", field.name);
        }
        return Some(shown);
    }
    if meaning::of(subject.kind, &document.root, spot) != PlaceMeaning::Other {
        return None;
    }
    let words = schema.at(&document.root, &spot.steps)?.words();
    let word = words.into_iter().find(|word| word.text == text)?;
    Some(format!("`{text}`\n\n{}", word.description?))
}
