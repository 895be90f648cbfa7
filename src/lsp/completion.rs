//! Completion of kinds, fields, words, options, placeholders, paths and shared pieces.

use super::cursor::{self, Cursor, EntryPart, PathStep, node_at};
use super::meaning::{self, PlaceMeaning};
use super::outline::InputOutline;
use super::roots::DocumentKind;
use super::schema::{SchemaField, ValueSchema, Word};
use super::subject::SubjectDocument;
use crate::model::placeholder::{BuiltInFact, tokens_in};
use crate::recipe::literal_folder;
use crate::source::node::{Node, NodeValue};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent,
    MarkupKind, Position, TextEdit,
};
use std::collections::BTreeSet;

/// The maximum number of items in an answer.
const MAX_ITEMS: usize = 2000;

/// The items for a position. `is_typed` is true if the editor asks because of a typed character, not the user.
pub(super) fn find(
    subject: &SubjectDocument<'_>,
    position: Position,
    is_typed: bool,
) -> Vec<CompletionItem> {
    let offset = subject.offset(position);
    let mut items = if subject.kind == DocumentKind::Content {
        let word = word_before(subject, offset);
        if word.is_begun {
            placeholders(subject, &word)
        } else {
            Vec::new()
        }
    } else {
        match cursor::at(subject.text, offset) {
            Some(cursor) => Completion { subject, cursor }.items(offset, is_typed),
            None => Vec::new(),
        }
    };
    items.truncate(MAX_ITEMS);
    items
}

/// A range of the text with an item's new text.
struct ReplacedRange {
    range: lsp_types::Range,
    /// The text before and after each new text.
    around: (&'static str, &'static str),
}

struct Completion<'s> {
    subject: &'s SubjectDocument<'s>,
    cursor: Cursor,
}

impl Completion<'_> {
    fn items(&self, offset: usize, is_typed: bool) -> Vec<CompletionItem> {
        let root = &self.cursor.document.root;
        let steps = &self.cursor.steps;
        let meaning = meaning::of_steps(self.subject.kind, root, steps, self.cursor.part);
        let mut items = self.of_meaning(&meaning);
        let has_placeholders = matches!(meaning, PlaceMeaning::Text | PlaceMeaning::TemplatePath);
        let word = word_before(self.subject, offset);
        if has_placeholders && (!is_typed || word.is_begun) {
            items.extend(placeholders(self.subject, &word));
        }
        if meaning == PlaceMeaning::Other {
            items.extend(self.of_schema());
        }
        items
    }

    fn of_meaning(&self, meaning: &PlaceMeaning) -> Vec<CompletionItem> {
        match meaning {
            PlaceMeaning::OptionReference => self.option_references(),
            PlaceMeaning::ConditionCategory => self.categories(),
            PlaceMeaning::ConditionOption { category } => self.options(category),
            PlaceMeaning::ConditionInput => self.inputs(),
            PlaceMeaning::ConditionValue { input } => self.values(input),
            PlaceMeaning::DefaultSource => self.sources(),
            PlaceMeaning::LiteralPath => {
                let folder = format!("{}/", literal_folder(self.subject.path));
                self.paths(&folder)
            }
            PlaceMeaning::TemplatePath => {
                let folder = self.subject.template_folder();
                folder.map_or_else(Vec::new, |folder| self.paths(&folder))
            }
            PlaceMeaning::Piece => self.pieces(),
            PlaceMeaning::CategorySlug { .. }
            | PlaceMeaning::OptionSlug { .. }
            | PlaceMeaning::InputName
            | PlaceMeaning::Text
            | PlaceMeaning::Other => Vec::new(),
        }
    }

    /// The target of a value; one that stands in place of its list gets the list's brackets.
    fn value_target(&self) -> ReplacedRange {
        let root = &self.cursor.document.root;
        let is_list = ValueSchema::of(self.subject.kind)
            .and_then(|whole| whole.at(root, &self.cursor.steps))
            .is_some_and(|schema| schema.is_list());
        let before = &self.subject.text[..self.cursor.range.start];
        let line = cursor::last_line(before);
        let around = match (is_list, line.trim().is_empty()) {
            (false, _) => ("", ""),
            (true, true) => ("- ", ""),
            (true, false) => ("[", "]"),
        };
        ReplacedRange {
            range: self.subject.range(&self.cursor.range),
            around,
        }
    }

    /// The target of a key, which gets a colon unless it has one.
    fn key_target(&self) -> ReplacedRange {
        let is_key = self.cursor.part == EntryPart::Key;
        ReplacedRange {
            range: self.subject.range(&self.cursor.range),
            around: (
                "",
                if is_key && self.cursor.has_colon {
                    ""
                } else {
                    ": "
                },
            ),
        }
    }

    fn option_references(&self) -> Vec<CompletionItem> {
        let own = self.own_option();
        let target = self.value_target();
        let categories = self.subject.outline.categories.iter();
        let all = categories.flat_map(|category| {
            let options = category.options.iter();
            options.map(|option| (format!("{}/{}", category.slug, option.slug), &option.title))
        });
        all.filter(|(reference, _)| Some(reference) != own.as_ref())
            .map(|(reference, title)| {
                item(&reference, CompletionItemKind::ENUM_MEMBER, &target).with_detail(title)
            })
            .collect()
    }

    /// The option whose `requires` or `conflicts` contains the cursor.
    fn own_option(&self) -> Option<String> {
        let root = &self.cursor.document.root;
        let slug = |steps: &[PathStep]| {
            let node = node_at(root, steps)?.get("slug")?;
            super::outline::text(node)
        };
        let category = slug(self.cursor.steps.get(..2)?)?;
        let option = slug(self.cursor.steps.get(..4)?)?;
        Some(format!("{category}/{option}"))
    }

    fn categories(&self) -> Vec<CompletionItem> {
        let target = self.key_target();
        let used = self.used_keys();
        let categories = self.subject.outline.categories.iter();
        let inputs = (!self.subject.outline.inputs.is_empty()).then_some(("inputs", "Inputs"));
        categories
            .map(|category| (category.slug.as_str(), category.title.as_str()))
            .chain(inputs)
            .filter(|(slug, _)| !used.contains(*slug))
            .map(|(slug, title)| item(slug, CompletionItemKind::ENUM, &target).with_detail(title))
            .collect()
    }

    fn options(&self, category: &str) -> Vec<CompletionItem> {
        let target = self.value_target();
        let category = self.subject.outline.category(category);
        let options = category.into_iter().flat_map(|category| &category.options);
        options
            .map(|option| {
                item(&option.slug, CompletionItemKind::ENUM_MEMBER, &target)
                    .with_detail(&option.title)
            })
            .collect()
    }

    fn inputs(&self) -> Vec<CompletionItem> {
        let target = self.key_target();
        let inputs = self.subject.outline.inputs.iter();
        inputs
            .map(|input| {
                item(&input.name, CompletionItemKind::VARIABLE, &target).with_detail(&input.title)
            })
            .collect()
    }

    fn values(&self, input: &str) -> Vec<CompletionItem> {
        let target = self.value_target();
        let inputs = self.subject.outline.inputs.iter();
        let values = inputs.filter(|known| known.name == input);
        values
            .flat_map(InputOutline::values)
            .map(|value| item(&value, CompletionItemKind::VALUE, &target))
            .collect()
    }

    /// The names without underscores that a default can be derived from.
    fn sources(&self) -> Vec<CompletionItem> {
        let target = self.value_target();
        let facts = BuiltInFact::ALL.map(|fact| fact.name().to_string());
        let inputs = self
            .subject
            .outline
            .inputs
            .iter()
            .map(|input| input.name.clone());
        facts
            .into_iter()
            .chain(inputs)
            .map(|name| item(&name, CompletionItemKind::VARIABLE, &target))
            .collect()
    }

    /// The files and folders below a folder.
    fn paths(&self, folder: &str) -> Vec<CompletionItem> {
        let mut folders: BTreeSet<&str> = BTreeSet::new();
        let target = self.value_target();
        let mut items = Vec::new();
        for path in self.subject.files_below(folder) {
            folders.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
            items.push(item(path, CompletionItemKind::FILE, &target));
        }
        let of_folder = |path| item(path, CompletionItemKind::FOLDER, &target);
        items.extend(folders.into_iter().map(of_folder));
        items
    }

    fn pieces(&self) -> Vec<CompletionItem> {
        let target = self.value_target();
        let folder = self.subject.recipes_folder();
        let outline = &self.subject.outline;
        let is_option = |path: &str| {
            let reference = path.trim_end_matches(".yaml").split_once('/');
            reference.is_some_and(|(category, option)| outline.option(category, option).is_some())
        };
        self.subject
            .workspace
            .recipes(self.subject.catalog)
            .filter(|path| *path != self.subject.path)
            .filter_map(|path| path.strip_prefix(folder.as_str()))
            .filter(|path| !is_option(path))
            .map(|path| item(path, CompletionItemKind::FILE, &target))
            .collect()
    }

    /// The fields of a mapping, or the words of a value.
    fn of_schema(&self) -> Vec<CompletionItem> {
        let Some(schema) = ValueSchema::of(self.subject.kind) else {
            return Vec::new();
        };
        let root = &self.cursor.document.root;
        let above = match self.cursor.part {
            EntryPart::Key => &self.cursor.steps[..self.cursor.steps.len() - 1],
            EntryPart::Value => &self.cursor.steps,
        };
        let Some(schema) = schema.at(root, above) else {
            return Vec::new();
        };
        if self.cursor.part == EntryPart::Key || schema.is_mapping() {
            return self.fields(&schema, "");
        }
        if self.is_kind() {
            return self.kinds();
        }
        if let Some(entries) = schema.entries().filter(|_| schema.is_list()) {
            return self.entries(&entries);
        }
        let target = self.value_target();
        schema
            .words()
            .into_iter()
            .map(|word| word_item(&word, &target))
            .collect()
    }

    /// The entries of a list that is still empty.
    fn entries(&self, entries: &ValueSchema) -> Vec<CompletionItem> {
        if entries.is_mapping() {
            return self.fields(entries, "- ");
        }
        let target = self.value_target();
        entries
            .words()
            .into_iter()
            .map(|word| word_item(&word, &target))
            .collect()
    }

    fn is_kind(&self) -> bool {
        self.cursor.steps.last() == Some(&PathStep::Key("kind".to_owned()))
    }

    fn kinds(&self) -> Vec<CompletionItem> {
        let schema = ValueSchema::of(self.subject.kind);
        let actions = [PathStep::Key("actions".to_owned()), PathStep::Index(0)];
        let none = Node {
            range: 0..0,
            value: NodeValue::Null,
        };
        let action = schema.and_then(|schema| schema.at(&none, &actions));
        let target = self.value_target();
        action
            .into_iter()
            .flat_map(|action| action.kinds())
            .map(|word| word_item(&word, &target))
            .collect()
    }

    fn fields(&self, schema: &ValueSchema, dash: &'static str) -> Vec<CompletionItem> {
        let mut target = self.key_target();
        target.around.0 = dash;
        let used = self.used_keys();
        let is_new = |field: &SchemaField| !used.contains(field.name);
        let fields = schema.fields();
        let mut items: Vec<CompletionItem> = fields
            .into_iter()
            .filter(is_new)
            .map(|field| field_item(&field, &target))
            .collect();
        if !used.contains("kind") {
            let whole = ReplacedRange {
                range: target.range,
                around: (
                    if dash.is_empty() {
                        "kind: "
                    } else {
                        "- kind: "
                    },
                    "",
                ),
            };
            items.extend(schema.kinds().into_iter().map(|word| {
                let filter = format!("kind: {}", word.text);
                let item = word_item(&word, &whole);
                CompletionItem {
                    filter_text: Some(filter.clone()),
                    label: filter,
                    ..item
                }
            }));
        }
        items
    }

    /// The keys that the mapping of the cursor has already.
    fn used_keys(&self) -> BTreeSet<&str> {
        if self.cursor.part != EntryPart::Key {
            return BTreeSet::new();
        }
        let (_, above) = self.cursor.steps.split_last().expect("a key has a step");
        let mapping = node_at(&self.cursor.document.root, above);
        let entries = mapping.into_iter().flat_map(Node::entries);
        entries.map(|entry| entry.key.as_str()).collect()
    }
}

/// The start of a placeholder before the cursor.
struct WordBefore {
    range: lsp_types::Range,
    /// True if it begins with an underscore.
    is_begun: bool,
}

fn word_before(subject: &SubjectDocument<'_>, offset: usize) -> WordBefore {
    let before = &subject.text[..offset];
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let word = &before[before.trim_end_matches(is_part).len()..];
    let complete = tokens_in(word).last().map_or(0, |(range, _)| range.end);
    let open = &word[complete..];
    let rest = &open[open.find("__").unwrap_or(0)..];
    WordBefore {
        range: subject.range(&(offset - rest.len()..offset)),
        is_begun: rest.starts_with('_'),
    }
}

fn placeholders(subject: &SubjectDocument<'_>, word: &WordBefore) -> Vec<CompletionItem> {
    let target = ReplacedRange {
        range: word.range,
        around: ("", ""),
    };
    let known = subject.outline.placeholders().into_iter();
    known
        .map(|known| {
            item(&known.token, CompletionItemKind::VARIABLE, &target)
                .with_detail(&known.description)
        })
        .collect()
}

fn item(label: &str, kind: CompletionItemKind, target: &ReplacedRange) -> CompletionItem {
    let (before, after) = target.around;
    CompletionItem {
        label: label.to_owned(),
        kind: Some(kind),
        // Editors compare the replaced text with it.
        filter_text: Some(label.to_owned()),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range: target.range,
            new_text: format!("{before}{label}{after}"),
        })),
        ..CompletionItem::default()
    }
}

fn word_item(word: &Word, target: &ReplacedRange) -> CompletionItem {
    item(&word.text, CompletionItemKind::ENUM_MEMBER, target).with_documentation(word.description)
}

fn field_item(field: &SchemaField, target: &ReplacedRange) -> CompletionItem {
    let rank = u8::from(!field.is_required);
    let detail = if field.is_required {
        "required"
    } else {
        "optional"
    };
    CompletionItem {
        sort_text: Some(format!("{rank}{}", field.name)),
        ..item(field.name, CompletionItemKind::FIELD, target)
    }
    .with_detail(detail)
    .with_documentation(field.schema.description())
}

/// The texts beside an item.
trait WithTexts {
    fn with_detail(self, detail: &str) -> Self;
    fn with_documentation(self, text: Option<&str>) -> Self;
}

impl WithTexts for CompletionItem {
    fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }

    fn with_documentation(mut self, text: Option<&str>) -> Self {
        self.documentation = text.map(|text| {
            Documentation::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: text.to_owned(),
            })
        });
        self
    }
}
